package autograd

import (
	"fmt"
	"math"
)

// CheckTolerance tells whether t can end the iterations of an inverse.
func CheckTolerance(t float64) error {
	if !(t >= 1e-15 && t <= 1e-3) {
		return fmt.Errorf("the tolerance of the inverse is %v, want 1e-15 to 1e-3", t)
	}
	return nil
}

// solveSteps bounds the steps of Solve: a bracket that is halved by each ends
// before.
const solveSteps = 200

// Solve returns the x between low and high at which an increasing f is y, by
// Newton's method within a bracket: its last step is below the tolerance times
// 1 + |x|.
func Solve(y, low, high, tolerance float64, f func(x float64) (y, slope float64)) float64 {
	x := float64(0.5 * (low + high))
	if !(low < high) {
		return x
	}
	for range solveSteps {
		at, slope := f(x)
		excess := at - y
		if excess > 0 {
			high = x
		} else {
			low = x
		}
		next := x - excess/slope
		if !(next >= low && next <= high) {
			next = float64(0.5*low) + float64(0.5*high)
		}
		if math.Abs(next-x) <= float64(tolerance*(1+math.Abs(x))) {
			return next
		}
		x = next
	}
	return x
}
