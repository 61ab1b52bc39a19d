// EXP, LOG, TANH and SINCOS2PI on the eight float32 of a pair: expRef, logRef,
// tanhRef and sinCos2PiRef of package kernels, operation by operation. The
// constants are in constants.s.
//
// x and y are pairs from 0 to 14. The macros overwrite pairs 16 to 30.

#include "pairs_neon_arm64.h"

// HORNER sets next to p·u + the coefficient, fused: FMLA overwrites what it
// adds to, so that a polynomial goes to and fro between two pairs.
#define HORNER(coefficient, u, p, next) \
	CONSTANT(coefficient, next) \
	FMLA8(u, p, next)

// EXP sets x to e^x. FMIN and FMAX keep NaN, and no limit is 0.
//	16  n plus roundMagic, later the second half of the exponent
//	18  n, later the polynomial
//	20  scratch, later the first half of the exponent
//	22  constants
#define EXP(x) \
	CONSTANT(·expLargest, 22)  \
	FMIN8(22, x, x)            \
	CONSTANT(·expSmallest, 22) \
	FMAX8(22, x, x)            \
	CONSTANT(·roundMagic, 16)  \
	MOVE8(16, 20)              \
	CONSTANT(·log2E, 22)       \
	FMLA8(22, x, 16)           \
	FSUB8(20, 16, 18)          \
	CONSTANT(·ln2High, 22)     \
	FMLS8(22, 18, x)           \
	CONSTANT(·ln2Low, 22)      \
	FMLS8(22, 18, x)           \
	SUB8(20, 16, 16)           \
	CONSTANT(·exp6, 18)        \
	HORNER(·exp5, x, 18, 20)   \
	HORNER(·exp4, x, 20, 18)   \
	HORNER(·exp3, x, 18, 20)   \
	HORNER(·exp2, x, 20, 18)   \
	HORNER(·one, x, 18, 20)    \
	HORNER(·one, x, 20, 18)    \
	CONSTANT(·one, 22)         \
	SSHR8(1, 16, 20)           \
	SUB8(20, 16, 16)           \
	SHL8(23, 20, 20)           \
	ADD8(22, 20, 20)           \
	FMUL8(20, 18, x)           \
	SHL8(23, 16, 16)           \
	ADD8(22, 16, 16)           \
	FMUL8(16, x, x)

// An index i of a table of words as those of its bytes: i·wordBytes + byteOrder.
DATA wordBytes<>+0(SB)/8, $0x0404040404040404
DATA wordBytes<>+8(SB)/8, $0x0404040404040404
DATA wordBytes<>+16(SB)/8, $0x0404040404040404
DATA wordBytes<>+24(SB)/8, $0x0404040404040404
GLOBL wordBytes<>(SB), RODATA|NOPTR, $32

DATA byteOrder<>+0(SB)/8, $0x0302010003020100
DATA byteOrder<>+8(SB)/8, $0x0302010003020100
DATA byteOrder<>+16(SB)/8, $0x0302010003020100
DATA byteOrder<>+24(SB)/8, $0x0302010003020100
GLOBL byteOrder<>(SB), RODATA|NOPTR, $32

// LOOKUP sets x to the values of a row of tanhRef's table at the indices in 18.
#define LOOKUP(row, x) \
	CONSTANT(row, 30)     \
	VTBL2_B16(18, 30, x)  \
	VTBL2_B16(19, 30, (x)+1)

// HORNER_LOOKUP is HORNER with coefficients from the table, for u in 22.
#define HORNER_LOOKUP(row, p, next) \
	LOOKUP(row, next) \
	FMLA8(22, p, next)

// TANH sets x to tanh(x). FMIN keeps NaN; the index of one is beyond the table,
// where a lookup gives 0.
//	16      |x|
//	18      the interval, then the bytes of its column
//	20      d
//	22      u
//	24      the base, then the result without its sign
//	26, 28  the polynomial; 26 is lanes of the first interval before
//	30      a row of the table
#define TANH(x) \
	CONSTANT(·notSignBit, 18) \
	AND8(18, x, 16)           \
	CONSTANT(·tanhOne, 18)    \
	FMIN8(18, 16, 16)         \
	CONSTANT(·tanhSplit, 18)  \
	UQSUB8(18, 16, 18)        \
	USHR8(22, 18, 18)         \
	CONSTANT(wordBytes<>, 20) \
	MUL8(20, 18, 18)          \
	CONSTANT(byteOrder<>, 20) \
	ADD8(20, 18, 18)          \
	CONSTANT(·tanhOdd, 26)    \
	FCMGT8(16, 26, 26)        \
	LOOKUP(·tanhCenter, 20)   \
	FSUB8(20, 16, 20)         \
	FMUL8(16, 16, 22)         \
	BIF8(26, 20, 22)          \
	LOOKUP(·tanhValue, 24)    \
	BIT8(26, 16, 24)          \
	LOOKUP(·tanhCoefficient6, 26)            \
	HORNER_LOOKUP(·tanhCoefficient5, 26, 28) \
	HORNER_LOOKUP(·tanhCoefficient4, 28, 26) \
	HORNER_LOOKUP(·tanhCoefficient3, 26, 28) \
	HORNER_LOOKUP(·tanhCoefficient2, 28, 26) \
	HORNER_LOOKUP(·tanhCoefficient1, 26, 28) \
	HORNER_LOOKUP(·tanhCoefficient0, 28, 26) \
	FMLA8(20, 26, 24)         \
	CONSTANT(·signBit, 28)    \
	BIF8(28, 24, x)

