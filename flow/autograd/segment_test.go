package autograd_test

import (
	"math"
	"slices"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow/autograd"
)

// TestSegmentsFold differentiates what tiles fold, within segments inside each
// other and without: the gradients must have the same bits.
func TestSegmentsFold(t *testing.T) {
	const tiles, rows, columns = 4, 2, 3
	normalize := func(p *autograd.Pass, x autograd.Value) autograd.Value {
		return p.NormalizeShared(x, p.Fold(p.ColumnMoments(x)), float64(p.BatchRows(x)), 1e-3, p.LogDet)
	}
	twice := func(p *autograd.Pass, x autograd.Value) autograd.Value {
		return normalize(p, p.Segment(x, normalize, nil))
	}
	plain := func(p *autograd.Pass, x autograd.Value) autograd.Value { return normalize(p, normalize(p, x)) }
	gradients := func(f func(*autograd.Pass, autograd.Value) autograd.Value) []float64 {
		out := make([]float64, tiles*rows*columns)
		meet(tiles, 2, func(tile int, p *autograd.Pass) {
			x := p.Input(rows, columns, true)
			for i := range rows * columns {
				x.Set(i/columns, i%columns, seed(100*tile+3*i)*float64(1+tile))
			}
			y := f(p, x)
			for i := range rows * columns {
				p.SeedGradient(y, i/columns, i%columns, seed(tile+5*i))
			}
			p.LogDet.Gradient[0] = 0.25
			p.Backward()
			for i := range rows * columns {
				out[tile*rows*columns+i] = x.Gradient(i/columns, i%columns)
			}
		})
		return out
	}
	want := gradients(plain)
	got := gradients(func(p *autograd.Pass, x autograd.Value) autograd.Value { return p.Segment(x, twice, nil) })
	if !slices.Equal(got, want) || !slices.ContainsFunc(want, func(v float64) bool { return v != 0 }) {
		t.Errorf("gradients %v, without segments %v", got, want)
	}
}

// TestOnceInASegment runs what happens once in a segment once, though the
// segment is computed twice.
func TestOnceInASegment(t *testing.T) {
	count := 0
	meet(3, 2, func(_ int, p *autograd.Pass) {
		x := p.Input(1, 2, true)
		x.Set(0, 0, 1)
		x.Set(0, 1, 2)
		y := p.Segment(x, func(p *autograd.Pass, x autograd.Value) autograd.Value {
			p.Once(func() { count++ })
			return p.ReLU(x)
		}, nil)
		p.SeedGradient(y, 0, 0, 1)
		p.Backward()
	})
	if count != 1 {
		t.Errorf("it ran %d times, want once", count)
	}
}

// TestDrift computes inputs of segments back from their outputs by a way that
// is wrong by a known amount.
func TestDrift(t *testing.T) {
	for _, off := range []float64{0, 0.5, -2, math.NaN()} {
		parameters := autograd.NewParameters(0)
		shift := parameters.Root().New("shift", 1, 2)
		g := autograd.Bind64(parameters).NewGraph()
		g.Reset(autograd.Differentiate)
		p := g.Pass(3)
		x := g.Input(3, 2, true)
		for i := range 6 {
			x.Set(i/2, i%2, float64(i))
		}
		f := func(p *autograd.Pass, x autograd.Value) autograd.Value {
			return p.Add(x, p.Repeat(shift, 3))
		}
		y := p.Segment(p.Copy(x), f, autograd.Rebuild(f, func(p *autograd.Pass, y autograd.Value) autograd.Value {
			back := p.Copy(y)
			back.Set(1, 0, y.At(1, 0)+off) // 2, so that it is off by a third of 1 + |value|
			return back
		}))
		g.SeedGradient(y, 0, 0, 1)
		g.Backward()
		want := math.Abs(off) / 3
		if got := g.Drift(); got != want && !(off != off && got != got) {
			t.Errorf("off by %v: the drift is %v, want %v", off, got, want)
		}
		g.Reset(autograd.Differentiate)
		if got := g.Drift(); got != 0 {
			t.Errorf("after a reset the drift is %v", got)
		}
	}
}

// TestReversibleChain differentiates maps in a row of which only the last
// output is kept, on both precisions, beside a tape that keeps everything.
func TestReversibleChain(t *testing.T) {
	backend := blas.Builtin()
	for _, double := range []bool{true, false} {
		run := func(reverse bool) (out []float64) {
			parameters := autograd.NewParameters(0)
			var constants []*autograd.Parameter
			for i := range 3 {
				c := parameters.Root().New([]string{"a", "b", "c"}[i], 1, 4)
				for j := range c.Values() {
					c.Values()[j] = float32(seed(4*i + j))
				}
				constants = append(constants, c)
			}
			binding := autograd.Bind32(parameters, backend)
			if double {
				binding = autograd.Bind64(parameters)
			}
			g := binding.NewGraph()
			g.Reset(autograd.Differentiate)
			p := g.Pass(3)
			x := g.Input(3, 2, true)
			for i := range 6 {
				x.Set(i/2, i%2, seed(i))
			}
			y := p.Copy(x)
			for _, c := range constants {
				way := func(inverse bool) func(*autograd.Pass, autograd.Value) autograd.Value {
					return func(p *autograd.Pass, x autograd.Value) autograd.Value {
						return p.Apply(autograd.Affine{Bound: 2}, inverse, x, p.Repeat(c, 3), autograd.Part{}, p.LogDet)
					}
				}
				if reverse {
					y = p.Segment(y, way(false), autograd.Rebuild(way(false), way(true)))
				} else {
					y = way(false)(p, y)
				}
			}
			for i := range 6 {
				g.SeedGradient(y, i/2, i%2, seed(i+7))
			}
			for e := range p.LogDet.Gradient {
				p.LogDet.Gradient[e] = seed(e)
			}
			g.Backward()
			for i := range 6 {
				out = append(out, x.Gradient(i/2, i%2))
			}
			if double {
				return append(out, g.Gradients64()...)
			}
			for _, v := range g.Gradients() {
				out = append(out, float64(v))
			}
			return out
		}
		want, got := run(false), run(true)
		for i := range want {
			if math.Abs(got[i]-want[i]) > 1e-5*(1+math.Abs(want[i])) {
				t.Errorf("double %v: gradient %d is %v, want %v", double, i, got[i], want[i])
			}
		}
	}
}
