package kernels

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// splineRules are both rules, with linear and circular tails.
func splineRules(bins int) map[string]Spline {
	minimum := float32(1e-3)
	nflows := Spline{Bins: bins, Bound: 3, MinWidth: minimum, MinHeight: minimum, MinSlope: minimum, SlopeBeta: 1}
	identity := nflows
	identity.SlopeBeta = float32(math.Ln2 / (1 - float64(minimum)))
	circular := identity
	circular.Bound, circular.Circular = math.Pi, true
	zuko := Spline{Bins: bins, Bound: 5, Softclip: 6.9077554}
	zukoCircular := zuko
	zukoCircular.Circular = true
	return map[string]Spline{"nflows": nflows, "identity": identity, "circular": circular, "zuko": zuko, "zuko circular": zukoCircular}
}

// splineExample makes random arguments; one value in five is outside the box,
// and some are at its ends.
func splineExample(seed uint64, rows, cols int, s Spline) (x, params, dOut Matrix, dLogDet []float32) {
	random := rand.New(rand.NewPCG(seed, 6))
	normal := func(cols, gap int, scale float64) Matrix {
		m := Matrix{Data: make([]float32, rows*(cols+gap)), Rows: rows, Cols: cols, Stride: cols + gap}
		for i := range m.Data {
			m.Data[i] = float32(scale * random.NormFloat64())
		}
		return m
	}
	x, params, dOut, dLogDet = normal(cols, 1, 1), normal(s.Blocks()*cols, 2, 1.5), normal(cols, 3, 1), normal(1, 0, 1).Data
	for i := range x.Data {
		x.Data[i] = float32((random.Float64()*2.5 - 1.25) * float64(s.Bound))
		switch random.IntN(30) {
		case 0:
			x.Data[i] = s.Bound
		case 1:
			x.Data[i] = -s.Bound
		}
	}
	return x, params, dOut, dLogDet
}

func widen(v []float32) []float64 {
	wide := make([]float64, len(v))
	for i, x := range v {
		wide[i] = float64(x)
	}
	return wide
}

var splineShapes = [][2]int{{1, 1}, {9, 1}, {7, 3}, {6, 4}, {5, 6}, {3, 8}, {4, 13}, {2, 40}}

// TestSplineGradients64 holds the float64 twins to central differences, the
// inverse to the forward map, and the slope to its log-det.
func TestSplineGradients64(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, bins := range []int{1, 2, 5, 8, 16} {
		for name, s := range splineRules(bins) {
			for range 40 {
				const stride = 2
				params := make([]float64, s.Blocks()*stride)
				for i := range params {
					params[i] = 0.7 * random.NormFloat64()
				}
				x := (random.Float64()*2.2 - 1.1) * float64(s.Bound)
				dOut, dLogDet := random.NormFloat64(), random.NormFloat64()
				y, logDet := s.Forward64(x, params, stride)
				back, inverse := s.Inverse64(y, params, stride)
				near(t, name+" round trip", back, x, 1e-9)
				near(t, name+" inverse log-det", inverse, -logDet, 1e-9)

				for _, direction := range []struct {
					name     string
					in       float64
					value    func(in float64, params []float64, stride int) (float64, float64)
					backward func(dparams []float64, x float64, params []float64, stride int, dOut, dLogDet float64) float64
				}{{"forward", x, s.Forward64, s.ForwardBackward64}, {"inverse", y, s.Inverse64, s.InverseBackward64}} {
					loss := func(in float64) float64 {
						out, l := direction.value(in, params, stride)
						return dOut*out + dLogDet*l
					}
					// Second derivatives jump at the knots, so that one of the
					// differences to either side must be right.
					check := func(what string, got float64, at func(delta float64) float64) {
						t.Helper()
						const step = 2e-5
						middle, above, below := at(0), at(step), at(-step)
						central := (8*(above-below) - (at(2*step) - at(-2*step))) / (12 * step)
						if near := 1e-6 * (1 + math.Abs(central)); math.Abs(got-central) > near &&
							math.Abs(got-(above-middle)/step) > 1e4*near && math.Abs(got-(middle-below)/step) > 1e4*near {
							t.Errorf("%s, %d bins, %s at %v: gradient of %s is %v, differences say %v", name, bins, direction.name, direction.in, what, got, central)
						}
					}
					dparams := make([]float64, len(params))
					dIn := direction.backward(dparams, x, params, stride, dOut, dLogDet)
					check("the input", dIn, func(delta float64) float64 { return loss(direction.in + delta) })
					for i := 0; i < len(params); i += stride {
						check(fmt.Sprintf("block %d", i/stride), dparams[i], func(delta float64) float64 {
							saved := params[i]
							defer func() { params[i] = saved }()
							params[i] += delta
							return loss(direction.in)
						})
					}
				}
				const step = 1e-6
				above, _ := s.Forward64(x+step, params, stride)
				below, _ := s.Forward64(x-step, params, stride)
				if math.Abs(math.Abs(x)-float64(s.Bound)) > step {
					near(t, name+" slope", math.Log((above-below)/(2*step)), logDet, 1e-4)
				}
			}
		}
	}
}

