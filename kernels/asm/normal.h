// ERF, NORMAL_CDF, GELU and NORMAL_QUANTILE on vectors: erfRef, normalCDFRef,
// geluRef and normalQuantileRef of package kernels, operation by operation, in
// the words of vector_….h. They take every input. Each needs the macro with _CONSTANTS in
// its name before, which gets its table ready.

// ERF_CONSTANTS is the table of ERF.
#define ERF_CONSTANTS \
	KEEP_ROW(·erfCoefficient0, TABLE3) \
	KEEP_ROW(·erfCoefficient1, TABLE4) \
	KEEP_ROW(·erfCoefficient2, TABLE5) \
	KEEP_ROW(·erfCoefficient3, TABLE6) \
	KEEP_ROW(·erfCoefficient4, TABLE7) \
	KEEP_ROW(·erfCoefficient5, TABLE8) \
	KEEP_ROW(·erfValue, TABLE9)        \
	KEEP_ROW(·erfCenter, TABLE10)

// ERF sets dst to erf(src). It overwrites W0 to W5 and M.
//	W0  |x|, later scratch
//	W1  the interval
//	W2  d
//	W3  u
//	W4  the base, then the result
//	W5  p
//	M   lanes of the first interval
#define ERF(src, dst) \
	ABSF(src, W0)                       \
	AT_MOST(·erfOne, W0, W0, W1)        \
	AT_LEAST(·erfFirst, W0, W2, W2)     \
	LDC(·erfMagic, W1)                  \
	FMAF_C(W2, ·erfScale, W1)           \
	LE_C(W1, ·roundMagic)               \
	COLUMN_OF(W1)                         \
	LOOKUP(·erfCenter, TABLE10, W1, W2)   \
	SUBF(W0, W2, W2)                    \
	MULF_WHERE(W0, W0, W2, W3)          \
	LOOKUP(·erfValue, TABLE9, W1, W4)     \
	BLEND(W0, W4)                       \
	LOOKUP_LINE(·erfCoefficient5, TABLE8, ·erfCoefficient4, TABLE7, W1, W3, W5, W0)    \
	LOOKUP_HORNER2(·erfCoefficient3, TABLE6, ·erfCoefficient2, TABLE5, W1, W3, W5, W0) \
	LOOKUP_HORNER2(·erfCoefficient1, TABLE4, ·erfCoefficient0, TABLE3, W1, W3, W5, W0) \
	FMAF(W2, W5, W4)                    \
	WITH_SIGN(W4, src, dst, W0)

// TAIL_CONSTANTS is the table of NORMAL_TAIL, for NORMAL_CDF and GELU.
#define TAIL_CONSTANTS \
	KEEP_ROW(·tailCoefficient0, TABLE2) \
	KEEP_ROW(·tailCoefficient1, TABLE3) \
	KEEP_ROW(·tailCoefficient2, TABLE4) \
	KEEP_ROW(·tailCoefficient3, TABLE5) \
	KEEP_ROW(·tailCoefficient4, TABLE6) \
	KEEP_ROW(·tailCoefficient5, TABLE7) \
	KEEP_ROW(·tailCoefficient6, TABLE8) \
	KEEP_ROW(·tailValue, TABLE9)        \
	KEEP_ROW(·tailCenter, TABLE10)

// NORMAL_TAIL is normalTail of tailArgument of src, which it keeps.
//	W0      a
//	W1      the interval, later high, then s
//	W2      d, later low, then m
//	W3, W6  scratch, then the whole number n: see ROUND
//	W4      value
//	W5      p, later t, then rest
#define NORMAL_TAIL(src) \
	ABSF(src, W0)                          \
	AT_MOST(·tailLargest, W0, W0, W1)      \
	LINE(·tailFactor, ·tailFactor, W0, W1) \
	SUB_WORDS_C(W1, ·tailSplit, W1)        \
	SHIFT_RIGHT(22, W1, W1)                \
	COLUMN_OF(W1)                            \
	LOOKUP(·tailCenter, TABLE10, W1, W2)     \
	SUBF(W0, W2, W2)                       \
	LOOKUP(·tailValue, TABLE9, W1, W4)       \
	LOOKUP(·tailCoefficient6, TABLE8, W1, W5) \
	LOOKUP_HORNER2(·tailCoefficient5, TABLE7, ·tailCoefficient4, TABLE6, W1, W2, W5, W3) \
	LOOKUP_HORNER2(·tailCoefficient3, TABLE5, ·tailCoefficient2, TABLE4, W1, W2, W5, W3) \
	LOOKUP_HORNER2(·tailCoefficient1, TABLE3, ·tailCoefficient0, TABLE2, W1, W2, W5, W3) \
	MULF(W5, W2, W5)                       \
	MULF(W0, W0, W1)                       \
	PRODUCT_REST(W0, W0, W1, W2)           \
	ROUND(·tailScale, W1, W6, W3)          \
	FMAF_C(W3, ·tailTwiceHigh, W1)         \
	FMAF_C(W3, ·tailTwiceLow, W2)          \
	ADDF(W1, W2, W1)                       \
	LINE(·tailExp6, ·tailExp5, W1, W2)     \
	HORNER2(·tailExp4, ·tailExp3, W1, W2)  \
	HORNER2(·tailExp2, ·minusHalf, W1, W2) \
	MULF(W2, W1, W2)                       \
	FMAF(W2, W5, W5)                       \
	FMAF(W4, W2, W5)

