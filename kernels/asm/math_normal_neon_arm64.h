// ERF, NORMAL_CDF, GELU and NORMAL_QUANTILE on the eight float32 of a pair:
// erfRef, normalCDFRef, geluRef and normalQuantileRef of package kernels,
// operation by operation. They take every input. The constants are in
// constants.s.
//
// x is a pair from 0 to 14. The macros overwrite pairs 16 to 30; the last one
// also 10 to 14, which x cannot be there.

#include "math_neon_arm64.h"

// COLUMNS makes the bytes that LOOKUP takes of the low three bits of the words
// of 18. It overwrites 20.
#define COLUMNS \
	SHL8(29, 18, 18)          \
	USHR8(29, 18, 18)         \
	CONSTANT(wordBytes<>, 20) \
	MUL8(20, 18, 18)          \
	CONSTANT(byteOrder<>, 20) \
	ADD8(20, 18, 18)

// ERF sets x to erf(x). FMIN and FMAX keep NaN, and no limit is 0.
//	16      |x|
//	18      the interval, then the bytes of its column
//	20      d
//	22      u
//	24      the base, then the result without its sign
//	26, 28  the polynomial; 26 is lanes beyond the first interval before
//	30      a row of the table
#define ERF(x) \
	CONSTANT(·notSignBit, 18)               \
	AND8(18, x, 16)                         \
	CONSTANT(·erfOne, 18)                   \
	FMIN8(18, 16, 16)                       \
	CONSTANT(·erfFirst, 18)                 \
	FMAX8(18, 16, 20)                       \
	CONSTANT(·erfMagic, 18)                 \
	CONSTANT(·erfScale, 22)                 \
	FMLA8(22, 20, 18)                       \
	CONSTANT(·roundMagic, 26)               \
	FCMGT8(26, 18, 26)                      \
	COLUMNS                                 \
	LOOKUP(·erfCenter, 20)                  \
	FSUB8(20, 16, 20)                       \
	FMUL8(16, 16, 22)                       \
	BIT8(26, 20, 22)                        \
	LOOKUP(·erfValue, 24)                   \
	BIF8(26, 16, 24)                        \
	LOOKUP(·erfCoefficient5, 26)            \
	HORNER_LOOKUP(·erfCoefficient4, 26, 28) \
	HORNER_LOOKUP(·erfCoefficient3, 28, 26) \
	HORNER_LOOKUP(·erfCoefficient2, 26, 28) \
	HORNER_LOOKUP(·erfCoefficient1, 28, 26) \
	HORNER_LOOKUP(·erfCoefficient0, 26, 28) \
	FMLA8(20, 28, 24)                       \
	CONSTANT(·signBit, 26)                  \
	BIF8(26, 24, x)

