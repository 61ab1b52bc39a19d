package kernels

import (
	"errors"
	"fmt"
)

// A ScaleMap is how an affine coupling makes a scale, which is positive, of a
// raw scale u, which is any number. Its log is s; ds/du is its slope. Libraries
// differ in it, and their weights mean nothing without it:
//
//	TanhExpScale(b)           s = b·tanh(u/b)            RealNVP
//	ExpScale()                s = u                      normflows "exp", SurVAE
//	SoftclipScale(c)          s = u/(1 + |u/c|)          zuko
//	SigmoidScale(ε)           eˢ = σ(u + 2) + ε          nflows couplings, normflows autoregressive and "sigmoid_inv"
//	SoftplusScale(ε)          eˢ = log(1 + eᵘ) + ε       nflows autoregressive
//	SigmoidReciprocalScale()  eˢ = 1/σ(u + 2)            normflows "sigmoid"
//
// The first three compute s, and the scale as its exponential; the others the
// scale, and s as its log.
//
// Over u from -80 to 80 the error of s is below 2.5·2⁻²⁴·(1 + |s|), and that of
// the scale below 3·2⁻²⁴ of itself, but where s comes first, (2 + 2.5·|s|)·2⁻²⁴.
// NaN gives NaN.
//
// The zero ScaleMap is none: Check refuses it, and the kernels panic on it.
type ScaleMap struct {
	reference            *scaleReference
	constant, reciprocal float32 // b, c or ε, and 1/b or 1/c
}

// scaleReference states a scale map.
type scaleReference struct {
	name        string
	hasConstant bool
	exponential bool                                                        // root gives s, otherwise the scale
	check       func(constant float32) error                                // nil where there is nothing to check
	root        func(u, constant, reciprocal float32) (root, slope float32) // slope is ds/du

	kind int // the place in scaleReferences
}

// scaleReferences are the scale maps, in the order of SCALE_MAPS in
// asm/scale_maps.h.
var scaleReferences = numbered(&tanhExpMap, &expMap, &softclipMap, &sigmoidMap, &softplusMap, &sigmoidReciprocalMap)

func numbered(all ...*scaleReference) []*scaleReference {
	for i, m := range all {
		m.kind = i
	}
	return all
}

// Check returns an error if the map's constant is one that it cannot have.
func (m ScaleMap) Check() error {
	switch {
	case m.reference == nil:
		return errors.New("there is no scale map: use TanhExpScale or another function that returns one")
	case m.reference.check != nil:
		return m.reference.check(m.constant)
	}
	return nil
}

func checkEpsilon(name string, epsilon float32) error {
	if !(epsilon >= 0 && epsilon <= 1) {
		return fmt.Errorf("the epsilon of a %s(%v) scale map is out of range, must be from 0 to 1", name, epsilon)
	}
	return nil
}

// String returns the map's name and its constant.
func (m ScaleMap) String() string {
	switch {
	case m.reference == nil:
		return "none"
	case m.reference.hasConstant:
		return fmt.Sprintf("%s(%v)", m.reference.name, m.constant)
	}
	return m.reference.name
}

// check panics where Check returns an error.
func (m ScaleMap) check() {
	if err := m.Check(); err != nil {
		panic("kernels: " + err.Error())
	}
}

// log returns s.
func (m *scaleReference) log(root float32) float32 {
	if m.exponential {
		return root
	}
	return logRef(root)
}

// scale returns eˢ.
func (m *scaleReference) scale(root float32) float32 {
	if m.exponential {
		return expRef(root)
	}
	return root
}

// divide returns v/eˢ.
func (m *scaleReference) divide(v, root float32) float32 {
	if m.exponential {
		return float32(v * expRef(-root))
	}
	return v / root
}
