package transform_test

import (
	"fmt"
	"testing"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/transform"
)

// TestMeetingGradient compares what tiles that meet in two batchnorms learn with
// what one tile of all events does, whatever the tape keeps.
func TestMeetingGradient(t *testing.T) {
	norm := &transform.BatchNormSpec{Epsilon: 1e-3, Momentum: 0.5}
	spec := &transform.ChainSpec{Transforms: []transform.Spec{
		norm, coupling(3, affine, 0), &transform.InvertSpec{Transform: coupling(3, affine, 1)},
		&transform.ChainSpec{Transforms: []transform.Spec{norm, coupling(3, affine, 1)}},
	}}
	s := build(t, spec, transform.Shape{Grid: []int{2}, Features: 3}, 2)
	const events = 12
	x, ctx := noise(events*6, 1, 2), noise(events*2, 2, 1)
	binding := autograd.Bind64(s.parameters)
	gradient := func(tiles, workers int, memory autograd.Memory) []float64 {
		per := events / tiles
		graphs := make([]*autograd.Graph, tiles)
		inputs := make([]autograd.Value, tiles)
		m := autograd.NewMeeting(tiles, events, workers)
		m.Run(func(tile int) {
			g := binding.NewGraph()
			g.Reset(autograd.Differentiate)
			p := g.Pass(per)
			p.Join(m, tile)
			p.Memory = memory
			graphs[tile], inputs[tile] = g, fill(g, x[tile*per*6:(tile+1)*per*6], 3, per*2)
			p.Context = fill(g, ctx[tile*per*2:(tile+1)*per*2], 2, per)
			z := s.transform.Forward(p, inputs[tile])
			g.StandardNormal(z, p.LogDet)
			p.LogDet.Seed(-1)
			p.Backward()
		})
		var out []float64
		sum := make([]float64, len(graphs[0].Gradients64()))
		for tile, g := range graphs {
			out = append(out, gradients(inputs[tile])...)
			for i, d := range g.Gradients64() {
				sum[i] += d
			}
		}
		return append(out, sum...)
	}
	want := gradient(1, 1, autograd.Memory{})
	for _, memory := range []autograd.Memory{{}, {Replay: true}, {Reversible: true}, {Reversible: true, Every: 2}} {
		for _, workers := range []int{1, 2, 7} {
			t.Run(fmt.Sprintf("%+v/workers=%d", memory, workers), func(t *testing.T) {
				for i, v := range gradient(4, workers, memory) {
					if !near(v, want[i], 1e-9) {
						t.Fatalf("gradient %d is %v in four tiles, %v in one", i, v, want[i])
					}
				}
			})
		}
	}
}
