// Mixtures of logistic densities: logisticMixtureRef and its kin of package
// kernels, operation by operation, in the words of vector_….h. exp.h goes
// before. The words that load and store vectors, LOADV and STOREV, are arguments,
// since a tail has others; LOADV and STOREV may overwrite W0 to W3. Words for
// addresses are those of logistic_mixture_PROCESSOR.
//
//	AT           the next block of constants, five a component, STRIDE bytes apart
//	XS           the elements
//	N            components to go
//	OFFSET       bytes from the first element to those at XS
//	V0 .. V3     vectors that stay
#define T W9
#define E W8
#define INVERSE W7
#define LARGE W4
#define SMALL W5

// MIXTURE_TERM sets distance, which may be x, to x − mean, T to it times the
// inverse of the width, LARGE and SMALL to the larger and the smaller of σ(T) and σ(−T),
// and moves AT to the third block.
#define MIXTURE_TERM(LOADV, x, distance) \
	LOADV(AT, E)              \
	CHANGE(STRIDE, AT)        \
	LOADV(AT, INVERSE)        \
	CHANGE(STRIDE, AT)        \
	SUBF(x, E, distance)      \
	MULF(distance, INVERSE, T) \
	ORF_C(T, ·signBit, E)     \
	EXP_NEGATIVE(E, E)        \
	LDC(·one, W0)             \
	ADDF(W0, E, LARGE)        \
	DIVF(W0, LARGE, LARGE)    \
	MULF(E, LARGE, SMALL)

// MIXTURE_LEAN sets d to σ(−T) − σ(T). It overwrites W0.
#define MIXTURE_LEAN(d) \
	SUBF(SMALL, LARGE, d) \
	MOVE_F(T, W0)         \
	FLIP_SIGN(W0, d)

// MIXTURE_SUMS is the body of LogisticMixture for the elements at XS.
//	V0          x
//	V1, V2, V3  F, 1 − F and the density
//	W10         its derivative
#define MIXTURE_SUMS(LOADV, STOREV, term, next) \
	ARGUMENT(x_base+24(FP), XS)          \
	LOADV(XS, V0)                        \
	ARGUMENT(constants_base+48(FP), AT)  \
	COUNT_OF(components+88(FP), N)       \
	ZERO(V1)                             \
	ZERO(V2)                             \
	ZERO(V3)                             \
	ZERO(W10)                            \
term: \
	MIXTURE_TERM(LOADV, V0, T)           \
	LOADV(AT, E)                         \
	CHANGE(STRIDE, AT)                   \
	MULF(LARGE, SMALL, W1)               \
	MULF(E, W1, W1)                      \
	ADDF(V3, W1, V3)                     \
	MIXTURE_LEAN(W2)                     \
	MULF(INVERSE, W2, W2)                \
	MULF(W1, W2, W1)                     \
	ADDF(W10, W1, W10)                   \
	CHANGE(STRIDE, AT)                   \
	LOADV(AT, E)                         \
	CHANGE(STRIDE, AT)                   \
	SIGNS(T)                             \
	SELECT_SIGN(T, SMALL, LARGE, W1)     \
	SELECT_SIGN(T, LARGE, SMALL, W2)     \
	MULF(E, W1, W1)                      \
	MULF(E, W2, W2)                      \
	ADDF(V1, W1, V1)                     \
	ADDF(V2, W2, V2)                     \
	LOOP_NEXT(N, term)                   \
	ARGUMENT(sums_base+0(FP), AT)        \
	BYTES_OF(sumsStride+72(FP), N)       \
	STOREV(V1, AT)                       \
	CHANGE(N, AT)                        \
	STOREV(V2, AT)                       \
	CHANGE(N, AT)                        \
	STOREV(V3, AT)                       \
	CHANGE(N, AT)                        \
	STOREV(W10, AT)

// MIXTURE_BRACKET is the body of LogisticMixtureBracket.
//	V0      the logit
//	V1, V2  the least and the largest place
#define MIXTURE_BRACKET(LOADV, STOREV, term, next) \
	ARGUMENT(logit_base+48(FP), XS)      \
	LOADV(XS, V0)                        \
	ARGUMENT(constants_base+72(FP), AT)  \
	COUNT_OF(components+104(FP), N)      \
	LDC(·infinity, V1)                   \
	LDC(·minusInfinity, V2)              \
