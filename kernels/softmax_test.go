package kernels

import (
	"math"
	"math/rand/v2"
	"testing"
)

// ulpOf returns the distance between neighbouring float32 at x, at least that
// of the smallest normal numbers.
func ulpOf(x float64) float64 {
	_, exponent := math.Frexp(x)
	return math.Ldexp(1, max(exponent, -125)-24)
}

// TestSoftmaxAccuracy holds Softmax, LogSoftmax and LogSumExp to float64, with
// the bounds that their comments promise.
func TestSoftmaxAccuracy(t *testing.T) {
	for _, tier := range Tiers() {
		random := rand.New(rand.NewPCG(11, 1))
		worst, worstLog, worstSum := 0.0, 0.0, 0.0
		for _, cols := range []int{1, 2, 3, 7, 16, 17, 40, 100} {
			for _, scale := range []float64{0.1, 1, 5, 20} {
				const rows = 40
				src := Dense(make([]float32, rows*cols), rows, cols)
				offset := random.NormFloat64() * 10 * scale
				for i := range src.Data {
					src.Data[i] = float32(random.NormFloat64()*scale + offset)
				}
				soft, logSoft := Dense(make([]float32, rows*cols), rows, cols), Dense(make([]float32, rows*cols), rows, cols)
				sums := make([]float32, rows)
				tier.Softmax(soft, src)
				tier.LogSoftmax(logSoft, src)
				tier.LogSumExp(sums, src)
				for r := range rows {
					m, sum := math.Inf(-1), 0.0
					for _, x := range src.Row(r) {
						m = max(m, float64(x))
					}
					for _, x := range src.Row(r) {
						sum += math.Exp(float64(x) - m)
					}
					logSum, sumError := math.Log(sum), 0x1p-23*(2+float64(cols)/32)
					errorOf := math.Abs(float64(sums[r])-(m+logSum)) / (ulpOf(m+logSum) + sumError)
					worstSum = max(worstSum, errorOf)
					for c, x := range src.Row(r) {
						below := m - float64(x)
						want := math.Exp(-below) / sum
						worst = max(worst, math.Abs(float64(soft.Row(r)[c])-want)/(ulpOf(want)*(3+below+float64(cols)/16)))
						want = -below - logSum
						worstLog = max(worstLog, math.Abs(float64(logSoft.Row(r)[c])-want)/(ulpOf(want)+ulpOf(below)/2+sumError))
					}
				}
			}
		}
		t.Logf("%s: largest error over its bound: Softmax %.3f, LogSoftmax %.3f, LogSumExp %.3f", tier.Name(), worst, worstLog, worstSum)
		if worst > 1 || worstLog > 1 || worstSum > 1 {
			t.Errorf("%s: an error is beyond its bound", tier.Name())
		}
	}
}

