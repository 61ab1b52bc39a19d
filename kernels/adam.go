package kernels

import "math"

// AdamStep holds the constants of one step of Adam (Kingma and Ba, 2015).
// Correction1 and Correction2 are 1−β₁ᵗ and 1−β₂ᵗ for the step t = 1, 2, …;
// GradientScale multiplies the gradient first, as an average over rows or
// clipping needs it. WeightDecay is λ of AdamW (Loshchilov and Hutter, 2019),
// whose decay is decoupled from the gradient; 0 is Adam, to the bit.
type AdamStep struct {
	LearningRate, Beta1, Beta2, Epsilon, Correction1, Correction2, GradientScale float32

	WeightDecay float32
}

// Adam updates the parameters p, the first moments m and the second moments v
// with the gradient g:
//
//	g' = g·GradientScale
//	m  = β₁·m + (1−β₁)·g'
//	v  = β₂·v + (1−β₂)·g'²
//	p −= LearningRate · ((m/Correction1) / (√(v/Correction2) + ε) + WeightDecay·p)
//
// The corrections are folded into constants once a call, which leaves one
// square root and one division an element:
//
//	p −= (LearningRate/Correction1)·m / fma(√v, 1/√Correction2, ε)
//
// A weight decay other than 0 is added to what is subtracted, by one fused
// multiply-add with LearningRate·WeightDecay: near 1, the factor
// 1 − LearningRate·WeightDecay would have lost most of its digits.
//
// The four slices must not overlap. It panics if their lengths differ.
func (t *Tier) Adam(p, m, v, g []float32, a AdamStep) {
	checkLength("Adam: m", len(m), len(p))
	checkLength("Adam: v", len(v), len(p))
	checkLength("Adam: g", len(g), len(p))
	rest1, rest2 := 1-a.Beta1, 1-a.Beta2
	rate := float32(float64(a.LearningRate) / float64(a.Correction1))
	root := float32(1 / math.Sqrt(float64(a.Correction2)))
	decay := float32(float64(a.LearningRate) * float64(a.WeightDecay))
	for len(p) > 0 {
		safePoint()
		n := min(len(p), chunk)
		if a.WeightDecay != 0 {
			t.adamW(p[:n], m[:n], v[:n], g[:n], a.GradientScale, a.Beta1, rest1, a.Beta2, rest2, rate, root, a.Epsilon, decay)
		} else {
			t.adam(p[:n], m[:n], v[:n], g[:n], a.GradientScale, a.Beta1, rest1, a.Beta2, rest2, rate, root, a.Epsilon)
		}
		p, m, v, g = p[n:], m[n:], v[n:], g[n:]
	}
}

// Adam calls Tier.Adam on the active tier.
func Adam(p, m, v, g []float32, a AdamStep) { active.Adam(p, m, v, g, a) }

func adamRef(p, m, v, g []float32, gradientScale, beta1, rest1, beta2, rest2, rate, root, epsilon float32) {
	for i := range p {
		p[i] -= adamScalar(&m[i], &v[i], g[i], gradientScale, beta1, rest1, beta2, rest2, rate, root, epsilon)
	}
}

// adamWRef is not adamRef with a decay of 0: 0·p is NaN for an infinite p.
func adamWRef(p, m, v, g []float32, gradientScale, beta1, rest1, beta2, rest2, rate, root, epsilon, decay float32) {
	for i := range p {
		p[i] -= fma32(decay, p[i], adamScalar(&m[i], &v[i], g[i], gradientScale, beta1, rest1, beta2, rest2, rate, root, epsilon))
	}
}

// adamScalar updates the moments and returns what is to be subtracted from the
// parameter.
func adamScalar(m, v *float32, g, gradientScale, beta1, rest1, beta2, rest2, rate, root, epsilon float32) float32 {
	gradient := float32(g * gradientScale)
	*m = fma32(beta1, *m, float32(rest1*gradient))
	*v = fma32(beta2, *v, float32(float32(rest2*gradient)*gradient))
	denominator := fma32(float32(math.Sqrt(float64(*v))), root, epsilon)
	return float32(rate**m) / denominator
}
