//go:build !noasm

#include "textflag.h"
#include "vector_neon_arm64.h"
#include "exp.h"
#include "tanh.h"
#include "sigmoid.h"
#include "affine_neon_arm64.h"
#include "scale_maps.h"

// Registers:
//	D_IN, D_OUT    the next columns of the gradients written and read
//	D_U, D_SHIFT   the next columns of the parameters' gradients
//	X, U           the next columns of x and of the raw scales
//	…_SKIP         their skips
//	D_LOG_DET      the gradient of the next row's log-det
//	ROWS           rows to go
//	FULL, TAIL     columns in whole pairs, and the columns after them
//	LEFT           columns of whole pairs to go
//	G0, G1         u and then ds/du
//	E              the root, then the scale, then the gradient of the input
//	D, XS, L       the gradient of the output, x, the gradient of the log-det
//	DS             ds and then du
//	W              scratch
#define D_IN R0
#define D_OUT R1
#define D_U R2
#define D_SHIFT R3
#define X R4
#define U R5
#define D_LOG_DET R6
#define ROWS R7
#define FULL R8
#define TAIL R9
#define LEFT R10
#define D_IN_SKIP R11
#define D_OUT_SKIP R12
#define D_PARAMS_SKIP R13
#define X_SKIP R14
#define PARAMS_SKIP R15
#define G0 0
#define E 2
#define D 4
#define XS 6
#define L 8
#define DS 10
#define W 12
#define G1 14
#define MAP_CONSTANT constant+192(FP)
#define RECIPROCAL reciprocal+196(FP)

#define SETUP \
	MOVD dIn_base+0(FP), D_IN                  \
	MOVD dparams_base+24(FP), D_U              \
	MOVD x_base+48(FP), X                      \
	MOVD params_base+72(FP), U                 \
	MOVD dOut_base+96(FP), D_OUT               \
	MOVD dLogDet_base+120(FP), D_LOG_DET       \
	MOVD dLogDet_len+128(FP), ROWS             \
	MOVD cols+184(FP), D_SHIFT                 \
	ADD  D_SHIFT<<2, D_U, D_SHIFT              \
	ROW_COUNTS(cols+184(FP))                   \
	SKIP(dInStride+144(FP), D_IN_SKIP)         \
	SKIP(dparamsStride+152(FP), D_PARAMS_SKIP) \
	SKIP(xStride+160(FP), X_SKIP)              \
	SKIP(paramsStride+168(FP), PARAMS_SKIP)    \
	SKIP(dOutStride+176(FP), D_OUT_SKIP)

// What becomes of the root in E: exp(s), exp(-s), or the scale that it is.
#define EXP_SCALE EXP(E, E)
#define EXP_NEGATED \
	FNEG8(E, E) \
	EXP(E, E)
#define IS_SCALE

// FORWARD computes dy times the scale in E and du in DS.
#define FORWARD(g) \
	FMUL8(D, E, E)   \
	MOVE8(L, DS)     \
	FMLA8(XS, E, DS) \
	FMUL8(g, DS, DS)

// INVERSE_PRODUCT computes dx·exp(−s) in E, which holds exp(−s), its negative in
// D and du in DS.
#define INVERSE_PRODUCT(g) \
	FMUL8(D, E, E) \
	INVERSE(g)

// INVERSE_QUOTIENT is the same with E holding the scale.
#define INVERSE_QUOTIENT(g) \
	FDIV8(E, D, E) \
	INVERSE(g)

#define INVERSE(g) \
	FNEG8(L, DS)     \
	FMLS8(XS, D, DS) \
	FMUL8(g, DS, DS) \
	FNEG8(E, D)

// GRADIENTS is all but loads and stores, after the START.
#define GRADIENTS(g, slope, scale, gradients) \
	slope(g, E) \
	scale       \
	gradients(g)

// COLUMNS does all but the START for the next eight columns.
#define COLUMNS(g, slope, scale, gradients) \
	LOAD_NEXT(D_OUT, D)                   \
	LOAD_NEXT(X, XS)                      \
	GRADIENTS(g, slope, scale, gradients) \
	STORE_NEXT(E, D_IN)                   \
	STORE_NEXT(DS, D_U)                   \
	STORE_NEXT(D, D_SHIFT)

// AFFINE_BACKWARD is a whole kernel: start and slope are the macros of its scale
// map; scale and gradients are macros above. Its labels are those of the
// function that uses it. Of wide rows, 16 columns are taken at once: the second
// tanh runs beside the first, and beside the exp that waits for it.
#define AFFINE_BACKWARD(start, slope, scale, gradients) \
	SETUP                                  \
	BRANCH_IF_WIDE(row)                    \
