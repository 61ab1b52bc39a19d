package transform

import (
	"fmt"
	"math"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/internal/freelist"
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
)

// ResidualSpec describes an invertible residual block (i-ResNet: Behrmann et al.,
// 2019; residual flows: Chen, Behrmann, Duvenaud and Jacobsen, 2019), whose
// network of one hidden layer changes no distance by more than L times:
//
//	z = x + g(x)      g(x) = V·a(W·x + b) + c      log-det = log det(I + V·diag(a′)·W)
//	a(u) = u·σ(β·u)/1.1 (LipSwish), β = softplus of a parameter
//
// W and V are what two matrices of parameters become when each is divided by what
// its spectral norm is above √L. The inverse is the fixed point of x = z − g(x).
//
// The papers' networks are deep and of images, where the log-det is a series of
// traces that are estimated; here it is the determinant itself, of D³/3 + H·D²
// operations: exact, without noise in training, and for tables less work than the
// series.
type ResidualSpec struct {
	// Hidden is H, the number of hidden units.
	Hidden int `json:"hidden"`
	// Lipschitz is L, below 1.
	Lipschitz float64 `json:"lipschitz"`
}

const (
	maxResidualFeatures = 128
	maxResidualHidden   = 1024
)

// Check implements [Spec].
func (s *ResidualSpec) Check(shape Shape, _ int) error {
	switch {
	case s.Hidden < 1 || s.Hidden > maxResidualHidden:
		return fmt.Errorf("residual: %d hidden units, want 1 to %d", s.Hidden, maxResidualHidden)
	case !(s.Lipschitz >= 0.01 && s.Lipschitz <= 0.99):
		return fmt.Errorf("residual: the Lipschitz constant is %v, want 0.01 to 0.99", s.Lipschitz)
	case shape.Features > maxResidualFeatures:
		return fmt.Errorf("residual: %d features, whose determinants take too long: want at most %d", shape.Features, maxResidualFeatures)
	}
	return nil
}

// Output implements [Spec].
func (s *ResidualSpec) Output(in Shape, _ bool) Shape { return in }

// Build implements [Spec]: the parameter is [W | Vᵀ | b | c | β's], the first two
// H rows over data columns. It begins with V = 0, as the identity.
func (s *ResidualSpec) Build(shape Shape, _ int, scope autograd.Scope) Transform {
	d := shape.Features
	m := residual{d, s.Hidden, math.Sqrt(s.Lipschitz)}
	return newRowTransform(m, scope.New("constant", 1, m.size()), scope, func(values []float32, seed uint64) {
		random.Uniform(values[:m.matrix()], seed, random.Initialization, 0, float32(1/math.Sqrt(float64(d))))
		random.Uniform(values[2*m.matrix():][:m.hidden], seed, random.Initialization, 1, 1)
	})
}

// residual prepares W, Vᵀ, b and c, β and its derivative, and of each matrix
// what [residual.normalize] keeps.
type residual struct {
	features, hidden int
	norm             float64 // the largest of a matrix
}

func (m residual) matrix() int { return m.hidden * m.features }
func (m residual) size() int   { return 2*m.matrix() + m.hidden + m.features + 1 }
func (m residual) kept() int   { return 1 + m.hidden + m.features }

func (m residual) Prepared() int { return m.size() + 1 + 2*m.kept() }

type residualValues struct {
	w, v, b, c  []float64
	beta, slope float64
	ofW, ofV    []float64 // what normalize keeps
}

func (m residual) split(prepared []float64) residualValues {
	n := m.matrix()
	rest := prepared[2*n:]
	v := residualValues{w: prepared[:n], v: prepared[n : 2*n], b: rest[:m.hidden], c: rest[m.hidden:][:m.features]}
	rest = rest[m.hidden+m.features:]
	v.beta, v.slope = rest[0], rest[1]
	v.ofW, v.ofV = rest[2:][:m.kept()], rest[2+m.kept():]
	return v
}

