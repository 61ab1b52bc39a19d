// EXPM1 and LOG1P on the eight float32 of a pair: expm1Ref and log1pRef of
// package kernels, operation by operation. They take every input, and keep NaN.
// The constants are in constants.s. x is a pair from 0 to 14; the macros
// overwrite pairs 16 to 30. math_neon_arm64.h goes before.

// EXPM1 sets x to e^x − 1. FMIN and FMAX keep NaN, and no limit is 0. UQSUB
// gives 2^−n, or 0 for n = 128.
//	16  a
//	18  n plus roundMagic, then n as an integer, then half of it
//	20  n, then r, r²; 2^n, then 2^−n; at last lanes beyond 16
//	22  constants
//	24  a − the shift; the exact part of r, then w, then the large result
//	26  the rest of r; the result
//	28  the polynomial, as 22; the other half of n
#define EXPM1(x) \
	CONSTANT(·expLargest, 22)     \
	FMIN8(22, x, 16)              \
	CONSTANT(·expm1Smallest, 22)  \
	FMAX8(22, 16, 16)             \
	CONSTANT(·expm1Shift, 22)     \
	FSUB8(22, 16, 24)             \
	CONSTANT(·roundMagic, 18)     \
	MOVE8(18, 20)                 \
	CONSTANT(·log2E, 22)          \
	FMLA8(22, 24, 18)             \
	FSUB8(20, 18, 20)             \
	MOVE8(16, 24)                 \
	CONSTANT(·ln2High, 22)        \
	FMLS8(22, 20, 24)             \
	CONSTANT(·ln2Low, 22)         \
	FMUL8(22, 20, 26)             \
	FSUB8(26, 24, 20)             \
	CONSTANT(·expm1c7, 22)        \
	HORNER(·expm1c6, 20, 22, 28)  \
	HORNER(·expm1c5, 20, 28, 22)  \
	HORNER(·expm1c4, 20, 22, 28)  \
	HORNER(·expm1c3, 20, 28, 22)  \
	HORNER(·expm1c2, 20, 22, 28)  \
	FMUL8(20, 20, 20)             \
	FNEG8(26, 26)                 \
	FMLA8(28, 20, 26)             \
	FADD8(26, 24, 24)             \
	CONSTANT(·roundMagic, 20)     \
	SUB8(20, 18, 18)              \
	SHL8(23, 18, 20)              \
	CONSTANT(·one, 22)            \
	ADD8(22, 20, 20)              \
	FSUB8(22, 20, 26)             \
	FMLA8(24, 20, 26)             \
	CONSTANT(·exponentMirror, 28) \
	UQSUB8(20, 28, 20)            \
	FSUB8(20, 24, 24)             \
	FADD8(22, 24, 24)             \
	SSHR8(1, 18, 28)              \
	SUB8(28, 18, 18)              \
	SHL8(23, 28, 28)              \
	ADD8(22, 28, 28)              \
	FMUL8(28, 24, 24)             \
	SHL8(23, 18, 18)              \
	ADD8(22, 18, 18)              \
	FMUL8(18, 24, 24)             \
	CONSTANT(·expm1Large, 20)     \
	FCMGT8(20, 16, 20)            \
	BIT8(20, 24, 26)              \
	CONSTANT(·signBit, 20)        \
	AND8(20, x, x)                \
	ORR8(26, x, x)

// LOG1P sets x to log(1 + x).
//	16  lanes that are not large; constants, lanes of special values
//	18  1, or 0 in large lanes
//	20  n
//	22  x, scaled in large lanes; the polynomial, as 24
//	24  the exponent, then 2^−n; the sum, then the result
//	26  scratch, the rest
//	28  2^−n − 1, then f, f²
//	30  u
#define LOG1P(x) \
	CONSTANT(·log1pLarge, 16)    \
	FCMGT8(x, 16, 16)            \
	CONSTANT(·one, 18)           \
	AND8(16, 18, 18)             \
	CONSTANT(·log1pExponent, 20) \
	BIC8(16, 20, 20)             \
	CONSTANT(·log1pScale, 22)    \
	FMUL8(22, x, 22)             \
	BIT8(16, x, 22)              \
	FADD8(18, 22, 30)            \
	CONSTANT(·log1pSplit, 24)    \
	SUB8(24, 30, 24)             \
	SSHR8(23, 24, 24)            \
	SCVTF8(24, 26)               \
	FADD8(26, 20, 20)            \
	SHL8(23, 24, 24)             \
	CONSTANT(·one, 26)           \
	SUB8(24, 26, 24)             \
	FNEG8(26, 28)                \
	FMLA8(18, 24, 28)            \
	FMLA8(22, 24, 28)            \
	CONSTANT(·log1p8, 22)        \
	HORNER(·log1p7, 28, 22, 24)  \
	HORNER(·log1p6, 28, 24, 22)  \
	HORNER(·log1p5, 28, 22, 24)  \
	HORNER(·log1p4, 28, 24, 22)  \
	HORNER(·log1p3, 28, 22, 24)  \
	HORNER(·log1p2, 28, 24, 22)  \
	HORNER(·log1p1, 28, 22, 24)  \
	HORNER(·log1p0, 28, 24, 22)  \
	CONSTANT(·ln2High, 16)       \
	MOVE8(28, 24)                \
	FMLA8(16, 20, 24)            \
	FNEG8(24, 26)                \
	FMLA8(16, 20, 26)            \
	FADD8(28, 26, 26)            \
	CONSTANT(·ln2Low, 16)        \
	FMLA8(16, 20, 26)            \
	FMUL8(28, 28, 28)            \
	FMLA8(22, 28, 26)            \
	FADD8(26, 24, 24)            \
	CONSTANT(·signBit, 16)       \
	AND8(16, x, 16)              \
	ORR8(16, 24, 24)             \
	FCMEQ0_8(30, 16)             \
	CONSTANT(·minusInfinity, 18) \
	BIT8(16, 18, 24)             \
	FCMLT0_8(30, 16)             \
	ORR8(16, 24, 24)             \
	CONSTANT(·infinity, 16)      \
	FCMGT8(30, 16, 16)           \
	MOVE8(30, x)                 \
	BIT8(16, 24, x)
