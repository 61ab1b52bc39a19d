package base

import "github.com/seed-192fdf7a/nf/flow/autograd"

// StandardNormal has mean 0 and variance 1 in every column.
const StandardNormal = "standard-normal"

// StandardNormalSpec describes [StandardNormal]: log p(z) = −½ Σ z² − ½ D log 2π.
type StandardNormalSpec struct{}

// Default implements [Spec].
func (*StandardNormalSpec) Default() {}

// Check implements [Spec].
func (*StandardNormalSpec) Check(int) error { return nil }

// Build implements [Spec].
func (*StandardNormalSpec) Build(int, autograd.Scope) Density { return standardNormal{} }

type standardNormal struct{}

func (standardNormal) LogDensity(p *autograd.Pass, z autograd.Value, total autograd.Sums) {
	p.StandardNormal(z, total)
}

func (standardNormal) Sample(p *autograd.Pass, z autograd.Value, d Draw, total autograd.Sums) autograd.Value {
	p.StandardNormal(z, total)
	return z
}

func (standardNormal) Initialize(uint64) {}
