package kernels

import "math"

// The float64 twins of the spline's kernels, for one value. Block k of its raw
// parameters is params[k·stride]; the rules are those of Spline and of the
// four functions of float32. They panic if Check has an error.

// Forward64 maps x to y. logDet is log(dy/dx).
func (s Spline) Forward64(x float64, params []float64, stride int) (y, logDet float64) {
	if s.outside64(x) {
		return x, 0
	}
	var b spline64
	b.find(&s, x, false, params, stride)
	m := b.map64(b.clip64((x - b.x) / b.width))
	y = b.y + float64(b.height*(m.numerator/m.denominator))
	if !(x < float64(s.Bound)) {
		y = x
	}
	return min(y, float64(s.Bound)), Log64(m.slope)
}

// Inverse64 maps y to x. logDet is log(dx/dy).
func (s Spline) Inverse64(y float64, params []float64, stride int) (x, logDet float64) {
	if s.outside64(y) {
		return y, 0
	}
	var b spline64
	b.find(&s, y, true, params, stride)
	eta := b.clip64((y - b.y) / b.height)
	ratio := b.height / b.width
	linear := b.slope0 - float64(eta*(b.slope0+b.slope1-float64(2*ratio)))
	quadratic := ratio - linear
	product := float64(ratio * eta)
	sum := math.Abs(linear) + math.Sqrt(max(0, float64(linear*linear)+float64(float64(4*quadratic)*product)))
	var xi float64
	if linear >= 0 {
		xi = b.clip64(float64(2*product) / sum)
	} else {
		xi = b.clip64(sum / float64(2*quadratic))
	}
	x = b.x + float64(xi*b.width)
	if !(y < float64(s.Bound)) {
		x = y
	}
	return min(x, float64(s.Bound)), -Log64(b.map64(xi).slope)
}

// ForwardBackward64 is the backward pass of Forward64: it returns the gradient
// of x and writes those of the parameters, of their layout, to dparams.
func (s Spline) ForwardBackward64(dparams []float64, x float64, params []float64, stride int, dy, dLogDet float64) (dx float64) {
	return s.backward64(dparams, x, params, stride, dy, dLogDet, false)
}

// InverseBackward64 is the backward pass of Inverse64, whose output is x: it
// returns the gradient of y and writes those of the parameters.
func (s Spline) InverseBackward64(dparams []float64, x float64, params []float64, stride int, dx, dLogDet float64) (dy float64) {
	return s.backward64(dparams, x, params, stride, dx, -dLogDet, true)
}

// spline64 is the bin of a value in float64, and what its gradients need.
type spline64 struct {
	x, y, width, height, slope0, slope1 float64

	index                  int
	raw0, raw1             float64
	widths, heights        [MaxSplineBins]float64 // the softmaxes
	widthsUpTo, heightUpTo float64                // their sums before the bin
}

func (s Spline) outside64(v float64) bool { return v < -float64(s.Bound) || v > float64(s.Bound) }

// find sets b, which is zero, to the bin of x, or to that of y if byHeight.
func (b *spline64) find(s *Spline, in float64, byHeight bool, params []float64, stride int) {
	if err := s.Check(); err != nil {
		panic(err.Error())
	}
	bins, bound := s.Bins, float64(s.Bound)
	s.softmax64(b.widths[:bins], params, stride)
	s.softmax64(b.heights[:bins], params[bins*stride:], stride)
	size := func(share, smallest float64) float64 {
		return float64(2*bound) * (smallest + float64((1-float64(smallest*float64(bins)))*share))
	}
	sums := func(k int, sum, smallest float64) float64 {
		return float64(float64(2*bound)*(float64(float64(k)*smallest)+float64((1-float64(smallest*float64(bins)))*sum))) - bound
	}
	minWidth, minHeight := float64(s.MinWidth), float64(s.MinHeight)
	b.x, b.y = -bound, -bound
	var widths, heights float64
	for k := 1; k < bins; k++ {
		widths += b.widths[k-1]
		heights += b.heights[k-1]
		x, y := sums(k, widths, minWidth), sums(k, heights, minHeight)
		if !byHeight && in >= x || byHeight && in >= y {
			b.index, b.x, b.y, b.widthsUpTo, b.heightUpTo = k, x, y, widths, heights
		}
	}
	b.width, b.height = size(b.widths[b.index], minWidth), size(b.heights[b.index], minHeight)
	b.slope0, b.raw0 = s.slope64(b.index, params, stride)
	b.slope1, b.raw1 = s.slope64(b.index+1, params, stride)
}

// softmax64 sets shares to the softmax of the raw sizes.
func (s Spline) softmax64(shares, raw []float64, stride int) {
	largest := math.Inf(-1)
	for k := range shares {
		shares[k] = raw[k*stride]
		if s.Softclip != 0 {
			shares[k] /= 1 + math.Abs(float64(2*shares[k])/float64(s.Softclip))
		}
		largest = max(largest, shares[k])
	}
	var sum float64
	for k, u := range shares {
		shares[k] = Exp64(u - largest)
		sum += shares[k]
	}
	for k := range shares {
		shares[k] /= sum
	}
}

