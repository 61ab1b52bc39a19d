package kernels

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestAdam holds several steps of every tier to the published formulas in
// float64.
func TestAdam(t *testing.T) {
	const n, rate, beta1, beta2, epsilon, scale = 37, 0.01, 0.9, 0.99, 1e-6, 0.25
	for _, tier := range Tiers() {
		random := rand.New(rand.NewPCG(6, 6))
		p, m, v, g := make([]float32, n), make([]float32, n), make([]float32, n), make([]float32, n)
		p64, m64, v64 := make([]float64, n), make([]float64, n), make([]float64, n)
		for i := range p {
			p[i] = float32(random.NormFloat64())
			p64[i] = float64(p[i])
		}
		for step := 1; step <= 20; step++ {
			correction1, correction2 := 1-math.Pow(beta1, float64(step)), 1-math.Pow(beta2, float64(step))
			for i := range g {
				g[i] = float32(random.NormFloat64())
				gradient := float64(g[i]) * scale
				m64[i] = beta1*m64[i] + (1-beta1)*gradient
				v64[i] = beta2*v64[i] + (1-beta2)*gradient*gradient
				p64[i] -= rate * (m64[i] / correction1) / (math.Sqrt(v64[i]/correction2) + epsilon)
			}
			tier.Adam(p, m, v, g, AdamStep{LearningRate: rate, Beta1: beta1, Beta2: beta2, Epsilon: epsilon,
				Correction1: float32(correction1), Correction2: float32(correction2), GradientScale: scale})
		}
		for i := range p {
			near(t, tier.Name()+" parameter", float64(p[i]), p64[i], 2e-6*(1+math.Abs(p64[i])))
			near(t, tier.Name()+" first moment", float64(m[i]), m64[i], 1e-6)
			near(t, tier.Name()+" second moment", float64(v[i]), v64[i], 1e-6)
		}
	}
}

// TestAdamW holds several steps of every tier to the formulas of Loshchilov and
// Hutter in float64. The decay of one step is below half a ULP of 1, which a
// factor of 1 less the decay would lose.
func TestAdamW(t *testing.T) {
	const n, steps, rate, beta1, beta2, epsilon, decay = 37, 2000, 1e-5, 0.9, 0.99, 1e-6, 0.0025
	for _, tier := range Tiers() {
		p, m, v, g := make([]float32, n), make([]float32, n), make([]float32, n), make([]float32, n)
		p64, m64, v64 := make([]float64, n), make([]float64, n), make([]float64, n)
		random := rand.New(rand.NewPCG(7, 7))
		for i := range p {
			p[i] = 0x1p-10 * float32(1+random.Float64())
			p64[i] = float64(p[i])
		}
		for step := 1; step <= steps; step++ {
			correction1, correction2 := 1-math.Pow(beta1, float64(step)), 1-math.Pow(beta2, float64(step))
			for i := range g {
				g[i] = float32(random.NormFloat64())
				m64[i] = beta1*m64[i] + (1-beta1)*float64(g[i])
				v64[i] = beta2*v64[i] + (1-beta2)*float64(g[i])*float64(g[i])
				p64[i] -= rate * (m64[i]/correction1/(math.Sqrt(v64[i]/correction2)+epsilon) + decay*p64[i])
			}
			tier.Adam(p, m, v, g, AdamStep{LearningRate: rate, Beta1: beta1, Beta2: beta2, Epsilon: epsilon,
				Correction1: float32(correction1), Correction2: float32(correction2), GradientScale: 1, WeightDecay: decay})
			if step == 200 && tier.Name() == "reference" {
				break // it is slow, and parity tests hold the others to it
			}
		}
		if tier.Name() == "reference" {
			continue
		}
		for i := range p {
			near(t, tier.Name()+" parameter", float64(p[i]), p64[i], 2e-7)
		}
	}

	// Without gradient only the decay is left: p·(1 − rate·decay)ᵗ.
	for _, tier := range Tiers() {
		p, m, v, g := []float32{1, -2}, make([]float32, 2), make([]float32, 2), make([]float32, 2)
		for range 10 {
			tier.Adam(p, m, v, g, AdamStep{LearningRate: 0.01, Beta1: 0.9, Beta2: 0.99, Epsilon: 1e-8, Correction1: 1, Correction2: 1, GradientScale: 1, WeightDecay: 0.1})
		}
		want := math.Pow(1-0.001, 10)
		near(t, tier.Name()+" decayed", float64(p[0]), want, 1e-6)
		near(t, tier.Name()+" decayed", float64(p[1]), -2*want, 2e-6)
	}
}

// TestAdamWithoutDecay pins that a weight decay of 0 is Adam to the bit, where
// the formula with decay would not be: for infinite parameters.
func TestAdamWithoutDecay(t *testing.T) {
	inf := float32(math.Inf(1))
	for _, tier := range Tiers() {
		p, m, v, g := []float32{inf, -inf}, make([]float32, 2), make([]float32, 2), []float32{1, 1}
		tier.Adam(p, m, v, g, AdamStep{LearningRate: 0.1, Beta1: 0.9, Beta2: 0.99, Epsilon: 1e-8, Correction1: 1, Correction2: 1, GradientScale: 1})
		expectBits(t, tier.Name(), p, []float32{inf, -inf})
	}
}
