// TANH on vectors: tanhRef of package kernels, operation by operation, in the
// words of vector_….h.
//	W0  |x|, later scratch
//	W1  the interval
//	W2  d
//	W3  u
//	W4  the base, then the result
//	W5  p
//	M   lanes of the first interval

// MATH_CONSTANTS gets the table ready.
#define MATH_CONSTANTS \
	KEEP_ROW(·tanhCoefficient0, TABLE2) \
	KEEP_ROW(·tanhCoefficient1, TABLE3) \
	KEEP_ROW(·tanhCoefficient2, TABLE4) \
	KEEP_ROW(·tanhCoefficient3, TABLE5) \
	KEEP_ROW(·tanhCoefficient4, TABLE6) \
	KEEP_ROW(·tanhCoefficient5, TABLE7) \
	KEEP_ROW(·tanhCoefficient6, TABLE8) \
	KEEP_ROW(·tanhValue, TABLE9)        \
	KEEP_ROW(·tanhCenter, TABLE10)

// TANH sets dst to tanh(src), for every input. It needs MATH_CONSTANTS before.
#define TANH(src, dst) \
	ABSF(src, W0)                         \
	AT_MOST(·tanhOne, W0, W0, W1)         \
	INTERVAL(W0, ·tanhSplit, 22, W1, W2)  \
	LT_C(W0, ·tanhOdd)                    \
	LOOKUP(·tanhCenter, TABLE10, W1, W2)    \
	SUBF(W0, W2, W2)                      \
	MULF_WHERE(W0, W0, W2, W3)            \
	LOOKUP(·tanhValue, TABLE9, W1, W4)      \
	BLEND(W0, W4)                         \
	LOOKUP(·tanhCoefficient6, TABLE8, W1, W5) \
	LOOKUP_HORNER2(·tanhCoefficient5, TABLE7, ·tanhCoefficient4, TABLE6, W1, W3, W5, W0) \
	LOOKUP_HORNER2(·tanhCoefficient3, TABLE5, ·tanhCoefficient2, TABLE4, W1, W3, W5, W0) \
	LOOKUP_HORNER2(·tanhCoefficient1, TABLE3, ·tanhCoefficient0, TABLE2, W1, W3, W5, W0) \
	FMAF(W2, W5, W4)                      \
	WITH_SIGN(W4, src, dst, W0)
