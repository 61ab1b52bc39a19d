package transform_test

import (
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/transform"
)

// TestBatchNormObserves learns from two minibatches of four rows in two tiles,
// with mean 2 and variance 9, and mean -1 and none; one that nothing is learned
// from, and a tile alone, change nothing.
func TestBatchNormObserves(t *testing.T) {
	parameters := autograd.NewParameters(0)
	b := (&transform.BatchNormSpec{Epsilon: 1e-5, Momentum: 0.25}).Build(transform.Shape{Features: 2}, 0, parameters.Root())
	b.Initialize(1)
	binding := autograd.Bind32(parameters, blas.Builtin())
	run := func(p *autograd.Pass, from int) {
		x := p.Input(len(p.LogDet.Values), 2, false)
		for r := range x.Rows {
			copy(x.Row32(r), []float32{2 + 3*float32(1-2*((from+r)%2)), -1})
		}
		b.Forward(p, x)
	}
	meet := func(mode autograd.Mode) {
		m := autograd.NewMeeting(2, 4, 2)
		m.Run(func(tile int) {
			g := binding.NewGraph()
			g.Reset(mode)
			p := g.Pass(1 + 2*tile)
			p.Join(m, tile)
			run(p, tile)
		})
	}
	for step, want := range [][]float32{{0.5, -0.25, 3, 0.75}, {0.875, -0.4375, 4.5, 0.5625}} {
		meet(autograd.Differentiate)
		meet(autograd.Evaluate)
		g := binding.NewGraph()
		g.Reset(autograd.Differentiate)
		run(g.Pass(3), 0)
		for i, got := range parameters.Values() {
			if got != want[i] {
				t.Errorf("minibatch %d: running moment %d is %v, want %v", step, i, got, want[i])
			}
		}
	}
}

// TestBatchNormOfConstants observes columns that never change, whose variance
// rounding can bring below zero, which no model file may hold.
func TestBatchNormOfConstants(t *testing.T) {
	const columns, rows = 100, 257
	parameters := autograd.NewParameters(0)
	b := (&transform.BatchNormSpec{Epsilon: 1e-5, Momentum: 1}).Build(transform.Shape{Features: columns}, 0, parameters.Root())
	b.Initialize(1)
	binding := autograd.Bind32(parameters, blas.Builtin())
	m := autograd.NewMeeting(1, rows, 1)
	m.Run(func(int) {
		g := binding.NewGraph()
		g.Reset(autograd.Differentiate)
		p := g.Pass(rows)
		p.Join(m, 0)
		x := p.Input(rows, columns, false)
		for r := range x.Rows {
			for c := range columns {
				x.Set(r, c, 1/float64(c+3))
			}
		}
		b.Forward(p, x)
	})
	for c, v := range parameters.Values()[columns:] {
		if !(v >= 0 && v < 1e-6) {
			t.Fatalf("column %d, which never changes, has the variance %v", c, v)
		}
	}
}
