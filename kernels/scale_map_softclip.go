package kernels

import (
	"fmt"
	"math"
)

// SoftclipScale returns the scale map s = u/(1 + |u/clip|) of zuko, whose clip
// is |ln slope|. u = 0 is the identity, and no scale leaves [e^−clip, e^clip];
// u of ±Inf gives these. u/clip is computed as u times the float32 nearest to
// 1/clip. clip is from 1e-6 to 1e6.
func SoftclipScale(clip float32) ScaleMap {
	return ScaleMap{&softclipMap, clip, 1 / clip}
}

var softclipMap = scaleReference{
	name:        "softclip",
	hasConstant: true,
	exponential: true,
	check: func(clip float32) error {
		if !(clip >= 1e-6 && clip <= 1e6) {
			return fmt.Errorf("the clip of a softclip scale map is %v, must be from 1e-6 to 1e6", clip)
		}
		return nil
	},
	root: softclipRoot,
}

// softclipLargest is so large that s is clip there, and so small that nothing
// overflows.
const softclipLargest = 0x1p99

func softclipRoot(u, _, reciprocal float32) (s, slope float32) {
	if u > softclipLargest {
		u = softclipLargest
	}
	if u < -softclipLargest {
		u = -softclipLargest
	}
	d := fma32(float32(math.Abs(float64(u))), reciprocal, 1)
	q := 1 / d
	return u / d, float32(q * q)
}
