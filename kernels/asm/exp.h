// EXP on vectors: expRef of package kernels, operation by operation, in the
// words of vector_….h. src and dst are no work registers here and below, except
// where it says so, and may be the same.
//
// EXP takes every input, and keeps NaN.
//	W0      x, later the rest of it
//	W1, W2  the whole number n: see ROUND

// EXP_POLYNOMIAL sets W1 and W2 to n and dst to the polynomial, for x in W0.
#define EXP_POLYNOMIAL(dst) \
	ROUND(·log2E, W0, W1, W2)      \
	FMSF_C(W2, ·ln2High, W0)       \
	FMSF_C(W2, ·ln2Low, W0)        \
	LDC(·exp6, dst)                \
	HORNER2(·exp5, ·exp4, W0, dst) \
	HORNER2(·exp3, ·exp2, W0, dst) \
	HORNER2(·one, ·one, W0, dst)

// EXP sets dst, which may be a work register from W3 on, to e^src.
#define EXP(src, dst) \
	AT_MOST(·expLargest, src, W0, W0)  \
	AT_LEAST(·expSmallest, W0, W0, W1) \
	EXP_POLYNOMIAL(dst)                \
	SCALE2(W1, W2, dst, W0)
