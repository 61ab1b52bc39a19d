package blas_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/blas/internal/conformance"
	"github.com/seed-192fdf7a/nf/kernels"
)

func TestConformance(t *testing.T) {
	for _, tier := range kernels.Tiers() {
		t.Run(tier.Name(), func(t *testing.T) { conformance.Run(t, blas.BuiltinOn(tier)) })
	}
}

// products are all results of one layer for the given rows.
type products struct{ y, dx, dw []float32 }

// layer is the input of the bit tests.
type layer struct {
	in, out      int
	values, bias []float32
	x, dy        kernels.Matrix
	dw           []float32
}

func newLayer(seed uint64, in, out, rows, gap int) layer {
	rng := rand.New(rand.NewPCG(seed, 1))
	return layer{in: in, out: out, values: conformance.Normal(rng, in*out), bias: conformance.Normal(rng, out),
		x: conformance.Matrix(rng, rows, in, gap), dy: conformance.Matrix(rng, rows, out, gap), dw: conformance.Normal(rng, in*out)}
}

// run computes the layer's products with the rows cut at every step rows.
func (l layer) run(b blas.Backend, step int, act blas.Activation) products {
	rows := l.x.Rows
	w := b.NewWeights(l.in, l.out)
	w.Set(l.values, l.bias)
	p := products{y: make([]float32, rows*l.out), dx: make([]float32, rows*l.in), dw: append([]float32(nil), l.dw...)}
	y, dx := kernels.Dense(p.y, rows, l.out), kernels.Dense(p.dx, rows, l.in)
	for from := 0; from < rows; from += step {
		to := min(from+step, rows)
		w.Forward(y.Slice(from, to), l.x.Slice(from, to), act)
		w.BackwardInput(dx.Slice(from, to), l.dy.Slice(from, to), false)
		blas.GradientWeights(b, p.dw, l.x.Slice(from, to), l.dy.Slice(from, to), true)
	}
	return p
}

func sameBits(t *testing.T, what string, got, want []float32) {
	t.Helper()
	for i := range want {
		if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
			t.Fatalf("%s: value %d is %v (bits %08x), want %v (%08x)", what, i, got[i], math.Float32bits(got[i]), want[i], math.Float32bits(want[i]))
		}
	}
}

func (p products) check(t *testing.T, what string, want products) {
	t.Helper()
	sameBits(t, what+", forward", p.y, want.y)
	sameBits(t, what+", backward", p.dx, want.dx)
	sameBits(t, what+", gradient", p.dw, want.dw)
}

// TestBits checks that the built-in products have the same bits on every tier,
// for every cut of the rows and for every stride, gradients accumulated over
// the cuts included.
func TestBits(t *testing.T) {
	reference, err := kernels.ByName("reference")
	if err != nil {
		t.Fatal(err)
	}
	for n, size := range [][2]int{{1, 1}, {3, 6}, {6, 40}, {33, 17}, {70, 129}, {530, 50}, {20, 530}} {
		const rows = 101
		act := []blas.Activation{blas.None, blas.ReLU}[n%2]
		l := newLayer(uint64(n), size[0], size[1], rows, 0)
		want := l.run(blas.BuiltinOn(reference), rows, act)
		gapped := newLayer(uint64(n), size[0], size[1], rows, 5)
		for _, tier := range kernels.Tiers() {
			steps := []int{rows, 1, 3, 8, 64}
			if tier == reference {
				steps = []int{7}
			}
			for _, step := range steps {
				what := fmt.Sprintf("%s, %d inputs, %d outputs, %d rows at once", tier.Name(), l.in, l.out, step)
				l.run(blas.BuiltinOn(tier), step, act).check(t, what, want)
				gapped.run(blas.BuiltinOn(tier), step, act).check(t, what+", gaps", want)
			}
		}
	}
}

// TestManyRows checks that the products of more rows than are packed at once
// (an image has a thousand sites) have the bits of those of one row after the
// other.
func TestManyRows(t *testing.T) {
	const rows = 1100
	for n, size := range [][2]int{{3, 5}, {33, 70}} {
		l := newLayer(uint64(n), size[0], size[1], rows, 1)
		for _, tier := range kernels.Tiers() {
			want := l.run(blas.BuiltinOn(tier), 1, blas.None)
			what := fmt.Sprintf("%s, %d inputs, %d outputs", tier.Name(), l.in, l.out)
			l.run(blas.BuiltinOn(tier), rows, blas.None).check(t, what, want)

			// Not accumulated, the gradient begins at zero, whatever was there.
			dw := append([]float32(nil), l.dw...)
			blas.GradientWeights(blas.BuiltinOn(tier), dw, l.x, l.dy, false)
			clear(l.dw)
			sameBits(t, what+", gradient from zero", dw, l.run(blas.BuiltinOn(tier), 1, blas.None).dw)
		}
	}
}

