package kernels

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

// TestRowsOf compares rows of scattered indices, on every tier, with those of one index
// at a time.
func TestRowsOf(t *testing.T) {
	const seed, stream, guard = 0xfeedface12345678, 9, 77
	all := []uint64{5, math.MaxUint64, 0, math.MaxUint32, 5, 1 << 40, math.MaxUint32 + 1, 17, 1<<63 + 3}
	for len(all) < 70 {
		all = append(all, uint64(len(all))*0x9e3779b97f4a7c15)
	}
	for _, tier := range Tiers() {
		for _, cols := range []int{0, 1, 2, 3, 4, 5, 6, 8, 13, 31, 60, 63, 64, 65, 130} {
			for _, rows := range []int{0, 1, 2, 7, 8, 15, 16, 17, 70} {
				name := fmt.Sprintf("%s, %d rows of %d columns", tier.Name(), rows, cols)
				n, indices := rows*cols, all[:rows]
				normals, words := make([]float32, n+1), make([]uint32, n+1)
				normals[n], words[n] = guard, guard
				tier.NormalRowsOf(normals[:n], cols, seed, stream, indices)
				tier.PhiloxRowsOf(words[:n], cols, seed, stream, indices)
				wantNormals, wantWords := make([]float32, n+1), make([]uint32, n+1)
				wantNormals[n], wantWords[n] = guard, guard
				for r, index := range indices {
					tier.NormalRows(wantNormals[r*cols:(r+1)*cols], 1, cols, seed, stream, index)
					tier.PhiloxWords(wantWords[r*cols:(r+1)*cols], seed, stream, index)
				}
				if !slices.EqualFunc(normals, wantNormals, sameBits) {
					t.Fatalf("%s: normals differ", name)
				}
				if !slices.Equal(words, wantWords) {
					t.Fatalf("%s: words differ", name)
				}
			}
		}
	}
	for name, call := range map[string]func(){
		"normals": func() { NormalRowsOf(make([]float32, 5), 2, 1, 1, []uint64{1, 2}) },
		"words":   func() { PhiloxRowsOf(make([]uint32, 5), 2, 1, 1, []uint64{1, 2}) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s of another number of values than the rows have: no panic", name)
				}
			}()
			call()
		}()
	}
	normals, words, indices := make([]float32, 60), make([]uint32, 60), all[:10]
	if n := testing.AllocsPerRun(100, func() {
		NormalRowsOf(normals, 6, seed, stream, indices)
		PhiloxRowsOf(words, 6, seed, stream, indices)
	}); n != 0 {
		t.Errorf("%v allocations a call", n)
	}
}