// TestSoftmaxSpecialValues pins the rules for infinities, NaN, zeros and
// numbers whose exponentials overflow.
func TestSoftmaxSpecialValues(t *testing.T) {
	nan, inf, minusZero := float32(math.NaN()), float32(math.Inf(1)), float32(math.Copysign(0, -1))
	third, logThird := float32(1)/3, float32(-math.Log(3))
	for _, c := range []struct {
		name                string
		row                 []float32
		logSumExp           float32
		softmax, logSoftmax []float32
	}{
		{"zero", []float32{0}, 0, []float32{1}, []float32{0}},
		{"minus zero", []float32{minusZero}, 0, []float32{1}, []float32{0}},
		{"zeros of both signs", []float32{minusZero, 0}, 0x1.62e430p-1, []float32{0.5, 0.5}, []float32{-0x1.62e430p-1, -0x1.62e430p-1}},
		{"large", []float32{1000, -1000}, 1000, []float32{1, 0}, []float32{0, -2000}},
		{"largest", []float32{math.MaxFloat32, -math.MaxFloat32}, math.MaxFloat32, []float32{1, 0}, []float32{0, -inf}},
		{"equal", []float32{-200, -200, -200}, float32(-200 + math.Log(3)), []float32{third, third, third}, []float32{logThird, logThird, logThird}},
		{"-Inf beside numbers", []float32{-inf, 3, -inf}, 3, []float32{0, 1, 0}, []float32{-inf, 0, -inf}},
		{"only -Inf", []float32{-inf, -inf}, -inf, []float32{nan, nan}, []float32{nan, nan}},
		{"+Inf", []float32{1, inf, 200}, inf, []float32{nan, nan, nan}, []float32{nan, nan, nan}},
		{"both infinities", []float32{-inf, inf}, inf, []float32{nan, nan}, []float32{nan, nan}},
		{"NaN first", []float32{nan, 1, 2}, nan, []float32{nan, nan, nan}, []float32{nan, nan, nan}},
		{"NaN last", []float32{inf, 1, nan}, nan, []float32{nan, nan, nan}, []float32{nan, nan, nan}},
		{"only NaN", []float32{nan}, nan, []float32{nan}, []float32{nan}},
		{"NaN and -Inf", []float32{-inf, nan}, nan, []float32{nan, nan}, []float32{nan, nan}},
	} {
		for _, tier := range Tiers() {
			// The row by itself, and after 0 to 32 columns of −Inf, which give
			// nothing, so that every value is in every lane.
			for before := range 33 {
				row := make([]float32, before, before+len(c.row))
				for i := range row {
					row[i] = -inf
				}
				row = append(row, c.row...)
				sum, soft := make([]float32, 1), make([]float32, len(row))
				tier.LogSumExp(sum, Dense(row, 1, len(row)))
				expectBits(t, tier.Name()+" LogSumExp of "+c.name, sum, []float32{c.logSumExp})
				tier.Softmax(Dense(soft, 1, len(row)), Dense(row, 1, len(row)))
				expectBits(t, tier.Name()+" Softmax of "+c.name, soft[before:], c.softmax)
				tier.LogSoftmax(Dense(soft, 1, len(row)), Dense(row, 1, len(row)))
				expectBits(t, tier.Name()+" LogSoftmax of "+c.name, soft[before:], c.logSoftmax)
			}
		}
	}
	for _, tier := range Tiers() {
		sums := []float32{1, 2}
		tier.LogSumExp(sums, Matrix{Rows: 2})
		expectBits(t, tier.Name()+" LogSumExp of empty rows", sums, []float32{-inf, -inf})
	}
}

// TestSoftmaxBackward holds the derivatives to differences of the functions, in
// float64.
func TestSoftmaxBackward(t *testing.T) {
	const cols, step = 21, 1e-6
	random := rand.New(rand.NewPCG(12, 1))
	x, dy := make([]float64, cols), make([]float32, cols)
	x32 := make([]float32, cols)
	for i := range x {
		x32[i], dy[i] = float32(random.NormFloat64()), float32(random.NormFloat64())
		x[i] = float64(x32[i])
	}
	// loss is Σ_c dy[c]·softmax(x)[c], or of its log.
	loss := func(x []float64, logarithm bool) float64 {
		var sum, total float64
		for _, v := range x {
			sum += math.Exp(v)
		}
		for c, v := range x {
			if logarithm {
				total += float64(dy[c]) * (v - math.Log(sum))
			} else {
				total += float64(dy[c]) * math.Exp(v) / sum
			}
		}
		return total
	}
	derivative := func(c int, logarithm bool) float64 {
		up, down := append([]float64(nil), x...), append([]float64(nil), x...)
		up[c] += step
		down[c] -= step
		return (loss(up, logarithm) - loss(down, logarithm)) / (2 * step)
	}
	for _, tier := range Tiers() {
		y, dx := make([]float32, cols), make([]float32, cols)
		row := func(v []float32) Matrix { return Dense(v, 1, cols) }
		tier.Softmax(row(y), row(x32))
		tier.SoftmaxBackward(row(dx), row(y), row(dy))
		for c := range dx {
			near(t, tier.Name()+" SoftmaxBackward", float64(dx[c]), derivative(c, false), 1e-6)
		}
		tier.LogSoftmax(row(y), row(x32))
		tier.LogSoftmaxBackward(row(dx), row(y), row(dy))
		for c := range dx {
			near(t, tier.Name()+" LogSoftmaxBackward", float64(dx[c]), derivative(c, true), 1e-5)
		}
	}
}
