package main

import (
	"fmt"

	"gonum.org/v1/gonum/stat/distuv"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"

	"github.com/seed-192fdf7a/nf/flow"
)

// ranks tells, for each of the simulations and each parameter, how many of so many
// draws of its posterior are below the parameter that made it. Where the posterior
// is right, every rank is equally likely (simulation-based calibration: Talts et
// al., 2018).
func ranks(f *flow.Flow, s simulations, draws int) ([][]int, error) {
	n := len(s.x) / 2
	var contexts []float64
	for i := range n {
		for range draws {
			contexts = append(contexts, s.x[2*i:2*i+2]...)
		}
	}
	theta, err := f.Sample(n*draws, 3, contexts)
	if err != nil {
		return nil, err
	}
	out := [][]int{make([]int, n), make([]int, n)}
	for i := range n {
		for d := range draws {
			for c := range out {
				if theta[2*(i*draws+d)+c] < s.theta[2*i+c] {
					out[c][i]++
				}
			}
		}
	}
	return out, nil
}

// uniformity returns counts of ranks 0 … most in so many bins, and the
// probability of a larger χ² where all are equally likely.
func uniformity(ranks []int, most, bins int) (counts []int, p float64) {
	counts = make([]int, bins)
	for _, r := range ranks {
		counts[r*bins/(most+1)]++
	}
	expected, chi := float64(len(ranks))/float64(bins), 0.0
	for _, c := range counts {
		chi += (float64(c) - expected) * (float64(c) - expected) / expected
	}
	return counts, distuv.ChiSquared{K: float64(bins - 1)}.Survival(chi)
}

// plotRanks draws the histograms of ranks beside each other.
func plotRanks(path string, counts [][]int) error {
	p := plot.New()
	p.Title.Text = "Simulation-based calibration"
	p.X.Label.Text, p.Y.Label.Text = "bin of the rank", "simulations"
	p.Y.Min = 0
	for c, of := range counts {
		values := make(plotter.Values, len(of))
		for i, v := range of {
			values[i] = float64(v)
		}
		bars, err := plotter.NewBarChart(values, vg.Points(12))
		if err != nil {
			return fmt.Errorf("plot: %w", err)
		}
		bars.Offset = vg.Points(float64(14*c - 7))
		p.Add(bars)
		p.Legend.Add(parameters[c], bars)
	}
	return p.Save(16*vg.Centimeter, 10*vg.Centimeter, path)
}