term: \
	LOADV(AT, E)                         \
	CHANGE(STRIDE, AT)                   \
	LOADV(AT, T)                         \
	CHANGE(STRIDE, AT)                   \
	CHANGE(STRIDE, AT)                   \
	CHANGE(STRIDE, AT)                   \
	CHANGE(STRIDE, AT)                   \
	DIVF(V0, T, T)                       \
	ADDF(E, T, T)                        \
	GT(V1, T)                            \
	BLEND(T, V1)                         \
	GT(T, V2)                            \
	BLEND(T, V2)                         \
	LOOP_NEXT(N, term)                   \
	ARGUMENT(low_base+0(FP), AT)         \
	STOREV(V1, AT)                       \
	ARGUMENT(high_base+24(FP), AT)       \
	STOREV(V2, AT)

// MIXTURE_GRADIENTS is the body of LogisticMixtureBackward. Its gradients are
// those of the means at TO, of the widths at TO_WIDTHS and, unless there are two blocks, of
// the weights at TO_WEIGHTS. DENSITY is the address of the densities.
//	V0      x, then x − mean, then room
//	V1, V2  the pulls of F and of its density
//	V3      a sign where 1 − F is smaller than F
//	W10     the smaller of the two
#define MIXTURE_GRADIENTS(LOADV, STOREV, term, next) \
	ARGUMENT(pulls_base+96(FP), AT)         \
	BYTES_OF(pullsStride+144(FP), N)        \
	LOADV(AT, V1)                           \
	CHANGE(N, AT)                           \
	LOADV(AT, V2)                           \
	ARGUMENT(sums_base+72(FP), DENSITY)     \
	BYTES_OF(sumsStride+136(FP), N)         \
	LOADV(DENSITY, T)                       \
	CHANGE(N, DENSITY)                      \
	LOADV(DENSITY, E)                       \
	CHANGE(N, DENSITY)                      \
	GT(T, E)                                \
	SELECT(E, T, W10)                       \
	LDC_WHERE(·signBit, V3)                 \
	COUNT_OF(components+152(FP), N)         \
	ARGUMENT(gradients_base+0(FP), TO)      \
	COPY_WORD(N, TO_WIDTHS)                 \
	TIMES_WORD(GRADIENTS_STRIDE, TO_WIDTHS) \
	COPY_WORD(TO_WIDTHS, TO_WEIGHTS)        \
	CHANGE(TO, TO_WIDTHS)                   \
	CHANGE(TO_WIDTHS, TO_WEIGHTS)           \
	ARGUMENT(x_base+24(FP), XS)             \
	ARGUMENT(constants_base+48(FP), AT)     \
term: \
	LOADV(XS, V0)                           \
	MIXTURE_TERM(LOADV, V0, V0)             \
	LOADV(AT, E)                            \
	CHANGE(STRIDE, AT)                      \
	MULF(LARGE, SMALL, W1)                  \
	MULF(E, W1, E)                          \
	MIXTURE_LEAN(W2)                        \
	MULF(W2, T, W3)                         \
	MULF(INVERSE, W2, W1)                   \
	MULF(V2, W1, W1)                        \
	ADDF(V1, W1, W1)                        \
	MULF(E, W1, W1)                         \
	NEGF(W1, INVERSE)                       \
	LDC(·one, W0)                           \
	ADDF(W0, W3, W3)                        \
	MULF(V2, W3, W3)                        \
	MULF(V1, V0, V0)                        \
	ADDF(V0, W3, V0)                        \
	MULF(E, V0, V0)                         \
	STOREV(INVERSE, TO)                     \
	CHANGE(GRADIENTS_STRIDE, TO)            \
	LOADV(AT, INVERSE)                      \
	CHANGE(STRIDE, AT)                      \
	MULF(V0, INVERSE, V0)                   \
	NEGF(V0, V0)                            \
	STOREV(V0, TO_WIDTHS)                   \
	CHANGE(GRADIENTS_STRIDE, TO_WIDTHS)     \
	LOADV(AT, INVERSE)                      \
	CHANGE(STRIDE, AT)                      \
	IF_ZERO(weights+160(FP), next)          \
	LOADV(DENSITY, V0)                      \
	MOVE_F(V3, W0)                          \
	FLIP_SIGN(W0, T)                        \
	SIGNS(T)                                \
	SELECT_SIGN(T, SMALL, LARGE, W1)        \
	SUBF(W1, W10, W1)                       \
	MOVE_F(V3, W0)                          \
	FLIP_SIGN(W0, W1)                       \
	MULF(INVERSE, W1, W1)                   \
	MULF(V1, W1, W1)                        \
	MULF(INVERSE, V0, V0)                   \
	SUBF(E, V0, V0)                         \
	MULF(V2, V0, V0)                        \
	ADDF(W1, V0, V0)                        \
	STOREV(V0, TO_WEIGHTS)                  \
	CHANGE(GRADIENTS_STRIDE, TO_WEIGHTS)    \
next: \
	LOOP_NEXT(N, term)
