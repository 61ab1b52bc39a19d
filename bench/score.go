package bench

import (
	"fmt"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/internal/parallel"
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
)

// Model returns a RealNVP with random values in every layer, so that nothing
// is measured on zeros.
func Model(features, layers int, hidden []int) (*flow.Flow, error) {
	var names []string
	for i := range features {
		names = append(names, fmt.Sprint("f", i))
	}
	c, err := flow.RealNVP(names, nil, flow.Options{Layers: layers, Hidden: hidden})
	if err != nil {
		return nil, err
	}
	f, err := flow.New(c, 1)
	if err != nil {
		return nil, err
	}
	for _, p := range f.Model().Parameters().All() {
		random.Uniform(p.Values(), 2, random.Initialization, uint64(p.Offset()), 0.1)
	}
	return f, nil
}

// normalRow draws a row of standard normal values.
func normalRow(dst []float64, row int) {
	buffer := make([]float32, len(dst))
	kernels.NormalRows(buffer, 1, len(buffer), 3, random.Noise, uint64(row))
	for c, v := range buffer {
		dst[c] = float64(v)
	}
}

// Score measures log-densities of the given number of rows: rows/s, the
// GFLOP/s of the model's matmuls over the whole time, and the share of the
// time that the same matmuls take when nothing else is done.
func Score(o Options, f *flow.Flow, backend blas.Backend, rows, workers int) (Result, error) {
	d := f.Dim()
	x, dst := make([]float64, rows*d), make([]float64, rows)
	for r := range rows {
		normalRow(x[r*d:(r+1)*d], r)
	}
	context := make([]float64, rows*f.ContextFeatures())
	if len(context) == 0 {
		context = nil
	}
	scorer, err := f.NewScorer(flow.ScorerOptions{Workers: workers, BLAS: backend})
	if err != nil {
		return Result{}, err
	}
	var failed error
	ns, calls := o.median(func() {
		if err := scorer.LogProb(dst, x, context); err != nil {
			failed = err
		}
	})
	if failed != nil {
		return Result{}, failed
	}
	bare := bareMatmuls(o, f.Model().Parameters(), backend, rows*f.Model().Sites(), workers)
	flops := 2 * multiplies(f.Model().Parameters()) * float64(rows*f.Model().Sites())
	return Result{
		Name: fmt.Sprintf("score/%s/rows=%d/workers=%d", backend.Name(), rows, workers), Runs: calls, Ns: ns,
		Figures: []Figure{
			{"rows/s", float64(rows) / ns * 1e9},
			{"us/row", ns / float64(rows) / 1e3},
			{"GFLOP/s", flops / ns},
			{"matmul-share", bare / ns},
		},
	}, nil
}

// bareMatmuls returns the time in nanoseconds of the linear layers alone on
// the given number of rows, in the tiles of a scorer.
func bareMatmuls(o Options, parameters *autograd.Parameters, backend blas.Backend, rows, workers int) float64 {
	type prepared struct {
		forward func(y, x kernels.Matrix, act blas.Activation)
		in, out int
	}
	var list []prepared
	widest := 1
	add := func(in, out int, forward func(y, x kernels.Matrix, act blas.Activation)) {
		list = append(list, prepared{forward, in, out})
		widest = max(widest, in, out)
	}
	for i, l := range parameters.Linears() {
		w := backend.NewWeights(l.In(), l.Out())
		w.Set(fill(l.In()*l.Out(), uint64(i), 0.1), fill(l.Out(), uint64(i), 0.1))
		add(l.In(), l.Out(), w.Forward)
	}
	for i, l := range parameters.Masked() {
		w := backend.NewMasked(l.Mask)
		w.Set(fill(l.Mask.Weights(), uint64(i), 0.1), fill(l.Out(), uint64(i), 0.1))
		add(l.In(), l.Out(), w.Forward)
	}
	const tile = flow.TileRows
	inputs, outputs := make([][]float32, workers), make([][]float32, workers)
	for w := range workers {
		inputs[w], outputs[w] = fill(tile*widest, uint64(w), 1), make([]float32, tile*widest)
	}
	tiles := (rows + tile - 1) / tile
	ns, _ := o.median(func() {
		parallel.For(tiles, workers, func(w, t int) {
			n := min(tile, rows-t*tile)
			for _, p := range list {
				p.forward(kernels.Dense(outputs[w], n, p.out), kernels.Dense(inputs[w], n, p.in), blas.ReLU)
			}
		})
	})
	return ns
}
