package autograd

import "github.com/seed-192fdf7a/nf/kernels"

// Inverse is the inverse of another univariate: of the affine map y = x·exp(s) +
// t, say, y = (x − t)·exp(−s), as in inverse autoregressive flow and TarFlow.
type Inverse struct {
	Of Univariate `json:"of"`
}

// Check tells what is wrong with the other univariate.
func (i *Inverse) Check() error { return CheckUnivariate(i.Of) }

// ParametersPerElement implements [Univariate], and so do the methods below.
func (i *Inverse) ParametersPerElement() int { return i.Of.ParametersPerElement() }

func (i *Inverse) Forward32(y, x, params kernels.Matrix, logDet []float32) {
	i.Of.Inverse32(y, x, params, logDet)
}

func (i *Inverse) Inverse32(x, y, params kernels.Matrix, logDet []float32) {
	i.Of.Forward32(x, y, params, logDet)
}

func (i *Inverse) ForwardBackward32(dx, dparams, x, y, params, dy kernels.Matrix, dLogDet []float32) {
	i.Of.InverseBackward32(dx, dparams, y, x, params, dy, dLogDet)
}

func (i *Inverse) InverseBackward32(dy, dparams, x, y, params, dx kernels.Matrix, dLogDet []float32) {
	i.Of.ForwardBackward32(dy, dparams, y, x, params, dx, dLogDet)
}

func (i *Inverse) Forward64(x float64, p []float64) (y, logDet float64) { return i.Of.Inverse64(x, p) }
func (i *Inverse) Inverse64(y float64, p []float64) (x, logDet float64) { return i.Of.Forward64(y, p) }

func (i *Inverse) ForwardBackward64(dp []float64, x, y float64, p []float64, dy, dLogDet float64) (dx float64) {
	return i.Of.InverseBackward64(dp, y, x, p, dy, dLogDet)
}

func (i *Inverse) InverseBackward64(dp []float64, x, y float64, p []float64, dx, dLogDet float64) (dy float64) {
	return i.Of.ForwardBackward64(dp, y, x, p, dx, dLogDet)
}
