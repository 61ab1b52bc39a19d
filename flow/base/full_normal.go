package base

import (
	"fmt"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/internal/limits"
	"github.com/seed-192fdf7a/nf/kernels"
)

// FullNormal is a normal with a learned mean and covariance matrix.
const FullNormal = "full-normal"

// FullNormalSpec describes [FullNormal]: ε = A·(z − mean) is standard normal, A
// lower triangular with diagonal eˢ, s = b·tanh(u/b).
type FullNormalSpec struct {
	// Bound is b.
	Bound float64 `json:"bound,omitempty"`
}

// Default implements [Spec].
func (s *FullNormalSpec) Default() { s.Bound = defaultBound }

// Check implements [Spec].
func (s *FullNormalSpec) Check(features int) error {
	if features > limits.Matrix {
		return fmt.Errorf("it is for at most %d features, there are %d", limits.Matrix, features)
	}
	return autograd.CheckBound(s.Bound)
}

// Reparameterized tells that draws are no function of the parameters on the
// graph.
func (*FullNormalSpec) Reparameterized() bool { return false }

// Build implements [Spec].
func (s *FullNormalSpec) Build(features int, scope autograd.Scope) Density {
	n := &fullNormal{features, s.Bound}
	return newRowBase(n, scope.New("constant", 1, 2*features+n.below()), scope)
}

// fullNormal is a normal of mean μ whose precision has the Cholesky factor A,
// lower triangular with diagonal eˢ, s = b·tanh(u/b):
//
//	ε = A·(z − μ)      log p(z) = −½|ε|² + Σ s − ½ D log 2π
//
// The parameter is [μ | u | the rows of A below the diagonal]. Prepared are μ,
// s, eˢ, ds/du and the rest of A; ε is the scratch of a row.
type fullNormal struct {
	features int
	bound    float64
}

// below is the number of entries below the diagonal.
func (n *fullNormal) below() int { return n.features * (n.features - 1) / 2 }

func (n *fullNormal) Prepared() int          { return 4*n.features + n.below() }
func (n *fullNormal) Scratch() int           { return n.features }
func (n *fullNormal) words(features int) int { return 0 }

// split names the parts of prepared.
func (n *fullNormal) split(prepared []float64) (mean, s, diagonal, slope, rest []float64) {
	d := n.features
	return prepared[:d], prepared[d : 2*d], prepared[2*d : 3*d], prepared[3*d : 4*d], prepared[4*d:]
}

func (n *fullNormal) Prepare(prepared, p []float64) {
	mean, s, diagonal, slope, rest := n.split(prepared)
	copy(mean, p)
	copy(rest, p[2*n.features:])
	for c, u := range p[n.features : 2*n.features] {
		th := kernels.Tanh64(u / n.bound)
		s[c], slope[c] = float64(n.bound*th), 1-float64(th*th)
		diagonal[c] = kernels.Exp64(s[c])
	}
}

// whiten sets noise to ε and returns it.
func (n *fullNormal) whiten(prepared, noise, z []float64) []float64 {
	mean, _, diagonal, _, rest := n.split(prepared)
	for i := range z {
		sum := float64(diagonal[i] * (z[i] - mean[i]))
		for j, a := range rest[:i] {
			sum += float64(a * (z[j] - mean[j]))
		}
		noise[i], rest = sum, rest[i:]
	}
	return noise
}

func (n *fullNormal) LogDensity(prepared, scratch, z []float64) float64 {
	_, s, _, _, _ := n.split(prepared)
	var logDet, squares float64
	for i, e := range n.whiten(prepared, scratch, z) {
		squares += float64(e * e)
		logDet += s[i]
	}
	return logDet - float64(0.5*squares) - float64(float64(n.features)*kernels.HalfLog2Pi)
}

func (n *fullNormal) Gradient(dz, dp, prepared, scratch, z []float64, d float64) {
	mean, _, diagonal, slope, rest := n.split(prepared)
	at := 2 * n.features
	for i, e := range n.whiten(prepared, scratch, z) {
		de := -float64(d * e)
		add := func(c int, a float64) {
			dz[c] += float64(de * a)
			if dp != nil {
				dp[c] -= float64(de * a)
			}
		}
		add(i, diagonal[i])
		for j, a := range rest[:i] {
			add(j, a)
		}
		if dp != nil {
			scaled := float64(diagonal[i] * (z[i] - mean[i]))
			dp[n.features+i] += float64((float64(de*scaled) + d) * slope[i])
			for j := range i {
				dp[at+j] += float64(de * (z[j] - mean[j]))
			}
		}
		rest, at = rest[i:], at+i
	}
}

// sampleRow solves A·(z − μ) = ε by forward substitution.
func (n *fullNormal) sampleRow(z, prepared []float64, _ []uint32, _ float64) {
	mean, _, diagonal, _, rest := n.split(prepared)
	for i := range z {
		sum := z[i]
		for j, a := range rest[:i] {
			sum -= float64(a * (z[j] - mean[j]))
		}
		z[i], rest = sum/diagonal[i]+mean[i], rest[i:]
	}
}
