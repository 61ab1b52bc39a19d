package main

import (
	"context"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/train"
)

var (
	parameters = []string{"theta1", "theta2"}
	observed   = []string{"x1", "x2"}
)

// sizes are those of the networks and of their training.
type sizes struct {
	layers, epochs int
	hidden         []int
}

// fit learns the density of rows given their context, the last tenth kept to choose
// the epoch.
func fit(config flow.Config, rows, given []float64, epochs int) (*flow.Flow, error) {
	f, err := flow.New(config, 1)
	if err != nil {
		return nil, err
	}
	o := train.Defaults()
	o.Epochs, o.Patience = epochs, 0
	held := len(rows) / 2 / 10 * 2
	_, err = train.Fit(context.Background(), f, train.Data{Rows: rows[held:], Context: given[held:]}, train.Data{Rows: rows[:held], Context: given[:held]}, o)
	return f, err
}

// posterior learns p(theta|x) from simulations (neural posterior estimation:
// Papamakarios and Murray, 2016; Greenberg et al., 2019). With bounded the flow
// ends where the prior does; without, some of its draws lie outside.
func posterior(s simulations, preset flow.Preset, bounded bool, z sizes) (*flow.Flow, error) {
	config, err := preset.Config(parameters, observed, flow.Options{Layers: z.layers, Hidden: z.hidden})
	if err != nil {
		return nil, err
	}
	if bounded {
		var box []flow.Interval
		for _, name := range parameters {
			box = append(box, flow.Interval{Column: name, Lower: -1, Upper: 1})
		}
		if err := config.SetSupport(box...); err != nil {
			return nil, err
		}
	}
	return fit(config, s.theta, s.x, z.epochs)
}

// drawPosterior draws of the posterior of one observation.
func drawPosterior(f *flow.Flow, n int, x []float64, seed uint64) ([]float64, error) {
	var contexts []float64
	for range n {
		contexts = append(contexts, x...)
	}
	return f.Sample(n, seed, contexts)
}

// leakage returns the part of draws that the prior does not have.
func leakage(draws []float64) float64 {
	out := 0.0
	for i := 0; i < len(draws); i += 2 {
		if !inside(draws[i : i+2]) {
			out++
		}
	}
	return out / float64(len(draws)/2)
}