// slope64 returns the slope at knot k and its raw value.
func (s Spline) slope64(k int, params []float64, stride int) (slope, u float64) {
	if s.Circular {
		u = params[(2*s.Bins+k%s.Bins)*stride]
	} else if k == 0 || k == s.Bins {
		return 1, 0
	} else {
		u = params[(2*s.Bins+k-1)*stride]
	}
	if s.Softclip != 0 {
		return Exp64(u / (1 + math.Abs(u/float64(s.Softclip)))), u
	}
	beta := float64(s.SlopeBeta)
	return float64(s.MinSlope) + Softplus64(float64(beta*u))/beta, u
}

func (s Spline) slopeDerivative64(u, slope float64) float64 {
	if s.Softclip != 0 {
		f := 1 / (1 + math.Abs(u/float64(s.Softclip)))
		return float64(float64(slope*f) * f)
	}
	return Sigmoid64(float64(float64(s.SlopeBeta) * u))
}

func (b *spline64) clip64(v float64) float64 { return min(max(v, 0), 1) }

// splineMap64 is the map within a bin at ξ: the quotient of its height, the
// slope and the parts that its gradients need.
type splineMap64 struct {
	xi, omega, ratio, product, curvature, numerator, denominator, slopeNumerator, slope float64
}

func (b *spline64) map64(xi float64) (m splineMap64) {
	m.xi, m.omega, m.ratio = xi, 1-xi, b.height/b.width
	m.product = float64(xi * m.omega)
	m.curvature = b.slope0 + b.slope1 - float64(2*m.ratio)
	m.denominator = m.ratio + float64(m.curvature*m.product)
	m.numerator = float64(m.ratio*float64(xi*xi)) + float64(b.slope0*m.product)
	m.slopeNumerator = float64(b.slope1*float64(xi*xi)) + float64(float64(2*m.ratio)*m.product) + float64(b.slope0*float64(m.omega*m.omega))
	q := m.ratio / m.denominator
	m.slope = float64(float64(m.slopeNumerator*q) * q)
	return m
}

// backward64 takes the gradient dOut of the map's output and that of the
// forward map's log-det.
func (s Spline) backward64(dparams []float64, x float64, params []float64, stride int, dOut, dl float64, inverse bool) (dIn float64) {
	blocks := s.Blocks()
	for k := range blocks {
		dparams[k*stride] = 0
	}
	if s.outside64(x) {
		return dOut
	}
	var b spline64
	b.find(&s, x, false, params, stride)
	m := b.map64(b.clip64((x - b.x) / b.width))
	xi, omega, ratio, product := m.xi, m.omega, m.ratio, m.product
	xi2, omega2, d2 := float64(xi*xi), float64(omega*omega), float64(m.denominator*m.denominator)
	scale := float64(b.height*product) / d2
	lx := float64(2*(float64(b.slope1*xi)+float64(ratio*(omega-xi))-float64(b.slope0*omega)))/m.slopeNumerator -
		float64(2*float64(m.curvature*(omega-xi)))/m.denominator
	lx /= b.width

	dx, df := float64(dOut*m.slope)+float64(dl*lx), dOut
	dIn = dx
	if inverse {
		dIn = (dOut + float64(dl*lx)) / m.slope
		dx, df = -dOut, -dIn
	}
	// By log s, by the sizes, by the slopes.
	ls := 2 + float64(2*float64(ratio*(product/m.slopeNumerator-(1-float64(2*product))/m.denominator)))
	fs := float64(float64(ratio*scale) * (float64(b.slope1*xi2) - float64(b.slope0*omega2)))
	ds := float64(df*fs) + float64(dl*ls)
	dWidth := -float64(dx*xi) - ds/b.width
	dHeight := float64(df*(m.numerator/m.denominator)) + ds/b.height
	dSlope0 := float64(df*float64(scale*(float64(ratio*omega2)+float64(b.slope1*product)))) +
		float64(dl*(omega2/m.slopeNumerator-float64(2*product)/m.denominator))
	dSlope1 := -float64(df*float64(scale*m.numerator)) + float64(dl*(xi2/m.slopeNumerator-float64(2*product)/m.denominator))

	s.softmaxGradient64(dparams, params, b.widths[:s.Bins], b.index, -dx, dWidth, b.widthsUpTo, s.MinWidth, stride)
	s.softmaxGradient64(dparams[s.Bins*stride:], params[s.Bins*stride:], b.heights[:s.Bins], b.index, df, dHeight, b.heightUpTo, s.MinHeight, stride)
	for i, d := range [2]float64{float64(dSlope0 * s.slopeDerivative64(b.raw0, b.slope0)), float64(dSlope1 * s.slopeDerivative64(b.raw1, b.slope1))} {
		k := b.index + i
		switch {
		case s.Circular:
			dparams[(2*s.Bins+k%s.Bins)*stride] += d
		case k > 0 && k < s.Bins:
			dparams[(2*s.Bins+k-1)*stride] = d
		}
	}
	return dIn
}

func (s Spline) softmaxGradient64(dRaw, raw, shares []float64, index int, before, at, upTo float64, smallest float32, stride int) {
	free := float64(2*float64(s.Bound)) * (1 - float64(float64(smallest)*float64(s.Bins)))
	mean := float64(before*upTo) + float64(at*shares[index])
	for k, share := range shares {
		d := -mean
		if k < index {
			d = before - mean
		} else if k == index {
			d = at - mean
		}
		d = float64(float64(free*share) * d)
		if s.Softclip != 0 {
			f := 1 / (1 + math.Abs(float64(2*raw[k*stride])/float64(s.Softclip)))
			d = float64(float64(d*f) * f)
		}
		dRaw[k*stride] = d
	}
}
