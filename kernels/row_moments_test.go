package kernels

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestRowDotsMinusZero has products that underflow to −0 in every lane. A tail
// that added +0 to the lanes after it would make the sum +0.
func TestRowDotsMinusZero(t *testing.T) {
	minusZero := float32(math.Copysign(0, -1))
	for cols := 20; cols <= 70; cols++ {
		a, b, y := make([]float32, cols), make([]float32, cols), make([]float32, cols)
		for c := range a {
			a[c], b[c] = 1e-30, -1e-30
		}
		for _, tier := range Tiers() {
			dot := []float32{1}
			tier.RowDots(dot, Dense(a, 1, cols), Dense(b, 1, cols))
			expectBits(t, tier.Name()+" RowDots", dot, []float32{minusZero})

			// −0 − −0 is +0, and so is 1e-30 times it. Lane 3 is +0 until column
			// 19 makes it −0.
			copy(y, a)
			b[3] = minusZero
			tier.SoftmaxBackward(Dense(y, 1, cols), Dense(y, 1, cols), Dense(b, 1, cols))
			expectBits(t, tier.Name()+" SoftmaxBackward", y[3:4], []float32{0})
			b[3] = -1e-30
		}
	}
}

// TestRowMomentsAccuracy holds dot products and moments to float64, also with a
// mean far above the standard deviation.
func TestRowMomentsAccuracy(t *testing.T) {
	const rows = 5
	for _, cols := range []int{1, 2, 3, 16, 75, 300} {
		for _, offset := range []float64{0, 1000} {
			random := rand.New(rand.NewPCG(13, uint64(cols)))
			a, b := Dense(make([]float32, rows*cols), rows, cols), Dense(make([]float32, rows*cols), rows, cols)
			for i := range a.Data {
				a.Data[i], b.Data[i] = float32(random.NormFloat64()+offset), float32(random.NormFloat64())
			}
			for _, tier := range Tiers() {
				mean, variance, dots := make([]float32, rows), make([]float32, rows), make([]float32, rows)
				tier.RowMoments(mean, variance, a)
				tier.RowDots(dots, a, b)
				for r := range rows {
					var sum, square, dot, size float64
					for c, x := range a.Row(r) {
						sum += float64(x)
						dot += float64(x) * float64(b.Row(r)[c])
						size += math.Abs(float64(x) * float64(b.Row(r)[c]))
					}
					sum /= float64(cols)
					for _, x := range a.Row(r) {
						square += (float64(x) - sum) * (float64(x) - sum)
					}
					square /= float64(cols)
					near(t, tier.Name()+" mean", float64(mean[r]), sum, 1e-6*(1+offset))
					// The rounding of the mean adds its square.
					near(t, tier.Name()+" variance", float64(variance[r]), square, 3e-6*square+1e-12*(1+offset)*(1+offset))
					near(t, tier.Name()+" dot", float64(dots[r]), dot, 2e-6*size)
				}
			}
		}
	}
}

// TestRowMomentsSpecialValues pins the rules for rows without columns and for
// infinities.
func TestRowMomentsSpecialValues(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, tier := range Tiers() {
		mean, variance := []float32{1, 1}, []float32{1, 1}
		tier.RowMoments(mean, variance, Matrix{Rows: 2})
		expectBits(t, tier.Name()+" mean of nothing", mean, []float32{nan, nan})
		expectBits(t, tier.Name()+" variance of nothing", variance, []float32{nan, nan})
		tier.RowMoments(mean, variance, Dense([]float32{1, inf, 2, 2}, 2, 2))
		expectBits(t, tier.Name()+" mean", mean, []float32{inf, 2})
		expectBits(t, tier.Name()+" variance", variance, []float32{nan, 0})
		dots := []float32{1, 1}
		tier.RowDots(dots, Matrix{Rows: 2}, Matrix{Rows: 2})
		expectBits(t, tier.Name()+" RowDots of nothing", dots, []float32{0, 0})
	}
}
