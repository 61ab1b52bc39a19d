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
// # Families of files
//
// Arithmetic is stated once for all processors, in words that each defines:
//
//	vector_PROCESSOR.h     the words: registers W0 to W10, ADDF, LDC, HORNER2, SELECT, LOOKUP, …
//	exp.h log.h log1p.h tanh.h sincos.h sigmoid.h normal.h   functions as macros on vectors
//	scale_maps.h           the scale maps of affine couplings, and the line that registers each
//	spline_bin.h spline_value.h spline_gradient.h spline_slots.h spline_…arguments.h   the splines
//	constants.s            constants and tables
//
// What a processor does in its own way, loops above all, is in files of its own,
// which have its name:
//
//	neon_arm64.h pairs_neon_arm64.h   instructions that the assembler lacks, and pairs of registers
//	unary_PROCESSOR.h      the loop of elementwise functions: elementwise_…, elementwise_normal_…, log1p_…, sigmoid_…
//	rows_PROCESSOR.h       tails and sums of rows: add_…, relu_…, leaky_relu_…, bias_…, silu_…, adam_…, row_…, column_…
//	affine_PROCESSOR.h     narrow rows: affine_…, affine_backward_…, softmax_…, softmax_backward_…, spline_…
//	matmul_…               the tiles, rows and packing of the matmul
//	philox_…               random words and normal numbers
//	gather_columns_…       columns by index
//	probe_…                the speeds that a processor could reach
//
// To read one: the Go of package kernels first, then the header of the function,
// then the vocabulary of vector_avx2_amd64.h, then a loop.
//
// With the build tag noasm the package is empty.
package asm
