// The vocabulary of vectors on NEON, the same words as vector_avx2_amd64.h and
// vector_avx512_amd64.h define; what each means stands in the former. A vector is
// a pair of eight float32, or eight words: see pairs_neon_arm64.h.
//
//	W0 .. W10   work registers, of which functions but LOG1P and NORMAL_QUANTILE
//	            take the first seven alone: other pairs are those of kernels
//	M           the lanes of the last comparison, as ones
//	K           constants and rows of tables
#include "pairs_neon_arm64.h"

#define W0 16
#define W1 18
#define W2 20
#define W3 22
#define W4 24
#define W5 26
#define W6 28 // M
#define W7 14
#define W8 12
#define W9 10
#define W10 8
#define M 28
#define K 30

// Moves.
#define MOVE_F(a, d) MOVE8(a, d)
#define LDC(c, d) CONSTANT(c, d)
#define ZERO(d) ZERO8(d)
#define ONES(d) \
	ZERO8(d) \
	CMEQ0_8(d, d)

// Arithmetic.
#define ADDF(a, b, d) FADD8(b, a, d)
#define SUBF(a, b, d) FSUB8(b, a, d)
#define MULF(a, b, d) FMUL8(b, a, d)
#define DIVF(a, b, d) FDIV8(b, a, d)
#define FMAF(a, b, d) FMLA8(b, a, d)
#define FMSF(a, b, d) FMLS8(b, a, d)
#define ADDF_C(a, c, d) \
	CONSTANT(c, K) \
	FADD8(K, a, d)
#define SUBF_C(a, c, d) \
	CONSTANT(c, K) \
	FSUB8(K, a, d)
#define MULF_C(a, c, d) \
	CONSTANT(c, K) \
	FMUL8(K, a, d)
#define FMAF_C(a, c, d) \
	CONSTANT(c, K) \
	FMLA8(K, a, d)
#define FMSF_C(a, c, d) \
	CONSTANT(c, K) \
	FMLS8(K, a, d)

// FMLA and FMLS overwrite what they add to.
#define TIMES_PLUS(a, b, d) \
	MOVE8(b, K)    \
	FMLA8(a, d, K) \
	MOVE8(K, d)
#define TIMES_MINUS(a, b, d) \
	FNEG8(b, K)    \
	FMLA8(a, d, K) \
	MOVE8(K, d)
#define MINUS_TIMES(a, b, d) \
	MOVE8(b, K)    \
	FMLS8(a, d, K) \
	MOVE8(K, d)
#define TIMES_PLUS_C(a, c, d) \
	CONSTANT(c, K) \
	FMLA8(a, d, K) \
	MOVE8(K, d)
#define TIMES_MINUS_C(a, c, d) \
	CONSTANT(c, K) \
	FNEG8(K, K)    \
	FMLA8(a, d, K) \
	MOVE8(K, d)
#define MINUS_TIMES_C(a, c, d) \
	CONSTANT(c, K) \
	FMLS8(a, d, K) \
	MOVE8(K, d)

#define PRODUCT_REST(a, b, p, d) \
	FNEG8(p, d) \
	FMLA8(b, a, d)
#define FMA_REST(c, a, b, sum, rest) \
	CONSTANT(c, K)   \
	MOVE8(b, sum)    \
	FMLA8(K, a, sum) \
	FNEG8(sum, rest) \
	FMLA8(K, a, rest)

// Polynomials, which go to and fro between p and K.
#define LINE(c1, c0, u, p) \
	CONSTANT(c1, K) \
	CONSTANT(c0, p) \
	FMLA8(u, K, p)
#define HORNER2(c1, c0, u, p) \
	CONSTANT(c1, K) \
	FMLA8(u, p, K)  \
	CONSTANT(c0, p) \
	FMLA8(u, K, p)

// SCALE2 takes shifted.
#define ROUND(c, x, shifted, n) \
	CONSTANT(·roundMagic, shifted) \
	MOVE8(shifted, n)              \
	CONSTANT(c, K)                 \
	FMLA8(K, x, shifted)           \
	FSUB8(n, shifted, n)
