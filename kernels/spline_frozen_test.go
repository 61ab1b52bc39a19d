package kernels

import (
	"encoding/binary"
	"hash/fnv"
	"math"
	"testing"
)

// TestFrozenSplineBits holds a hash of what the spline kernels of each rule
// compute to a constant: the same on every processor, compiler and release. A
// change of a constant here changes the scores and samples of existing models.
func TestFrozenSplineBits(t *testing.T) {
	want := map[string]uint64{
		"nflows":        0x069edda8c2ff9729,
		"identity":      0x9f2d6d7bad69b879,
		"circular":      0x2555aef0b44fee31,
		"zuko":          0x5186a424e2f4fa69,
		"zuko circular": 0x1fc4dbed52cb623c,
	}
	for name, s := range splineRules(8) {
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
		for seed, shape := range splineShapes {
			rows, cols := shape[0], shape[1]
			x, params, gradient, dLogDet := splineExample(uint64(seed), rows, cols, s)
			out := Dense(make([]float32, rows*cols), rows, cols)
			dparams := Dense(make([]float32, s.Blocks()*rows*cols), rows, s.Blocks()*cols)
			logDet := make([]float32, rows)
			SplineForward(out, x, params, logDet, s)
			add(out.Data, logDet)
			SplineInverse(out, x, params, logDet, s)
			add(out.Data, logDet)
			SplineForwardBackward(out, dparams, x, params, gradient, dLogDet, s)
			add(out.Data, dparams.Data)
			SplineInverseBackward(out, dparams, x, params, gradient, dLogDet, s)
			add(out.Data, dparams.Data)
		}
		if got := hash.Sum64(); got != want[name] {
			t.Errorf("%s: hash of the results is %#016x, want %#016x", name, got, want[name])
		}
	}
}
