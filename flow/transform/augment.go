package transform

import (
	"errors"
	"fmt"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
)

// AugmentSpec describes columns of normal noise u that stand beside those of the
// data x from here to the noise (augmented flows: Huang, Dinh and Courville, 2020;
// 2002.07101). The flow behind it is one of (x, u), in whose dimensions it can bend
// what it cannot tear in those of x. Forward is x to (x, u), with
// −log N(u; 0, I) in the place of a log-det, and Inverse drops u: with the density
// of the rest, the log-dets are then those of
//
//	log p(x, u) − log q(u), u ~ q = N(0, I),
//
// in expectation a lower bound of log p(x), and log (1/K) Σ_k p(x, u_k)/q(u_k) a
// tighter one (Burda, Grosse and Salakhutdinov, 2016), of which [autograd.Pass].Draw
// says the k.
//
// In training the noise belongs to the event and the epoch, 0 in validation. In
// scoring, all rows have the same K vectors of noise, drawn by Seed, so that the
// bound is a smooth function of x and is compared between rows by the same draws.
type AugmentSpec struct {
	// Columns is the number of columns of noise.
	Columns int `json:"columns"`
	// Draws is the K of scores.
	Draws int `json:"draws"`
	// Seed draws the noise of scores.
	Seed uint64 `json:"seed,omitempty"`
}

// MaxDraws bounds AugmentSpec.Draws.
const MaxDraws = 1 << 16

// Check implements [Spec].
func (s *AugmentSpec) Check(in Shape, _ int) error {
	switch {
	case len(in.Grid) > 0:
		return errors.New("augment: columns of noise are for rows of tables, not for events of several sites")
	case s.Columns < 1 || s.Columns > autograd.MaxFeatures-in.Features:
		return fmt.Errorf("augment: %d columns of noise beside %d: want at least one, and %d in all at most", s.Columns, in.Features, autograd.MaxFeatures)
	case s.Draws < 1 || s.Draws > MaxDraws:
		return fmt.Errorf("augment: %d draws, want 1 to %d", s.Draws, MaxDraws)
	}
	return nil
}

// Output implements [Spec].
func (s *AugmentSpec) Output(in Shape, inverse bool) Shape {
	if inverse {
		in.Features -= s.Columns
	} else {
		in.Features += s.Columns
	}
	return in
}

// Build implements [Spec].
func (s *AugmentSpec) Build(in Shape, _ int, _ autograd.Scope) Transform {
	a := &augment{columns: s.Columns, seed: s.Seed}
	for c := range in.Features + s.Columns {
		if c < in.Features {
			a.data = append(a.data, c)
		} else {
			a.noise = append(a.noise, c)
		}
	}
	return a
}

// Augmented returns the columns of noise that s puts beside those of the data, or
// nil, or an error where they cannot be: there may be one such map, and it may not
// be used the other way round.
func Augmented(s Spec) (*AugmentSpec, error) {
	switch s := s.(type) {
	case *AugmentSpec:
		return s, nil
	case *InvertSpec:
		if inner, err := Augmented(s.Transform); inner != nil || err != nil {
			return nil, errors.New("augment: columns of noise cannot be inverted")
		}
	case *ChainSpec:
		var found *AugmentSpec
		for i, t := range s.Transforms {
			one, err := Augmented(t)
			if err != nil {
				return nil, fmt.Errorf("transform %d: %w", i, err)
			}
			if one != nil && found != nil {
				return nil, fmt.Errorf("transform %d: augment: there are columns of noise already", i)
			}
			if one != nil {
				found = one
			}
		}
		return found, nil
	}
	return nil, nil
}

// augment keeps the columns of x, and puts the noise behind the last one.
type augment struct {
	columns     int
	seed        uint64
	data, noise []int
}

func (t *augment) Bind(columns []int, inverse bool) []int {
	if inverse {
		panic("transform: augment is bound from the data alone")
	}
	return append(append([]int(nil), columns...), t.noise...)
}

func (t *augment) Initialize(uint64) {}

func (t *augment) Forward(p *autograd.Pass, x autograd.Value) autograd.Value {
	values := p.Floats(x.Rows * t.columns)
	for i := range x.Rows {
		row := values[i*t.columns : (i+1)*t.columns]
		switch {
		case p.Events != nil:
			kernels.NormalRows(row, 1, t.columns, p.Seed, random.Augmented, p.Epoch<<40|uint64(p.Events[i]))
		case i == 0:
			kernels.NormalRows(row, 1, t.columns, t.seed, random.Augmented, uint64(p.Draw))
		default:
			copy(row, values[:t.columns])
		}
	}
	u, density := p.Wrap(values, t.columns), p.Sums(x.Rows)
	p.StandardNormal(u, density)
	p.AddScaled(p.LogDet, density, []float64{-1})
	return p.Merge(x, autograd.Columns(t.data), u, autograd.Columns(t.noise))
}

func (t *augment) Inverse(p *autograd.Pass, z autograd.Value) autograd.Value {
	p.StandardNormal(p.Take(z, autograd.Columns(t.noise)), p.LogDet)
	return p.Copy(p.Take(z, autograd.Columns(t.data)))
}
