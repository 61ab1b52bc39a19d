package base

import (
	"fmt"
	"math"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/internal/limits"
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
)

// Mixture is a learned mixture of diagonal normals.
const Mixture = "mixture"

// MixtureSpec describes [Mixture].
type MixtureSpec struct {
	// Bound limits the log standard deviations.
	Bound float64 `json:"bound,omitempty"`
	// Components is the number of normals.
	Components int `json:"components,omitempty"`
}

// Default implements [Spec].
func (s *MixtureSpec) Default() { s.Bound, s.Components = defaultBound, 8 }

// Check implements [Spec].
func (s *MixtureSpec) Check(int) error {
	if s.Components < 1 || s.Components > limits.Components {
		return fmt.Errorf("it has %d components, want 1 to %d", s.Components, limits.Components)
	}
	return autograd.CheckBound(s.Bound)
}

// Reparameterized tells that draws are no function of the parameters on the
// graph.
func (*MixtureSpec) Reparameterized() bool { return false }

// Build implements [Spec].
func (s *MixtureSpec) Build(features int, scope autograd.Scope) Density {
	m := &mixture{features, s.Components, s.Bound}
	size := m.components * features
	r := newRowBase(m, scope.New("constant", 1, m.components+2*size), scope)
	// The means must differ, or all components stay the same for ever.
	r.start = func(values []float32, seed uint64) {
		random.Uniform(values[m.components:m.components+size], seed, random.Initialization, math.MaxUint32, 2)
	}
	return r
}

// mixture is K diagonal normals with weights softmax(l):
//
//	log p(z) = log Σ_k w_k Π_c N(z_c; μ_kc, e^{2 s_kc}),   s = b·tanh(u/b)
//
// The parameter is [l | μ of all components | u of all components]. Prepared
// are w, log w − Σ s − ½ D log 2π, then μ, e⁻ˢ and ds/du of all components; the
// terms are the scratch of a row.
type mixture struct {
	features, components int
	bound                float64
}

func (m *mixture) Prepared() int          { return 2*m.components + 3*m.components*m.features }
func (m *mixture) Scratch() int           { return m.components }
func (m *mixture) words(features int) int { return 1 }

// split names the parts of prepared.
func (m *mixture) split(prepared []float64) (weights, constants, means, inverse, slopes []float64) {
	k, size := m.components, m.components*m.features
	rest := prepared[2*k:]
	return prepared[:k], prepared[k : 2*k], rest[:size], rest[size : 2*size], rest[2*size:]
}

func (m *mixture) Prepare(prepared, p []float64) {
	weights, constants, means, inverse, slopes := m.split(prepared)
	logits := p[:m.components]
	logSum := logSumExp(logits)
	copy(means, p[m.components:])
	raw := p[m.components+len(means):]
	for k, l := range logits {
		weights[k] = kernels.Exp64(l - logSum)
		constants[k] = l - logSum - float64(float64(m.features)*kernels.HalfLog2Pi)
		for i := k * m.features; i < (k+1)*m.features; i++ {
			th := kernels.Tanh64(raw[i] / m.bound)
			s := float64(m.bound * th)
			inverse[i], slopes[i] = kernels.Exp64(-s), 1-float64(th*th)
			constants[k] -= s
		}
	}
}

// logTerms sets terms to the logs of the components' shares in p(z), and returns
// log p(z).
func (m *mixture) logTerms(prepared, terms, z []float64) (logDensity float64) {
	_, constants, means, inverse, _ := m.split(prepared)
	for k := range terms {
		var squares float64
		at := k * m.features
		for c, v := range z {
			e := float64((v - means[at+c]) * inverse[at+c])
			squares += float64(e * e)
		}
		terms[k] = constants[k] - float64(0.5*squares)
	}
	return logSumExp(terms)
}

func (m *mixture) LogDensity(prepared, scratch, z []float64) float64 {
	return m.logTerms(prepared, scratch, z)
}

func (m *mixture) Gradient(dz, dp, prepared, scratch, z []float64, d float64) {
	weights, _, means, inverse, slopes := m.split(prepared)
	logDensity := m.logTerms(prepared, scratch, z)
	for k, term := range scratch {
		share := float64(d * kernels.Exp64(term-logDensity))
		if dp != nil {
			dp[k] += share - float64(d*weights[k])
		}
		for c, v := range z {
			i := k*m.features + c
			e := float64((v - means[i]) * inverse[i])
			pull := float64(float64(share*e) * inverse[i])
			dz[c] -= pull
			if dp != nil {
				dp[m.components+i] += pull
				dp[m.components+len(means)+i] += float64(float64(share*(float64(e*e)-1)) * slopes[i])
			}
		}
	}
}

// sampleRow chooses a component by its weight and places the noise there.
func (m *mixture) sampleRow(z, prepared []float64, words []uint32, _ float64) {
	weights, _, means, inverse, _ := m.split(prepared)
	u, k := unit(words[0]), 0
	for ; k < m.components-1 && u >= weights[k]; k++ {
		u -= weights[k]
	}
	for c := range z {
		z[c] = z[c]/inverse[k*m.features+c] + means[k*m.features+c]
	}
}

// logSumExp returns log Σ eˣ.
func logSumExp(x []float64) float64 {
	most := math.Inf(-1)
	for _, v := range x {
		if v > most || v != v {
			most = v
		}
	}
	if math.IsInf(most, 0) || most != most {
		return most
	}
	var sum float64
	for _, v := range x {
		sum += kernels.Exp64(v - most)
	}
	return most + kernels.Log64(sum)
}
