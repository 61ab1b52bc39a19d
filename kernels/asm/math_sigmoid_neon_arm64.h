// SIGMOID, SOFTPLUS, LOG_SIGMOID, SILU and its slope on the eight float32 of a
// pair: sigmoidRef, softplusRef, logSigmoidRef, siluRef and siluSlopeRef of
// package kernels, operation by operation. They take every
// input, and keep NaN. The constants are in constants.s. x is a pair from 0 to
// 14; the macros overwrite pairs 16 to 30. math_neon_arm64.h goes before.

// SIGMOID_QUOTIENT is sigmoidQuotient of |x|: it sets 26 to q and 22 to s. 28
// is 1. It overwrites pairs 16 to 30.
//	16  a, then r, then u; the remainder at the end
//	18  the shifted k, then the bytes of the column j
//	20  scratch, k, then p; the high part of the denominator at the end
//	22  scratch, then s
//	24  the power; q before its correction at the end
//	26  the rest, then the low part of the denominator, then q
//	28  the sum, then 1
//	30  a row of the table
#define SIGMOID_QUOTIENT(x) \
	CONSTANT(·notSignBit, 18)     \
	AND8(18, x, 16)               \
	CONSTANT(·sigmoidLargest, 18) \
	FMIN8(18, 16, 16)             \
	CONSTANT(·roundMagic, 18)     \
	MOVE8(18, 20)                 \
	CONSTANT(·sigmoidEighths, 22) \
	FMLA8(22, 16, 18)             \
	FSUB8(20, 18, 20)             \
	CONSTANT(·eighthLn2High, 22)  \
	FMLA8(22, 20, 16)             \
	CONSTANT(·eighthLn2Low, 22)   \
	FMLA8(22, 20, 16)             \
	CONSTANT(·sigmoid4, 20)       \
	HORNER(·sigmoid3, 16, 20, 22) \
	HORNER(·sigmoid2, 16, 22, 20) \
	FMUL8(16, 16, 22)             \
	FMLA8(20, 22, 16)             \
	USHR8(3, 18, 22)              \
	SHL8(23, 22, 22)              \
	CONSTANT(·sigmoidScale, 20)   \
	ADD8(20, 22, 22)              \
	CONSTANT(·integerSeven, 20)   \
	AND8(20, 18, 18)              \
	CONSTANT(wordBytes<>, 20)     \
	MUL8(20, 18, 18)              \
	CONSTANT(byteOrder<>, 20)     \
	ADD8(20, 18, 18)              \
	LOOKUP(·sigmoidHigh, 24)      \
	LOOKUP(·sigmoidLow, 26)       \
	FMLA8(16, 24, 26)             \
	FADD8(22, 24, 28)             \
	FSUB8(24, 28, 20)             \
	FSUB8(20, 22, 20)             \
	FADD8(20, 26, 26)             \
	FADD8(26, 28, 20)             \
	FSUB8(28, 20, 28)             \
	FSUB8(28, 26, 26)             \
	CONSTANT(·one, 28)            \
	FDIV8(20, 28, 24)             \
	MOVE8(28, 16)                 \
	FMLS8(20, 24, 16)             \
	FMLS8(26, 24, 16)             \
	MOVE8(24, 26)                 \
	FMLA8(16, 24, 26)

// SIGMOID sets x to sigmoid(x).
#define SIGMOID(x) \
	SIGMOID_QUOTIENT(x) \
	FMUL8(22, 26, 26)   \
	FSUB8(26, 28, 28)   \
	SSHR8(31, x, 16)    \
	MOVE8(28, x)        \
	BIT8(16, 26, x)

// SOFTPLUS sets x to softplus(x). FMAX keeps NaN, and of two zeros gives +0.
// It overwrites pairs 16 to 28.
//	20  constants
//	24  e
//	26  the polynomial, as 28
#define SOFTPLUS(x) \
	CONSTANT(·signBit, 20)         \
	ORR8(20, x, 24)                \
	EXP(24)                        \
	CONSTANT(·softplus8, 26)       \
	HORNER(·softplus7, 24, 26, 28) \
	HORNER(·softplus6, 24, 28, 26) \
	HORNER(·softplus5, 24, 26, 28) \
	HORNER(·softplus4, 24, 28, 26) \
	HORNER(·softplus3, 24, 26, 28) \
	HORNER(·softplus2, 24, 28, 26) \
	HORNER(·softplus1, 24, 26, 28) \
	HORNER(·softplus0, 24, 28, 26) \
	FMUL8(24, 24, 20)              \
	FMLA8(26, 20, 24)              \
	ZERO8(20)                      \
	FMAX8(20, x, x)                \
	FADD8(24, x, x)

// LOG_SIGMOID sets x to log(sigmoid(x)). It overwrites pairs 16 to 28.
#define LOG_SIGMOID(x) \
	FNEG8(x, x) \
	SOFTPLUS(x) \
	FNEG8(x, x)

// SILU_SIZE sets 16 to siluSize of x. It overwrites 18.
#define SILU_SIZE(x) \
	CONSTANT(·notSignBit, 18)     \
	AND8(18, x, 16)               \
	CONSTANT(·sigmoidLargest, 18) \
	FMIN8(18, 16, 16)

// SILU sets x to x·sigmoid(x).
#define SILU(x) \
	SIGMOID_QUOTIENT(x)    \
	SILU_SIZE(x)           \
	FMUL8(22, 16, 16)      \
	SSHR8(31, x, 18)       \
	CONSTANT(·signBit, 20) \
	BIT8(18, 20, x)        \
	FMLS8(26, 16, x)

// SILU_SLOPE sets x to the derivative of SILU at x, siluSlopeRef.
//	16  a
//	18  lanes of negative x
//	20  sigmoid(x)
//	26  sigmoid(−|x|), then sigmoid(−x)
//	28  1, then 1 + a·sigmoid(−x)
#define SILU_SLOPE(x) \
	SIGMOID_QUOTIENT(x)    \
	SILU_SIZE(x)           \
	CONSTANT(·signBit, 20) \
	BIT8(20, x, 16)        \
	SSHR8(31, x, 18)       \
	FMUL8(22, 26, 26)      \
	FSUB8(26, 28, 24)      \
	MOVE8(24, 20)          \
	BIT8(18, 26, 20)       \
	BIT8(18, 24, 26)       \
	FMLA8(26, 16, 28)      \
	FMUL8(28, 20, x)