two:                                           \
	CMP     $2, ROWS                       \
	BLT     row                            \
	LOAD_ROWS(U, PARAMS_SKIP, G0)          \
	start(G0)                              \
	LOAD_ROWS(D_OUT, D_OUT_SKIP, D)        \
	LOAD_ROWS(X, X_SKIP, XS)               \
	FMOVS.P 4(D_LOG_DET), F(L)             \
	FMOVS.P 4(D_LOG_DET), F(W)             \
	VDUP_S4(0, L, L)                       \
	VDUP_S4(0, W, L+1)                     \
	GRADIENTS(G0, slope, scale, gradients) \
	STORE_ROWS(E, D_IN, D_IN_SKIP)         \
	STORE_ROWS(DS, D_U, D_PARAMS_SKIP)     \
	STORE_ROWS(D, D_SHIFT, D_PARAMS_SKIP)  \
	SUB     $2, ROWS                       \
	JMP     two                            \
row:                                           \
	SUBS    $1, ROWS                       \
	BLT     done                           \
	SPREAD((D_LOG_DET), L)                 \
	ADD     $4, D_LOG_DET                  \
	MOVD    FULL, LEFT                     \
columns16:                                     \
	SUBS    $16, LEFT                      \
	BLT     columns8                       \
	LOAD_NEXT(U, G0)                       \
	LOAD_NEXT(U, G1)                       \
	start(G0)                              \
	start(G1)                              \
	COLUMNS(G0, slope, scale, gradients)   \
	COLUMNS(G1, slope, scale, gradients)   \
	JMP     columns16                      \
columns8:                                      \
	ADDS    $16, LEFT                      \
	BEQ     tail                           \
	LOAD_NEXT(U, G0)                       \
	start(G0)                              \
	COLUMNS(G0, slope, scale, gradients)   \
tail:                                          \
	CBZ     TAIL, next                     \
	LOAD_TAIL(U, G0)                       \
	start(G0)                              \
	LOAD_TAIL(D_OUT, D)                    \
	LOAD_TAIL(X, XS)                       \
	GRADIENTS(G0, slope, scale, gradients) \
	STORE_TAIL(E, D_IN)                    \
	STORE_TAIL(DS, D_U)                    \
	STORE_TAIL(D, D_SHIFT)                 \
next:                                          \
	ADD     D_IN_SKIP, D_IN                \
	ADD     D_OUT_SKIP, D_OUT              \
	ADD     D_PARAMS_SKIP, D_U             \
	ADD     D_PARAMS_SKIP, D_SHIFT         \
	ADD     X_SKIP, X                      \
	ADD     PARAMS_SKIP, U                 \
	JMP     row                            \
done:                                          \
	RET

// The kernels of a map of each sort.
#define BOUNDED(number, forward, inverse, root, start, slope) \
TEXT forward(SB), NOSPLIT, $0-208 \
	AFFINE_BACKWARD(start, slope, EXP_SCALE, FORWARD) \
TEXT inverse(SB), NOSPLIT, $0-208 \
	AFFINE_BACKWARD(start, slope, EXP_NEGATED, INVERSE_PRODUCT)
#define EXPONENTIAL(number, forward, inverse, root, start, slope) \
TEXT forward(SB), NOSPLIT, $0-208 \
	AFFINE_BACKWARD(start, slope, EXP_SCALE, FORWARD) \
TEXT inverse(SB), NOSPLIT, $0-208 \
	AFFINE_BACKWARD(start, slope, EXP_NEGATED, INVERSE_PRODUCT)
#define SCALED(number, forward, inverse, root, start, slope) \
TEXT forward(SB), NOSPLIT, $0-208 \
	AFFINE_BACKWARD(start, slope, IS_SCALE, FORWARD) \
TEXT inverse(SB), NOSPLIT, $0-208 \
	AFFINE_BACKWARD(start, slope, IS_SCALE, INVERSE_QUOTIENT)

SCALE_MAPS(BOUNDED, EXPONENTIAL, SCALED)

#define SKIP_UNLESS(number) \
	CMP $number, R0 \
	BNE 2(PC)

// func AffineForwardBackwardNEON(dIn, dparams, x, params, dOut, dLogDet []float32,
//	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, constant, reciprocal float32, kind int)
TEXT ·AffineForwardBackwardNEON(SB), NOSPLIT, $0-208
	MOVD kind+200(FP), R0
	SCALE_MAPS(TO_FORWARD, TO_FORWARD, TO_FORWARD)
	UNDEF

// func AffineInverseBackwardNEON(dIn, dparams, x, params, dOut, dLogDet []float32,
//	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, constant, reciprocal float32, kind int)
TEXT ·AffineInverseBackwardNEON(SB), NOSPLIT, $0-208
	MOVD kind+200(FP), R0
	SCALE_MAPS(TO_INVERSE, TO_INVERSE, TO_INVERSE)
	UNDEF
