//go:build !noasm

package asm

// LogisticMixtureAVX2 computes, with strides counted in float32 and K =
// components, which is at least 1,
//
//	for i, v := range x {
//		var left, right, density, bend float32
//		for j := range components {
//			mean, inverse, scaled, weight := constants[(5*j)*stride+i], …[(5*j+1)*stride+i], …[(5*j+2)*stride+i], …[(5*j+4)*stride+i]
//			t := (v - mean) * inverse
//			density += scaled * (sigmoid(t) * sigmoid(-t))
//			bend += scaled * (sigmoid(t) * sigmoid(-t)) * (inverse * (sigmoid(-t) - sigmoid(t)))
//			left += weight * sigmoid(t)
//			right += weight * sigmoid(-t)
//		}
//		sums[i], sums[sumsStride+i], sums[2*sumsStride+i], sums[3*sumsStride+i] = left, right, density, bend
//	}
//
//go:noescape
func LogisticMixtureAVX2(sums, x, constants []float32, sumsStride, stride, components int)

// LogisticMixtureAVX512 computes what LogisticMixtureAVX2 does.
//
//go:noescape
func LogisticMixtureAVX512(sums, x, constants []float32, sumsStride, stride, components int)

// LogisticMixtureBracketAVX2 computes the least and the largest of mean +
// logit[i]/inverse of the components, at least one, whose constants are those
// of LogisticMixtureAVX2.
//
//go:noescape
func LogisticMixtureBracketAVX2(low, high, logit, constants []float32, stride, components int)

// LogisticMixtureBracketAVX512 computes what LogisticMixtureBracketAVX2 does.
//
//go:noescape
func LogisticMixtureBracketAVX512(low, high, logit, constants []float32, stride, components int)

// LogisticMixtureBackwardAVX2 computes the gradients of the parameters, the
// pulls being those of F and of its density, and sums what LogisticMixtureAVX2
// wrote: see logisticMixtureBackwardRef of package kernels. Unless weights is 0
// there are those of the weights.
//
//go:noescape
func LogisticMixtureBackwardAVX2(gradients, x, constants, sums, pulls []float32, gradientsStride, stride, sumsStride, pullsStride, components, weights int)

// LogisticMixtureBackwardAVX512 computes what LogisticMixtureBackwardAVX2 does.
//
//go:noescape
func LogisticMixtureBackwardAVX512(gradients, x, constants, sums, pulls []float32, gradientsStride, stride, sumsStride, pullsStride, components, weights int)
