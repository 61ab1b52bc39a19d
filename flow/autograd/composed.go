package autograd

import (
	"fmt"

	"github.com/seed-192fdf7a/nf/internal/freelist"
	"github.com/seed-192fdf7a/nf/kernels"
)

// Composed is one univariate behind another, y = second(first(x)), whose
// log-dets add up. Its parameters are blocks of the first, then blocks of the
// second. Flow++ (Ho et al., 2019) puts an affine map behind a mixture.
type Composed struct {
	First  Univariate `json:"first"`
	Second Univariate `json:"second"`
}

// maxComposed bounds how deep compositions may lie in each other.
const maxComposed = 8

// Check tells what is wrong with the two.
func (c *Composed) Check() error { return c.check(1) }

func (c *Composed) check(depth int) error {
	if depth > maxComposed {
		return fmt.Errorf("more than %d compositions lie in each other", maxComposed)
	}
	for _, part := range []Univariate{c.First, c.Second} {
		if inner, ok := part.(*Composed); ok {
			if err := inner.check(depth + 1); err != nil {
				return err
			}
			continue
		}
		if err := CheckUnivariate(part); err != nil {
			return err
		}
	}
	return nil
}

// ParametersPerElement implements [Univariate], and so do the methods below.
func (c *Composed) ParametersPerElement() int {
	return c.First.ParametersPerElement() + c.Second.ParametersPerElement()
}

// split returns the blocks of the two in a matrix of parameters of w columns.
func (c *Composed) split(params kernels.Matrix, w int) (first, second kernels.Matrix) {
	first, second = params, params
	first.Cols = c.First.ParametersPerElement() * w
	second.Cols -= first.Cols
	if params.Rows > 0 {
		second.Data = params.Data[first.Cols:]
	}
	return first, second
}

// composedSpace is room for what lies between the two.
var composedSpace freelist.Slices[float32]

func (c *Composed) Forward32(y, x, params kernels.Matrix, logDet []float32) {
	first, second := c.split(params, x.Cols)
	room := composedSpace.Borrow(len(logDet))
	defer composedSpace.Return(room)
	more := (*room)[:len(logDet)]
	c.First.Forward32(y, x, first, logDet)
	c.Second.Forward32(y, y, second, more)
	kernels.Add(logDet, logDet, more)
}

func (c *Composed) Inverse32(x, y, params kernels.Matrix, logDet []float32) {
	first, second := c.split(params, y.Cols)
	room := composedSpace.Borrow(len(logDet))
	defer composedSpace.Return(room)
	more := (*room)[:len(logDet)]
	c.Second.Inverse32(x, y, second, logDet)
	c.First.Inverse32(x, x, first, more)
	kernels.Add(logDet, logDet, more)
}

// between computes what the first makes of x, in room that end gives back, and
// room for its gradient.
func (c *Composed) between(x, first kernels.Matrix) (v, dv kernels.Matrix, end func()) {
	n := x.Rows * x.Cols
	room := composedSpace.Borrow(2*n + x.Rows)
	v, dv = kernels.Dense((*room)[:n], x.Rows, x.Cols), kernels.Dense((*room)[n:2*n], x.Rows, x.Cols)
	c.First.Forward32(v, x, first, (*room)[2*n:2*n+x.Rows])
	return v, dv, func() { composedSpace.Return(room) }
}

func (c *Composed) ForwardBackward32(dx, dparams, x, y, params, dy kernels.Matrix, dLogDet []float32) {
	first, second := c.split(params, x.Cols)
	dFirst, dSecond := c.split(dparams, x.Cols)
	v, dv, end := c.between(x, first)
	defer end()
	c.Second.ForwardBackward32(dv, dSecond, v, y, second, dy, dLogDet)
	c.First.ForwardBackward32(dx, dFirst, x, v, first, dv, dLogDet)
}

func (c *Composed) InverseBackward32(dy, dparams, x, y, params, dx kernels.Matrix, dLogDet []float32) {
	first, second := c.split(params, x.Cols)
	dFirst, dSecond := c.split(dparams, x.Cols)
	v, dv, end := c.between(x, first)
	defer end()
	c.First.InverseBackward32(dv, dFirst, x, v, first, dx, dLogDet)
	c.Second.InverseBackward32(dy, dSecond, v, y, second, dv, dLogDet)
}

func (c *Composed) Forward64(x float64, p []float64) (y, logDet float64) {
	n := c.First.ParametersPerElement()
	v, l := c.First.Forward64(x, p[:n])
	y, logDet = c.Second.Forward64(v, p[n:])
	return y, l + logDet
}

func (c *Composed) Inverse64(y float64, p []float64) (x, logDet float64) {
	n := c.First.ParametersPerElement()
	v, l := c.Second.Inverse64(y, p[n:])
	x, logDet = c.First.Inverse64(v, p[:n])
	return x, l + logDet
}

func (c *Composed) ForwardBackward64(dp []float64, x, y float64, p []float64, dy, dLogDet float64) (dx float64) {
	n := c.First.ParametersPerElement()
	v, _ := c.First.Forward64(x, p[:n])
	dv := c.Second.ForwardBackward64(dp[n:], v, y, p[n:], dy, dLogDet)
	return c.First.ForwardBackward64(dp[:n], x, v, p[:n], dv, dLogDet)
}

func (c *Composed) InverseBackward64(dp []float64, x, y float64, p []float64, dx, dLogDet float64) (dy float64) {
	n := c.First.ParametersPerElement()
	v, _ := c.First.Forward64(x, p[:n])
	dv := c.First.InverseBackward64(dp[:n], x, v, p[:n], dx, dLogDet)
	return c.Second.InverseBackward64(dp[n:], v, y, p[n:], dv, dLogDet)
}
