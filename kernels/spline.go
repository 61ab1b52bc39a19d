package kernels

import (
	"fmt"
	"math"

	"github.com/seed-192fdf7a/nf/kernels/asm"
)

// A Spline states a monotonic rational-quadratic spline (Durkan, Bekasov,
// Murray and Papamakarios, Neural Spline Flows, 2019; Gregory and Delbourgo,
// 1982): K bins in the box [−Bound, Bound]², the identity outside it.
//
// A row of params is Blocks blocks of Cols values: K raw widths, K raw heights,
// then the raw slopes, so that block k of column c is params[k·Cols + c]. There
// are K−1 slopes, at the inner knots, and the slope at both ends is 1 (linear
// tails); or K if Circular, the first at both ends.
//
// The raw values become widths, heights and slopes by one of two rules. With
// Softclip 0, that of nflows and normflows:
//
//	width  = 2·Bound·(MinWidth + (1 − K·MinWidth)·softmax(u))      heights alike
//	slope  = MinSlope + softplus(SlopeBeta·u)/SlopeBeta
//
// where SlopeBeta is 1 in nflows, and ln 2/(1 − MinSlope) with its
// enable_identity_init: zero parameters are the identity then. With Softclip
// c > 0, that of zuko, whose c is |ln slope| = 6.9077554 by default; the
// minima and SlopeBeta must be 0:
//
//	width  = 2·Bound·softmax(u/(1 + |2u/c|))      heights alike
//	slope  = exp(u/(1 + |u/c|))
//
// The softmax subtracts the largest raw value and adds ascending. Knots are at
// −Bound plus sums of widths, ascending; the ends are at ±Bound exactly. Widths
// and heights are not differences of knots, whose rounding would be that of
// Bound. A value is in the last bin whose left knot is not above it: nflows
// does so, and zuko's strict comparison gives the same map, as value and slope
// of both bins agree on a knot.
type Spline struct {
	Bins                          int // K, from 1 to 128
	Bound                         float32
	MinWidth, MinHeight, MinSlope float32
	SlopeBeta                     float32
	Softclip                      float32
	Circular                      bool
}

// MaxSplineBins is the largest number of bins of a Spline.
const MaxSplineBins = 128

// Check returns an error unless the constants make a spline: Bins from 1 to
// 128, Bound positive; and with Softclip 0 minima that leave room for Bins bins,
// MinSlope and SlopeBeta positive; with Softclip positive no minima and no
// SlopeBeta. What is to be positive is from 1e-30 to 1e30, and no constant is a
// subnormal number.
func (s Spline) Check() error {
	// What is derived from constants between the two is finite and not 0.
	const smallest, largest = 1e-30, 1e30
	positive := func(v float32) bool { return v >= smallest && v < largest }
	held := func(v float32) bool { return v == 0 || v >= 0x1p-126 }
	switch {
	case s.Bins < 1 || s.Bins > MaxSplineBins:
		return fmt.Errorf("kernels: a spline has %d bins, must have 1 to %d", s.Bins, MaxSplineBins)
	case !positive(s.Bound):
		return fmt.Errorf("kernels: the bound of a spline is %v, must be at least %g and below %g", s.Bound, smallest, largest)
	case s.Softclip != 0 && !positive(s.Softclip):
		return fmt.Errorf("kernels: the softclip of a spline is %v, must be 0, or at least %g and below %g", s.Softclip, smallest, largest)
	case s.Softclip != 0 && (s.MinWidth != 0 || s.MinHeight != 0 || s.MinSlope != 0 || s.SlopeBeta != 0):
		return fmt.Errorf("kernels: a spline with a softclip has no minima and no slope beta, these are %v, %v, %v and %v",
			s.MinWidth, s.MinHeight, s.MinSlope, s.SlopeBeta)
	case s.Softclip != 0:
		return nil
	case !(held(s.MinWidth) && float64(s.MinWidth)*float64(s.Bins) < 1):
		return fmt.Errorf("kernels: the smallest width of a spline is %v, must be at least 0 and below 1/%d", s.MinWidth, s.Bins)
	case !(held(s.MinHeight) && float64(s.MinHeight)*float64(s.Bins) < 1):
		return fmt.Errorf("kernels: the smallest height of a spline is %v, must be at least 0 and below 1/%d", s.MinHeight, s.Bins)
	case !positive(s.MinSlope):
		return fmt.Errorf("kernels: the smallest slope of a spline is %v, must be at least %g and below %g", s.MinSlope, smallest, largest)
	case !positive(s.SlopeBeta):
		return fmt.Errorf("kernels: the slope beta of a spline is %v, must be at least %g and below %g", s.SlopeBeta, smallest, largest)
	}
	return nil
}