// TestSplineAccuracy holds both directions to their float64 twins, to the
// bounds that they promise.
func TestSplineAccuracy(t *testing.T) {
	forEachTier(t, func(t *testing.T, tier *Tier) {
		var worstValue, worstLog float64
		for _, bins := range []int{1, 2, 8, 16, MaxSplineBins} {
			for name, s := range splineRules(bins) {
				for _, shape := range [][2]int{{30, 17}, {200, 1}, {50, 3}} {
					rows, cols := shape[0], shape[1]
					if testing.Short() && cols < 17 {
						continue // see thin
					}
					x, params, _, _ := splineExample(2, rows, cols, s)
					for _, inverse := range []bool{false, true} {
						out, logDet := Dense(make([]float32, rows*cols), rows, cols), make([]float32, rows)
						run, twin := tier.SplineForward, s.Forward64
						if inverse {
							run, twin = tier.SplineInverse, s.Inverse64
						}
						run(out, x, params, logDet, s)
						for r := range rows {
							var sum, sumBound float64
							for c := range cols {
								in := float64(x.Row(r)[c])
								want, l := twin(in, widen(params.Row(r)[c:]), cols)
								sum += l
								// The value's error is that of its knot and of its argument's.
								scale := float64(s.Bound) * (1 + math.Exp(l))
								worstValue = max(worstValue, math.Abs(float64(out.Row(r)[c])-want)/scale)
								near(t, name, float64(out.Row(r)[c]), want, splineValueBound*scale)
								sumBound += splineLogBound * (1 + splineSteepness(s, in, widen(params.Row(r)[c:]), cols, inverse))
							}
							worstLog = max(worstLog, math.Abs(float64(logDet[r])-sum)/sumBound*splineLogBound)
							near(t, fmt.Sprintf("%s log-det, %d bins, inverse %v", name, bins, inverse), float64(logDet[r]), sum, sumBound)
						}
					}
				}
			}
		}
		t.Logf("worst value %.3g of Bound·(1+slope), log-det %.3g", worstValue, worstLog)
	})
}

const (
	splineValueBound = 2e-6
	splineLogBound   = 8e-6
)

// splineSteepness is the change of the log-det for a change of the input as
// large as Bound.
func splineSteepness(s Spline, in float64, params []float64, stride int, inverse bool) float64 {
	twin := s.Forward64
	if inverse {
		twin = s.Inverse64
	}
	_, l := twin(in, params, stride)
	steep := 0.0
	for _, step := range []float64{1e-5, -1e-5} {
		_, near := twin(in+step, params, stride)
		if near != 0 {
			steep = max(steep, math.Abs(near-l)/1e-5)
		}
	}
	return steep * float64(s.Bound)
}

