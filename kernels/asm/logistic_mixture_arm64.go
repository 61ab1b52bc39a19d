//go:build !noasm

package asm

// LogisticMixtureNEON computes, with strides counted in float32 and K =
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
func LogisticMixtureNEON(sums, x, constants []float32, sumsStride, stride, components int)

// LogisticMixtureBracketNEON computes the least and the largest of mean +
// logit[i]/inverse of the components, at least one, whose constants are those
// of LogisticMixtureNEON.
//
//go:noescape
func LogisticMixtureBracketNEON(low, high, logit, constants []float32, stride, components int)

// LogisticMixtureBackwardNEON computes the gradients of the parameters, the
// pulls being those of F and of its density, and sums what LogisticMixtureNEON
// wrote: see logisticMixtureBackwardRef of package kernels. Unless weights is 0
// there are those of the weights.
//
//go:noescape
func LogisticMixtureBackwardNEON(gradients, x, constants, sums, pulls []float32, gradientsStride, stride, sumsStride, pullsStride, components, weights int)
