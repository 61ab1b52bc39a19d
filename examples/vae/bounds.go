package main

import (
	"math"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
)

// evaluated is the epoch of the first draws of an evaluation, which no training
// reaches.
const evaluated = 1 << 20

// bounds returns the means of two lower bounds on log p(x) of images: the ELBO, and
// the one of so many draws, log (1/K) Σ w, which is tighter (Burda, Grosse and
// Salakhutdinov, 2016; 1509.00519).
func (m images) bounds(draws int) (elbo, weighted float64, err error) {
	binding, err := m.Bind(nil)
	if err != nil {
		return 0, 0, err
	}
	g, n := binding.NewGraph(), m.Events()
	for from := 0; from < n; from += 64 {
		events := upTo(min(64, n-from))
		logW := make([][]float64, len(events))
		for i := range events {
			events[i] += from
		}
		for k := range draws {
			g.Reset(autograd.Evaluate)
			p := g.Pass(len(events))
			p.Epoch, p.Seed, p.Events = evaluated+uint64(k), 1, events
			for i, loss := range m.Loss(p, events).Values {
				logW[i] = append(logW[i], -loss)
			}
		}
		for _, l := range logW {
			most, sum := math.Inf(-1), 0.0
			for _, v := range l {
				elbo += v / float64(draws*n)
				most = max(most, v)
			}
			for _, v := range l {
				sum += math.Exp(v - most)
			}
			weighted += (most + math.Log(sum/float64(draws))) / float64(n)
		}
	}
	return elbo, weighted, nil
}

// sample draws images: the probability of each pixel, given z of the prior.
func (a *autoencoder) sample(n int, seed uint64) ([]float64, error) {
	binding, err := a.Bind(nil)
	if err != nil {
		return nil, err
	}
	g := binding.NewGraph()
	g.Reset(autograd.Evaluate)
	p := g.Pass(n)
	noise := p.Floats(n * a.latents)
	kernels.NormalRows(noise, n, a.latents, seed, random.Sample, 0)
	odds := a.decoder.Compute(p, a.prior.Inverse(p, p.Wrap(noise, a.latents)), n)
	out := make([]float64, n*a.pixels)
	for i := range out {
		out[i] = 1 / (1 + math.Exp(-odds.At(i/a.pixels, i%a.pixels)))
	}
	return out, nil
}
