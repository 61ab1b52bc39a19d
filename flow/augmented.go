package flow

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/base"
	"github.com/seed-192fdf7a/nf/flow/transform"
	"github.com/seed-192fdf7a/nf/internal/freelist"
	"github.com/seed-192fdf7a/nf/kernels"
)

// augmentedDraws is the number of draws of [Preset.Augmented].
const augmentedDraws = 16

// errAugmented is that of maps which an augmented flow does not have.
var errAugmented = errors.New("flow: columns of noise stand beside those of the data, so that no noise belongs to a row: an augmented flow has a bound of the log-density, and samples, and no map from rows to noise")

// Augmented is [Preset.Config] for a flow of the named columns and of so many
// columns of normal noise beside them ([transform.AugmentSpec]; Huang, Dinh and
// Courville, 2020): a flow bends its base without tearing it, and in more dimensions
// less need be torn. Its log-densities are lower bounds, by draws draws of the
// noise, 0 for 16, and cost so many times as much; it has no Forward and no Inverse.
func (p Preset) Augmented(features, context []string, columns, draws int, o Options) (Config, error) {
	if draws == 0 {
		draws = augmentedDraws
	}
	a := &transform.AugmentSpec{Columns: columns, Draws: draws, Seed: o.Seed}
	if err := a.Check(transform.Shape{Features: len(features)}, 0); err != nil {
		return Config{}, err
	}
	wide := slices.Clone(features)
	for i := 1; len(wide) < len(features)+columns; i++ {
		if name := fmt.Sprintf("noise %d", i); !slices.Contains(wide, name) && !slices.Contains(context, name) {
			wide = append(wide, name)
		}
	}
	c, err := p.Config(wide, context, o)
	if err != nil {
		return Config{}, err
	}
	if _, box := c.Base.(*base.UniformSpec); box {
		return Config{}, errors.New("columns of noise are normal, and a uniform base ends at its box: take another base")
	}
	c.Features = features
	c.Transforms = slices.Insert(c.Transforms, 0, transform.Spec(a))
	return c, c.Check()
}

// gradientDraws is room for the sums of densities of a tile, and gradientParts for
// what one draw adds to a gradient.
var gradientDraws, gradientParts freelist.Slices[float64]

// gradientOfDraws is gradientTile for a mean of several draws: the gradient of its
// log is the mean of those of the draws, with their densities as weights.
func (s *Scorer) gradientOfDraws(g *autograd.Graph, j *job, from, to int) {
	f, d, c := s.flow, s.flow.Dim(), len(s.flow.config.Context)
	sums, parts := gradientDraws.Borrow(to-from), gradientParts.Borrow((to-from)*max(d, c))
	total := (*sums)[:to-from]
	for draw := range f.draws {
		g.Reset(autograd.DifferentiateInputs)
		p := s.pass(g, j, from, to, true)
		p.Draw = draw
		x := s.loadX(p, j, from, to, true, false)
		f.Model().LogDensity(p, x)
		p.LogDet.Seed(1)
		g.Backward()
		add := func(gradient []float64, st *Standardization, v autograd.Value, width int) {
			part := (*parts)[:(to-from)*width]
			st.storeGradient(part, v)
			for e, one := range p.LogDet.Values {
				// The weights of what was there and of what comes.
				before, now := 0.0, 1.0
				if draw > 0 {
					both := logAdd(total[e], one)
					before, now = weight(total[e], both), weight(one, both)
				}
				for k, v := range part[e*width : (e+1)*width] {
					at := &gradient[(from+e)*width+k]
					if draw == 0 {
						*at = 0
					}
					if now > 0 {
						*at = float64(*at*before) + float64(v*now)
					}
				}
			}
		}
		add(j.gradX, &f.config.Standardize, x, d)
		if j.gradContext != nil {
			add(j.gradContext, &f.config.StandardizeContext, p.Context, c)
		}
		addDraw(total, p.LogDet.Values, draw)
	}
	for i, v := range total {
		v = v - logDraws(f.draws) - f.logStd
		settled := s.logDensity(j, j.x, from+i, v)
		s.settleGradient(j, j.gradX, d, from+i, settled != v)
		s.settleGradient(j, j.gradContext, c, from+i, settled != v)
		if j.logProb != nil {
			j.logProb[from+i] = settled
		}
	}
	gradientDraws.Return(sums)
	gradientParts.Return(parts)
}

// weight returns e^(part − whole), the part of a density in a sum of them.
func weight(part, whole float64) float64 {
	if math.IsInf(part, -1) {
		return 0
	}
	return kernels.Exp64(part - whole)
}
