// LOG on vectors: logRef of package kernels, operation by operation, in the
// words of vector_….h.
//	W0  x, later f, then f²
//	W1  n
//	W2  scratch, then q
//	W3  the sum
//	W4  the rest
//	W5  src

// LOG_SUM is logSum: it sets dst to n·ln 2 + f + f²·q.
#define LOG_SUM(dst) \
	FMA_REST(·ln2High, W1, W0, W3, W4) \
	ADDF(W4, W0, W4)                   \
	FMAF_C(W1, ·ln2Low, W4)            \
	MULF(W0, W0, W0)                   \
	FMAF(W0, W2, W4)                   \
	ADDF(W3, W4, dst)

// LOG_REDUCED sets dst to the log of the normal positive x in W0, W1 being the
// exponent to add.
#define LOG_REDUCED(dst) \
	SUB_WORDS_C(W0, ·logSplit, W2) \
	SHIFT_SIGNED(23, W2, W2)       \
	FROM_WORDS(W2, W3)             \
	ADDF(W1, W3, W1)               \
	SHIFT_LEFT(23, W2, W2)         \
	SUB_WORDS(W0, W2, W0)          \
	SUBF_C(W0, ·one, W0)           \
	LDC(·log8, W2)                 \
	HORNER2(·log7, ·log6, W0, W2)  \
	HORNER2(·log5, ·log4, W0, W2)  \
	HORNER2(·log3, ·log2, W0, W2)  \
	HORNER2(·log1, ·log0, W0, W2)  \
	LOG_SUM(dst)

// LOG_NORMAL sets dst to log(src) for normal positive src below +Inf, with the
// bits of LOG and fewer operations; what it gives elsewhere is wrong.
#define LOG_NORMAL(src, dst) \
	MOVE_F(src, W0) \
	ZERO(W1)        \
	LOG_REDUCED(dst)

// LOG sets dst to log(src), for every input. It overwrites W0 to W5, and what
// LOG_SPECIAL does.
#define LOG(src, dst) \
	MOVE_F(src, W5)                               \
	LT_C(W5, ·smallestNormal)                     \
	MULF_C_WHERE(W5, ·subnormalScale, W5, W0)     \
	LDC_WHERE(·subnormalExponent, W1)             \
	LOG_REDUCED(dst)                              \
	LOG_SPECIAL(W5, dst)