// Blocks is the number of parameters of a column: 3·Bins if Circular, otherwise
// one less.
func (s Spline) Blocks() int {
	if s.Circular {
		return 3 * s.Bins
	}
	return 3*s.Bins - 1
}

// rule derives the constants of the kernels. It panics where Check has an
// error.
func (s Spline) rule(inverse bool) asm.SplineRule {
	if err := s.Check(); err != nil {
		panic(err.Error())
	}
	span, bins := 2*float64(s.Bound), float64(s.Bins)
	widthStep, heightStep := float64(span*float64(s.MinWidth)), float64(span*float64(s.MinHeight))
	r := asm.SplineRule{
		Bins: s.Bins, Blocks: s.Blocks(), LastBin: float32(s.Bins - 1), Bound: s.Bound, MinusBound: -s.Bound,
		WidthStep: float32(widthStep), WidthFree: float32(span - float64(bins*widthStep)),
		HeightStep: float32(heightStep), HeightFree: float32(span - float64(bins*heightStep)),
		SlopeMin: s.MinSlope, SlopeBeta: s.SlopeBeta,
	}
	if inverse {
		r.Inverse = 1
	}
	if s.Circular {
		r.Circular = 1
	}
	if s.Softclip != 0 {
		r.Softclip, r.ClipSlope, r.ClipSize = 1, 1/s.Softclip, 2/s.Softclip
	} else {
		r.SlopeScale = 1 / s.SlopeBeta
	}
	return r
}

// Rules common to the four functions below: they panic if shapes disagree, if
// an output has Stride 0 or if s.Check has an error, never on a value. Matrices
// may have gaps between their rows; params may have Stride 0: one row of
// parameters for all rows. An output of the shape of x may be any input of that
// shape exactly (y may be x), and there is no other overlap.
//
// Outside the box a value is left alone: its log-det is 0, and so are the
// gradients of its parameters, whatever these are. Bound and −Bound map to
// themselves, with the log-det of the end bin. NaN gives NaN with a NaN
// log-det, and parameters that are NaN or +Inf give NaN inside the box.
//
// Against exact arithmetic, for raw parameters of size up to 10, the error of a
// value is below 2e-6·Bound·(1 + slope), slope being that of the map taken, and
// that of a column's log-det below 8e-6·(1 + Bound·steepness), steepness being
// how fast the log-det changes with the input. The largest found are 1.2e-6 and
// 3.9e-6; the float64 twins (Forward64 and others) are what they are held to.

// SplineForward maps data to noise. In the bin of x, with left knot (x₀, y₀),
// width w, height h, slopes d₀ and d₁ at its ends, s = h/w, ξ = (x − x₀)/w and
// ω = 1 − ξ,
//
//	y = y₀ + h·(sξ² + d₀ξω)/(s + (d₀ + d₁ − 2s)ξω)
//	logDet[r] = Σ_c log(s²·(d₁ξ² + 2sξω + d₀ω²)/(s + (d₀ + d₁ − 2s)ξω)²)
//
// logDet is log|det dy/dx|, summed in the lanes of RowSums.
func (t *Tier) SplineForward(y, x, params Matrix, logDet []float32, s Spline) {
	y.checkOutput("y", x.Rows, x.Cols)
	x.check("x", x.Rows, x.Cols)
	t.runSpline(y, x, params, logDet, s.rule(false))
}

// SplineForward calls Tier.SplineForward on the active tier.
func SplineForward(y, x, params Matrix, logDet []float32, s Spline) {
	active.SplineForward(y, x, params, logDet, s)
}

