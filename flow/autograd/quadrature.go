package autograd

import (
	"fmt"
	"sync"

	"github.com/seed-192fdf7a/nf/kernels"
)

// Quadrature is the name of a rule of integration.
type Quadrature string

// The rules: both are exact for polynomials, of n points, that of Clenshaw and
// Curtis (1960), whose points are extrema of Chebyshev polynomials, up to degree n − 1, and
// that of Gauss and Legendre up to degree 2n − 1.
const (
	ClenshawCurtis Quadrature = "clenshaw-curtis"
	GaussLegendre  Quadrature = "gauss-legendre"
)

// maxPoints bounds the points of a rule.
const maxPoints = 128

// check tells what is wrong with a rule of n points.
func (q Quadrature) check(n int) error {
	switch {
	case q != ClenshawCurtis && q != GaussLegendre:
		return fmt.Errorf("the quadrature %q is not known; there are %q and %q", string(q), ClenshawCurtis, GaussLegendre)
	case n < 2 || n > maxPoints:
		return fmt.Errorf("the quadrature has %d points, want 2 to %d", n, maxPoints)
	}
	return nil
}

// rule has the points and weights of an integral from 0 to 1.
type rule struct{ points, weights []float64 }

type ruleOf struct {
	name   Quadrature
	points int
}

var rules = struct {
	sync.RWMutex
	made map[ruleOf]*rule
}{made: map[ruleOf]*rule{}}

// rule returns the rule of n points.
func (q Quadrature) rule(n int) *rule {
	of := ruleOf{q, n}
	rules.RLock()
	r := rules.made[of]
	rules.RUnlock()
	if r != nil {
		return r
	}
	if q == GaussLegendre {
		r = gaussLegendre(n)
	} else {
		r = clenshawCurtis(n)
	}
	rules.Lock()
	defer rules.Unlock()
	rules.made[of] = r
	return r
}

// clenshawCurtis integrates the interpolating cosine series of n points.
func clenshawCurtis(n int) *rule {
	r, m := &rule{}, n-1
	for k := range n {
		_, cos := kernels.SinCos2Pi64(float64(k) / float64(2*m))
		weight := 1.0
		for j := 1; 2*j <= m; j++ {
			_, c := kernels.SinCos2Pi64(float64(j*k%m) / float64(m))
			b := 2.0
			if 2*j == m {
				b = 1
			}
			weight -= float64(b*c) / float64(4*j*j-1)
		}
		if k > 0 && k < m {
			weight = float64(2 * weight)
		}
		r.points = append(r.points, 0.5-float64(0.5*cos))
		r.weights = append(r.weights, float64(0.5*weight)/float64(m))
	}
	return r
}

// gaussLegendre finds the zeros of the Legendre polynomial of degree n by
// Newton's method.
func gaussLegendre(n int) *rule {
	r := &rule{}
	for k := range n {
		_, x := kernels.SinCos2Pi64((float64(k) + 0.75) / float64(2*(2*n+1)) * 2)
		var slope float64
		for range 20 {
			before, at := 1.0, x // of degrees i − 1 and i
			for i := 2; i <= n; i++ {
				before, at = at, (float64(float64(2*i-1)*float64(x*at))-float64(float64(i-1)*before))/float64(i)
			}
			slope = float64(float64(n)*(float64(x*at)-before)) / (float64(x*x) - 1)
			x -= at / slope
		}
		r.points = append(r.points, 0.5-float64(0.5*x))
		r.weights = append(r.weights, 1/float64(float64((1-float64(x*x))*slope)*slope))
	}
	return r
}