// TestSplineRoundTrip checks that the inverse undoes the forward map.
func TestSplineRoundTrip(t *testing.T) {
	forEachTier(t, func(t *testing.T, tier *Tier) {
		for _, bins := range []int{1, 2, 8, 16} {
			for name, s := range splineRules(bins) {
				for _, shape := range splineShapes {
					rows, cols := shape[0], shape[1]
					x, params, y, _ := splineExample(3, rows, cols, s)
					forward, inverse := make([]float32, rows), make([]float32, rows)
					back := Dense(make([]float32, rows*cols), rows, cols)
					tier.SplineForward(y, x, params, forward, s)
					tier.SplineInverse(back, y, params, inverse, s)
					for r := range rows {
						for c, v := range x.Row(r) {
							_, l := s.Forward64(float64(v), widen(params.Row(r)[c:]), cols)
							near(t, name+" round trip", float64(back.Row(r)[c]), float64(v), 2e-6*float64(s.Bound)*(1+math.Exp(-l)))
							if math.Abs(float64(v)) >= float64(s.Bound) && (y.Row(r)[c] != v || back.Row(r)[c] != v) {
								t.Errorf("%s, %s: %v goes to %v and back to %v", tier.name, name, v, y.Row(r)[c], back.Row(r)[c])
							}
						}
						near(t, name+" log-dets", float64(inverse[r]), -float64(forward[r]), 2e-3*float64(cols))
					}
				}
			}
		}
	})
}

// TestSplineIdentity checks that zero parameters are the identity where the
// rule says so, and that nothing outside the box is touched.
func TestSplineIdentity(t *testing.T) {
	forEachTier(t, func(t *testing.T, tier *Tier) {
		for name, s := range splineRules(8) {
			if name == "nflows" {
				continue
			}
			const rows, cols = 9, 5
			x, params, y, dLogDet := splineExample(4, rows, cols, s)
			clear(params.Data)
			logDet := make([]float32, rows)
			tier.SplineForward(y, x, params, logDet, s)
			for r := range rows {
				near(t, name+" log-det", float64(logDet[r]), 0, 1e-5)
				for c, v := range x.Row(r) {
					near(t, name+" value", float64(y.Row(r)[c]), float64(v), 3e-6)
				}
			}
			// Outside, even for parameters that are NaN.
			for i := range params.Data {
				params.Data[i] = float32(math.NaN())
			}
			for i := range x.Data {
				x.Data[i] = float32(math.Copysign(float64(s.Bound)*(1.0001+float64(i)), float64(i%3)-1))
			}
			x.Row(2)[3] = float32(math.Inf(1))
			dparams, dx := Dense(make([]float32, rows*s.Blocks()*cols), rows, s.Blocks()*cols), Dense(make([]float32, rows*cols), rows, cols)
			for _, inverse := range []bool{false, true} {
				run, backward := tier.SplineForward, tier.SplineForwardBackward
				if inverse {
					run, backward = tier.SplineInverse, tier.SplineInverseBackward
				}
				run(y, x, params, logDet, s)
				for i := range dparams.Data {
					dparams.Data[i] = 1
				}
				dy, _, _, _ := splineExample(5, rows, cols, s)
				backward(dx, dparams, x, params, dy, dLogDet, s)
				for r := range rows {
					if logDet[r] != 0 || firstDifference(y.Row(r), x.Row(r)) >= 0 || firstDifference(dx.Row(r), dy.Row(r)) >= 0 {
						t.Errorf("%s: row %d outside the box: log-det %v, %v to %v, gradient %v to %v", name, r, logDet[r], x.Row(r), y.Row(r), dy.Row(r), dx.Row(r))
					}
				}
				for i, d := range dparams.Data {
					if d != 0 {
						t.Fatalf("%s: gradient %d of parameters outside the box is %v", name, i, d)
					}
				}
			}
		}
	})
}

