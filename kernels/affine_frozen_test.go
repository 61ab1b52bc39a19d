package kernels

import (
	"encoding/binary"
	"hash/fnv"
	"math"
	"testing"
)

// TestFrozenAffineBits holds a hash of what the affine kernels of each scale
// map compute to a constant: the same on every processor, compiler and release.
// A change of a constant here changes the scores and samples of existing
// models.
func TestFrozenAffineBits(t *testing.T) {
	for _, c := range []struct {
		m    ScaleMap
		want uint64
	}{
		{TanhExpScale(1.5), 0x5a31ebcbdd5ed544},
		{ExpScale(), 0xb056334a49e84c53},
		{SoftclipScale(6.9077554), 0x19a66e9f213810ac},
		{SigmoidScale(1e-3), 0xb56afb947ace2ddd},
		{SoftplusScale(1e-3), 0x0b38bfec883c9734},
		{SigmoidReciprocalScale(), 0x982c276258034661},
	} {
		hash := fnv.New64a()
		add := func(vectors ...[]float32) {
			for _, v := range vectors {
				for _, x := range v {
					if x != x {
						x = float32(math.NaN()) // any NaN is hashed as the same
					}
					_ = binary.Write(hash, binary.LittleEndian, x)
				}
			}
		}
		for seed := range uint64(3) {
			for _, shape := range affineShapes {
				rows, cols := shape[0], shape[1]
				x, params, gradient, dLogDet := affineExample(seed, rows, cols)
				for i, u := range edgeValues[:min(len(edgeValues), len(params.Data)/3)] {
					params.Data[i*3] = u
				}
				out := Dense(make([]float32, rows*cols), rows, cols)
				dparams := Dense(make([]float32, 2*rows*cols), rows, 2*cols)
				logDet := make([]float32, rows)
				AffineForward(out, x, params, logDet, c.m)
				add(out.Data, logDet)
				AffineInverse(out, x, params, logDet, c.m)
				add(out.Data, logDet)
				AffineForwardBackward(out, dparams, x, params, gradient, dLogDet, c.m)
				add(out.Data, dparams.Data)
				AffineInverseBackward(out, dparams, x, params, gradient, dLogDet, c.m)
				add(out.Data, dparams.Data)
			}
		}
		if got := hash.Sum64(); got != c.want {
			t.Errorf("%v: hash of the results is %#016x, want %#016x", c.m, got, c.want)
		}
	}
}