// TestProductBits checks that a product of values has the bits of the plain loop
// of fused multiply-adds on every tier, wherever its operands lie and however
// it is cut along its terms.
func TestProductBits(t *testing.T) {
	reference, err := kernels.ByName("reference")
	if err != nil {
		t.Fatal(err)
	}
	for n, size := range [][3]int{{1, 32, 49}, {1, 49, 32}, {49, 32, 49}, {17, 300, 65}, {70, 600, 20}} {
		rng := rand.New(rand.NewPCG(uint64(n), 2))
		rows, depth, cols := size[0], size[1], size[2]
		a, y, start := conformance.Matrix(rng, rows, depth, 0), conformance.Matrix(rng, depth, cols, 0), conformance.Matrix(rng, rows, cols, 0)
		turned := func(m kernels.Matrix) kernels.Strided {
			out := kernels.Dense(make([]float32, m.Rows*m.Cols), m.Cols, m.Rows)
			for r := range m.Rows {
				for c, v := range m.Row(r) {
					out.Data[c*out.Cols+r] = v
				}
			}
			return out.Transposed()
		}
		want := kernels.Dense(make([]float32, rows*cols), rows, cols)
		blas.BuiltinOn(reference).Product(want, a.Strided(), y.Strided(), start)
		for _, tier := range kernels.Tiers() {
			b := blas.BuiltinOn(tier)
			for i, left := range []kernels.Strided{a.Strided(), turned(a)} {
				for j, right := range []kernels.Strided{y.Strided(), turned(y)} {
					for _, step := range []int{depth, 1 + depth/3} {
						got := kernels.Dense(make([]float32, rows*cols), rows, cols)
						from := start
						for first := 0; first < depth; first += step {
							last := min(first+step, depth)
							b.Product(got, left.Columns(first, last), right.Slice(first, last), from)
							from = got
						}
						sameBits(t, fmt.Sprintf("%s, %v, turned %d %d, %d terms at once", tier.Name(), size, i, j, step), got.Data, want.Data)
					}
				}
			}
		}
	}
}

// TestWorkers checks that the split of the rows over concurrent workers changes
// no bit.
func TestWorkers(t *testing.T) {
	const rows = 96
	l := newLayer(9, 40, 70, rows, 2)
	want := l.run(blas.Builtin(), rows, blas.ReLU)
	for _, workers := range []int{2, 3, 7} {
		w := blas.Builtin().NewWeights(l.in, l.out)
		w.Set(l.values, l.bias)
		y := kernels.Dense(make([]float32, rows*l.out), rows, l.out)
		dx := kernels.Dense(make([]float32, rows*l.in), rows, l.in)
		var group sync.WaitGroup
		for i := range workers {
			from, to := i*rows/workers, (i+1)*rows/workers
			group.Go(func() {
				w.Forward(y.Slice(from, to), l.x.Slice(from, to), blas.ReLU)
				w.BackwardInput(dx.Slice(from, to), l.dy.Slice(from, to), false)
			})
		}
		group.Wait()
		sameBits(t, "forward", y.Data, want.y)
		sameBits(t, "backward", dx.Data, want.dx)
	}
}

func TestDefault(t *testing.T) {
	t.Setenv("NF_BLAS", "builtin")
	if b, err := blas.Default(); err != nil || b.Name() != "builtin" {
		t.Errorf("NF_BLAS=builtin gives %v, %v", b, err)
	}
	t.Setenv("NF_BLAS", "")
	if b, err := blas.Default(); err != nil || b == nil {
		t.Errorf("without NF_BLAS: %v, %v", b, err)
	}
	t.Setenv("NF_BLAS", "openblas")
	if _, err := blas.Default(); err == nil || !strings.Contains(err.Error(), "-tags openblas") {
		t.Errorf("NF_BLAS=openblas without OpenBLAS: %v", err)
	}
	t.Setenv("NF_BLAS", "mkl")
	if _, err := blas.Default(); err == nil || !strings.Contains(err.Error(), `"mkl"`) || !strings.Contains(err.Error(), "builtin") {
		t.Errorf("NF_BLAS=mkl: %v", err)
	}
}
