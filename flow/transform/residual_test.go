package transform

import (
	"math"
	"testing"
)

// TestResidualKnownAnswers is of blocks whose units are far on their straight
// side, a(u) = u/1.1, so that the map is a matrix: once of one that its norm
// leaves as it is, once of one that is divided by what its norm is too large.
func TestResidualKnownAnswers(t *testing.T) {
	const far = 400
	for _, c := range []struct {
		w, v []float64 // 2 x 2, v transposed
		want [4]float64
	}{
		{[]float64{0.5, 0.2, -0.1, 0.3}, []float64{0.4, -0.3, 0.2, 0.6}, [4]float64{0.5*0.4 - 0.1*0.2, 0.2*0.4 + 0.3*0.2, -0.5*0.3 - 0.1*0.6, -0.2*0.3 + 0.3*0.6}},
		{[]float64{3, 0, 0, 1}, []float64{0.5, 0, 0, -0.5}, [4]float64{0.8 * 0.5, 0, 0, -0.8 / 3 * 0.5}},
	} {
		m := residual{features: 2, hidden: 2, norm: 0.8}
		p := append(append(append([]float64(nil), c.w...), c.v...), far, far, 0, 0, 0)
		prepared := make([]float64, m.Prepared())
		m.Prepare(prepared, p)
		x, y, back := []float64{0.7, -1.2}, make([]float64, 2), make([]float64, 2)
		logDet := m.Forward(y, prepared, x)
		j := c.want
		for i := range j {
			j[i] /= 1.1
		}
		if want := math.Log((1+j[0])*(1+j[3]) - j[1]*j[2]); math.Abs(logDet-want) > 1e-12 {
			t.Errorf("log-det %v, want %v", logDet, want)
		}
		// A difference of two values leaves the shift out.
		other, z := []float64{0.2, 0.5}, make([]float64, 2)
		m.Forward(z, prepared, other)
		for i := range 2 {
			want := y[i] - (x[i] - other[i]) - j[2*i]*(x[0]-other[0]) - j[2*i+1]*(x[1]-other[1])
			if math.Abs(z[i]-want) > 1e-12*far {
				t.Errorf("value %d is %v, want %v", i, z[i], want)
			}
		}
		m.Inverse(back, prepared, y)
		for i := range x {
			if math.Abs(back[i]-x[i]) > 1e-11 {
				t.Errorf("value %d comes back as %v, was %v", i, back[i], x[i])
			}
		}
	}
}
