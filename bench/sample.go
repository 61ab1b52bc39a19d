package bench

import (
	"fmt"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/internal/random"
)

// Preset returns a flow of a preset with random values in every layer, so that
// nothing is measured on zeros.
func Preset(preset flow.Preset, features int, o flow.Options) (*flow.Flow, error) {
	var names []string
	for i := range features {
		names = append(names, fmt.Sprint("f", i))
	}
	c, err := preset.Config(names, nil, o)
	if err != nil {
		return nil, err
	}
	f, err := flow.New(c, 1)
	if err != nil {
		return nil, err
	}
	// Initialized hidden layers, and last ones that are not zero but small:
	// samples stay finite, as those of a trained flow.
	for _, p := range f.Model().Parameters().All() {
		if !p.Frozen && isZero(p.Values()) {
			random.Uniform(p.Values(), 2, random.Initialization, uint64(p.Offset()), 0.02)
		}
	}
	return f, nil
}

func isZero(values []float32) bool {
	for _, v := range values {
		if v != 0 {
			return false
		}
	}
	return true
}

// Sample measures drawing samples and scoring them, and how many times the
// time of scoring sampling takes. GFLOP/s counts the weights that exist.
func Sample(o Options, f *flow.Flow, backend blas.Backend, rows, workers int) ([]Result, error) {
	scorer, err := f.NewScorer(flow.ScorerOptions{Workers: workers, BLAS: backend})
	if err != nil {
		return nil, err
	}
	x, logProb := make([]float64, rows*f.Dim()), make([]float64, rows)
	var failed error
	note := func(err error) {
		if err != nil {
			failed = err
		}
	}
	context := make([]float64, rows*f.ContextFeatures())
	sampling, samplings := o.median(func() {
		note(scorer.Sample(x, nil, 0, flow.SampleOptions{Seed: 3}, context))
	})
	scoring, scorings := o.median(func() { note(scorer.LogProb(logProb, x, context)) })
	if failed != nil {
		return nil, failed
	}
	flops := 2 * multiplies(f.Model().Parameters()) * float64(rows*f.Model().Sites())
	name := func(what string) string {
		return fmt.Sprintf("sample/%s/%s/rows=%d/workers=%d", backend.Name(), what, rows, workers)
	}
	figures := func(ns float64) []Figure {
		all := []Figure{{"rows/s", float64(rows) / ns * 1e9}, {"us/row", ns / float64(rows) / 1e3}}
		if f.Model().Sites() > 1 { // a weight is used at some of the sites alone
			return all
		}
		return append(all, Figure{"GFLOP/s", flops / ns})
	}
	return []Result{
		{Name: name("score"), Runs: scorings, Ns: scoring, Figures: figures(scoring)},
		{Name: name("sample"), Runs: samplings, Ns: sampling, Figures: append(figures(sampling), Figure{"x-scoring", sampling / scoring})},
	}, nil
}

// multiplies returns the multiplications of the linear layers for one row.
func multiplies(p *autograd.Parameters) float64 {
	var n float64
	for _, l := range p.Linears() {
		n += float64(l.In()) * float64(l.Out())
	}
	for _, l := range p.Masked() {
		n += float64(l.Mask.Weights())
	}
	return n
}
