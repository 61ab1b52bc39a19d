package flow

import (
	"errors"
	"fmt"

	"github.com/seed-192fdf7a/nf/flow/autograd"
)

// checkDenoise tells why the flow cannot denoise.
func (f *Flow) checkDenoise() error {
	if p := f.config.Pixels; p == nil || p.Noise == 0 {
		return errors.New("the flow was not trained with noise on pixels, so that there is nothing to denoise")
	}
	return nil
}

// Denoise writes x + σ²·∇log p(x) of each event to dst: the mean of the values without
// noise, given those with it, where p is the density of values with normal noise of
// deviation σ (Robbins, 1956; Efron, 2011). It is for flows whose [Pixels] have Noise,
// and both are on their scale, where a pixel of level k is k + 1/2 in steps. dst and x
// may be the same slice.
func (s *Scorer) Denoise(dst, x, context []float64) error {
	if err := s.flow.checkDenoise(); err != nil {
		return fmt.Errorf("flow: %w", err)
	}
	copy(dst, x)
	return s.run(len(dst)/s.flow.Dim(), job{do: denoiseTile, x: dst, context: context})
}

// denoiseTile denoises j.x in place; samples become whole numbers after it.
func denoiseTile(s *Scorer, g *autograd.Graph, j *job, from, to int) {
	f, p := s.flow, s.flow.config.Pixels
	g.Reset(autograd.DifferentiateInputs)
	pass, columns := s.pass(g, j, from, to, false), len(f.config.Features)
	x := s.load(g, j.x, f.config.Standardize, columns, f.sites, from, to, true)
	f.Model().LogDensity(pass, x)
	pass.LogDet.Seed(1)
	g.Backward()
	variance := float64(p.sigma() * p.sigma())
	at := j.x[from*f.Dim() : to*f.Dim()]
	for r := range x.Rows {
		for c := range columns {
			score := x.Gradient(r, c)
			if len(f.config.Standardize.Std) > 0 {
				score /= f.config.Standardize.Std[c]
			}
			v := &at[r*columns+c]
			if score-score == 0 { // an event that is too far away stays where it is
				*v += float64(variance * score)
			}
			if j.sample.Denoise {
				*v = p.settle(*v)
			}
		}
	}
}
