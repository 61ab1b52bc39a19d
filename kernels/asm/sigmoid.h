// SIGMOID, SOFTPLUS, LOG_SIGMOID, SILU and its slope on vectors: sigmoidRef,
// softplusRef, logSigmoidRef, siluRef and siluSlopeRef of package kernels,
// operation by operation, in the words of vector_….h. They take every input and
// keep NaN. exp.h goes before.

// SIGMOID_QUOTIENT is sigmoidQuotient of |src|: it sets W1 to q, W2 to s and W5
// to 1. It overwrites W0 to W6.
//	W0  a, then r, then u
//	W1  k, then p; q at the end
//	W2  s
//	W3  the power
//	W4  the rest, then the low part of the denominator
//	W5  the shifted k, then its column; the sum, then 1
//	W6  scratch, the high part of the denominator, then the remainder
#define SIGMOID_QUOTIENT(src) \
	ABSF(src, W0)                             \
	AT_MOST(·sigmoidLargest, W0, W0, W1)      \
	ROUND(·sigmoidEighths, W0, W5, W1)        \
	FMAF_C(W1, ·eighthLn2High, W0)            \
	FMAF_C(W1, ·eighthLn2Low, W0)             \
	LDC(·sigmoid4, W1)                        \
	HORNER2(·sigmoid3, ·sigmoid2, W0, W1)     \
	MULF(W0, W0, W3)                          \
	FMAF(W1, W3, W0)                          \
	SHIFT_RIGHT(3, W5, W2)                    \
	SHIFT_LEFT(23, W2, W2)                    \
	ADD_WORDS_C(W2, ·sigmoidScale, W2)        \
	COLUMN_OF(W5)                               \
	LOOKUP(·sigmoidHigh, ·sigmoidHigh(SB), W5, W3) \
	LOOKUP(·sigmoidLow, ·sigmoidLow(SB), W5, W4)   \
	FMAF(W3, W0, W4)                          \
	ADDF(W3, W2, W5)                          \
	SUBF(W5, W3, W6)                          \
	SUBF(W2, W6, W6)                          \
	ADDF(W4, W6, W4)                          \
	ADDF(W5, W4, W6)                          \
	SUBF(W6, W5, W5)                          \
	SUBF(W4, W5, W4)                          \
	LDC(·one, W5)                             \
	DIVF(W5, W6, W1)                          \
	MINUS_TIMES(W1, W5, W6)                   \
	FMSF(W1, W4, W6)                          \
	FMAF(W1, W6, W1)

// SIGMOID sets dst to sigmoid(src). It overwrites W0 to W6 and M.
#define SIGMOID(src, dst) \
	SIGMOID_QUOTIENT(src) \
	SIGNS(src)            \
	MULF(W1, W2, W1)      \
	SUBF(W5, W1, W5)      \
	SELECT_SIGN(src, W1, W5, dst)

// SOFTPLUS sets dst to softplus(src). It overwrites W0 to W4. The operands of
// AT_LEAST_ZERO are never two zeros unless a positive number is added, nor does NaN
// depend on it: W3 is NaN then.
//	W3  −|x|, then e
//	W4  the polynomial
#define SOFTPLUS(src, dst) \
	ORF_C(src, ·signBit, W3)                \
	EXP_NEGATIVE(W3, W3)                    \
	LDC(·softplus8, W4)                     \
	HORNER2(·softplus7, ·softplus6, W3, W4) \
	HORNER2(·softplus5, ·softplus4, W3, W4) \
	HORNER2(·softplus3, ·softplus2, W3, W4) \
	HORNER2(·softplus1, ·softplus0, W3, W4) \
	MULF(W3, W3, W0)                        \
	FMAF(W0, W4, W3)                        \
	AT_LEAST_ZERO(src, W0)                  \
	ADDF(W0, W3, dst)

// LOG_SIGMOID sets dst to log(sigmoid(src)). It overwrites W0 to W4.
#define LOG_SIGMOID(src, dst) \
	NEGF(src, dst)     \
	SOFTPLUS(dst, dst) \
	NEGF(dst, dst)

// SILU_SIZE sets W0 to siluSize of src. It overwrites W3.
#define SILU_SIZE(src) \
	ABSF(src, W0) \
	AT_MOST(·sigmoidLargest, W0, W0, W3)

// SILU sets dst to src·sigmoid(src). It overwrites W0 to W6 and M.
//	W3  the base, then the result
#define SILU(src, dst) \
	SIGMOID_QUOTIENT(src)          \
	SILU_SIZE(src)                 \
	MULF(W0, W2, W0)               \
	NEGATIVE_TO(·signBit, src, W3) \
	FMSF(W0, W1, W3)               \
	MOVE_F(W3, dst)

// SILU_SLOPE sets dst to the derivative of SILU at src, siluSlopeRef. It
// overwrites W0 to W6 and M.
//	W0  a
//	W3  sigmoid(−src)
//	W4  sigmoid(src)
#define SILU_SLOPE(src, dst) \
	SIGMOID_QUOTIENT(src)        \
	SILU_SIZE(src)               \
	ADD_SIGN(src, W0, W3)        \
	SIGNS(src)                   \
	MULF(W1, W2, W1)             \
	SUBF(W5, W1, W5)             \
	SELECT_SIGN(src, W1, W5, W4) \
	SELECT_SIGN(src, W5, W1, W3) \
	TIMES_PLUS_C(W0, ·one, W3)   \
	MULF(W4, W3, dst)