func (m residual) Prepare(prepared, p []float64) {
	copy(prepared, p)
	v, n := m.split(prepared), m.matrix()
	last := p[len(p)-1]
	rest := prepared[m.size()-1:]
	rest[0], rest[1] = kernels.Softplus64(last), kernels.Sigmoid64(last)
	m.normalize(v.ofW, prepared[:n])
	m.normalize(v.ofV, prepared[n:2*n])
}

// residualSpace is scratch memory.
var residualSpace freelist.Slices[float64]

// residualWork is what a row's computations need.
type residualWork struct {
	space               *[]float64
	a, slope, bend      []float64 // of each hidden unit: a, a′ and a″
	byBeta, slopeByBeta []float64 // the derivatives of a and a′ by β
	lu, inverse         []float64 // of I + J
	q, r, g             []float64 // room for H·D, H·D and H
	y                   []float64
}

func (m residual) work() residualWork {
	d, h, n := m.features, m.hidden, m.matrix()
	w := residualWork{space: residualSpace.Borrow(6*h + 2*d*d + 2*n + d)}
	rest := *w.space
	take := func(n int) (s []float64) {
		s, rest = rest[:n:n], rest[n:]
		return s
	}
	w.a, w.slope, w.bend, w.byBeta, w.slopeByBeta, w.g = take(h), take(h), take(h), take(h), take(h), take(h)
	w.lu, w.inverse, w.q, w.r, w.y = take(d*d), take(d*d), take(n), take(n), take(d)
	return w
}

func (w *residualWork) end() { residualSpace.Return(w.space) }

// units computes the hidden units at x, and with derivatives all of theirs.
func (m residual) units(w *residualWork, v *residualValues, x []float64, derivatives bool) {
	d := m.features
	const scale = 1 / 1.1
	for h := range m.hidden {
		u := v.b[h]
		for j, weight := range v.w[h*d:][:d] {
			u += float64(weight * x[j])
		}
		s := kernels.Sigmoid64(float64(v.beta * u))
		w.a[h] = float64(scale * float64(u*s))
		if !derivatives {
			continue
		}
		ds := float64(s * (1 - s))
		dds := float64(ds * (1 - float64(2*s)))
		bu := float64(v.beta * u)
		w.slope[h] = float64(scale * (s + float64(bu*ds)))
		w.bend[h] = float64(scale * float64(v.beta*(float64(2*ds)+float64(bu*dds))))
		w.byBeta[h] = float64(scale * float64(float64(u*u)*ds))
		w.slopeByBeta[h] = float64(scale * float64(u*(float64(2*ds)+float64(bu*dds))))
	}
}

// addOutput adds factor·g(x) to y.
func (m residual) addOutput(y []float64, w *residualWork, v *residualValues, factor float64) {
	d := m.features
	for i, c := range v.c {
		y[i] += float64(factor * c)
	}
	for h, a := range w.a {
		a = float64(factor * a)
		for i, weight := range v.v[h*d:][:d] {
			y[i] += float64(weight * a)
		}
	}
}

// factor sets lu to the triangular factors of I + J, which needs no pivots, since
// its symmetric part is positive, and returns log det.
func (m residual) factor(w *residualWork, v *residualValues) (logDet float64) {
	d := m.features
	clear(w.lu)
	for i := range d {
		w.lu[i*d+i] = 1
	}
	for h, slope := range w.slope {
		row := v.w[h*d:][:d]
		for i, out := range v.v[h*d:][:d] {
			out = float64(out * slope)
			into := w.lu[i*d:][:d]
			for j, weight := range row {
				into[j] += float64(out * weight)
			}
		}
	}
	for k := range d {
		pivot := w.lu[k*d:][:d]
		logDet += kernels.Log64(pivot[k])
		for i := k + 1; i < d; i++ {
			row := w.lu[i*d:][:d]
			row[k] /= pivot[k]
			f := row[k]
			for j := k + 1; j < d; j++ {
				row[j] -= float64(f * pivot[j])
			}
		}
	}
	return logDet
}