// LOG_REDUCED sets 22 to the log of the normal positive numbers in 16, 18 being
// the exponents to add.
//	16  x, later f, f²
//	18  n
//	20  q, as 22; scratch before
//	24  the sum
//	26  the rest
//	28  constants
#define LOG_REDUCED \
	CONSTANT(·logSplit, 20)    \
	SUB8(20, 16, 20)           \
	SSHR8(23, 20, 20)          \
	SCVTF8(20, 22)             \
	FADD8(22, 18, 18)          \
	SHL8(23, 20, 20)           \
	SUB8(20, 16, 16)           \
	CONSTANT(·one, 28)         \
	FSUB8(28, 16, 16)          \
	CONSTANT(·log8, 20)        \
	HORNER(·log7, 16, 20, 22)  \
	HORNER(·log6, 16, 22, 20)  \
	HORNER(·log5, 16, 20, 22)  \
	HORNER(·log4, 16, 22, 20)  \
	HORNER(·log3, 16, 20, 22)  \
	HORNER(·log2, 16, 22, 20)  \
	HORNER(·log1, 16, 20, 22)  \
	HORNER(·log0, 16, 22, 20)  \
	CONSTANT(·ln2High, 28)     \
	MOVE8(16, 24)              \
	FMLA8(28, 18, 24)          \
	FNEG8(24, 26)              \
	FMLA8(28, 18, 26)          \
	FADD8(16, 26, 26)          \
	CONSTANT(·ln2Low, 28)      \
	FMLA8(28, 18, 26)          \
	FMUL8(16, 16, 16)          \
	FMLA8(20, 16, 26)          \
	FADD8(26, 24, 22)

// LOG_NORMAL sets x to log(x) for normal positive x below +Inf.
#define LOG_NORMAL(x) \
	MOVE8(x, 16) \
	ZERO8(18)    \
	LOG_REDUCED  \
	MOVE8(22, x)

// LOG sets x to log(x). Pair 30 is lanes of special values.
#define LOG(x) \
	CONSTANT(·smallestNormal, 30)    \
	FCMGT8(x, 30, 30)                \
	CONSTANT(·subnormalScale, 16)    \
	FMUL8(16, x, 16)                 \
	BIF8(30, x, 16)                  \
	CONSTANT(·subnormalExponent, 18) \
	AND8(30, 18, 18)                 \
	LOG_REDUCED                      \
	FCMEQ0_8(x, 30)                  \
	CONSTANT(·minusInfinity, 28)     \
	BIT8(30, 28, 22)                 \
	FCMLT0_8(x, 30)                  \
	ORR8(30, 22, 22)                 \
	CONSTANT(·infinity, 30)          \
	FCMGT8(x, 30, 30)                \
	BIT8(30, 22, x)

// SINCOS2PI sets x to the sine and y to the cosine of 2π·x. They are not the
// same.
//	16  x less its nearest integer, later q
//	18  the quarter turns, as integers in the low bits
//	20  scratch, then u
//	22  constants; c, as 24
//	26  s, as 28
//	30  lanes of an odd number of quarter turns
#define SINCOS2PI(x, y) \
	FRINTN8(x, 16)             \
	FSUB8(16, x, 16)           \
	CONSTANT(·roundMagic, 18)  \
	MOVE8(18, 20)              \
	CONSTANT(·four, 22)        \
	FMLA8(22, 16, 18)          \
	FSUB8(20, 18, 20)          \
	CONSTANT(·quarter, 22)     \
	FMLS8(22, 20, 16)          \
	FMUL8(16, 16, 20)          \
	CONSTANT(·sin3, 26)        \
	HORNER(·sin2, 20, 26, 28)  \
	HORNER(·sin1, 20, 28, 26)  \
	HORNER(·sin0, 20, 26, 28)  \
	FMUL8(16, 28, 26)          \
	CONSTANT(·twoPi, 22)       \
	FMLA8(22, 16, 26)          \
	CONSTANT(·cos3, 24)        \
	HORNER(·cos2, 20, 24, 22)  \
	HORNER(·cos1, 20, 22, 24)  \
	HORNER(·cos0, 20, 24, 22)  \
	HORNER(·one, 20, 22, 24)   \
	SHL8(31, 18, 30)           \
	SSHR8(31, 30, 30)          \
	MOVE8(26, x)               \
	BIT8(30, 24, x)            \
	MOVE8(24, y)               \
	BIT8(30, 26, y)            \
	CONSTANT(·signBit, 22)     \
	SHL8(30, 18, 20)           \
	AND8(22, 20, 20)           \
	EOR8(20, x, x)             \
	CONSTANT(·integerOne, 20)  \
	ADD8(20, 18, 18)           \
	SHL8(30, 18, 18)           \
	AND8(22, 18, 18)           \
	EOR8(18, y, y)