// TestSplineGradients holds both backward passes to their float64 twins.
func TestSplineGradients(t *testing.T) {
	forEachTier(t, func(t *testing.T, tier *Tier) {
		for _, bins := range []int{1, 2, 5, 8, 16} {
			for name, s := range splineRules(bins) {
				for _, shape := range splineShapes {
					rows, cols := shape[0], shape[1]
					blocks := s.Blocks()
					x, params, dOut, dLogDet := splineExample(5, rows, cols, s)
					for i := range params.Data {
						params.Data[i] *= 0.3 // no bins whose slopes are steep
					}
					for _, inverse := range []bool{false, true} {
						dIn, dparams := Dense(make([]float32, rows*cols), rows, cols), Dense(make([]float32, rows*blocks*cols), rows, blocks*cols)
						run, twin := tier.SplineForwardBackward, s.ForwardBackward64
						if inverse {
							run, twin = tier.SplineInverseBackward, s.InverseBackward64
						}
						run(dIn, dparams, x, params, dOut, dLogDet, s)
						for r := range rows {
							for c, v := range x.Row(r) {
								want := make([]float64, blocks*cols)
								wantIn := twin(want, float64(v), widen(params.Row(r)[c:]), cols, float64(dOut.Row(r)[c]), float64(dLogDet[r]))
								scale := math.Abs(wantIn)
								for k := range blocks {
									scale = max(scale, math.Abs(want[k*cols]))
								}
								near(t, fmt.Sprintf("%s, %d bins, inverse %v: gradient of the input %v", name, bins, inverse, v), float64(dIn.Row(r)[c]), wantIn, 1e-4*(1+scale))
								for k := range blocks {
									near(t, fmt.Sprintf("%s, %d bins, inverse %v: gradient of block %d", name, bins, inverse, k),
										float64(dparams.Row(r)[k*cols+c]), want[k*cols], 1e-4*(1+scale))
								}
							}
						}
					}
				}
			}
		}
	})
}

// TestSplineChecks gives Check and the kernels what they must refuse.
func TestSplineChecks(t *testing.T) {
	good := splineRules(8)["nflows"]
	nan := float32(math.NaN())
	for want, spoil := range map[string]func(*Spline){
		"0 bins":          func(s *Spline) { s.Bins = 0 },
		"129 bins":        func(s *Spline) { s.Bins = 129 },
		"bound":           func(s *Spline) { s.Bound = nan },
		"softclip":        func(s *Spline) { s.Softclip = -1 },
		"no minima":       func(s *Spline) { s.Softclip = 1 },
		"smallest width":  func(s *Spline) { s.MinWidth = 0.125 },
		"smallest height": func(s *Spline) { s.MinHeight = nan },
		"smallest slope":  func(s *Spline) { s.MinSlope = 0 },
		"slope beta":      func(s *Spline) { s.SlopeBeta = -1 },
	} {
		s := good
		spoil(&s)
		if err := s.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Check of %+v is %v, want an error about %s", s, err, want)
		}
	}
	m := func(rows, cols int) Matrix { return Dense(make([]float32, rows*cols), rows, cols) }
	v := make([]float32, 2)
	blocks := good.Blocks()
	for name, call := range map[string]func(){
		"y":         func() { SplineForward(m(2, 2), m(2, 3), m(2, 3*blocks), v, good) },
		"params":    func() { SplineForward(m(2, 3), m(2, 3), m(2, 3*blocks-1), v, good) },
		"logDet":    func() { SplineInverse(m(2, 3), m(2, 3), m(2, 3*blocks), v[:1], good) },
		"dparams":   func() { SplineForwardBackward(m(2, 3), m(2, 3), m(2, 3), m(2, 3*blocks), m(2, 3), v, good) },
		"dLogDet":   func() { SplineInverseBackward(m(2, 3), m(2, 3*blocks), m(2, 3), m(2, 3*blocks), m(2, 3), nil, good) },
		"stride 0":  func() { SplineInverse(Matrix{Data: v, Rows: 2, Cols: 2}, m(2, 2), m(2, 2*blocks), v, good) },
		"has 0 bin": func() { SplineForward(m(2, 3), m(2, 3), m(2, 3*blocks), v, Spline{}) },
	} {
		func() {
			defer func() {
				if text := fmt.Sprint(recover()); !strings.HasPrefix(text, "kernels: ") || !strings.Contains(text, name) {
					t.Errorf("panic %q, want one of this package about %s", text, name)
				}
			}()
			call()
		}()
	}
	SplineForward(m(2, 0), m(2, 0), m(2, 0), v, good) // no columns
	SplineForward(m(0, 2), m(0, 2), m(0, 2*blocks), nil, good)
}
