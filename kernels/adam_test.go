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
