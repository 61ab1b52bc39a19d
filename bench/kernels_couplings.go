package bench

import (
	"strings"

	"github.com/seed-192fdf7a/nf/kernels"
)

// couplingWorkloads are the fused couplings, the affine one under every scale
// map.
func couplingWorkloads() []workload {
	var all []workload
	add := func(suffix string, width int, m kernels.ScaleMap) {
		all = append(all,
			workload{name: "AffineForward" + suffix, prepare: affine((*kernels.Tier).AffineForward, width, m), bytes: 16},
			workload{name: "AffineInverse" + suffix, prepare: affine((*kernels.Tier).AffineInverse, width, m), bytes: 16},
			workload{name: "AffineForwardBackward" + suffix, prepare: affineBackward((*kernels.Tier).AffineForwardBackward, width, m), bytes: 28},
			workload{name: "AffineInverseBackward" + suffix, prepare: affineBackward((*kernels.Tier).AffineInverseBackward, width, m), bytes: 28})
	}
	add("", wide, kernels.TanhExpScale(1))
	add("-narrow", narrow, kernels.TanhExpScale(1))
	for _, m := range []kernels.ScaleMap{
		kernels.ExpScale(), kernels.SoftclipScale(6.9), kernels.SigmoidScale(1e-3), kernels.SoftplusScale(1e-3), kernels.SigmoidReciprocalScale(),
	} {
		name, _, _ := strings.Cut(m.String(), "(")
		add("-"+name, wide, m)
	}
	for _, shape := range []struct {
		suffix string
		width  int
	}{{"", wide}, {"-narrow", narrow}} {
		suffix, width := shape.suffix, shape.width
		all = append(all,
			workload{name: "SplineForward" + suffix, prepare: spline((*kernels.Tier).SplineForward, width), bytes: 4 * (2 + 23)},
			workload{name: "SplineInverse" + suffix, prepare: spline((*kernels.Tier).SplineInverse, width), bytes: 4 * (2 + 23)},
			workload{name: "SplineForwardBackward" + suffix, prepare: splineBackward((*kernels.Tier).SplineForwardBackward, width), bytes: 4 * (3 + 46)},
			workload{name: "SplineInverseBackward" + suffix, prepare: splineBackward((*kernels.Tier).SplineInverseBackward, width), bytes: 4 * (3 + 46)})
	}
	return all
}

// eightBins is the spline that is measured: of 23 parameters.
var eightBins = kernels.Spline{Bins: 8, Bound: 3, MinWidth: 1e-3, MinHeight: 1e-3, MinSlope: 1e-3, SlopeBeta: 1}

func spline(kernel func(t *kernels.Tier, y, x, params kernels.Matrix, logDet []float32, s kernels.Spline), width int) func(n int) (func(t *kernels.Tier), int) {
	return func(n int) (func(t *kernels.Tier), int) {
		x, y := matrix(n, 1, width), matrix(n, 1, width)
		blocks := eightBins.Blocks()
		params := kernels.Dense(fill(blocks*len(x.Data), 2, 2), x.Rows, blocks*width)
		logDet := make([]float32, x.Rows)
		return func(t *kernels.Tier) { kernel(t, y, x, params, logDet, eightBins) }, len(x.Data)
	}
}

func splineBackward(kernel func(t *kernels.Tier, dx, dparams, x, params, dy kernels.Matrix, dLogDet []float32, s kernels.Spline), width int) func(n int) (func(t *kernels.Tier), int) {
	return func(n int) (func(t *kernels.Tier), int) {
		x, dy, dx := matrix(n, 1, width), matrix(n, 2, width), matrix(n, 3, width)
		blocks := eightBins.Blocks()
		params := kernels.Dense(fill(blocks*len(x.Data), 4, 2), x.Rows, blocks*width)
		dparams := kernels.Dense(make([]float32, blocks*len(x.Data)), x.Rows, blocks*width)
		dLogDet := fill(x.Rows, 5, 1)
		return func(t *kernels.Tier) { kernel(t, dx, dparams, x, params, dy, dLogDet, eightBins) }, len(x.Data)
	}
}

func affine(kernel func(t *kernels.Tier, y, x, params kernels.Matrix, logDet []float32, m kernels.ScaleMap), width int, m kernels.ScaleMap) func(n int) (func(t *kernels.Tier), int) {
	return func(n int) (func(t *kernels.Tier), int) {
		x, y := matrix(n, 1, width), matrix(n, 1, width)
		params := kernels.Dense(fill(2*len(x.Data), 2, 2), x.Rows, 2*width)
		logDet := make([]float32, x.Rows)
		return func(t *kernels.Tier) { kernel(t, y, x, params, logDet, m) }, len(x.Data)
	}
}

func affineBackward(kernel func(t *kernels.Tier, dx, dparams, x, params, dy kernels.Matrix, dLogDet []float32, m kernels.ScaleMap), width int, m kernels.ScaleMap) func(n int) (func(t *kernels.Tier), int) {
	return func(n int) (func(t *kernels.Tier), int) {
		x, dy, dx := matrix(n, 1, width), matrix(n, 2, width), matrix(n, 3, width)
		params := kernels.Dense(fill(2*len(x.Data), 4, 2), x.Rows, 2*width)
		dparams := kernels.Dense(make([]float32, 2*len(x.Data)), x.Rows, 2*width)
		dLogDet := fill(x.Rows, 5, 1)
		return func(t *kernels.Tier) { kernel(t, dx, dparams, x, params, dy, dLogDet, m) }, len(x.Data)
	}
}
