package kernels

import (
	"fmt"

	"github.com/seed-192fdf7a/nf/kernels/asm"
)

// NormalRowsOf fills dst, len(indices) rows by cols without gaps, with the values that
// [Tier.NormalRows] makes of each row's index: rows of few columns share the groups that
// a kernel computes at once. It panics if dst does not hold as many values.
func (t *Tier) NormalRowsOf(dst []float32, cols int, seed uint64, stream uint32, indices []uint64) {
	checkRowsOf("NormalRowsOf", len(dst), cols, len(indices))
	if cols >= groupWords {
		for r, index := range indices {
			t.NormalRows(dst[r*cols:(r+1)*cols], 1, cols, seed, stream, index)
		}
		return
	}
	buffer := normalBuffers.Borrow()
	for g := groupsOf("NormalRowsOf", cols, seed, stream, indices); g.next(); {
		safePoint()
		t.normal(buffer[:groupWords], g.counters)
		spread(dst, buffer[:groupWords], cols, &g)
	}
	normalBuffers.Return(buffer)
}

// PhiloxRowsOf fills dst, len(indices) rows by cols without gaps, with the words that
// [Tier.PhiloxWords] makes of each row's index, as [Tier.NormalRowsOf] does.
func (t *Tier) PhiloxRowsOf(dst []uint32, cols int, seed uint64, stream uint32, indices []uint64) {
	checkRowsOf("PhiloxRowsOf", len(dst), cols, len(indices))
	if cols >= groupWords {
		for r, index := range indices {
			t.PhiloxWords(dst[r*cols:(r+1)*cols], seed, stream, index)
		}
		return
	}
	buffer := wordBuffers.Borrow()
	for g := groupsOf("PhiloxRowsOf", cols, seed, stream, indices); g.next(); {
		safePoint()
		t.philox(buffer[:], g.counters)
		spread(dst, buffer[:], cols, &g)
	}
	wordBuffers.Return(buffer)
}

// NormalRowsOf calls Tier.NormalRowsOf on the active tier.
func NormalRowsOf(dst []float32, cols int, seed uint64, stream uint32, indices []uint64) {
	active.NormalRowsOf(dst, cols, seed, stream, indices)
}

// PhiloxRowsOf calls Tier.PhiloxRowsOf on the active tier.
func PhiloxRowsOf(dst []uint32, cols int, seed uint64, stream uint32, indices []uint64) {
	active.PhiloxRowsOf(dst, cols, seed, stream, indices)
}

func checkRowsOf(name string, values, cols, rows int) {
	if cols < 0 || values != rows*cols {
		panic(fmt.Sprintf("kernels: %s: dst has %d values, want %dx%d", name, values, rows, cols))
	}
}

// groups are the groups of the blocks of rows, one row behind the other, each of its
// own index.
type groups struct {
	counters asm.Counters // of the present group
	indices  []uint64
	blocks   int // of a row
	first    int // block of the present group
	after    int // block
}

func groupsOf(name string, cols int, seed uint64, stream uint32, indices []uint64) groups {
	return groups{
		counters: asm.Counters{Blocks: 1, Stream: stream, Key: [2]uint32{uint32(seed), uint32(seed >> 32)}},
		indices:  indices, blocks: int(blocksOf(name, cols)),
	}
}

// next goes on to the next group, if there is one.
func (g *groups) next() bool {
	g.first = g.after
	row, block := 0, 0
	if g.blocks > 0 {
		row, block = g.first/g.blocks, g.first%g.blocks
	}
	for lane := 0; lane < groupBlocks && g.blocks > 0 && row < len(g.indices); lane++ {
		index := g.indices[row]
		c := &g.counters
		c.Block[lane], c.IndexLow[lane], c.IndexHigh[lane] = uint32(block), uint32(index), uint32(index>>32)
		g.after++
		if block++; block == g.blocks {
			row, block = row+1, 0
		}
	}
	return g.after > g.first
}

// spread writes the values of a group, of which the last ones of a row may be no
// column.
func spread[T any](dst, values []T, cols int, g *groups) {
	row, column := g.first/g.blocks, g.first%g.blocks*4
	for range g.after - g.first {
		copy(dst[row*cols+column:][:min(4, cols-column)], values[:4])
		values = values[4:]
		if column += 4; column >= cols {
			row, column = row+1, 0
		}
	}
}