#define SCALE2(shifted, n, d, t) \
	CONSTANT(·roundMagic, K)   \
	SUB8(K, shifted, shifted)  \
	CONSTANT(·one, K)          \
	SSHR8(1, shifted, t)       \
	SUB8(t, shifted, shifted)  \
	SHL8(23, t, t)             \
	ADD8(K, t, t)              \
	FMUL8(t, d, d)             \
	SHL8(23, shifted, shifted) \
	ADD8(K, shifted, shifted)  \
	FMUL8(shifted, d, d)

// Minimum and maximum. FMIN and FMAX keep NaN, and of two zeros FMAX gives +0.
#define MINF(a, b, d) FMIN8(b, a, d)
#define MAXF(a, m) \
	GT(a, m) \
	BLEND(a, m)
#define AT_MOST(c, a, d, t) \
	CONSTANT(c, K) \
	FMIN8(K, a, d)
#define AT_LEAST(c, a, d, t) \
	CONSTANT(c, K) \
	FMAX8(K, a, d)
#define AT_LEAST_ZERO(a, d) \
	ZERO8(K) \
	FMAX8(K, a, d)

#define SQRTF(a, d) FSQRT8(a, d)
#define NEGF(a, d) FNEG8(a, d)
#define ABSF(a, d) PAIR2(VFABS_S4, a, d)
#define TO_WHOLE(a, d) FRINTN8(a, d)

// Bits.
#define ANDF(a, b, d) AND8(b, a, d)
#define ORF_C(a, c, d) \
	CONSTANT(c, K) \
	ORR8(K, a, d)
#define WITH_SIGN(a, b, d, t) \
	CONSTANT(·signBit, K) \
	AND8(K, b, t)         \
	ORR8(t, a, d)
#define ADD_SIGN(b, d, t) \
	CONSTANT(·signBit, K) \
	BIT8(K, b, d)
#define FLIP_SIGN(a, d) \
	CONSTANT(·signBit, K) \
	AND8(K, a, a)         \
	EOR8(a, d, d)

// Words.
#define ADD_WORDS_C(a, c, d) \
	CONSTANT(c, K) \
	ADD8(K, a, d)
#define SUB_WORDS(a, b, d) SUB8(b, a, d)
#define SUB_WORDS_C(a, c, d) \
	CONSTANT(c, K) \
	SUB8(K, a, d)
#define SUB_WORDS_TO_ZERO(a, b, d, t) UQSUB8(b, a, d)
#define SHIFT_LEFT(bits, a, d) SHL8(bits, a, d)
#define SHIFT_RIGHT(bits, a, d) USHR8(bits, a, d)
#define SHIFT_SIGNED(bits, a, d) SSHR8(bits, a, d)
#define FROM_WORDS(a, d) SCVTF8(a, d)

// Comparisons.
#define GE(a, b) PAIR3(VFCMGE_S4, b, a, M)
#define GT(a, b) FCMGT8(b, a, M)
#define EQ(a, b) PAIR3(VFCMEQ_S4, b, a, M)
#define GE_C(a, c) \
	CONSTANT(c, M) \
	GE(a, M)
#define GT_C(a, c) \
	CONSTANT(c, M) \
	GT(a, M)
#define LE_C(a, c) \
	CONSTANT(c, M) \
	GE(M, a)
#define LT_C(a, c) \
	CONSTANT(c, M) \
	GT(M, a)
#define ODD_WORDS(a) \
	SHL8(31, a, M) \
	SSHR8(31, M, M)

// What depends on M.
#define BLEND(a, d) BIT8(M, a, d)
#define SELECT(a, b, d) \
	MOVE8(b, d) \
	BIT8(M, a, d)
#define BLEND_C(c, d) \
	CONSTANT(c, K) \
	BIT8(M, K, d)
#define MULF_WHERE(a, b, other, d) \
	FMUL8(b, a, d) \
	BIF8(M, other, d)
