package kernels

// SoftplusScale returns the scale map whose scale is log(1 + eᵘ) + epsilon: of
// nflows' MaskedAffineAutoregressiveTransform, with an epsilon of 1e-3. u = 0 is
// not the identity: the scale is 0.69 there. epsilon is from 0 to 1; with 0, a
// scale below the least float32 is 0, its log −Inf and its gradient NaN.
func SoftplusScale(epsilon float32) ScaleMap {
	return ScaleMap{reference: &softplusMap, constant: epsilon}
}

var softplusMap = scaleReference{
	name:        "softplus",
	hasConstant: true,
	check:       func(epsilon float32) error { return checkEpsilon("softplus", epsilon) },
	root:        softplusRoot,
}

func softplusRoot(u, epsilon, _ float32) (scale, slope float32) {
	scale = softplusRef(u) + epsilon
	return scale, sigmoidRef(u) / scale
}
