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

// scaleMaps are the scale maps by their names, each with the version of the model
// file that has it. A new one has version 2.
var scaleMaps = []struct {
	name    ScaleMap
	version int
	scaleMap
}{
	{TanhExp, 1, tanhExp},
	{Exp, 1, exponential},
	{Softclip, 1, softclip},
	{Sigmoid, 1, sigmoid},
	{Softplus, 1, softplusScale},
	{SigmoidReciprocal, 1, sigmoidReciprocal},
}

// scaleMap is what is known of a scale map.
type scaleMap struct {
	// constant names the one that it has, of Affine.Bound and Affine.Epsilon.
	constant scaleConstant
	// narrow returns what the float32 kernels take, of the constant.
	narrow func(constant float32) kernels.ScaleMap
	// wide states the map in float64, for a raw scale u.
	wide func(u, constant float64) scale64
}

type scaleConstant int

const (
	noConstant     scaleConstant = iota
	boundOfScale                 // the log-scale lies within ±Affine.Bound
	epsilonOfScale               // Affine.Epsilon keeps the scale from 0
)

// find returns the place of m in scaleMaps, or -1.
func (m ScaleMap) find() int {
	for i := range scaleMaps {
		if scaleMaps[i].name == m {
			return i
		}
	}
	return -1
}

// has tells whether m has a constant.
func (m ScaleMap) has(c scaleConstant) bool {
	i := m.find()
	return i >= 0 && scaleMaps[i].constant == c
}

// ScaleMaps returns the names of all scale maps.
func ScaleMaps() []ScaleMap {
	var names []ScaleMap
	for _, m := range scaleMaps {
		names = append(names, m.name)
	}
	return names
}

// HasBound tells whether the map has the constant Affine.Bound.
func (m ScaleMap) HasBound() bool { return m.has(boundOfScale) }

// HasEpsilon tells whether the map has the constant Affine.Epsilon.
func (m ScaleMap) HasEpsilon() bool { return m.has(epsilonOfScale) }

// FormatVersion returns the version of the model file that has the map.
func (m ScaleMap) FormatVersion() int {
	if i := m.find(); i >= 0 {
		return scaleMaps[i].version
	}
	return 1
}

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
	switch {
	case m.find() < 0:
		var names []string
		for _, name := range ScaleMaps() {
			names = append(names, string(name))
		}
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

// scale returns the map of a, which Check has found right, and its constant.
func (a Affine) scale() (*scaleMap, float64) {
	m := &scaleMaps[a.ScaleMap().find()].scaleMap
	if m.constant == boundOfScale {
		return m, a.Bound
	}
	return m, a.Epsilon
}

// scale32 returns the map that the float32 kernels take.
func (a Affine) scale32() kernels.ScaleMap {
	m, constant := a.scale()
	return m.narrow(float32(constant))
}

func (a Affine) scale64(u float64) scale64 {
	m, constant := a.scale()
	return m.wide(u, constant)
}

// A scale64 is what a scale map makes of a raw scale in float64.
type scale64 struct {
	exponential bool    // root is s, otherwise the scale
	root, slope float64 // slope is ds/du
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
