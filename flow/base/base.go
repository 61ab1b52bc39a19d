// Package base holds the densities of the noise that flows end on, one a file.
//
// Every density has a Spec, plain data that the model file holds as JSON, and
// the Density built from it. Features of z are data columns here: permutations
// do not reorder a base. Where an event has several sites, each site's row is
// an independent draw.
package base

import (
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/internal/strictjson"
)

// Spec describes a base density as plain data. Its fields are what the model
// file says of it.
type Spec interface {
	// Default sets the constants that the name alone stands for.
	Default()
	// Check tells what is wrong, for rows of the given number of features.
	Check(features int) error
	// Build creates the density and its parameters below scope. It is only called
	// after Check.
	Build(features int, scope autograd.Scope) Density
}

// SitesChecker is a [Spec] that holds something of each site of an event.
type SitesChecker interface {
	// CheckSites tells why it is not for events of so many sites.
	CheckSites(sites int) error
}

// Density is what z is scored under and drawn from. It is safe for concurrent
// use on different graphs.
type Density interface {
	// LogDensity adds log p of each event of z to total.
	LogDensity(p *autograd.Pass, z autograd.Value, total autograd.Sums)
	// Sample turns z, normal noise that was scaled by d.Temperature, into noise of
	// this density for the events that d says, and adds log p of each to total. It
	// returns z, or what z became.
	Sample(p *autograd.Pass, z autograd.Value, d Draw, total autograd.Sums) autograd.Value
	// Initialize sets the learned values for the start of training.
	Initialize(seed uint64)
}

// Draw says which samples' noise is asked for.
type Draw struct {
	// Seed and a sample's number decide its noise. The numbers are Numbers, or
	// without those First, First+1, ….
	Seed, First uint64
	Numbers     []uint64
	// Part is the number of the part of an event that z is; 0 if it has no parts.
	Part  int
	Sites int
	// Temperature scales the noise.
	Temperature float64
}

// Number returns the number of the sample of an event.
func (d Draw) Number(event int) uint64 {
	if d.Numbers != nil {
		return d.Numbers[event]
	}
	return d.First + uint64(event)
}

// Kinds are the base densities by their names in files, each with the version of
// the file format that has it. A new one has version 2.
var Kinds = strictjson.New[Spec]("base").
	Add(StandardNormal, 1, &StandardNormalSpec{}).
	Add(DiagonalNormal, 1, &DiagonalNormalSpec{}).
	Add(FullNormal, 1, &FullNormalSpec{}).
	Add(StudentT, 1, &StudentTSpec{}).
	Add(Mixture, 1, &MixtureSpec{}).
	Add(Uniform, 1, &UniformSpec{}).
	Add(NormalUniform, 2, &NormalUniformSpec{}).
	Shared()

// New returns the base of a name with its default constants; "" is
// [StandardNormal].
func New(name string) (Spec, error) {
	if name == "" {
		name = StandardNormal
	}
	s, err := Kinds.Empty(name)
	if err != nil {
		return nil, err
	}
	s.Default()
	return s, nil
}

// Tempered tells whether the noise of a base can be scaled by a temperature: not
// where its method Tempered says otherwise.
func Tempered(s Spec) bool {
	t, ok := s.(interface{ Tempered() bool })
	return !ok || t.Tempered()
}

// Reparameterized tells whether the draws of a base are recorded, so that what
// is computed from them can be differentiated by its parameters: so it is where
// there are none, and where its method Reparameterized says so.
func Reparameterized(s Spec) bool {
	r, ok := s.(interface{ Reparameterized() bool })
	return !ok || r.Reparameterized()
}

// defaultBound is the default bound of log standard deviations.
const defaultBound = 8