#define MULF_C_WHERE(a, c, other, d) \
	CONSTANT(c, d) \
	FMUL8(d, a, d) \
	BIF8(M, other, d)
#define ADDF_WHERE(a, b, d, t) \
	FADD8(b, a, t) \
	BIT8(M, t, d)
#define SUBF_WHERE(a, b, d, t) \
	FSUB8(b, a, t) \
	BIT8(M, t, d)
#define LDC_WHERE(c, d) \
	CONSTANT(c, d) \
	AND8(M, d, d)
#define LDC_UNLESS(c, d) \
	CONSTANT(c, d) \
	BIC8(M, d, d)
#define ADDF_C_WHERE(c, d, t) \
	CONSTANT(c, K) \
	AND8(M, K, K)  \
	FADD8(K, d, d)

#define SIGNS(x) SSHR8(31, x, M)
#define SELECT_SIGN(x, a, b, d) SELECT(a, b, d)
#define NEGATIVE_TO(c, x, d) \
	SSHR8(31, x, M) \
	MOVE8(x, d)     \
	CONSTANT(c, K)  \
	BIT8(M, K, d)

// Tables. An index i is that of its bytes: i·wordBytes + byteOrder, from COLUMN_OF
// or INTERVAL on. An index beyond the table, such as that of NaN, gives 0.
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

#define BYTES(index) \
	CONSTANT(wordBytes<>, K) \
	MUL8(K, index, index)    \
	CONSTANT(byteOrder<>, K) \
	ADD8(K, index, index)
#define KEEP_ROW(name, kept)
#define LOOKUP(name, kept, index, d) \
	CONSTANT(name, K)      \
	VTBL2_B16(index, K, d) \
	VTBL2_B16((index)+1, K, (d)+1)
#define COLUMN_OF(index) \
	CONSTANT(·integerSeven, K) \
	AND8(K, index, index)      \
	BYTES(index)
#define INTERVAL(x, c, bits, index, t) \
	CONSTANT(c, K)            \
	UQSUB8(K, x, index)       \
	USHR8(bits, index, index) \
	BYTES(index)

#define LOOKUP_LINE(c1, kept1, c0, kept0, index, u, p, t) \
	LOOKUP(c1, kept1, index, t) \
	LOOKUP(c0, kept0, index, p) \
	FMLA8(u, t, p)
#define LOOKUP_HORNER2(c1, kept1, c0, kept0, index, u, p, t) \
	LOOKUP(c1, kept1, index, t) \
	FMLA8(u, p, t)              \
	LOOKUP(c0, kept0, index, p) \
	FMLA8(u, t, p)

// Arguments, which are in memory.
#define MULF_ARGUMENT(a, x, d, t) \
	SPREAD(x, t) \
	FMUL8(t, a, d)
#define ADDF_ARGUMENT(a, x, d, t) \
	SPREAD(x, t) \
	FADD8(t, a, d)
#define TIMES_ARGUMENT_PLUS_C(x, c, d, t) \
	SPREAD(x, t)   \
	CONSTANT(c, K) \
	FMLA8(t, d, K) \
	MOVE8(K, d)

// Special values.
#define LOG_SPECIAL(x, y) \
	FCMEQ0_8(x, M)             \
	CONSTANT(·minusInfinity, K) \
	BIT8(M, K, y)              \
	FCMLT0_8(x, M)             \
	ORR8(M, y, y)              \
	LT_C(x, ·infinity)         \
	BIF8(M, x, y)
#define QUANTILE_SPECIAL(r, y) \
	ZERO8(M)                 \
	FCMGT8(M, r, M)          \
	CONSTANT(·notSignBit, K) \
	BIF8(M, K, y)            \
	FCMEQ0_8(r, M)           \
	CONSTANT(·infinity, K)   \
	BIT8(M, K, y)

// EXP is as quick as any part of it.
#define EXP_NEGATIVE(src, dst) EXP(src, dst)
