package kernels

// SigmoidReciprocalScale returns the scale map whose scale is 1/σ(u + 2), or
// 1 + e^−(u+2), where σ is the logistic function: of normflows' couplings with
// scale_map "sigmoid", from latent to data (after Glow: Kingma and Dhariwal,
// 2018). u = 0 is not the identity: the scale is 1.14 there. Scales are above 1;
// below u = −90 the scale stays at 1 + e^88, so that it is finite.
func SigmoidReciprocalScale() ScaleMap { return ScaleMap{reference: &sigmoidReciprocalMap} }

var sigmoidReciprocalMap = scaleReference{
	name: "sigmoid-reciprocal",
	root: sigmoidReciprocalRoot,
}

// sigmoidReciprocalLargest is the largest exponent of sigmoidReciprocalRoot.
const sigmoidReciprocalLargest = 88

func sigmoidReciprocalRoot(u, _, _ float32) (scale, slope float32) {
	v := -2 - u
	if v > sigmoidReciprocalLargest {
		v = sigmoidReciprocalLargest
	}
	e := expRef(v)
	scale = 1 + e
	return scale, -(e / scale)
}
