package autograd

import (
	"encoding/json"

	"github.com/seed-192fdf7a/nf/internal/freelist"
	"github.com/seed-192fdf7a/nf/internal/strictjson"
	"github.com/seed-192fdf7a/nf/kernels"
)

// Scalar is an increasing map y = f(x; p) of one value, stated in float64: the
// short way to a [Univariate], which [Widen] makes of it. A kernel can take its
// place later, under the same name in files.
type Scalar interface {
	// ParametersPerElement is the length of p.
	ParametersPerElement() int
	// Forward returns y and log dy/dx.
	Forward(x float64, p []float64) (y, logDet float64)
	// Inverse returns x and log dx/dy; it may iterate.
	Inverse(y float64, p []float64) (x, logDet float64)
	// Backward returns dx and sets dp, given those of Forward's two results.
	Backward(dp []float64, x float64, p []float64, dy, dLogDet float64) (dx float64)
}

// Widen makes a univariate of a scalar map, a pointer to plain data, whose
// fields are its constants in files. It computes value by value in float64 and
// rounds the results.
func Widen[S any, P interface {
	*S
	Scalar
}](of P) *Widened[S, P] {
	return &Widened[S, P]{of}
}

// Widened is the [Univariate] of a [Scalar].
type Widened[S any, P interface {
	*S
	Scalar
}] struct{ Of P }

// MarshalJSON writes the constants of the scalar map.
func (w *Widened[S, P]) MarshalJSON() ([]byte, error) { return json.Marshal(w.Of) }

// UnmarshalJSON reads them.
func (w *Widened[S, P]) UnmarshalJSON(text []byte) error {
	w.Of = new(S)
	_, err := strictjson.Decode(text, w.Of)
	return err
}

// Check tells what is wrong with the constants, if the map can.
func (w *Widened[S, P]) Check() error {
	if c, ok := any(w.Of).(interface{ Check() error }); ok {
		return c.Check()
	}
	return nil
}

// ParametersPerElement implements [Univariate].
func (w *Widened[S, P]) ParametersPerElement() int { return w.Of.ParametersPerElement() }

// Forward64 implements [Univariate].
func (w *Widened[S, P]) Forward64(x float64, p []float64) (y, logDet float64) {
	return w.Of.Forward(x, p)
}

// Inverse64 implements [Univariate].
func (w *Widened[S, P]) Inverse64(y float64, p []float64) (x, logDet float64) {
	return w.Of.Inverse(y, p)
}

// ForwardBackward64 implements [Univariate].
func (w *Widened[S, P]) ForwardBackward64(dp []float64, x, _ float64, p []float64, dy, dLogDet float64) (dx float64) {
	return w.Of.Backward(dp, x, p, dy, dLogDet)
}

// InverseBackward64 implements [Univariate] by the implicit function: with l =
// log dy/dx and the gradient g = dx − dLogDet·∂l/∂x at x, dy = g/f′ and dp is
// that of the map for −dy and −dLogDet.
func (w *Widened[S, P]) InverseBackward64(dp []float64, x, _ float64, p []float64, dx, dLogDet float64) (dy float64) {
	slope := w.Of.Backward(dp, x, p, 1, 0)
	if slope == 0 {
		clear(dp)
		return 0
	}
	dy = (dx + w.Of.Backward(dp, x, p, 0, -dLogDet)) / slope
	w.Of.Backward(dp, x, p, -dy, -dLogDet)
	return dy
}

// Forward32 implements [Univariate].
func (w *Widened[S, P]) Forward32(y, x, params kernels.Matrix, logDet []float32) {
	widenRows(y, x, params, logDet, w.Of.ParametersPerElement(), w.Of.Forward)
}

// Inverse32 implements [Univariate].
func (w *Widened[S, P]) Inverse32(x, y, params kernels.Matrix, logDet []float32) {
	widenRows(x, y, params, logDet, w.Of.ParametersPerElement(), w.Of.Inverse)
}

// ForwardBackward32 implements [Univariate].
func (w *Widened[S, P]) ForwardBackward32(dx, dparams, x, y, params, dy kernels.Matrix, dLogDet []float32) {
	widenGradients(dx, dparams, x, y, params, dy, dLogDet, w.Of.ParametersPerElement(), w.ForwardBackward64)
}

// InverseBackward32 implements [Univariate].
func (w *Widened[S, P]) InverseBackward32(dy, dparams, x, y, params, dx kernels.Matrix, dLogDet []float32) {
	widenGradients(dy, dparams, x, y, params, dx, dLogDet, w.Of.ParametersPerElement(), w.InverseBackward64)
}

// parameterSpace is room for the parameters of an element and their gradients.
var parameterSpace freelist.Slices[float64]

// widenRows maps values of any number of columns, whose parameters are blocks.
func widenRows(out, in, params kernels.Matrix, logDet []float32, per int, f func(float64, []float64) (float64, float64)) {
	space := parameterSpace.Borrow(per)
	defer parameterSpace.Return(space)
	p := (*space)[:per]
	for r := range logDet {
		into, from, sum := out.Row(r), in.Row(r), 0.0
		for c, v := range from {
			for j := range p {
				p[j] = float64(params.Row(r)[j*len(from)+c])
			}
			y, l := f(float64(v), p)
			into[c] = float32(y)
			sum += l
		}
		logDet[r] = float32(sum)
	}
}

// widenGradients differentiates them.
func widenGradients(dIn, dParams, x, y, params, dOut kernels.Matrix, dLogDet []float32, per int,
	f func(dp []float64, x, y float64, p []float64, d, dLogDet float64) float64) {
	space := parameterSpace.Borrow(2 * per)
	defer parameterSpace.Return(space)
	p, dp := (*space)[:per], (*space)[per:2*per]
	for r, l := range dLogDet {
		into, from, xs, ys := dIn.Row(r), dOut.Row(r), x.Row(r), y.Row(r)
		for c, d := range from {
			for j := range p {
				p[j] = float64(params.Row(r)[j*len(from)+c])
			}
			into[c] = float32(f(dp, float64(xs[c]), float64(ys[c]), p, float64(d), float64(l)))
			for j, d := range dp {
				dParams.Row(r)[j*len(from)+c] = float32(d)
			}
		}
	}
}
