package blas_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/blas/internal/conformance"
	"github.com/seed-192fdf7a/nf/kernels"
)

// TestMaskedBits checks that each result of a masked layer is the chain of a
// dense layer that has the existing weights alone, in every method, on every
// tier and for every cut of the rows.
func TestMaskedBits(t *testing.T) {
	reference, err := kernels.ByName("reference")
	if err != nil {
		t.Fatal(err)
	}
	const rows = 112
	for n, mask := range conformance.Masks {
		rng := rand.New(rand.NewPCG(uint64(n), 7))
		in, out, seen := mask.In, mask.Out(), conformance.Seen(mask)
		packed, bias := conformance.Normal(rng, mask.Weights()), conformance.Normal(rng, out)
		full := make([]float32, in*out)
		mask.Full(full, packed)
		x, dy := conformance.Matrix(rng, rows, in, 3), conformance.Matrix(rng, rows, out, 0)

		// The statement: one dense layer for each output, and for each input.
		want := products{y: make([]float32, rows*out), dx: make([]float32, rows*in)}
		y, dx := kernels.Dense(want.y, rows, out), kernels.Dense(want.dx, rows, in)
		for j := range out {
			w := blas.BuiltinOn(kernels.Active()).NewWeights(int(seen[j]), 1)
			var column []float32
			for k := range int(seen[j]) {
				column = append(column, full[k*out+j])
			}
			w.Set(column, bias[j:j+1])
			w.Forward(part(y, j, j+1), part(x, 0, int(seen[j])), blas.ReLU)
		}
		for k := range in {
			var row []float32
			for _, j := range mask.Order() {
				if int(seen[j]) > k {
					row = append(row, full[k*out+int(j)])
				}
			}
			seeing := kernels.Dense(make([]float32, rows*len(row)), rows, len(row))
			for r := range rows {
				i := 0
				for _, j := range mask.Order() {
					if int(seen[j]) > k {
						seeing.Row(r)[i] = dy.Row(r)[j]
						i++
					}
				}
			}
			w := blas.BuiltinOn(kernels.Active()).NewWeights(len(row), 1)
			w.Set(row, nil)
			w.Forward(part(dx, k, k+1), seeing, blas.None)
		}

		var dw []float32
		for _, tier := range kernels.Tiers() {
			w := blas.BuiltinOn(tier).NewMasked(mask)
			w.Set(packed, bias)
			for _, step := range []int{rows, 1, 3, 4, 5, 50} {
				if tier == reference && step != 50 {
					continue
				}
				what := fmt.Sprintf("%s, %s, %d rows at once", tier.Name(), conformance.MaskName(mask), step)
				got := products{y: make([]float32, rows*out), dx: make([]float32, rows*in), dw: make([]float32, len(packed))}
				y, dx := kernels.Dense(got.y, rows, out), kernels.Dense(got.dx, rows, in)
				for from := 0; from < rows; from += step {
					to := min(from+step, rows)
					w.Forward(y.Slice(from, to), x.Slice(from, to), blas.ReLU)
					w.BackwardInput(dx.Slice(from, to), dy.Slice(from, to), false)
					w.GradientWeights(got.dw, x.Slice(from, to), dy.Slice(from, to), true)
				}
				if dw == nil {
					dw = got.dw
				}
				want.dw = dw
				got.check(t, what, want)
			}
			// Advance takes units as rows.
			order := mask.Order()
			units, advanced := transposed(x), kernels.Dense(make([]float32, out*rows), out, rows)
			for from := 0; from < out; {
				to := from + 1
				for to < out && seen[order[to]] == seen[order[from]] {
					to++
				}
				w.Advance(advanced.Slice(from, to), units.Slice(0, int(seen[order[from]])), from, blas.ReLU)
				from = to
			}
			back := make([]float32, rows*out)
			for i, j := range order {
				for r, v := range advanced.Row(i) {
					back[r*out+int(j)] = v
				}
			}
			dUnits := kernels.Dense(make([]float32, out*rows), out, rows)
			for i, j := range order {
				for r := range rows {
					dUnits.Row(i)[r] = dy.Row(r)[j]
				}
			}
			retreated := kernels.Dense(make([]float32, in*rows), in, rows)
			for k := range in {
				w.Retreat(retreated.Slice(k, k+1), dUnits, k)
			}
			sameBits(t, fmt.Sprintf("%s, %s, retreat", tier.Name(), conformance.MaskName(mask)), transposed(retreated).Data, want.dx)
			sameBits(t, fmt.Sprintf("%s, %s, advance", tier.Name(), conformance.MaskName(mask)), back, want.y)
		}
	}
}

func part(m kernels.Matrix, from, to int) kernels.Matrix {
	m.Data = m.Data[min(from, len(m.Data)):]
	m.Cols = to - from
	return m
}

func transposed(m kernels.Matrix) kernels.Matrix {
	t := kernels.Dense(make([]float32, m.Rows*m.Cols), m.Cols, m.Rows)
	for r := range m.Rows {
		for c, v := range m.Row(r) {
			t.Data[c*m.Rows+r] = v
		}
	}
	return t
}
