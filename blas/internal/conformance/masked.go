package conformance

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/kernels"
)

// Masks are the masked layers of the tests.
var Masks = []blas.Mask{
	{In: 0, Runs: []blas.Run{{Inputs: 0, Outputs: 3}}, Blocks: 1},
	{In: 4, Runs: []blas.Run{{Inputs: 0, Outputs: 20}}, Blocks: 1},
	{In: 1, Runs: []blas.Run{{Inputs: 0, Outputs: 1}, {Inputs: 1, Outputs: 1}}, Blocks: 3},
	{In: 5, Runs: []blas.Run{{Inputs: 4, Outputs: 2}}, Blocks: 2},
	staircase(20, 3, 1),
	staircase(63, 8, 1),
	staircase(70, 1, 3),
	staircase(300, 1, 2),
	{In: 530, Runs: []blas.Run{{Inputs: 3, Outputs: 40}, {Inputs: 530, Outputs: 21}}, Blocks: 1},
	{In: 50, Runs: []blas.Run{{Inputs: 20, Outputs: 5}, {Inputs: 20, Outputs: 17}, {Inputs: 21, Outputs: 1}, {Inputs: 50, Outputs: 30}}, Blocks: 2},
}

// staircase is blocks of in runs, of which run i sees i inputs.
func staircase(in, each, blocks int) blas.Mask {
	m := blas.Mask{In: in, Blocks: blocks}
	for i := range in {
		m.Runs = append(m.Runs, blas.Run{Inputs: int32(i), Outputs: int32(each)})
	}
	return m
}

// MaskName describes a mask in a line.
func MaskName(m blas.Mask) string {
	return fmt.Sprintf("%d inputs, %d blocks of %d outputs in %d runs", m.In, m.Blocks, m.Block(), len(m.Runs))
}

// Seen returns how many inputs each output of all blocks sees.
func Seen(m blas.Mask) []int32 { return slices.Repeat(m.Seen(), m.Blocks) }

// masked checks all methods of masked weights against float64 sums of the
// terms that exist.
func masked(t *testing.T, b blas.Backend) {
	rng := rand.New(rand.NewPCG(11, 12))
	for _, mask := range Masks {
		in, out := mask.In, mask.Out()
		seen, order := Seen(mask), mask.Order()
		packed, bias := Normal(rng, mask.Weights()), Normal(rng, out)
		full := make([]float32, in*out)
		mask.Full(full, packed)
		w := b.NewMasked(mask)
		w.Set(Normal(rng, len(packed)), bias)
		w.BackwardInput(Matrix(rng, 1, in, 0), Matrix(rng, 1, out, 0), false) // whose own form of the weights must not stay
		w.Set(packed, bias)
		for n, rows := range []int{0, 1, 5, 64, 100} {
			if leavesOut(b, rows) {
				continue
			}
			gap := n % 2 * 3
			name := fmt.Sprintf("%d rows, %s", rows, MaskName(mask))
			x, dy := Matrix(rng, rows, in, gap), Matrix(rng, rows, out, gap)
			for _, act := range []blas.Activation{blas.None, blas.ReLU} {
				y := Matrix(rng, rows, out, gap)
				w.Forward(y, x, act)
				checkResult(t, "forward, "+name, y, func(r, c int) (s chain) {
					s.add(bias[c], 1)
					for k := range int(seen[c]) {
						s.add(x.Data[r*x.Stride+k], full[k*out+c])
					}
					return s
				}, act == blas.ReLU)
			}
			for _, accumulate := range []bool{false, true} {
				dx := Matrix(rng, rows, in, gap)
				before := append([]float32(nil), dx.Data...)
				w.BackwardInput(dx, dy, accumulate)
				checkResult(t, "backward, "+name, dx, func(r, c int) (s chain) {
					if accumulate {
						s.add(before[r*dx.Stride+c], 1)
					}
					for j := range out {
						if int(seen[j]) > c {
							s.add(dy.Data[r*dy.Stride+j], full[c*out+j])
						}
					}
					return s
				}, false)
				dw := Normal(rng, len(packed))
				fullBefore := make([]float32, in*out)
				mask.Full(fullBefore, dw)
				w.GradientWeights(dw, x, dy, accumulate)
				got := make([]float32, in*out)
				mask.Full(got, dw)
				checkResult(t, "gradient, "+name, kernels.Dense(got, in, out), func(r, c int) (s chain) {
					if int(seen[c]) <= r {
						return s
					}
					if accumulate {
						s.add(fullBefore[r*out+c], 1)
					}
					for k := range rows {
						s.add(x.Data[k*x.Stride+r], dy.Data[k*dy.Stride+c])
					}
					return s
				}, false)
			}
		}
		const batch = 48
		x, dy := Matrix(rng, in, batch, 16), Matrix(rng, out, batch, 0)
		y := Matrix(rng, out, batch, 0)
		for from := 0; from < out; {
			to := from + 1
			for to < out && seen[order[to]] == seen[order[from]] {
				to++
			}
			w.Advance(y.Slice(from, to), x.Slice(0, int(seen[order[from]])), from, blas.None)
			from = to
		}
		checkResult(t, "advance, "+MaskName(mask), y, func(r, c int) (s chain) {
			j := int(order[r])
			s.add(bias[j], 1)
			for k := range int(seen[j]) {
				s.add(x.Data[k*x.Stride+c], full[k*out+j])
			}
			return s
		}, false)
		dx := Matrix(rng, in, batch, 0)
		before := append([]float32(nil), dx.Data...)
		for k := range in {
			w.Retreat(dx.Slice(k, k+1), dy, k)
		}
		checkResult(t, "retreat, "+MaskName(mask), dx, func(r, c int) (s chain) {
			s.add(before[r*dx.Stride+c], 1)
			for i, j := range order {
				if int(seen[j]) > r {
					s.add(dy.Data[i*dy.Stride+c], full[r*out+int(j)])
				}
			}
			return s
		}, false)
	}
}

