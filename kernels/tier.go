package kernels

import (
	"fmt"
	"os"
	"strings"

	"github.com/seed-192fdf7a/nf/kernels/asm"
)

// A Tier is one implementation of all kernels: in plain Go or for one set of
// processor instructions. Its methods are the functions of this package, on
// that implementation. A Tier is immutable.
type Tier struct {
	name string

	exp, log, tanh func(dst, src []float32)
	sinCos2Pi      func(sin, cos, src []float32)
	philox         func(dst []uint32, start asm.Counters)
	normal         func(dst []float32, start asm.Counters)

	sigmoid, softplus, logSigmoid func(dst, src []float32)
	expm1, log1p, silu            func(dst, src []float32)
	siluBackward                  func(dx, x, dy []float32)
	addBiasSiLU                   func(y, bias []float32, rows, stride int)

	erf, normalCDF, normalQuantile, gelu func(dst, src []float32)

	relu         func(dst, src []float32)
	reluBackward func(dx, y, dy []float32)
	add          func(dst, a, b []float32)
	scale        func(dst, src []float32, factor float32)
	multiplyRuns func(dst, a, b []float32, rows, cols, dstStride, aStride, bStride, run int)
	addScaled    func(dst, src []float32, factor float32)
	standardize  func(dst, src []float32, mean, factor float32)

	addBias, addBiasReLU     func(y, bias []float32, rows, stride int)
	addColumnSums            func(dst, src []float32, rows, stride int)
	rowSums, rowSumSquares   func(dst, src []float32, stride, cols int)
	standardNormalLogDensity func(dst []float64, z []float32, stride, cols int, constant float64)

	affineForward, affineInverse                 affineKernel
	affineForwardBackward, affineInverseBackward affineBackward

	spline         func(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, rule asm.SplineRule)
	splineBackward func(dIn, dparams, x, params, dOut, dLogDet []float32, dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, rule asm.SplineRule)

	adam func(p, m, v, g []float32, gradientScale, beta1, rest1, beta2, rest2, rate, root, epsilon float32)

	logSumExp                           func(dst, src []float32, stride, cols int)
	softmax, logSoftmax                 func(dst, src []float32, rows, cols, dstStride, srcStride int)
	softmaxBackward, logSoftmaxBackward func(dx, y, dy []float32, rows, cols, dxStride, yStride, dyStride int)
	rowDots                             func(dst, a, b []float32, aStride, bStride, cols int)
	rowMoments                          func(mean, variance, src []float32, stride, cols int, count float32)

	gatherColumns  func(dst, src []float32, columns []int32, rows, cols, dstStride, srcStride int)
	scatterColumns func(dst, src []float32, columns []int32, rows, dstStride, srcStride int)

	leakyReLU         func(dst, src []float32, slope float32)
	leakyReLUBackward func(dx, y, dy []float32, slope float32)
	addBiasLeakyReLU  func(y, bias []float32, rows, stride int, slope float32)

	adamW func(p, m, v, g []float32, gradientScale, beta1, rest1, beta2, rest2, rate, root, epsilon, decay float32)

	logisticMixture         func(sums, x, constants []float32, sumsStride, stride, components int)
	logisticMixtureBracket  func(low, high, logit, constants []float32, stride, components int)
	logisticMixtureBackward func(gradients, x, constants, sums, pulls []float32, gradientsStride, stride, sumsStride, pullsStride, components, weights int)

	addProducts64, addExactProducts64 func(c, a, b []float64, cStride, aStride, aStep, bStride, depth int)

	matmul matmulKernels
}

