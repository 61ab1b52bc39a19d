//go:build !noasm

package asm

// AdamNEON computes, for equal lengths,
//
//	for i := range p {
//		gradient := g[i] * gradientScale
//		m[i] = fma(beta1, m[i], rest1*gradient)
//		v[i] = fma(beta2, v[i], rest2*gradient*gradient)
//		p[i] -= rate * m[i] / fma(sqrt(v[i]), root, epsilon)
//	}
//
// with every product rounded, from left to right.
//
//go:noescape
func AdamNEON(p, m, v, g []float32, gradientScale, beta1, rest1, beta2, rest2, rate, root, epsilon float32)

// AdamWNEON is AdamNEON with, in place of the last line,
//
//	p[i] -= fma(decay, p[i], rate*m[i]/fma(sqrt(v[i]), root, epsilon))
//
//go:noescape
func AdamWNEON(p, m, v, g []float32, gradientScale, beta1, rest1, beta2, rest2, rate, root, epsilon, decay float32)
