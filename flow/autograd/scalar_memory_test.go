package autograd

import (
	"testing"

	"github.com/seed-192fdf7a/nf/kernels"
)

// TestIteratedUnivariatesAllocateNothing runs both directions and their
// gradients of the univariates whose inverse iterates, once warm.
func TestIteratedUnivariatesAllocateNothing(t *testing.T) {
	for name, u := range map[string]Univariate{
		"mixture":        &LogisticMixture{Components: 5, Bound: 2, Weights: true},
		"integral":       Widen(&MonotoneNetwork{Hidden: 3, Quadrature: GaussLegendre, Points: 8, Bound: 3, MinSlope: 1e-3, Tolerance: 1e-12}),
		"bernstein":      Widen(&Bernstein{Degree: 6, Bound: 3, MinSlope: 1e-3, Tolerance: 1e-12}),
		"sum-of-squares": Widen(&SumOfSquares{Degree: 2, Scale: 3, MinSlope: 1e-3, Tolerance: 1e-12}),
		"bounded":        Widen(&BoundedBernstein{Parameters: 6, Bound: 3, Tolerance: 1e-12}),
		"dense":          Widen(&DenseSigmoidal{Hidden: 3, Layers: 3, Bound: 2, Tolerance: 1e-12}),
		"neural":         Widen(&MonotonicMLP{Hidden: []int{3, 2}, Tolerance: 1e-12}),
		"integrand":      Widen(&IntegralMLP{Hidden: []int{3}, Quadrature: GaussLegendre, Points: 8, Tolerance: 1e-12}),
		"squared":        Widen(&SquaredPolynomials{Polynomials: 3, Degree: 2, Scale: 3, MinSlope: 1e-3, Tolerance: 1e-12}),
	} {
		const rows, cols = 9, 3
		per := u.ParametersPerElement() * cols
		x, params := mixtureCase(&LogisticMixture{Components: u.ParametersPerElement(), Bound: 1}, rows, cols, false)
		params = kernels.Dense(params.Data[:rows*per], rows, per)
		y, dx := kernels.Dense(make([]float32, rows*cols), rows, cols), kernels.Dense(make([]float32, rows*cols), rows, cols)
		dp := kernels.Dense(make([]float32, rows*per), rows, per)
		l := make([]float32, rows)
		run := func() {
			u.Forward32(y, x, params, l)
			u.Inverse32(dx, y, params, l)
			u.ForwardBackward32(dx, dp, x, y, params, x, l)
			u.InverseBackward32(dx, dp, x, y, params, x, l)
		}
		run()
		if n := testing.AllocsPerRun(10, run); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