// SplineInverse maps noise to data, undoing SplineForward. In the bin of y,
// with η = (y − y₀)/h, it solves
//
//	aξ² + bξ = sη      b = d₀ − η(d₀ + d₁ − 2s)      a = s − b
//
// for its root within [0, 1], which is 2sη/(b + r), or (r − b)/2a where b is
// negative, r² = b² + 4asη being kept from falling below 0. logDet is
// log|det dx/dy|, that of SplineForward at x with the opposite sign.
func (t *Tier) SplineInverse(x, y, params Matrix, logDet []float32, s Spline) {
	x.checkOutput("x", y.Rows, y.Cols)
	y.check("y", y.Rows, y.Cols)
	t.runSpline(x, y, params, logDet, s.rule(true))
}

// SplineInverse calls Tier.SplineInverse on the active tier.
func SplineInverse(x, y, params Matrix, logDet []float32, s Spline) {
	active.SplineInverse(x, y, params, logDet, s)
}

func (t *Tier) runSpline(out, in, params Matrix, logDet []float32, rule asm.SplineRule) {
	params.check("params", in.Rows, rule.Blocks*in.Cols)
	checkRows("logDet", len(logDet), in.Rows)
	if in.Cols == 0 {
		clear(logDet)
		return
	}
	for from, step := 0, rowsPerCall(rule.Blocks*in.Cols); from < in.Rows; from += step {
		safePoint()
		t.spline(out.from(from), in.from(from), params.from(from), logDet[from:min(from+step, in.Rows)],
			out.Stride, in.Stride, params.Stride, in.Cols, rule)
	}
}

func splineRef(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, rule asm.SplineRule) {
	for r := range logDet {
		out, in, params := out[r*outStride:], in[r*inStride:], params[r*paramsStride:]
		var lanes [laneCount]float32
		for c := range cols {
			var l float32
			out[c], l = splineValue(in[c], params[c:], cols, &rule)
			lanes[c%laneCount] += l
		}
		logDet[r] = foldLanes(&lanes)
		if rule.Inverse != 0 {
			logDet[r] = -logDet[r]
		}
	}
}

// splineValue maps one value; the log is that of the slope at x in both
// directions. Block k is params[k·stride].
func splineValue(in float32, params []float32, stride int, rule *asm.SplineRule) (out, logSlope float32) {
	var b splineBin
	b.find(in, rule.Inverse != 0, params, stride, rule)
	s := b.height / b.width
	var xi float32
	if rule.Inverse == 0 {
		xi = clipUnit((in - b.x) / b.width)
	} else {
		xi = b.solve(clipUnit((in-b.y)/b.height), s)
	}
	omega := 1 - xi
	product, square := float32(xi*omega), float32(xi*xi)
	q := s / fma32((b.slope0+b.slope1)-(s+s), product, s)
	if rule.Inverse == 0 {
		numerator := fma32(s, square, float32(b.slope0*product))
		out = fma32(float32(numerator*b.width), q, b.y)
	} else {
		out = fma32(xi, b.width, b.x)
	}
	slope := float32(float32(omega*omega) * b.slope0)
	slope = fma32(s+s, product, slope)
	slope = fma32(b.slope1, square, slope)
	logSlope = logRef(float32(float32(slope*q) * q))

	if out > rule.Bound {
		out = rule.Bound
	}
	if in < rule.MinusBound || in > rule.Bound {
		logSlope = 0
	}
	if in < rule.MinusBound || in >= rule.Bound {
		out = in
	}
	return out, logSlope
}

// splineBin is the bin of a value, and what its backward pass needs of the
// softmaxes.
type splineBin struct {
	x, y, width, height, slope0, slope1 float32

	index                       float32
	raw0, raw1                  float32 // of the slopes
	widthScale, heightScale     float32 // the free width over the sum of exponentials
	widthSum, heightSum         float32 // of exponentials
	widthsBefore, heightsBefore float32 // sums of the exponentials before the bin
	widthPower, heightPower     float32 // the exponentials of the bin
	widthPowers, heightPowers   [MaxSplineBins]float32
}

