package autograd

import (
	"math"

	"github.com/seed-192fdf7a/nf/kernels"
)

// Support is a map without parameters from an interval to all real numbers, so
// that a flow can describe columns that are bounded or positive. An infinite
// Lower or Upper leaves that side open:
//
//	both finite        y = log p − log(1 − p),  p = m + (1 − 2m)·(x − Lower)/(Upper − Lower)   (logit)
//	one finite         y = log d                                                            (log)
//	one finite, Linear y = log(eᵈ − 1)                                                      (softplus)
//
// d > 0 is the distance from the finite end, and y changes its sign where that
// is Upper, so that all are increasing. The softplus map is nearly the identity
// far from the end. m is the Margin: it lets the ends themselves in, and what
// lies beyond them by less than m/(1 − 2m) of the interval's length, where a
// sample can lie too.
//
// Farther outside the density is zero: y is 0 there and the log-det −Inf.
type Support struct {
	Lower, Upper float64
	Margin       float64 // 0 ≤ m < 1/2, with both ends finite only
	Linear       bool
}

// ParametersPerElement is 0.
func (Support) ParametersPerElement() int { return 0 }

// Contains tells whether x has a finite image.
func (s Support) Contains(x float64) bool {
	_, logDet := s.Forward(x, nil)
	return logDet > math.Inf(-1)
}

func (s Support) bounded() bool { return !math.IsInf(s.Lower, 0) && !math.IsInf(s.Upper, 0) }

// distance returns d and the sign of dy/dd.
func (s Support) distance(x float64) (d, sign float64) {
	if math.IsInf(s.Lower, 0) {
		return s.Upper - x, -1
	}
	return x - s.Lower, 1
}

// Forward implements [Scalar].
func (s Support) Forward(x float64, _ []float64) (y, logDet float64) {
	if s.bounded() {
		span := s.Upper - s.Lower
		share := 1 - 2*s.Margin
		p := s.Margin + float64(share*(x-s.Lower)/span)
		q := s.Margin + float64(share*(s.Upper-x)/span)
		if p <= 0 || q <= 0 {
			return 0, math.Inf(-1)
		}
		logP, logQ := kernels.Log64(p), kernels.Log64(q)
		return logP - logQ, kernels.Log64(share/span) - logP - logQ
	}
	d, sign := s.distance(x)
	if d <= 0 {
		return 0, math.Inf(-1)
	}
	if !s.Linear {
		y = kernels.Log64(d)
		return sign * y, -y
	}
	rest := logOneMinusExp(d)
	return sign * (d + rest), -rest
}

// logOneMinusExp returns log(1 − e^−d) for d > 0.
func logOneMinusExp(d float64) float64 {
	if d < 0x1p-20 {
		return kernels.Log64(d) - float64(0.5*d)
	}
	return kernels.Log64(1 - kernels.Exp64(-d))
}

// Inverse implements [Scalar].
func (s Support) Inverse(y float64, _ []float64) (x, logDet float64) {
	if s.bounded() {
		share := 1 - 2*s.Margin
		p, q := kernels.Sigmoid64(y), kernels.Sigmoid64(-y)
		x = s.Lower + float64((s.Upper-s.Lower)*((p-s.Margin)/share))
		if p > q { // from the nearer end, which keeps more digits
			x = s.Upper - float64((s.Upper-s.Lower)*((q-s.Margin)/share))
		}
		return x, kernels.Log64((s.Upper-s.Lower)/share) - kernels.Softplus64(y) - kernels.Softplus64(-y)
	}
	end, sign := s.Lower, 1.0
	if math.IsInf(s.Lower, 0) {
		end, sign = s.Upper, -1
	}
	if !s.Linear {
		return end + float64(sign*kernels.Exp64(sign*y)), sign * y
	}
	return end + float64(sign*kernels.Softplus64(sign*y)), -kernels.Softplus64(-sign * y)
}

// slopes returns dy/dx and d log(dy/dx)/dx at x.
func (s Support) slopes(x float64) (first, second float64) {
	if s.bounded() {
		share := (1 - 2*s.Margin) / (s.Upper - s.Lower)
		p := s.Margin + float64(share*(x-s.Lower))
		q := s.Margin + float64(share*(s.Upper-x))
		if p <= 0 || q <= 0 {
			return 0, 0
		}
		return share / float64(p*q), float64(share*(p-q)) / float64(p*q)
	}
	d, sign := s.distance(x)
	switch {
	case d <= 0:
		return 0, 0
	case !s.Linear:
		return 1 / d, -sign / d
	}
	rest := -kernels.Exp64(logOneMinusExp(d)) // e^−d − 1
	return -1 / rest, float64(sign*kernels.Exp64(-d)) / rest
}

// Backward implements [Scalar].
func (s Support) Backward(_ []float64, x float64, _ []float64, dy, dLogDet float64) (dx float64) {
	first, second := s.slopes(x)
	return float64(dy*first) + float64(dLogDet*second)
}
