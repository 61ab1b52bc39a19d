package kernels

import (
	"fmt"
	"math"
	"testing"
)

// TestScaleMapSpecialValues states what each scale map makes of the ends of the
// range, on every tier and on the paths of narrow and of wide rows.
func TestScaleMapSpecialValues(t *testing.T) {
	nan, infinity := float32(math.NaN()), float32(math.Inf(1))
	for _, c := range []struct {
		m             ScaleMap
		u, scale, log float32
	}{
		{TanhExpScale(1), 0, 1, 0},
		{TanhExpScale(1), infinity, math.E, 1},
		{TanhExpScale(1), -1e20, 1 / float32(math.E), -1},
		{TanhExpScale(1), nan, nan, nan},

		{ExpScale(), 0, 1, 0},
		{ExpScale(), infinity, infinity, infinity},
		{ExpScale(), -infinity, 0, -infinity},
		{ExpScale(), nan, nan, nan},

		{SoftclipScale(2), 0, 1, 0},
		{SoftclipScale(1), math.MaxFloat32, math.E, 1},
		{SoftclipScale(1), infinity, math.E, 1},
		{SoftclipScale(1), -infinity, 1 / float32(math.E), -1},
		{SoftclipScale(1e-6), infinity, 1.000001, 1e-6},
		{SoftclipScale(2), nan, nan, nan},

		{SigmoidScale(0), -2, 0.5, -math.Ln2},
		{SigmoidScale(0), infinity, 1, 0},
		{SigmoidScale(0), -infinity, 0, -infinity},
		{SigmoidScale(0.5), -infinity, 0.5, -math.Ln2},
		{SigmoidScale(0), nan, nan, nan},

		{SoftplusScale(0), 0, math.Ln2, -0.36651292},
		{SoftplusScale(0), 1e20, 1e20, 46.051702},
		{SoftplusScale(0), infinity, infinity, infinity},
		{SoftplusScale(0), -infinity, 0, -infinity},
		{SoftplusScale(0.5), -infinity, 0.5, -math.Ln2},
		{SoftplusScale(0), nan, nan, nan},

		{SigmoidReciprocalScale(), -2, 2, math.Ln2},
		{SigmoidReciprocalScale(), infinity, 1, 0},
		{SigmoidReciprocalScale(), -infinity, 1.6516363e38, 88},
		{SigmoidReciprocalScale(), -1e20, 1.6516363e38, 88},
		{SigmoidReciprocalScale(), nan, nan, nan},
	} {
		for _, tier := range Tiers() {
			for _, cols := range []int{1, 3, 6, 19, 70} {
				const rows = 4
				x, params := Dense(make([]float32, rows*cols), rows, cols), Dense(make([]float32, 2*rows*cols), rows, 2*cols)
				for r := range rows {
					x.Row(r)[cols-1], params.Row(r)[cols-1] = 1, c.u
				}
				logDet := make([]float32, rows)
				tier.AffineForward(x, x, params, logDet, c.m)
				_, rest := affine64(0, 0, 0, c.m, false)
				for r := range rows {
					at := fmt.Sprintf("%s, %v at %v, %d columns", tier.Name(), c.m, c.u, cols)
					expectNear(t, at+": scale", x.Row(r)[cols-1], c.scale)
					expectNear(t, at+": log", logDet[r], c.log+float32(rest)*float32(cols-1))
				}
			}
		}
	}
}

// expectNear takes a relative error of 1e-6, NaN and infinities only for
// themselves.
func expectNear(t *testing.T, name string, got, want float32) {
	t.Helper()
	if sameBits(got, want) {
		return
	}
	if !(math.Abs(float64(got)-float64(want)) <= 1e-6*(0.1+math.Abs(float64(want)))) || math.IsInf(float64(want), 0) {
		t.Errorf("%s: %v, want %v", name, got, want)
	}
}

// TestAffineEdgeValues compares every tier with the reference on raw scales at
// which functions go wrong, on the paths of narrow and of wide rows.
func TestAffineEdgeValues(t *testing.T) {
	for _, m := range scaleMaps {
		for _, cols := range []int{3, 6, 64} {
			rows := (len(edgeValues) + cols - 1) / cols
			x, params, gradient, dLogDet := affineExample(7, rows, cols)
			for i, u := range edgeValues {
				params.Row(i / cols)[i%cols] = u
			}
			run := func(tier *Tier) [][]float32 {
				output := func(cols int) Matrix { return Dense(make([]float32, rows*cols), rows, cols) }
				y, back, dx, dy := output(cols), output(cols), output(cols), output(cols)
				dparams, dparamsInverse := output(2*cols), output(2*cols)
				forward, inverse := make([]float32, rows), make([]float32, rows)
				tier.AffineForward(y, x, params, forward, m)
				tier.AffineInverse(back, x, params, inverse, m)
				tier.AffineForwardBackward(dx, dparams, x, params, gradient, dLogDet, m)
				tier.AffineInverseBackward(dy, dparamsInverse, x, params, gradient, dLogDet, m)
				return [][]float32{y.Data, forward, back.Data, inverse, dx.Data, dparams.Data, dy.Data, dparamsInverse.Data}
			}
			want := run(&reference)
			for _, tier := range Tiers()[1:] {
				for i, got := range run(tier) {
					if at := firstDifference(got, want[i]); at >= 0 {
						t.Errorf("%s, %v, %d columns: value %d of result %d is %v, the reference has %v", tier.Name(), m, cols, at, i, got[at], want[i][at])
					}
				}
			}
		}
	}
}

// TestScaleMapCheck tries constants that a scale map cannot have.
func TestScaleMapCheck(t *testing.T) {
	nan, infinity := float32(math.NaN()), float32(math.Inf(1))
	for _, m := range []ScaleMap{
		{}, TanhExpScale(0), TanhExpScale(-1), TanhExpScale(nan),
		SoftclipScale(0), SoftclipScale(1e-7), SoftclipScale(2e6), SoftclipScale(-1), SoftclipScale(nan), SoftclipScale(infinity),
		SigmoidScale(-1e-3), SigmoidScale(2), SigmoidScale(nan), SoftplusScale(-1e-3), SoftplusScale(infinity), SoftplusScale(nan),
	} {
		if m.Check() == nil {
			t.Errorf("%v is taken", m)
		}
	}
	for _, m := range scaleMaps {
		if err := m.Check(); err != nil {
			t.Errorf("%v: %v", m, err)
		}
	}
}
