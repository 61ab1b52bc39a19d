package kernels

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// affineExample makes random arguments of the affine kernels, with gaps
// between rows; the raw scales reach into saturation.
func affineExample(seed uint64, rows, cols int) (x, params, dOut Matrix, dLogDet []float32) {
	random := rand.New(rand.NewPCG(seed, 5))
	normal := func(cols int, scale float64) Matrix {
		m := Matrix{Data: make([]float32, rows*(cols+1)), Rows: rows, Cols: cols, Stride: cols + 1}
		for i := range m.Data {
			m.Data[i] = float32(scale * random.NormFloat64())
		}
		return m
	}
	return normal(cols, 2), normal(2*cols, 1.5), normal(cols, 1), normal(rows, 1).Data[:rows]
}

var affineShapes = [][2]int{{1, 1}, {9, 1}, {7, 3}, {6, 4}, {5, 6}, {3, 8}, {4, 13}, {3, 40}}

// TestAffineRoundTrip checks that the inverse undoes the forward map and its
// log-det, on every tier.
func TestAffineRoundTrip(t *testing.T) {
	for _, tier := range Tiers() {
		for _, bound := range []float32{0.5, 1, 4} {
			for _, shape := range affineShapes {
				rows, cols := shape[0], shape[1]
				x, params, y, forward := affineExample(1, rows, cols)
				back, inverse := Dense(make([]float32, rows*cols), rows, cols), make([]float32, rows)
				tier.AffineForward(y, x, params, forward, bound)
				tier.AffineInverse(back, y, params, inverse, bound)
				for r := range rows {
					if inverse[r] != -forward[r] {
						t.Errorf("%s: log-dets %v and %v of a round trip", tier.Name(), forward[r], inverse[r])
					}
					for c, v := range back.Row(r) {
						// The error of y is that of the larger of x·eˢ and t.
						shift := math.Abs(float64(params.Row(r)[cols+c])) * math.Exp(float64(bound))
						near(t, fmt.Sprintf("%s round trip, bound %v", tier.Name(), bound), float64(v), float64(x.Row(r)[c]),
							4e-7*(math.Abs(float64(v))+shift))
					}
				}
			}
		}
	}
}

// affine64 is the map in float64, in the direction given.
func affine64(in, u, t, bound float64, inverse bool) (out, logDet float64) {
	s := bound * math.Tanh(u/bound)
	if inverse {
		return (in - t) * math.Exp(-s), -s
	}
	return in*math.Exp(s) + t, s
}

// TestAffineAccuracy holds both directions to float64.
func TestAffineAccuracy(t *testing.T) {
	for _, tier := range Tiers() {
		for _, inverse := range []bool{false, true} {
			for _, shape := range affineShapes {
				rows, cols := shape[0], shape[1]
				in, params, out, logDet := affineExample(2, rows, cols)
				const bound = 2
				run := tier.AffineForward
				if inverse {
					run = tier.AffineInverse
				}
				run(out, in, params, logDet, bound)
				for r := range rows {
					var sum float64
					p := params.Row(r)
					for c, v := range in.Row(r) {
						want, s := affine64(float64(v), float64(p[c]), float64(p[cols+c]), bound, inverse)
						sum += s
						near(t, tier.Name()+" value", float64(out.Row(r)[c]), want, 2e-6*(1+math.Abs(want)))
					}
					near(t, tier.Name()+" log-det", float64(logDet[r]), sum, 1e-6*float64(cols))
				}
			}
		}
	}
}

// TestAffineGradients holds both backward passes to central differences in
// float64 of Σ dOut·out + Σ dLogDet·logDet.
func TestAffineGradients(t *testing.T) {
	const bound, step = 1.5, 1e-5
	for _, tier := range Tiers() {
		for _, inverse := range []bool{false, true} {
			for _, shape := range affineShapes {
				rows, cols := shape[0], shape[1]
				in, params, dOut, dLogDet := affineExample(3, rows, cols)
				dIn := Dense(make([]float32, rows*cols), rows, cols)
				dparams := Dense(make([]float32, 2*rows*cols), rows, 2*cols)
				if inverse {
					x := Dense(make([]float32, rows*cols), rows, cols)
					tier.AffineInverse(x, in, params, make([]float32, rows), bound)
					tier.AffineInverseBackward(dIn, dparams, x, params, dOut, dLogDet, bound)
				} else {
					tier.AffineForwardBackward(dIn, dparams, in, params, dOut, dLogDet, bound)
				}
				for r := range rows {
					for c := range cols {
						at := [3]float64{float64(in.Row(r)[c]), float64(params.Row(r)[c]), float64(params.Row(r)[cols+c])}
						got := [3]float32{dIn.Row(r)[c], dparams.Row(r)[c], dparams.Row(r)[cols+c]}
						for i, name := range []string{"input", "scale", "shift"} {
							loss := func(delta float64) float64 {
								v := at
								v[i] += delta
								out, logDet := affine64(v[0], v[1], v[2], bound, inverse)
								return float64(dOut.Row(r)[c])*out + float64(dLogDet[r])*logDet
							}
							want := (loss(step) - loss(-step)) / (2 * step)
							near(t, fmt.Sprintf("%s, inverse %v, %dx%d: gradient of the %s", tier.Name(), inverse, rows, cols, name),
								float64(got[i]), want, 1e-5*(1+math.Abs(want)))
						}
					}
				}
			}
		}
	}
}
