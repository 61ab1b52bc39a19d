// Package kernels holds the functions on []float32 that a normalizing flow
// spends its time in, in hand-written assembly (AVX2, AVX-512, NEON) and in
// plain Go.
//
// # What there is
//
//   - elementwise, with the bounds below: [Exp], [Expm1], [Log], [Log1p], [Tanh],
//     [Sigmoid], [LogSigmoid], [Softplus], [SiLU], [GELU], [Erf], [NormalCDF],
//     [NormalQuantile], [SinCos2Pi]; exact: [ReLU], [LeakyReLU], [Add], [Scale], [AddScaled],
//     [Standardize]
//   - over the rows of a matrix: [Softmax], [LogSoftmax], [LogSumExp], [RowSums],
//     [RowSumSquares], [RowDots], [RowMoments], [StandardNormalLogDensity],
//     [MultiplyRuns]; over
//     its columns: [AddColumnSums], [AddBias], [AddBiasReLU],
//     [AddBiasLeakyReLU], [AddBiasSiLU], [GatherColumns], [ScatterColumns]
//   - couplings with their log-det, both ways and backward: [AffineForward] under
//     every [ScaleMap], [SplineForward] for every rational-quadratic [Spline]
//   - mixtures of logistic densities, their brackets and gradients:
//     [LogisticMixture]
//   - backward passes of activations and rows: [ReLUBackward],
//     [LeakyReLUBackward], [SiLUBackward], [SoftmaxBackward],
//     [LogSoftmaxBackward]
//   - learning and drawing: [Adam] (AdamW too), [PhiloxWords], [NormalRows]
//   - the product of linear layers: [Tier.Matmul] on packed [Panels]
//   - sums of products of float64, for learned matrices: [AddProducts64]
//   - float64 twins, in plain Go, for what must have the same bits in float64
//
// nf itself has no use yet for some of them, which are offered: Softmax,
// LogSoftmax, their backward passes and LogSumExp, RowSums, RowDots and RowMoments,
// Erf, Log1p, LogSigmoid and NormalQuantile, AddBiasSiLU and AddBiasLeakyReLU.
//
// # The same bits everywhere
//
// Every function gives the same bits on every processor and for every length,
// position and neighbour of an element: AVX2, AVX-512, NEON and plain Go agree
// on every input, ±0 included (a NaN is a NaN; which one is not promised).
// The Go function below each exported one states what is computed; the
// assembly is the same, 4, 8 or 16 elements at a time.
//
// The implementations are tiers: reference, avx2, avx512, neon. The best one
// that the processor runs is used; the environment variable NF_KERNELS forces
// another, and Err tells whether that was possible. With the build tag noasm
// there is only the reference.
//
// # Contract
//
// Vectors of one call have equal lengths, or the call panics, as does any
// shape that does not fit. No value panics. The destination may be exactly a
// source; no other overlap is allowed. Nothing is allocated. All functions may
// be called concurrently on separate destinations.
//
// # Accuracy
//
// Errors are in units in the last place (ULP) of the result, over all float32
// inputs, subnormal inputs and results included. First the bound that is
// promised; then the largest error that there is, and the bits of an input that
// has it, which make exhaustive measures and every test run recomputes:
//
//	Exp     0.90  0.891  c0bb2813
//	Log     1.00  0.882  3fa332f9
//	Tanh    1.00  0.962  3f59ee1a
//
//	Sigmoid     1.00  0.781  c2aef296
//	Softplus    2.00  1.892  3c8e24b0
//	LogSigmoid  2.00  1.892  bc8e24b0
//	Expm1       1.00  0.929  3ecd4a88
//	Log1p       1.00  0.916  3ef838f3
//	SiLU        2.00  1.489  c0f2c678
//
//	Sin2Pi  1.10  1.045  0027739a
//	Cos2Pi  1.10  0.890  3dff1d6f
//
//	Erf             1.00  0.926  3f3220ba
//	NormalCDF       1.70  1.640  c119872a
//	NormalQuantile  1.40  1.267  3daa1c82
//	GELU            1.75  1.694  c094faaa
//
// The float64 twins, whose inputs cannot all be tried:
//
//	Exp64        2.00
//	Log64        2.00
//	Tanh64       2.00
//	SinCos2Pi64  2.00
//	Sigmoid64    3.00
//	Softplus64   3.00
//
// Inputs of SinCos2Pi and SinCos2Pi64 are turns, which are reduced without
// error, so that their bounds hold for all finite inputs, near the zeros too;
// Sin2Pi and Cos2Pi in the table are its two results.
package kernels