// reference is the plain Go of this package, which states what every other
// tier computes.
var reference = Tier{
	name: "reference",

	exp:       expSliceRef,
	log:       logSliceRef,
	tanh:      tanhSliceRef,
	sinCos2Pi: sinCos2PiSliceRef,
	philox:    philoxRef,
	normal:    normalRef,

	sigmoid:      sigmoidSliceRef,
	softplus:     softplusSliceRef,
	logSigmoid:   logSigmoidSliceRef,
	expm1:        expm1SliceRef,
	log1p:        log1pSliceRef,
	silu:         siluSliceRef,
	siluBackward: siluBackwardRef,
	addBiasSiLU:  addBiasSiLURef,

	erf:            erfSliceRef,
	normalCDF:      normalCDFSliceRef,
	normalQuantile: normalQuantileSliceRef,
	gelu:           geluSliceRef,

	relu:         reluRef,
	reluBackward: reluBackwardRef,
	add:          addRef,
	scale:        scaleRef,
	multiplyRuns: multiplyRunsRef,
	addScaled:    addScaledRef,
	standardize:  standardizeRef,

	addBias:                  addBiasRef,
	addBiasReLU:              addBiasReLURef,
	addColumnSums:            addColumnSumsRef,
	rowSums:                  rowSumsRef,
	rowSumSquares:            rowSumSquaresRef,
	standardNormalLogDensity: standardNormalLogDensityRef,

	affineForward:         affineForwardRef,
	affineInverse:         affineInverseRef,
	affineForwardBackward: affineForwardBackwardRef,
	affineInverseBackward: affineInverseBackwardRef,

	spline:         splineRef,
	splineBackward: splineBackwardRef,

	adam: adamRef,

	logSumExp:          logSumExpRef,
	softmax:            softmaxRef,
	logSoftmax:         logSoftmaxRef,
	softmaxBackward:    softmaxBackwardRef,
	logSoftmaxBackward: logSoftmaxBackwardRef,
	rowDots:            rowDotsRef,
	rowMoments:         rowMomentsRef,

	gatherColumns:  gatherColumnsRef,
	scatterColumns: scatterColumnsRef,

	leakyReLU:         leakyReLURef,
	leakyReLUBackward: leakyReLUBackwardRef,
	addBiasLeakyReLU:  addBiasLeakyReLURef,

	adamW: adamWRef,

	logisticMixture:         logisticMixtureRef,
	logisticMixtureBracket:  logisticMixtureBracketRef,
	logisticMixtureBackward: logisticMixtureBackwardRef,

	addProducts64:      addProducts64Ref,
	addExactProducts64: addExactProducts64Ref,

	matmul: matmulKernels{tile: matmulReference, tilePanels: 8},
}

// tiers are those that this processor runs, best last.
var tiers = append([]*Tier{&reference}, processorTiers()...)

var active, selectionError = selectTier(os.Getenv("NF_KERNELS"))

// Tiers returns the tiers that this processor can run, reference first, best
// last.
func Tiers() []*Tier { return append([]*Tier(nil), tiers...) }

// ByName returns the tier of that name, or an error if there is none of that
// name or this processor cannot run it.
func ByName(name string) (*Tier, error) {
	var names []string
	for _, t := range tiers {
		if t.name == name {
			return t, nil
		}
		names = append(names, t.name)
	}
	switch name {
	case "avx2", "avx512", "neon":
		return nil, fmt.Errorf("kernels: tier %s is not in this program or this processor lacks it; there is %s", name, strings.Join(names, ", "))
	}
	return nil, fmt.Errorf("kernels: there is no tier %q; there is %s", name, strings.Join(names, ", "))
}

// Active returns the tier that the functions of this package use: the one that
// the environment variable NF_KERNELS names, otherwise the best.
func Active() *Tier { return active }

// Err returns an error if NF_KERNELS names a tier that cannot be had. Active
// is the best tier then; a program should print the error and stop.
func Err() error { return selectionError }

func selectTier(name string) (*Tier, error) {
	best := tiers[len(tiers)-1]
	if name == "" {
		return best, nil
	}
	t, err := ByName(name)
	if err != nil {
		return best, fmt.Errorf("NF_KERNELS=%s: %w", name, err)
	}
	return t, nil
}

// Name returns "reference", "avx2", "avx512" or "neon".
func (t *Tier) Name() string { return t.name }

// chunk is the number of elements of one call into assembly. Assembly cannot
// be preempted: one call over a long vector would hold up the garbage
// collector, and with it the program, by tens of milliseconds.
const chunk = 16 << 10

// unary runs an elementwise kernel by chunks; source is what to call src in a
// panic.
func unary(source string, kernel func(dst, src []float32), dst, src []float32) {
	checkLength(source, len(src), len(dst))
	for len(dst) > 0 {
		safePoint()
		n := min(len(dst), chunk)
		kernel(dst[:n], src[:n])
		dst, src = dst[n:], src[n:]
	}
}
