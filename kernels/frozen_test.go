package kernels

import (
	"encoding/binary"
	"hash/fnv"
	"math"
	"testing"
)

// TestFrozenBits holds a hash of many results, computed by the reference and by
// the float64 twins, to a constant: the same on every processor, compiler and
// release. A change of a constant here changes the scores and samples of
// existing models.
func TestFrozenBits(t *testing.T) {
	hash := fnv.New64a()
	sum := func() uint64 {
		s := hash.Sum64()
		hash.Reset()
		return s
	}
	var bytes [8]byte
	// Any NaN is hashed as the same.
	add32 := func(x float32) {
		if x != x {
			x = float32(math.NaN())
		}
		_, _ = hash.Write(binary.LittleEndian.AppendUint32(bytes[:0], math.Float32bits(x)))
	}
	add64 := func(x float64) {
		if x != x {
			x = math.NaN()
		}
		_, _ = hash.Write(binary.LittleEndian.AppendUint64(bytes[:0], math.Float64bits(x)))
	}
	sweep32 := func(f func(float32) float32) func() {
		return func() {
			for bits := uint64(0); bits < 1<<32; bits += 65521 {
				add32(f(math.Float32frombits(uint32(bits))))
			}
		}
	}
	sweep64 := func(f func(float64) float64) func() {
		return func() {
			for bits := uint64(0x3e00_0000_0000_0000); bits < 0x40a0_0000_0000_0000; bits += 0x00_0001_2345_6789_ab {
				x := math.Float64frombits(bits)
				add64(f(x))
				add64(f(-x))
			}
		}
	}
	for _, c := range []struct {
		name string
		fill func()
		want uint64
	}{
		{"Exp", sweep32(expRef), 0x6eabd9445698d29b},
		{"Log", sweep32(logRef), 0xd348f5f5ead7b628},
		{"Tanh", sweep32(tanhRef), 0x5013429b5a6cb37a},

		{"Sigmoid", sweep32(sigmoidRef), 0x887973b328208a89},
		{"Softplus", sweep32(softplusRef), 0xc07569d20236316d},
		{"LogSigmoid", sweep32(logSigmoidRef), 0x9ae16de1ab9e446f},
		{"Expm1", sweep32(expm1Ref), 0xadd758598ea08469},
		{"Log1p", sweep32(log1pRef), 0x73505e3faa9184e8},
		{"SiLU", sweep32(siluRef), 0x4bbdde2924bd2229},
		{"SiLU slope", sweep32(siluSlopeRef), 0x8bf8f35eef20c5f9},

		{"Sin2Pi", sweep32(sin2PiRef), 0x2b79ee2bf5a122c2},
		{"Cos2Pi", sweep32(cos2PiRef), 0xe3c6f668c58dcd9f},

		{"Erf", sweep32(erfRef), 0x134f88b949de2a1b},
		{"NormalCDF", sweep32(normalCDFRef), 0x3d1c997c5b9a90cf},
		{"NormalQuantile", sweep32(normalQuantileRef), 0xb80285956aa466d0},
		{"GELU", sweep32(geluRef), 0x77ab89e5fbedb187},

		{"NormalRows", func() {
			v := make([]float32, 7*37)
			NormalRows(v, 37, 7, 1, 2, 3)
			for _, x := range v {
				add32(x)
			}
		}, 0xfa53597294ab3034},

		{"row kernels", func() {
			const rows, cols = 9, 37
			x, y, row := Dense(make([]float32, rows*cols), rows, cols), Dense(make([]float32, rows*cols), rows, cols), make([]float32, rows)
			NormalRows(x.Data, cols, rows, 4, 5, 6)
			add := func(v []float32) {
				for _, x := range v {
					add32(x)
				}
			}
			Softmax(y, x)
			add(y.Data)
			SoftmaxBackward(y, y, x)
			add(y.Data)
			LogSoftmax(y, x)
			add(y.Data)
			LogSoftmaxBackward(y, y, x)
			add(y.Data)
			LogSumExp(row, x)
			add(row)
			RowDots(row, x, y)
			add(row)
			RowMoments(row, y.Data[:rows], x)
			add(row)
			add(y.Data[:rows])
			LeakyReLU(y.Data, x.Data, 0.01)
			add(y.Data)
		}, 0xc5ba37c7f7b1c334},
		{"AdamW", func() {
			const n = 37
			p, m, v, g := make([]float32, n), make([]float32, n), make([]float32, n), make([]float32, n)
			for step := range 3 {
				NormalRows(g, n, 1, 7, 8, uint64(step))
				Adam(p, m, v, g, AdamStep{LearningRate: 0.01, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, Correction1: 0.1, Correction2: 0.01, GradientScale: 0.5, WeightDecay: 0.1})
			}
			for _, x := range p {
				add32(x)
			}
		}, 0xc0a732da60320f04},

		{"Exp64", sweep64(Exp64), 0x445bcca9784f64d0},
		{"Log64", sweep64(Log64), 0x2f699dc144ecf1b3},
		{"Tanh64", sweep64(Tanh64), 0x49e02ed5f133688d},
		{"SinCos2Pi64 sin", sweep64(func(u float64) float64 { s, _ := SinCos2Pi64(u); return s }), 0x585d31fbbcfdc6b1},
		{"SinCos2Pi64 cos", sweep64(func(u float64) float64 { _, c := SinCos2Pi64(u); return c }), 0xb1acf53dff9aa691},

		{"Sigmoid64", sweep64(Sigmoid64), 0x524ac44035bac970},
		{"Softplus64", sweep64(Softplus64), 0x2da80d7a6368bafa},
	} {
		c.fill()
		if got := sum(); got != c.want {
			t.Errorf("%s: hash of the results is %#016x, want %#016x", c.name, got, c.want)
		}
	}
}