// NORMAL_TAIL is normalTail of tailArgument of x. It keeps x.
//	16      a
//	18      the interval, then the bytes of its column; later high, then s
//	20      low, later scratch, then rest
//	22      d, later n
//	24      value
//	26, 28  the polynomials; 26 is t after the first, 28 m after the second
//	30      constants
#define NORMAL_TAIL(x) \
	CONSTANT(·notSignBit, 18)                \
	AND8(18, x, 16)                          \
	CONSTANT(·tailLargest, 18)               \
	FMIN8(18, 16, 16)                        \
	CONSTANT(·tailFactor, 18)                \
	MOVE8(18, 20)                            \
	FMLA8(20, 16, 18)                        \
	CONSTANT(·tailSplit, 20)                 \
	SUB8(20, 18, 18)                         \
	USHR8(22, 18, 18)                        \
	COLUMNS                                  \
	LOOKUP(·tailCenter, 22)                  \
	FSUB8(22, 16, 22)                        \
	LOOKUP(·tailValue, 24)                   \
	LOOKUP(·tailCoefficient6, 26)            \
	HORNER_LOOKUP(·tailCoefficient5, 26, 28) \
	HORNER_LOOKUP(·tailCoefficient4, 28, 26) \
	HORNER_LOOKUP(·tailCoefficient3, 26, 28) \
	HORNER_LOOKUP(·tailCoefficient2, 28, 26) \
	HORNER_LOOKUP(·tailCoefficient1, 26, 28) \
	HORNER_LOOKUP(·tailCoefficient0, 28, 26) \
	FMUL8(22, 26, 26)                        \
	FMUL8(16, 16, 18)                        \
	FNEG8(18, 20)                            \
	FMLA8(16, 16, 20)                        \
	CONSTANT(·roundMagic, 22)                \
	MOVE8(22, 28)                            \
	CONSTANT(·tailScale, 30)                 \
	FMLA8(30, 18, 22)                        \
	FSUB8(28, 22, 28)                        \
	CONSTANT(·tailTwiceHigh, 30)             \
	FMLA8(30, 28, 18)                        \
	CONSTANT(·tailTwiceLow, 30)              \
	FMLA8(30, 28, 20)                        \
	FADD8(20, 18, 18)                        \
	CONSTANT(·roundMagic, 30)                \
	SUB8(30, 22, 22)                         \
	CONSTANT(·tailExp6, 20)                  \
	HORNER(·tailExp5, 18, 20, 28)            \
	HORNER(·tailExp4, 18, 28, 20)            \
	HORNER(·tailExp3, 18, 20, 28)            \
	HORNER(·tailExp2, 18, 28, 20)            \
	HORNER(·minusHalf, 18, 20, 28)           \
	FMUL8(18, 28, 28)                        \
	MOVE8(26, 20)                            \
	FMLA8(28, 26, 20)                        \
	FMLA8(28, 24, 20)

// SCALE_TAIL sets x to x·2^n, for n in 22. It overwrites 18 and 28.
#define SCALE_TAIL(x) \
	CONSTANT(·one, 28) \
	SSHR8(1, 22, 18)   \
	SUB8(18, 22, 22)   \
	SHL8(23, 18, 18)   \
	ADD8(28, 18, 18)   \
	FMUL8(18, x, x)    \
	SHL8(23, 22, 22)   \
	ADD8(28, 22, 22)   \
	FMUL8(22, x, x)

// NORMAL_CDF sets x to the distribution function at x. 20 becomes lanes with a
// sign.
#define NORMAL_CDF(x) \
	NORMAL_TAIL(x)     \
	FADD8(20, 24, 24)  \
	SCALE_TAIL(24)     \
	SSHR8(31, x, 20)   \
	CONSTANT(·one, 18) \
	FSUB8(24, 18, x)   \
	BIT8(20, 24, x)

// GELU sets x to x times the distribution function at x. signBit is −0, above
// which FMAX has +0.
#define GELU(x) \
	NORMAL_TAIL(x)         \
	FMUL8(16, 20, 20)      \
	FMLA8(16, 24, 20)      \
	SCALE_TAIL(20)         \
	CONSTANT(·signBit, 18) \
	FMAX8(18, x, x)        \
	FSUB8(20, x, x)

