// EXPM1 and LOG1P on vectors: expm1Ref and log1pRef of package kernels,
// operation by operation, in the words of vector_….h. They take every input and
// keep NaN. log.h goes before. EXPM1_BOUNDED and LOG1P_BOUNDED give the same
// bits with fewer operations where they may be used.

// EXPM1_REDUCED sets W0 to w and W1 and W2 to n, for a in W0: see ROUND.
//	W0  a, then the exact part of r, then w
//	W3  the rest of r
//	W4  r, then r²
//	W5  a less the shift, then the polynomial
#define EXPM1_REDUCED \
	SUBF_C(W0, ·expm1Shift, W5)         \
	ROUND(·log2E, W5, W1, W2)           \
	FMSF_C(W2, ·ln2High, W0)            \
	MULF_C(W2, ·ln2Low, W3)             \
	SUBF(W0, W3, W4)                    \
	LINE(·expm1c7, ·expm1c6, W4, W5)    \
	HORNER2(·expm1c5, ·expm1c4, W4, W5) \
	HORNER2(·expm1c3, ·expm1c2, W4, W5) \
	MULF(W4, W4, W4)                    \
	TIMES_MINUS(W4, W3, W5)             \
	ADDF(W0, W5, W0)

// EXPM1_SCALED sets W3 to 2^n·w + (2^n − 1), and W4 to 2^n.
#define EXPM1_SCALED \
	SHIFT_LEFT(23, W1, W4)    \
	ADD_WORDS_C(W4, ·one, W4) \
	SUBF_C(W4, ·one, W3)      \
	FMAF(W4, W0, W3)

// EXPM1_BOUNDED sets dst to e^src − 1 for |src| <= 16; what it gives elsewhere
// is wrong. It overwrites W0 to W5.
#define EXPM1_BOUNDED(src, dst) \
	MOVE_F(src, W0)       \
	EXPM1_REDUCED         \
	EXPM1_SCALED          \
	ADD_SIGN(src, W3, W4) \
	MOVE_F(W3, dst)

// EXPM1 sets dst to e^src − 1. It overwrites W0 to W5 and M.
//	W0  becomes the result beyond 16
//	W4  becomes 2^−n, or 0 for n = 128
//	M   lanes beyond 16
#define EXPM1(src, dst) \
	AT_MOST(·expLargest, src, W0, W0)     \
	AT_LEAST(·expm1Smallest, W0, W0, W1)  \
	GT_C(W0, ·expm1Large)                 \
	EXPM1_REDUCED                         \
	EXPM1_SCALED                          \
	LDC(·exponentMirror, W5)              \
	SUB_WORDS_TO_ZERO(W5, W4, W4, W5)     \
	SUBF(W0, W4, W0)                      \
	ADDF_C(W0, ·one, W0)                  \
	SCALE2(W1, W2, W0, W4)                \
	BLEND(W0, W3)                         \
	ADD_SIGN(src, W3, W4)                 \
	MOVE_F(W3, dst)

// LOG1P_SPLIT sets W1 to n and W2 to 2^−n for 1 + x in W5. W4 is 1.
#define LOG1P_SPLIT \
	SUB_WORDS_C(W5, ·log1pSplit, W2) \
	SHIFT_SIGNED(23, W2, W2)         \
	FROM_WORDS(W2, W1)               \
	SHIFT_LEFT(23, W2, W2)           \
	LDC(·one, W4)                    \
	SUB_WORDS(W4, W2, W2)

// LOG1P_SUM sets W3 to n·ln 2 + log(1+f): see LOG_SUM.
#define LOG1P_SUM \
	LDC(·log1p8, W2)                  \
	HORNER2(·log1p7, ·log1p6, W0, W2) \
	HORNER2(·log1p5, ·log1p4, W0, W2) \
	HORNER2(·log1p3, ·log1p2, W0, W2) \
	HORNER2(·log1p1, ·log1p0, W0, W2) \
	LOG_SUM(W3)

// LOG1P_BOUNDED sets dst to log(1 + src) for src above −1 and 1 + src below
// 2⁶⁴; what it gives elsewhere is wrong. It overwrites W0 to W5.
#define LOG1P_BOUNDED(src, dst) \
	ADDF_C(src, ·one, W5) \
	LOG1P_SPLIT           \
	SUBF(W2, W4, W0)      \
	FMAF(W2, src, W0)     \
	LOG1P_SUM             \
	ADD_SIGN(src, W3, W0) \
	MOVE_F(W3, dst)

// LOG1P sets dst to log(1 + src). It overwrites W0 to W5, W7 and M.
//	W0  x, scaled in large lanes, then f
//	W5  u
//	W7  1, or 0 in large lanes
//	M   large lanes
#define LOG1P(src, dst) \
	GE_C(src, ·log1pLarge)                  \
	LDC_UNLESS(·one, W7)                    \
	MULF_C_WHERE(src, ·log1pScale, src, W0) \
	ADDF(W0, W7, W5)                        \
	LOG1P_SPLIT                             \
	ADDF_C_WHERE(·log1pExponent, W1, W3)    \
	TIMES_MINUS(W2, W4, W7)                 \
	TIMES_PLUS(W2, W7, W0)                  \
	LOG1P_SUM                               \
	ADD_SIGN(src, W3, W0)                   \
	LOG_SPECIAL(W5, W3)                     \
	MOVE_F(W3, dst)
