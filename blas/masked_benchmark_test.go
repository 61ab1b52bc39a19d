package blas_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/blas/internal/conformance"
	"github.com/seed-192fdf7a/nf/kernels"
)

// made is the hidden or the last layer of a MADE.
func made(features, in, out, blocks int) blas.Mask {
	spread := func(width int) []int32 { // units of degrees 1 to features-1
		units := make([]int32, features)
		for h := range width {
			units[1+((h+1)*(features-1)+width-1)/width-1]++
		}
		return units
	}
	inputs, outputs := spread(in), spread(out)
	if blocks > 1 {
		outputs = make([]int32, features)
		for i := range outputs {
			outputs[i] = 1
		}
	}
	m := blas.Mask{In: in, Blocks: blocks}
	seen := int32(0)
	for d := range features {
		seen += inputs[d]
		if outputs[d] > 0 {
			m.Runs = append(m.Runs, blas.Run{Inputs: seen, Outputs: outputs[d]})
		}
	}
	return m
}

// BenchmarkMasked compares masked layers with dense ones of the same shape.
func BenchmarkMasked(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, c := range []struct{ features, in, out, blocks int }{
		{63, 512, 512, 1}, {63, 512, 0, 2}, {63, 512, 0, 23}, {6, 128, 128, 1}, {64, 64, 64, 1}, {784, 1024, 1024, 1},
		{3, 50, 50, 1}, {4, 50, 50, 1}, {6, 50, 50, 1}, {13, 50, 50, 1}, {21, 50, 50, 1}, {21, 50, 0, 2},
	} {
		mask := made(c.features, c.in, c.out, c.blocks)
		in, out := mask.In, mask.Out()
		masked, dense := blas.Builtin().NewMasked(mask), blas.Builtin().NewWeights(in, out)
		packed, bias := conformance.Normal(rng, mask.Weights()), conformance.Normal(rng, out)
		full := make([]float32, in*out)
		mask.Full(full, packed)
		masked.Set(packed, bias)
		dense.Set(full, bias)
		for _, rows := range []int{1, 64, 128} {
			x, y := conformance.Matrix(rng, rows, in, 0), conformance.Matrix(rng, rows, out, 0)
			dx := kernels.Dense(make([]float32, rows*in), rows, in)
			dPacked, dFull := make([]float32, len(packed)), make([]float32, in*out)
			name := fmt.Sprintf("D=%d/%dx%d/rows=%d/", c.features, in, out, rows)
			for _, f := range []struct {
				name string
				do   func()
			}{
				{"forward/masked", func() { masked.Forward(y, x, blas.ReLU) }},
				{"forward/dense", func() { dense.Forward(y, x, blas.ReLU) }},
				{"backward/masked", func() { masked.BackwardInput(dx, y, false) }},
				{"backward/dense", func() { dense.BackwardInput(dx, y, false) }},
				{"gradient/masked", func() { masked.GradientWeights(dPacked, x, y, false) }},
				{"gradient/dense", func() { blas.GradientWeights(blas.Builtin(), dFull, x, y, false) }},
			} {
				b.Run(name+f.name, func(b *testing.B) {
					for b.Loop() {
						f.do()
					}
				})
			}
		}
	}
}
