package kernels

// SigmoidScale returns the scale map whose scale is σ(u + 2) + epsilon, where σ
// is the logistic function: of nflows' affine couplings by default and of
// normflows' MaskedAffineAutoregressive, both with an epsilon of 1e-3, and with 0
// of normflows' couplings with scale_map "sigmoid_inv", from latent to data.
// u = 0 is not the identity: the scale is 0.88 there. epsilon is from 0 to 1; with
// 0, a scale below the least float32 is 0, its log −Inf and its gradient NaN.
func SigmoidScale(epsilon float32) ScaleMap {
	return ScaleMap{reference: &sigmoidMap, constant: epsilon}
}

var sigmoidMap = scaleReference{
	name:        "sigmoid",
	hasConstant: true,
	check:       func(epsilon float32) error { return checkEpsilon("sigmoid", epsilon) },
	root:        sigmoidRoot,
}

func sigmoidRoot(u, epsilon, _ float32) (scale, slope float32) {
	y := sigmoidRef(u + 2)
	scale = y + epsilon
	return scale, fma32(-y, y, y) / scale
}
