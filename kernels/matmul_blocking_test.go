package kernels

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestMatmulBlocking checks that no bit depends on the sizes of the caches: for
// processors with small, usual, large and unknown ones, and for blocks smaller
// than any cache asks for.
func TestMatmulBlocking(t *testing.T) {
	blockings := map[string]blocking{"smallest": {1, 1, 1}, "odd": {700, 13, 600}}
	for _, p := range []ProcessorInfo{{}, {L1Data: 1, L2: 1}, {L1Data: 16 << 10, L2: 64 << 10}, {L1Data: 48 << 10, L2: 2 << 20}, {L1Data: 128 << 10, L2: 16 << 20}} {
		blockings[p.String()] = blockingFor(p)
	}
	cases := []matmulCase{
		{rows: 100, cols: 70, depth: 150, start: "bias", relu: true},
		{rows: 100, cols: 70, depth: 150, start: "c", transposed: true, unpacked: true},
		{rows: 60, cols: 6, depth: 300, start: "matrix", transposed: true, unpacked: true},
		{rows: 60, cols: 6, depth: 300, start: "zero", relu: true},
		{rows: 1, cols: 130, depth: 400, start: "bias", relu: true},
		{rows: 2, cols: 130, depth: 400, start: "zero"},
		{rows: 400, cols: 20, depth: 300, start: "bias"},
		{rows: 90, cols: 526, depth: 0, start: "zero", transposed: true, unpacked: true},
		{rows: 90, cols: 526, depth: 3, start: "c", transposed: true, unpacked: true},
	}
	for _, tier := range Tiers() {
		if tier == &reference {
			continue // what the others are compared with does not depend on blocks
		}
		for n, m := range cases {
			for name, blocks := range blockings {
				o := newOperands(m, rand.New(rand.NewPCG(uint64(n), 7)), normalValue)
				if m.unpacked {
					o.inPlace(tier)
				}
				tier.matmulBlocked(&o.c, &o.a, &o.b, &o.start, m.relu, &blocks)
				for i := range o.want {
					if !sameMatmulBits(o.c.Data[i], o.want[i]) {
						t.Fatalf("%s, %v, blocks for %s: element %d is %v, want %v", tier.Name(), m, name, i, o.c.Data[i], o.want[i])
					}
				}
			}
		}
	}
}

// TestBlockingFor checks that the blocks follow the caches, and that a processor
// that tells nothing, or nonsense, gets blocks of some use.
func TestBlockingFor(t *testing.T) {
	small, large := blockingFor(ProcessorInfo{L1Data: 32 << 10, L2: 256 << 10}), blockingFor(ProcessorInfo{L1Data: 64 << 10, L2: 4 << 20})
	if !(small.elements < large.elements && small.depth < large.depth) {
		t.Errorf("blocks %+v for small caches, %+v for large ones", small, large)
	}
	for _, p := range []ProcessorInfo{{}, {L1Data: -1, L2: -1}, {L1Data: 1, L2: 1}} {
		b := blockingFor(p)
		if b.depth < 32 || b.elements < 1000 {
			t.Errorf("blocks %+v for caches %d, %d", b, p.L1Data, p.L2)
		}
		for _, shape := range [][3]int{{1, 1, 1}, {4096, 512, 512}, {7, 100000, 3}, {100000, 3, 7}} {
			rows, depth := b.of(shape[0], shape[1], shape[2], 48)
			if rows < 1 || depth < 1 || rows > shape[0] || depth > shape[2] {
				t.Errorf("%s: %d rows and %d terms a block", fmt.Sprint(shape), rows, depth)
			}
		}
	}
}
