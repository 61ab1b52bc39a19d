// SINCOS2PI on vectors: sinCos2PiRef of package kernels, operation by operation,
// in the words of vector_….h. exp.h need not go before.
//	W0  x less its nearest integer, later q
//	W1  the quarter turns, as integers in the low bits
//	W2  scratch, then u
//	W3  s
//	W4  c
//	M   lanes of an odd number of quarter turns

// SINCOS2PI sets sin and cos, two registers of which one may be src, to the
// sine and cosine of 2π·src, for every input.
#define SINCOS2PI(src, sin, cos) \
	TO_WHOLE(src, W0)               \
	SUBF(src, W0, W0)               \
	ROUND(·four, W0, W1, W2)        \
	FMSF_C(W2, ·quarter, W0)        \
	MULF(W0, W0, W2)                \
	LINE(·sin3, ·sin2, W2, W3)      \
	HORNER2(·sin1, ·sin0, W2, W3)   \
	MULF(W3, W0, W3)                \
	FMAF_C(W0, ·twoPi, W3)          \
	LDC(·cos3, W4)                  \
	HORNER2(·cos2, ·cos1, W2, W4)   \
	HORNER2(·cos0, ·one, W2, W4)    \
	ODD_WORDS(W1)                   \
	ADD_WORDS_C(W1, ·integerOne, W2) \
	SHIFT_LEFT(30, W1, W1)          \
	SHIFT_LEFT(30, W2, W2)          \
	SELECT(W4, W3, sin)             \
	SELECT(W3, W4, cos)             \
	FLIP_SIGN(W1, sin)              \
	FLIP_SIGN(W2, cos)
