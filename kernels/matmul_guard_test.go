//go:build unix

package kernels

import (
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"unsafe"
)

// matmulFence returns n float32 that end right before a page that cannot be
// touched, or with atStart begin right after one.
func matmulFence(t *testing.T, n int, atStart bool) []float32 {
	t.Helper()
	page := syscall.Getpagesize()
	body := (n*4 + page) / page * page
	memory, err := syscall.Mmap(-1, 0, body+2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Munmap(memory) })
	for _, fence := range [][]byte{memory[:page], memory[page+body:]} {
		if err := syscall.Mprotect(fence, syscall.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	first := page
	if !atStart {
		first = page + body - n*4
	}
	if n == 0 {
		return nil
	}
	return unsafe.Slice((*float32)(unsafe.Pointer(&memory[first])), n)
}

// TestMatmulGuardPages puts every operand right against pages that cannot be
// touched: a kernel that reads or writes one float32 too many dies.
func TestMatmulGuardPages(t *testing.T) {
	fences, n := matmulFences{}, 0
	starts := []string{"bias", "matrix", "zero", "c"}
	for _, tier := range Tiers() {
		for _, atStart := range []bool{false, true} {
			for _, rows := range []int{1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 16, 28} {
				for _, cols := range []int{1, 2, 3, 4, 6, 8, 9, 15, 16, 17, 33, 48, 50, 64, 113, 128, 129} {
					for _, depth := range []int{0, 1, 5} {
						for _, transposed := range []bool{false, true} {
							fences.check(t, tier, matmulCase{rows: rows, cols: cols, depth: depth, start: starts[n%4], relu: true, transposed: transposed, unpacked: n%3 == 0}, atStart)
							n++
							if t.Failed() {
								return
							}
						}
					}
				}
			}
		}
	}
}

// matmulFences keeps the mappings of a test by their lengths, as mapping anew
// for each case would take most of its time.
type matmulFences map[string]*[4][]float32

func (f matmulFences) check(t *testing.T, tier *Tier, m matmulCase, atStart bool) {
	t.Helper()
	o := newOperands(m, rand.New(rand.NewPCG(uint64(m.cols), 3)), normalValue)
	o.b.Data = o.b.Data[:max(len(o.b.Data)-panelGap, 0)]
	if m.unpacked {
		o.inPlace(tier)
	}
	fields := [4]*[]float32{&o.c.Data, &o.a.Data, &o.b.Data, &o.start.Data}
	key := fmt.Sprint(len(o.c.Data), len(o.a.Data), len(o.b.Data), len(o.start.Data), atStart)
	if f[key] == nil {
		f[key] = new([4][]float32)
		for i, field := range fields {
			f[key][i] = matmulFence(t, len(*field), atStart)
		}
	}
	for i, field := range fields {
		copy(f[key][i], *field)
		*field = f[key][i]
	}
	tier.Matmul(o.c, o.a, o.b, o.start, m.relu)
	for i := range o.want {
		if !sameMatmulBits(o.c.Data[i], o.want[i]) {
			t.Errorf("%s %v: value %d is %v, want %v", tier.Name(), m, i, o.c.Data[i], o.want[i])
			return
		}
	}
}

// TestPanelsGuardPages packs and transposes, panels and matrices, between pages that cannot be
// touched.
func TestPanelsGuardPages(t *testing.T) {
	for _, tier := range Tiers() {
		for _, atStart := range []bool{false, true} {
			for _, rows := range []int{1, 15, 16, 33} {
				for _, cols := range []int{1, 15, 16, 17, 32} {
					src := Dense(matmulFence(t, rows*cols, atStart), rows, cols)
					packed := PanelsOf(matmulFence(t, PanelsSize(rows, cols), atStart), rows, cols)
					turned := PanelsOf(matmulFence(t, PanelsSize(cols, rows), atStart), cols, rows)
					tier.PackPanels(packed, src)
					tier.TransposePanels(turned, packed)
					tier.Transpose(Dense(matmulFence(t, rows*cols, atStart), cols, rows), src)
				}
			}
		}
	}
}