// containment checks that NaN and infinity do not cross absent weights.
func containment(t *testing.T, b blas.Backend) {
	rng := rand.New(rand.NewPCG(13, 14))
	for _, mask := range Masks {
		in, out, seen := mask.In, mask.Out(), Seen(mask)
		w := b.NewMasked(mask)
		w.Set(Normal(rng, mask.Weights()), Normal(rng, out))
		for _, poison := range []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))} {
			for at := 0; at < in; at += 1 + in/16 {
				rows := 2
				if in <= 64 {
					rows += at % 2 * 40 // many rows are computed otherwise
				}
				x := Matrix(rng, rows, in, 0)
				y, want := Matrix(rng, rows, out, 0), Matrix(rng, rows, out, 0)
				w.Forward(want, x, blas.None)
				x.Row(1)[at] = poison
				w.Forward(y, x, blas.None)
				for j, v := range y.Row(0) {
					if v != want.Row(0)[j] {
						t.Fatalf("forward, %s: %v in another row changes output %d from %v to %v", MaskName(mask), poison, j, want.Row(0)[j], v)
					}
				}
				for j, v := range y.Row(1) {
					reached := v-v != 0
					if reached != (int(seen[j]) > at) {
						t.Fatalf("forward, %s: %v in input %d makes output %d %v", MaskName(mask), poison, at, j, v)
					}
					if !reached && math.Abs(float64(v-want.Row(1)[j])) > 1e-4 {
						t.Fatalf("forward, %s: %v in input %d changes output %d from %v to %v", MaskName(mask), poison, at, j, want.Row(1)[j], v)
					}
				}
			}
			for at := 0; at < out; at += 1 + out/16 {
				dy, dx := Matrix(rng, 2, out, 0), Matrix(rng, 2, in, 0)
				dy.Row(1)[at] = poison
				w.BackwardInput(dx, dy, false)
				for k, v := range dx.Row(1) {
					if (v-v != 0) != (int(seen[at]) > k) {
						t.Fatalf("backward, %s: %v in output %d makes input %d %v", MaskName(mask), poison, at, k, v)
					}
				}
			}
		}
	}
}

func maskedAllocation(t *testing.T, b blas.Backend) {
	rng := rand.New(rand.NewPCG(15, 16))
	mask := staircase(20, 2, 2)
	const rows = 32
	in, out := mask.In, mask.Out()
	x, dy, y, dx := Matrix(rng, rows, in, 0), Matrix(rng, rows, out, 0), Matrix(rng, rows, out, 0), Matrix(rng, rows, in, 0)
	units, dUnits, unitsIn := Matrix(rng, 4, rows, 0), Matrix(rng, out, rows, 0), Matrix(rng, in, rows, 0)
	dw := make([]float32, mask.Weights())
	w := b.NewMasked(mask)
	w.Set(dw, make([]float32, out))
	for name, f := range map[string]func(){
		"Forward":         func() { w.Forward(y, x, blas.ReLU) },
		"BackwardInput":   func() { w.BackwardInput(dx, dy, true) },
		"GradientWeights": func() { w.GradientWeights(dw, x, dy, true) },
		"Advance":         func() { w.Advance(units, unitsIn.Slice(0, 3), 12, blas.ReLU) },
		"Retreat":         func() { w.Retreat(unitsIn.Slice(3, 4), dUnits, 3) },
	} {
		f()
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s allocates %v times a call when warm", name, n)
		}
	}
}
