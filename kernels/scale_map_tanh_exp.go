package kernels

import "fmt"

// TanhExpScale returns the scale map s = bound·tanh(u/bound) (a bounded form of
// Dinh, Sohl-Dickstein and Bengio, "Density estimation using Real NVP", 2017).
// u = 0 is the identity, and no scale leaves [e^−bound, e^bound]. u/bound is
// computed as u times the float32 nearest to 1/bound. bound is above 0.
func TanhExpScale(bound float32) ScaleMap {
	return ScaleMap{&tanhExpMap, bound, 1 / bound}
}

var tanhExpMap = scaleReference{
	name:        "tanh-exp",
	hasConstant: true,
	exponential: true,
	check: func(bound float32) error {
		if !(bound > 0) {
			return fmt.Errorf("the bound of a tanh-exp scale map is %v, must be greater than 0", bound)
		}
		return nil
	},
	root: tanhExpRoot,
}

func tanhExpRoot(u, bound, reciprocal float32) (s, slope float32) {
	th := tanhRef(float32(u * reciprocal))
	return float32(bound * th), fma32(-th, th, 1)
}
