//go:build !noasm

package asm

// AdamAVX2 computes, for equal lengths,
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
func AdamAVX2(p, m, v, g []float32, gradientScale, beta1, rest1, beta2, rest2, rate, root, epsilon float32)

// AdamAVX512 computes what AdamAVX2 does.
//
//go:noescape
func AdamAVX512(p, m, v, g []float32, gradientScale, beta1, rest1, beta2, rest2, rate, root, epsilon float32)

// AdamWAVX2 is AdamAVX2 with, in place of the last line,
//
//	p[i] -= fma(decay, p[i], rate*m[i]/fma(sqrt(v[i]), root, epsilon))
//
//go:noescape
func AdamWAVX2(p, m, v, g []float32, gradientScale, beta1, rest1, beta2, rest2, rate, root, epsilon, decay float32)

// AdamWAVX512 computes what AdamWAVX2 does.
//
//go:noescape
func AdamWAVX512(p, m, v, g []float32, gradientScale, beta1, rest1, beta2, rest2, rate, root, epsilon, decay float32)
