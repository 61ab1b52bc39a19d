package kernels

// ExpScale returns the scale map s = u: normflows' scale_map "exp", the scale_fn
// of SurVAE flows, and Masked Autoregressive Flow (Papamakarios et al., 2017).
// u = 0 is the identity. Scales have no bound.
func ExpScale() ScaleMap { return ScaleMap{reference: &expMap} }

var expMap = scaleReference{
	name:        "exp",
	exponential: true,
	root:        expRoot,
}

func expRoot(u, _, _ float32) (s, slope float32) { return u, 1 }