// invert sets inverse to that of I + J, from its factors.
func (m residual) invert(w *residualWork) {
	d := m.features
	column := w.y
	for c := range d {
		for i := range d {
			sum := 0.0
			if i == c {
				sum = 1
			}
			for k := range i {
				sum -= float64(w.lu[i*d+k] * column[k])
			}
			column[i] = sum
		}
		for i := d - 1; i >= 0; i-- {
			sum := column[i]
			for k := i + 1; k < d; k++ {
				sum -= float64(w.lu[i*d+k] * column[k])
			}
			column[i] = sum / w.lu[i*d+i]
			w.inverse[i*d+c] = column[i]
		}
	}
}

func (m residual) Forward(y, prepared, x []float64) (logDet float64) {
	v, w := m.split(prepared), m.work()
	defer w.end()
	m.units(&w, &v, x, true)
	copy(y, x)
	m.addOutput(y, &w, &v, 1)
	return m.factor(&w, &v)
}

// residualSteps bounds the steps to the fixed point.
const residualSteps = 4000

func (m residual) Inverse(x, prepared, y []float64) {
	v, w := m.split(prepared), m.work()
	defer w.end()
	copy(x, y)
	for range residualSteps {
		m.units(&w, &v, x, false)
		copy(w.y, y)
		m.addOutput(w.y, &w, &v, -1)
		far := false
		for i, next := range w.y {
			far = far || math.Abs(next-x[i]) > float64(1e-14*(1+math.Abs(next)))
			x[i] = next
		}
		if !far {
			return
		}
	}
}

func (m residual) Backward(dx, dp, prepared, x, dy []float64, dLogDet float64) {
	v, w := m.split(prepared), m.work()
	defer w.end()
	d, n := m.features, m.matrix()
	m.units(&w, &v, x, true)
	m.factor(&w, &v)
	m.invert(&w)
	dW, dV, dUnit := w.q, w.r, w.g
	var dBeta float64
	for h := range m.hidden {
		in, out := v.w[h*d:][:d], v.v[h*d:][:d]
		// With G = (I + J)⁻ᵀ: the rows V·G and G·W of this unit, and their product.
		var pull, both float64
		for i := range d {
			var throughV, throughW float64
			for j := range d {
				throughV += float64(out[j] * w.inverse[i*d+j])
				throughW += float64(in[j] * w.inverse[j*d+i])
			}
			pull += float64(out[i] * dy[i])
			both += float64(throughV * in[i])
			dW[h*d+i] = float64(float64(dLogDet*w.slope[h]) * throughV)
			dV[h*d+i] = float64(float64(dLogDet*w.slope[h])*throughW) + float64(w.a[h]*dy[i])
		}
		both = float64(dLogDet * both)
		dUnit[h] = float64(pull*w.slope[h]) + float64(both*w.bend[h])
		dBeta += float64(pull*w.byBeta[h]) + float64(both*w.slopeByBeta[h])
		for j := range d {
			dW[h*d+j] += float64(dUnit[h] * x[j])
		}
	}
	for i, v := range dy {
		dx[i] += v
	}
	for h, u := range dUnit {
		for j, weight := range v.w[h*d:][:d] {
			dx[j] += float64(u * weight)
		}
	}
	if dp == nil {
		return
	}
	m.addNormalized(dp[:n], dW, v.w, v.ofW)
	m.addNormalized(dp[n:2*n], dV, v.v, v.ofV)
	for h, u := range dUnit {
		dp[2*n+h] += u
	}
	for i, v := range dy {
		dp[2*n+m.hidden+i] += v
	}
	dp[len(dp)-1] += float64(dBeta * v.slope)
}

func (m residual) SolveTransposed(out, prepared, x, g []float64) {
	v, w := m.split(prepared), m.work()
	defer w.end()
	m.units(&w, &v, x, true)
	m.factor(&w, &v)
	m.invert(&w)
	d := m.features
	clear(out)
	for k, value := range g {
		for i := range d {
			out[i] += float64(w.inverse[k*d+i] * value)
		}
	}
}
