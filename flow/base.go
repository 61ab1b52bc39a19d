package flow

import (
	"fmt"
	"strings"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/transform"
)

// Base describes the density of the noise z, as plain data. Features of z are
// data columns here: permutations do not reorder a base.
type Base struct {
	// Type is one of the constants below.
	Type string `json:"type"`
	// Bound limits the learned log standard deviations of a normal to ±Bound.
	// For a uniform density it is half the width of the box [−Bound, Bound].
	Bound float64 `json:"bound,omitempty"`
	// DegreesOfFreedom is ν of a Student t density.
	DegreesOfFreedom float64 `json:"degrees_of_freedom,omitempty"`
	// Components is the number of normals in a mixture.
	Components int `json:"components,omitempty"`
}

// The types of [Base].
const (
	// StandardNormal has mean 0 and variance 1 in every column.
	StandardNormal = "standard-normal"
	// DiagonalNormal has a learned mean and standard deviation for each column.
	DiagonalNormal = "diagonal-normal"
	// FullNormal is a normal with a learned mean and covariance matrix.
	FullNormal = "full-normal"
	// StudentT is independent Student t densities of given degrees of freedom:
	// heavy tails, which no map with bounded slopes makes out of normal ones
	// (Jaini, Kobyzev, Yu and Brubaker, 2020).
	StudentT = "student-t"
	// Mixture is a learned mixture of diagonal normals.
	Mixture = "mixture"
	// Uniform is constant on a box and zero outside, for flows that end on one.
	Uniform = "uniform"
)

// base is a density that z is scored under and drawn from. It is safe for
// concurrent use on different graphs.
type base interface {
	// logDensity adds log p of each event of z to total.
	logDensity(p *autograd.Pass, z autograd.Value, total autograd.Sums)
	// sample fills z with the noise of the events from d.first on, and adds log p
	// of each to total. It returns z, or what z became.
	sample(p *autograd.Pass, z autograd.Value, d draw, total autograd.Sums) autograd.Value
	initialize(seed uint64)
}

// draw says which samples' noise is asked for.
type draw struct {
	seed, first uint64
	sites       int
	temperature float64
}

// baseType is what is known of a type of base.
type baseType struct {
	// needs names the fields that it takes, beside Type.
	bound, degrees, components bool
	// tempered tells whether its noise can be scaled by a temperature.
	tempered bool
	build    func(b Base, features int, scope autograd.Scope) base
}

var baseTypes = map[string]baseType{
	StandardNormal: {tempered: true, build: func(Base, int, autograd.Scope) base { return standardNormal{} }},
	DiagonalNormal: {tempered: true, bound: true, build: newDiagonalNormal},
	FullNormal:     {tempered: true, bound: true, build: newFullNormal},
	StudentT:       {tempered: true, degrees: true, build: newStudentT},
	Mixture:        {tempered: true, bound: true, components: true, build: newMixture},
	Uniform:        {bound: true, build: newUniform},
}

// BaseTypes returns the names of the types of [Base].
func BaseTypes() []string {
	return []string{StandardNormal, DiagonalNormal, FullNormal, StudentT, Mixture, Uniform}
}

// Limits on what a base's constants may be.
const (
	maxComponents                     = 4096
	minDegrees, maxDegrees            = 0.01, 1e6
	minUniformBound, maxUniformBound  = 1e-6, 1e6
	defaultBound, defaultUniformBound = 8, 3
	defaultDegrees, defaultComponents = 5, 8
)

// NewBase returns the base of a type with the default constants of its type;
// "" is standard-normal.
func NewBase(name string) (Base, error) {
	if name == "" {
		name = StandardNormal
	}
	b := Base{Type: name}
	t, ok := baseTypes[name]
	if !ok {
		return b, b.check(1)
	}
	if t.bound {
		b.Bound = defaultBound
	}
	if name == Uniform {
		b.Bound = defaultUniformBound
	}
	if t.degrees {
		b.DegreesOfFreedom = defaultDegrees
	}
	if t.components {
		b.Components = defaultComponents
	}
	return b, nil
}

func (b *Base) check(features int) error {
	t, ok := baseTypes[b.Type]
	switch {
	case !ok:
		return fmt.Errorf("base type %q is not known to this version, which knows %s", b.Type, strings.Join(BaseTypes(), ", "))
	case !t.bound && b.Bound != 0:
		return fmt.Errorf("base %s takes no bound", b.Type)
	case !t.degrees && b.DegreesOfFreedom != 0:
		return fmt.Errorf("base %s takes no degrees of freedom", b.Type)
	case !t.components && b.Components != 0:
		return fmt.Errorf("base %s takes no components", b.Type)
	case t.degrees && !(b.DegreesOfFreedom >= minDegrees && b.DegreesOfFreedom <= maxDegrees):
		return fmt.Errorf("base %s has %v degrees of freedom, want %v to %v", b.Type, b.DegreesOfFreedom, minDegrees, float64(maxDegrees))
	case t.components && (b.Components < 1 || b.Components > maxComponents):
		return fmt.Errorf("base %s has %d components, want 1 to %d", b.Type, b.Components, maxComponents)
	case b.Type == Uniform && !(b.Bound >= minUniformBound && b.Bound <= maxUniformBound):
		return fmt.Errorf("base %s has the bound %v, want %v to %v", b.Type, b.Bound, minUniformBound, float64(maxUniformBound))
	case b.Type == FullNormal && features > maxFullFeatures:
		return fmt.Errorf("base %s is for at most %d features, there are %d", b.Type, maxFullFeatures, features)
	case t.bound && b.Type != Uniform:
		if err := transform.CheckBound(b.Bound); err != nil {
			return fmt.Errorf("base %s: %w", b.Type, err)
		}
	}
	return nil
}