// find sets b, which is zero, to the bin of x, or to that of y if byHeight.
func (b *splineBin) find(in float32, byHeight bool, params []float32, stride int, rule *asm.SplineRule) {
	bins := rule.Bins
	b.widthSum = softmaxPowers(b.widthPowers[:bins], params, stride, rule)
	b.heightSum = softmaxPowers(b.heightPowers[:bins], params[bins*stride:], stride, rule)
	b.widthScale, b.heightScale = rule.WidthFree/b.widthSum, rule.HeightFree/b.heightSum

	// Raw slope k is that at knot k. The first and the last of linear tails are
	// replaced below.
	slope := func(k int) float32 {
		if rule.Circular != 0 {
			return params[(2*bins+k%bins)*stride]
		}
		if k == 0 || k == bins {
			return 0
		}
		return params[(2*bins+k-1)*stride]
	}
	b.widthPower, b.heightPower = b.widthPowers[0], b.heightPowers[0]
	b.raw0, b.raw1 = slope(0), slope(1)
	var widths, heights float32
	for k := 1; k < bins; k++ {
		widths += b.widthPowers[k-1]
		heights += b.heightPowers[k-1]
		knot := fma32(widths, b.widthScale, fma32(float32(k), rule.WidthStep, rule.MinusBound))
		if byHeight {
			knot = fma32(heights, b.heightScale, fma32(float32(k), rule.HeightStep, rule.MinusBound))
		}
		if in >= knot {
			b.index = float32(k)
			b.widthsBefore, b.heightsBefore = widths, heights
			b.widthPower, b.heightPower = b.widthPowers[k], b.heightPowers[k]
			b.raw0, b.raw1 = slope(k), slope(k+1)
		}
	}
	b.x = fma32(b.widthsBefore, b.widthScale, fma32(b.index, rule.WidthStep, rule.MinusBound))
	b.y = fma32(b.heightsBefore, b.heightScale, fma32(b.index, rule.HeightStep, rule.MinusBound))
	b.width = fma32(b.widthPower, b.widthScale, rule.WidthStep)
	b.height = fma32(b.heightPower, b.heightScale, rule.HeightStep)
	b.slope0, b.slope1 = splineSlope(b.raw0, rule), splineSlope(b.raw1, rule)
	if rule.Circular == 0 {
		if b.index == 0 {
			b.slope0 = 1
		}
		if b.index == rule.LastBin {
			b.slope1 = 1
		}
	}
}

// softmaxPowers sets powers to the exponentials of a softmax and returns their
// sum.
func softmaxPowers(powers, raw []float32, stride int, rule *asm.SplineRule) float32 {
	for k := range powers {
		powers[k] = raw[k*stride]
		if rule.Softclip != 0 {
			powers[k] /= fma32(abs32(powers[k]), rule.ClipSize, 1)
		}
	}
	largest := float32(math.Inf(-1))
	for _, u := range powers {
		if u > largest {
			largest = u
		}
	}
	var sum float32
	for k, u := range powers {
		powers[k] = expRef(u - largest)
		sum += powers[k]
	}
	return sum
}

// splineSlope is the slope of a raw one.
func splineSlope(u float32, rule *asm.SplineRule) float32 {
	if rule.Softclip != 0 {
		return expRef(u / fma32(abs32(u), rule.ClipSlope, 1))
	}
	return fma32(softplusRef(float32(u*rule.SlopeBeta)), rule.SlopeScale, rule.SlopeMin)
}

// solve returns ξ of the height η of the bin.
func (b *splineBin) solve(eta, s float32) float32 {
	linear := b.slope0 - float32(eta*((b.slope0+b.slope1)-(s+s)))
	quadratic := s - linear
	product := float32(s * eta)
	discriminant := fma32(float32(4*quadratic), product, float32(linear*linear))
	if discriminant < 0 {
		discriminant = 0
	}
	sum := abs32(linear) + sqrt32(discriminant)
	if linear >= 0 {
		return clipUnit((product + product) / sum)
	}
	return clipUnit(sum / (quadratic + quadratic))
}

func clipUnit(x float32) float32 {
	if x < 0 {
		x = 0
	}
	if x > 1 {
		x = 1
	}
	return x
}

func abs32(x float32) float32 { return math.Float32frombits(math.Float32bits(x) &^ signBit) }

// sqrt32 is exact: the square root of a float32 rounded to float64 and then to
// float32 is that rounded once.
func sqrt32(x float32) float32 { return float32(math.Sqrt(float64(x))) }
