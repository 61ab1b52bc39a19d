// Package asm holds the assembly behind package kernels and its declarations,
// nothing else. Use package kernels: it checks lengths, cuts long vectors into
// chunks and picks what the processor can run; here nothing is checked.
//
// A function is named after its operation and the instructions it needs:
//
//	AVX2      AVX2 and FMA
//	AVX512    AVX-512 F, BW, DQ and VL, beside AVX2 and FMA
//	NEON      any arm64 processor
//
// The same operation gives the same bits under every suffix, and the same as
// its statement in Go in package kernels: the same operations in the same
// order, eight, sixteen or four values at a time. Comments on the declarations
// state what is computed, and say so where lengths must be multiples of a
// vector.
//
// What several files share is in headers: math_*.h states exp and tanh as
// macros on registers, so that a fused kernel computes what Exp and Tanh do.
// Constants and tables stand once for all processors in constants.s.
//
// With the build tag noasm the package is empty.
package asm