// NORMAL_CDF sets dst to the distribution function at src. It overwrites W0 to
// W6 and M.
#define NORMAL_CDF(src, dst) \
	NORMAL_TAIL(src)       \
	ADDF(W4, W5, W4)       \
	SCALE2(W6, W3, W4, W1) \
	SIGNS(src)             \
	LDC(·one, W0)          \
	SUBF(W0, W4, W0)       \
	SELECT_SIGN(src, W4, W0, dst)

// GELU sets dst to src times the distribution function at src. It overwrites W0
// to W6. signBit is −0.
#define GELU(src, dst) \
	NORMAL_TAIL(src)                \
	MULF(W5, W0, W5)                \
	FMAF(W4, W0, W5)                \
	SCALE2(W6, W3, W5, W1)          \
	AT_LEAST(·signBit, src, W0, W0) \
	SUBF(W0, W5, dst)

// QUANTILE_CONSTANTS is the table of NORMAL_QUANTILE.
#define QUANTILE_CONSTANTS \
	KEEP_ROW(·quantileCoefficient0, TABLE0) \
	KEEP_ROW(·quantileCoefficient1, TABLE1) \
	KEEP_ROW(·quantileCoefficient2, TABLE2) \
	KEEP_ROW(·quantileCoefficient3, TABLE3) \
	KEEP_ROW(·quantileCoefficient4, TABLE4) \
	KEEP_ROW(·quantileCoefficient5, TABLE5) \
	KEEP_ROW(·quantileCoefficient6, TABLE6) \
	KEEP_ROW(·quantileCoefficient7, TABLE7) \
	KEEP_ROW(·quantileCoefficient8, TABLE8) \
	KEEP_ROW(·quantileValue, TABLE9)        \
	KEEP_ROW(·quantileCenter, TABLE10)

// NORMAL_QUANTILE sets dst to the quantile of src. It overwrites W0 to W10 and M.
//	W0  r
//	W1  1+f, later f, then u
//	W2  n, later d
//	W3  the part of the binary logarithm, later the base, then the result
//	W4  the interval
//	W5  the polynomial
//	M   subnormal lanes, later those of r > 1/4
// and terms of the polynomials in W5 to W10.
#define NORMAL_QUANTILE(src, dst) \
	LDC(·one, W0)                             \
	SUBF(W0, src, W0)                         \
	MINF(W0, src, W0)                         \
	LT_C(W0, ·smallestNormal)                 \
	MULF_C_WHERE(W0, ·subnormalScale, W0, W1) \
	LDC_WHERE(·subnormalExponent, W2)         \
	SUB_WORDS_C(W1, ·logSplit, W3)            \
	SHIFT_SIGNED(23, W3, W3)                  \
	FROM_WORDS(W3, W4)                        \
	ADDF(W2, W4, W2)                          \
	GT_C(W0, ·quarter)                        \
	MOVE_F(W2, W4)                            \
	BLEND_C(·one, W4)                         \
	SHIFT_RIGHT(23, W4, W4)                   \
	SHIFT_LEFT(23, W3, W3)                    \
	SUB_WORDS(W1, W3, W1)                     \
	SUBF_C(W1, ·one, W1)                      \
	LINE(·binaryLog3, ·binaryLog2, W1, W3)    \
	LINE(·binaryLog5, ·binaryLog4, W1, W5)    \
	LINE(·binaryLog7, ·binaryLog6, W1, W9)    \
	LINE(·binaryLog9, ·binaryLog8, W1, W7)    \
	MULF(W1, W1, W8)                          \
	FMAF(W8, W5, W3)                          \
	FMAF(W8, W7, W9)                          \
	MULF(W8, W8, W8)                          \
	FMAF_C(W8, ·binaryLog10, W9)              \
	FMAF(W8, W9, W3)                          \
	TIMES_PLUS_C(W1, ·binaryLog1, W3)         \
	MULF(W3, W1, W3)                          \
	COLUMN_OF(W4)                               \
	LOOKUP(·quantileCenter, TABLE10, W4, W5)    \
	SUBF(W2, W5, W2)                          \
	ADDF(W2, W3, W2)                          \
	LDC(·half, W9)                            \
	SUBF_WHERE(W9, W0, W2, W9)                \
	LOOKUP(·quantileValue, TABLE9, W4, W3)      \
	ADDF_WHERE(W2, W2, W3, W9)                \
	MULF_WHERE(W2, W2, W2, W1)                \
	LOOKUP_LINE(·quantileCoefficient2, TABLE2, ·quantileCoefficient1, TABLE1, W4, W1, W5, W6)  \
	LOOKUP_LINE(·quantileCoefficient4, TABLE4, ·quantileCoefficient3, TABLE3, W4, W1, W7, W8)  \
	LOOKUP_LINE(·quantileCoefficient6, TABLE6, ·quantileCoefficient5, TABLE5, W4, W1, W9, W6)  \
	LOOKUP_LINE(·quantileCoefficient8, TABLE8, ·quantileCoefficient7, TABLE7, W4, W1, W10, W8) \
	MULF(W1, W1, W6)                          \
	FMAF(W6, W7, W5)                          \
	FMAF(W6, W10, W9)                         \
	MULF(W6, W6, W6)                          \
	FMAF(W6, W9, W5)                          \
	LOOKUP(·quantileCoefficient0, TABLE0, W4, W6) \
	TIMES_PLUS(W1, W6, W5)                    \
	FMAF(W2, W5, W3)                          \
	QUANTILE_SPECIAL(W0, W3)                  \
	SUBF_C(src, ·half, W0)                    \
	WITH_SIGN(W3, W0, dst, W0)
