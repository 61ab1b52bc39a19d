package kernels

import (
	"fmt"
	"math"
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
	kind                 scaleKind
	constant, reciprocal float32 // b, c or ε, and 1/b or 1/c
}

type scaleKind uint8

const (
	tanhExpKind scaleKind = iota
	expKind
	softclipKind
	sigmoidKind
	softplusKind
	sigmoidReciprocalKind
	scaleKinds // how many there are
)

// TanhExpScale returns the scale map s = bound·tanh(u/bound) (a bounded form of
// Dinh, Sohl-Dickstein and Bengio, "Density estimation using Real NVP", 2017).
// u = 0 is the identity, and no scale leaves [e^−bound, e^bound]. u/bound is
// computed as u times the float32 nearest to 1/bound. bound is above 0.
func TanhExpScale(bound float32) ScaleMap {
	return ScaleMap{tanhExpKind, bound, 1 / bound}
}

// ExpScale returns the scale map s = u: normflows' scale_map "exp", the scale_fn
// of SurVAE flows, and Masked Autoregressive Flow (Papamakarios et al., 2017).
// u = 0 is the identity. Scales have no bound.
func ExpScale() ScaleMap { return ScaleMap{kind: expKind} }

// SoftclipScale returns the scale map s = u/(1 + |u/clip|) of zuko, whose clip
// is |ln slope|. u = 0 is the identity, and no scale leaves [e^−clip, e^clip];
// u of ±Inf gives these. u/clip is computed as u times the float32 nearest to
// 1/clip. clip is from 1e-6 to 1e6.
func SoftclipScale(clip float32) ScaleMap {
	return ScaleMap{softclipKind, clip, 1 / clip}
}

// SigmoidScale returns the scale map whose scale is σ(u + 2) + epsilon, where σ
// is the logistic function: of nflows' affine couplings by default and of
// normflows' MaskedAffineAutoregressive, both with an epsilon of 1e-3, and with 0
// of normflows' couplings with scale_map "sigmoid_inv", from latent to data.
// u = 0 is not the identity: the scale is 0.88 there. epsilon is from 0 to 1; with
// 0, a scale below the least float32 is 0, its log −Inf and its gradient NaN.
func SigmoidScale(epsilon float32) ScaleMap { return ScaleMap{kind: sigmoidKind, constant: epsilon} }

// SoftplusScale returns the scale map whose scale is log(1 + eᵘ) + epsilon: of
// nflows' MaskedAffineAutoregressiveTransform, with an epsilon of 1e-3. u = 0 is
// not the identity: the scale is 0.69 there. epsilon is from 0 to 1; with 0, a
// scale below the least float32 is 0, its log −Inf and its gradient NaN.
func SoftplusScale(epsilon float32) ScaleMap { return ScaleMap{kind: softplusKind, constant: epsilon} }

// SigmoidReciprocalScale returns the scale map whose scale is 1/σ(u + 2), or
// 1 + e^−(u+2), where σ is the logistic function: of normflows' couplings with
// scale_map "sigmoid", from latent to data (after Glow: Kingma and Dhariwal,
// 2018). u = 0 is not the identity: the scale is 1.14 there. Scales are above 1;
// below u = −90 the scale stays at 1 + e^88, so that it is finite.
func SigmoidReciprocalScale() ScaleMap { return ScaleMap{kind: sigmoidReciprocalKind} }

// Check returns an error if the map's constant is one that it cannot have.
func (m ScaleMap) Check() error {
	switch m.kind {
	case tanhExpKind:
		if !(m.constant > 0) {
			return fmt.Errorf("the bound of a tanh-exp scale map is %v, must be greater than 0", m.constant)
		}
	case sigmoidKind, softplusKind:
		if !(m.constant >= 0 && m.constant <= 1) {
			return fmt.Errorf("the epsilon of a %v scale map is out of range, must be from 0 to 1", m)
		}
	case softclipKind:
		if !(m.constant >= 1e-6 && m.constant <= 1e6) {
			return fmt.Errorf("the clip of a softclip scale map is %v, must be from 1e-6 to 1e6", m.constant)
		}
	}
	return nil
}

// String returns the map's name and its constant.
func (m ScaleMap) String() string {
	switch m.kind {
	case tanhExpKind:
		return fmt.Sprintf("tanh-exp(%v)", m.constant)
	case expKind:
		return "exp"
	case softclipKind:
		return fmt.Sprintf("softclip(%v)", m.constant)
	case sigmoidKind:
		return fmt.Sprintf("sigmoid(%v)", m.constant)
	case softplusKind:
		return fmt.Sprintf("softplus(%v)", m.constant)
	case sigmoidReciprocalKind:
		return "sigmoid-reciprocal"
	}
	return fmt.Sprintf("ScaleMap(%d)", m.kind)
}

// check panics where Check returns an error.
func (m ScaleMap) check() {
	if err := m.Check(); err != nil {
		panic("kernels: " + err.Error())
	}
}

// scaleReference states a scale map. root gives s where exponential is set,
// otherwise the scale; and the slope ds/du.
type scaleReference struct {
	exponential bool
	root        func(u, constant, reciprocal float32) (root, slope float32)
}

var scaleReferences = [scaleKinds]scaleReference{
	tanhExpKind:           {true, tanhExpRoot},
	expKind:               {true, expRoot},
	softclipKind:          {true, softclipRoot},
	sigmoidKind:           {false, sigmoidRoot},
	softplusKind:          {false, softplusRoot},
	sigmoidReciprocalKind: {false, sigmoidReciprocalRoot},
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

func tanhExpRoot(u, bound, reciprocal float32) (s, slope float32) {
	th := tanhRef(float32(u * reciprocal))
	return float32(bound * th), fma32(-th, th, 1)
}

func expRoot(u, _, _ float32) (s, slope float32) { return u, 1 }

// softclipLargest is so large that s is clip there, and so small that nothing
// overflows.
const softclipLargest = 0x1p99

func softclipRoot(u, _, reciprocal float32) (s, slope float32) {
	if u > softclipLargest {
		u = softclipLargest
	}
	if u < -softclipLargest {
		u = -softclipLargest
	}
	d := fma32(float32(math.Abs(float64(u))), reciprocal, 1)
	q := 1 / d
	return u / d, float32(q * q)
}

func sigmoidRoot(u, epsilon, _ float32) (scale, slope float32) {
	y := sigmoidRef(u + 2)
	scale = y + epsilon
	return scale, fma32(-y, y, y) / scale
}

func softplusRoot(u, epsilon, _ float32) (scale, slope float32) {
	scale = softplusRef(u) + epsilon
	return scale, sigmoidRef(u) / scale
}

// sigmoidReciprocalLargest is the largest exponent of sigmoidReciprocalRoot.
const sigmoidReciprocalLargest = 88

func sigmoidReciprocalRoot(u, _, _ float32) (scale, slope float32) {
	v := -2 - u
	if v > sigmoidReciprocalLargest {
		v = sigmoidReciprocalLargest
	}
	e := expRef(v)
	scale = 1 + e
	return scale, -(e / scale)
}