// NORMAL_QUANTILE sets x to the quantile of x. 0x7FFFFFFF, notSignBit, is a NaN.
//	16      r
//	18      n before its last step, later the interval, then the bytes of its
//	        column
//	20      n, later d
//	22      1+f, later f, then u
//	24, 26  the binary logarithm, of which 26 is the part; 24 is the base after
//	26, 28  the polynomial; 28 is lanes of r > 1/4 before
//	30      a row of the table
// and terms of the polynomials in 10 to 14, 18 and 24 to 30.
#define NORMAL_QUANTILE(x) \
	CONSTANT(·one, 16)                           \
	FSUB8(x, 16, 16)                             \
	FMIN8(16, x, 16)                             \
	CONSTANT(·smallestNormal, 20)                \
	FCMGT8(16, 20, 20)                           \
	CONSTANT(·subnormalScale, 22)                \
	FMUL8(22, 16, 22)                            \
	BIF8(20, 16, 22)                             \
	CONSTANT(·subnormalExponent, 18)             \
	AND8(20, 18, 18)                             \
	CONSTANT(·logSplit, 20)                      \
	SUB8(20, 22, 20)                             \
	SSHR8(23, 20, 20)                            \
	SCVTF8(20, 24)                               \
	SHL8(23, 20, 20)                             \
	SUB8(20, 22, 22)                             \
	FADD8(24, 18, 20)                            \
	CONSTANT(·one, 24)                           \
	FSUB8(24, 22, 22)                            \
	CONSTANT(·binaryLog2, 24)                    \
	CONSTANT(·binaryLog3, 30)                    \
	FMLA8(30, 22, 24)                            \
	CONSTANT(·binaryLog4, 26)                    \
	CONSTANT(·binaryLog5, 30)                    \
	FMLA8(30, 22, 26)                            \
	FMUL8(22, 22, 28)                            \
	FMLA8(28, 26, 24)                            \
	CONSTANT(·binaryLog6, 26)                    \
	CONSTANT(·binaryLog7, 30)                    \
	FMLA8(30, 22, 26)                            \
	CONSTANT(·binaryLog8, 18)                    \
	CONSTANT(·binaryLog9, 30)                    \
	FMLA8(30, 22, 18)                            \
	FMLA8(28, 18, 26)                            \
	FMUL8(28, 28, 28)                            \
	CONSTANT(·binaryLog10, 30)                   \
	FMLA8(30, 28, 26)                            \
	FMLA8(28, 26, 24)                            \
	CONSTANT(·binaryLog1, 26)                    \
	FMLA8(22, 24, 26)                            \
	FMUL8(22, 26, 26)                            \
	MOVE8(20, 14)                                \
	CONSTANT(·quarter, 28)                       \
	FCMGT8(28, 16, 28)                           \
	CONSTANT(·one, 18)                           \
	BIF8(28, 20, 18)                             \
	USHR8(23, 18, 18)                            \
	COLUMNS                                      \
	LOOKUP(·quantileCenter, 24)                  \
	FSUB8(24, 14, 20)                            \
	FADD8(26, 20, 20)                            \
	CONSTANT(·half, 24)                          \
	FSUB8(16, 24, 24)                            \
	BIT8(28, 24, 20)                             \
	FMUL8(20, 20, 22)                            \
	BIF8(28, 20, 22)                             \
	LOOKUP(·quantileValue, 24)                   \
	FADD8(20, 20, 26)                            \
	BIT8(28, 26, 24)                             \
	LOOKUP(·quantileCoefficient1, 26)            \
	LOOKUP(·quantileCoefficient2, 28)            \
	FMLA8(22, 28, 26)                            \
	LOOKUP(·quantileCoefficient3, 28)            \
	LOOKUP(·quantileCoefficient4, 12)            \
	FMLA8(22, 12, 28)                            \
	FMUL8(22, 22, 14)                            \
	FMLA8(14, 28, 26)                            \
	LOOKUP(·quantileCoefficient5, 28)            \
	LOOKUP(·quantileCoefficient6, 12)            \
	FMLA8(22, 12, 28)                            \
	LOOKUP(·quantileCoefficient7, 12)            \
	LOOKUP(·quantileCoefficient8, 10)            \
	FMLA8(22, 10, 12)                            \
	FMLA8(14, 12, 28)                            \
	FMUL8(14, 14, 14)                            \
	FMLA8(14, 28, 26)                            \
	LOOKUP(·quantileCoefficient0, 28)            \
	FMLA8(22, 26, 28)                            \
	FMLA8(20, 28, 24)                            \
	ZERO8(18)                                    \
	FCMGT8(18, 16, 18)                           \
	CONSTANT(·notSignBit, 20)                    \
	BIF8(18, 20, 24)                             \
	FCMEQ0_8(16, 18)                             \
	CONSTANT(·infinity, 20)                      \
	BIT8(18, 20, 24)                             \
	CONSTANT(·half, 18)                          \
	FSUB8(18, x, x)                              \
	CONSTANT(·signBit, 20)                       \
	BIF8(20, 24, x)
