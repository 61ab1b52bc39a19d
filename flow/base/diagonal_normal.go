package base

import (
	"fmt"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/nn"
)

// DiagonalNormal has a learned mean and standard deviation for each column.
const DiagonalNormal = "diagonal-normal"

// DiagonalNormalSpec describes [DiagonalNormal]: z = ε·eˢ + mean with ε standard
// normal and s = b·tanh(u/b), for each column, or with Sites for each column of
// each site, as where transformers only shift (TarFlow: Zhai et al., 2025).
type DiagonalNormalSpec struct {
	// Bound is b.
	Bound float64 `json:"bound,omitempty"`
	// Sites is the number of sites of an event, each of which has its own means and
	// standard deviations; 0 gives all sites the same.
	Sites int `json:"sites,omitempty"`
}

// FormatVersion returns the version of the model file that says what s says.
func (s *DiagonalNormalSpec) FormatVersion() int {
	if s.Sites > 0 {
		return 2
	}
	return 1
}

// CheckSites implements [SitesChecker].
func (s *DiagonalNormalSpec) CheckSites(sites int) error {
	if s.Sites != 0 && s.Sites != sites {
		return fmt.Errorf("it is of events of %d sites, and there are %d", s.Sites, sites)
	}
	return nil
}

// Default implements [Spec].
func (s *DiagonalNormalSpec) Default() { s.Bound = defaultBound }

// Check implements [Spec].
func (s *DiagonalNormalSpec) Check(int) error { return autograd.CheckBound(s.Bound) }

// Build implements [Spec].
func (s *DiagonalNormalSpec) Build(features int, scope autograd.Scope) Density {
	n := &diagonalNormal{scaling: &autograd.Affine{Bound: s.Bound}}
	if s.Sites > 0 {
		n.constants = &siteConstants{scope.New("constant", s.Sites, 2*features)}
	} else {
		n.constants = nn.Constant(2*features, scope)
	}
	return n
}

type diagonalNormal struct {
	constants nn.Conditioner // [u | mean]
	scaling   *autograd.Affine
}

// siteConstants are constants of each site.
type siteConstants struct{ parameter *autograd.Parameter }

func (c *siteConstants) Compute(p *autograd.Pass, _ autograd.Value, rows int) autograd.Value {
	zeros := p.Floats(rows * c.parameter.Cols)
	clear(zeros)
	return p.AddSites(p.Wrap(zeros, c.parameter.Cols), c.parameter, 0, c.parameter.Rows)
}

func (c *siteConstants) Initialize(uint64) { clear(c.parameter.Values()) }

func (n *diagonalNormal) LogDensity(p *autograd.Pass, z autograd.Value, total autograd.Sums) {
	p.StandardNormal(n.apply(p, z, total, true), total)
}

// sample counts the density of the noise and takes off the log-det of the
// scaling.
func (n *diagonalNormal) Sample(p *autograd.Pass, z autograd.Value, d Draw, total autograd.Sums) autograd.Value {
	p.StandardNormal(z, total)
	logDet := p.Sums(len(total.Values))
	z = n.apply(p, z, logDet, false)
	for e, v := range logDet.Values {
		total.Values[e] -= v
	}
	if p.Recording() {
		p.Record(func() {
			for e, d := range total.Gradient {
				logDet.Gradient[e] -= d
			}
		})
	}
	return z
}

// apply maps noise to z, or with inverse back.
func (n *diagonalNormal) apply(p *autograd.Pass, z autograd.Value, total autograd.Sums, inverse bool) autograd.Value {
	return p.Apply(n.scaling, inverse, z, n.constants.Compute(p, autograd.Value{}, z.Rows), autograd.Part{}, total)
}

func (n *diagonalNormal) Initialize(seed uint64) { n.constants.Initialize(seed) }
