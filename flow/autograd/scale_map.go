package autograd

import (
	"fmt"
	"math"
	"strings"

	"github.com/seed-192fdf7a/nf/kernels"
)

// ScaleMap is the name of one of the scale maps of [kernels.ScaleMap], which
// states what each computes.
type ScaleMap string

// The scale maps. Those whose log-scale is bounded have Affine.Bound, those that
// keep the scale from 0 have Affine.Epsilon.
const (
	TanhExp           ScaleMap = "tanh-exp"           // s = b·tanh(u/b)
	Exp               ScaleMap = "exp"                // s = u
	Softclip          ScaleMap = "softclip"           // s = u/(1 + |u/b|)
	Sigmoid           ScaleMap = "sigmoid"            // eˢ = σ(u + 2) + ε
	Softplus          ScaleMap = "softplus"           // eˢ = log(1 + eᵘ) + ε
	SigmoidReciprocal ScaleMap = "sigmoid-reciprocal" // eˢ = 1/σ(u + 2)
)

// ScaleMaps returns the names of all scale maps.
func ScaleMaps() []ScaleMap {
	return []ScaleMap{TanhExp, Exp, Softclip, Sigmoid, Softplus, SigmoidReciprocal}
}

// HasBound tells whether the map has the constant Affine.Bound.
func (m ScaleMap) HasBound() bool { return m == TanhExp || m == Softclip }

// HasEpsilon tells whether the map has the constant Affine.Epsilon.
func (m ScaleMap) HasEpsilon() bool { return m == Sigmoid || m == Softplus }

// The ranges of a scale map's constants: float32 must hold b, 1/b and e^±b.
const (
	minBound   = 1e-6
	maxBound   = 20
	maxEpsilon = 1
)

// Holds tells whether float32 holds a constant: it is 0, or of the size of a
// normal float32 number. Others become 0 or an infinity, or lose their digits.
func Holds(v float64) bool {
	return v == 0 || math.Abs(v) >= 0x1p-126 && math.Abs(v) <= math.MaxFloat32
}

// CheckBound tells whether b can bound a log-scale.
func CheckBound(b float64) error {
	if !(b >= minBound && b <= maxBound) {
		return fmt.Errorf("the bound of the log-scale is %v, want %v to %v", b, minBound, maxBound)
	}
	return nil
}

// ScaleMap returns the name of the map of a, which is TanhExp where none is
// given.
func (a Affine) ScaleMap() ScaleMap {
	if a.Scale == "" {
		return TanhExp
	}
	return a.Scale
}

// Check tells whether the scale map is known, and its constants are what it
// needs: of the constants that it does not have, each is 0.
func (a Affine) Check() error {
	m := a.ScaleMap()
	known := false
	var names []string
	for _, name := range ScaleMaps() {
		known = known || m == name
		names = append(names, string(name))
	}
	switch {
	case !known:
		return fmt.Errorf("scale map %q is not known to this version, which knows %s", m, strings.Join(names, ", "))
	case m.HasBound():
		if err := CheckBound(a.Bound); err != nil {
			return err
		}
	case a.Bound != 0:
		return fmt.Errorf("scale map %s has no bound, but %v is given", m, a.Bound)
	}
	switch {
	case m.HasEpsilon():
		if !(a.Epsilon >= 0 && a.Epsilon <= maxEpsilon && Holds(a.Epsilon)) {
			return fmt.Errorf("the epsilon of scale map %s is %v, want 0 to %v, and 0 or what float32 holds", m, a.Epsilon, maxEpsilon)
		}
	case a.Epsilon != 0:
		return fmt.Errorf("scale map %s has no epsilon, but %v is given", m, a.Epsilon)
	}
	return nil
}

// scale32 returns the map that the float32 kernels take.
func (a Affine) scale32() kernels.ScaleMap {
	switch a.ScaleMap() {
	case TanhExp:
		return kernels.TanhExpScale(float32(a.Bound))
	case Exp:
		return kernels.ExpScale()
	case Softclip:
		return kernels.SoftclipScale(float32(a.Bound))
	case Sigmoid:
		return kernels.SigmoidScale(float32(a.Epsilon))
	case Softplus:
		return kernels.SoftplusScale(float32(a.Epsilon))
	case SigmoidReciprocal:
		return kernels.SigmoidReciprocalScale()
	}
	panic(a.unknown())
}

func (a Affine) unknown() string { return fmt.Sprintf("autograd: there is no scale map %q", a.Scale) }

// A scale64 is what a scale map makes of a raw scale in float64.
type scale64 struct {
	exponential bool    // root is s, otherwise the scale
	root, slope float64 // slope is ds/du
}

func (a Affine) scale64(u float64) scale64 {
	switch a.ScaleMap() {
	case TanhExp:
		th := kernels.Tanh64(u / a.Bound)
		return scale64{true, float64(a.Bound * th), 1 - float64(th*th)}
	case Exp:
		return scale64{true, u, 1}
	case Softclip:
		d := 1 + max(u, -u)/a.Bound
		return scale64{true, u / d, 1 / float64(d*d)}
	case Sigmoid:
		y := kernels.Sigmoid64(u + 2)
		scale := y + a.Epsilon
		return scale64{false, scale, float64(y*kernels.Sigmoid64(-2-u)) / scale}
	case Softplus:
		scale := kernels.Softplus64(u) + a.Epsilon
		return scale64{false, scale, kernels.Sigmoid64(u) / scale}
	case SigmoidReciprocal:
		return scale64{false, 1 + kernels.Exp64(-2-u), -kernels.Sigmoid64(-2 - u)}
	}
	panic(a.unknown())
}

func (s scale64) log() float64 {
	if s.exponential {
		return s.root
	}
	return kernels.Log64(s.root)
}

func (s scale64) times(v float64) float64 {
	if s.exponential {
		return v * kernels.Exp64(s.root)
	}
	return v * s.root
}

func (s scale64) divide(v float64) float64 {
	if s.exponential {
		return v * kernels.Exp64(-s.root)
	}
	return v / s.root
}
