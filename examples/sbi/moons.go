package main

import (
	"math"
	"math/rand/v2"
)

// simulate makes an observation of parameters theta: a point on a half-moon, moved
// by them in such a way that two places of theta give the same (the task two_moons
// of Lueckmann et al., 2021; 2101.04653).
//
//	p = (r·cos a + ¼, r·sin a)    a ~ U(−π/2, π/2), r ~ N(0.1, 0.01²)
//	x = p + (−|θ₁ + θ₂|, θ₂ − θ₁)/√2
func simulate(x, theta []float64, random *rand.Rand) {
	p, q := halfMoon(random)
	x[0] = p - math.Abs(theta[0]+theta[1])/math.Sqrt2
	x[1] = q + (theta[1]-theta[0])/math.Sqrt2
}

func halfMoon(random *rand.Rand) (p, q float64) {
	a, r := math.Pi*(random.Float64()-0.5), 0.1+0.01*random.NormFloat64()
	return r*math.Cos(a) + 0.25, r * math.Sin(a)
}

// prior draws parameters from U(−1, 1)².
func prior(theta []float64, random *rand.Rand) {
	for i := range theta {
		theta[i] = 2*random.Float64() - 1
	}
}

// inside tells whether the prior has such parameters.
func inside(theta []float64) bool {
	return math.Abs(theta[0]) <= 1 && math.Abs(theta[1]) <= 1
}

// simulations are rows of parameters from the prior, and what was observed of each.
type simulations struct{ theta, x []float64 }

func simulateMany(n int, seed uint64) simulations {
	s := simulations{make([]float64, 2*n), make([]float64, 2*n)}
	random := rand.New(rand.NewPCG(seed, 1))
	for i := range n {
		prior(s.theta[2*i:2*i+2], random)
		simulate(s.x[2*i:2*i+2], s.theta[2*i:2*i+2], random)
	}
	return s
}

// reference returns exact draws of the posterior. For a given p the parameters are
// one of two points, with the same Jacobian everywhere, so that draws of p whose
// points the prior has are draws of the posterior.
func reference(n int, x []float64, seed uint64) []float64 {
	random := rand.New(rand.NewPCG(seed, 2))
	var draws []float64
	for len(draws) < 2*n {
		p, q := halfMoon(random)
		sum, difference := p-x[0], x[1]-q
		if sum < 0 {
			continue
		}
		if random.IntN(2) == 0 {
			sum = -sum
		}
		if theta := []float64{(sum - difference) / math.Sqrt2, (sum + difference) / math.Sqrt2}; inside(theta) {
			draws = append(draws, theta...)
		}
	}
	return draws
}
