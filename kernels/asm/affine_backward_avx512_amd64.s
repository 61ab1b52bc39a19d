//go:build !noasm

#include "textflag.h"
#include "vector_avx512_amd64.h"
#include "exp.h"
#include "tanh.h"
#include "sigmoid.h"
#include "rows_avx512_amd64.h"
#include "affine_avx512_amd64.h"
#include "scale_maps.h"

// Registers, where COLS is left in memory for want of one:
//	D_IN, D_OUT      the current rows of the gradients written and read
//	D_U, D_SHIFT     the current rows of the parameters' gradients
//	X, U             the current rows of x and of the raw scales
//	D_LOG_DET        the gradient of the current row's log-det
//	ROWS, COLS       rows to go, columns
//	COLUMN           the column reached
//	FULL, TAIL_BITS  see COLUMN_COUNTS
//	G                u and then ds/du
//	G0 .. G3         the same for four registers at once
//	E                the root, then the scale, then the gradient of the input
//	D, XS, L         the gradient of the output, x, the gradient of the log-det
//	DS               ds and then du
//	W                scratch
#define D_IN DI
#define D_OUT SI
#define D_U R8
#define D_SHIFT R9
#define X R10
#define U R11
#define D_LOG_DET R12
#define ROWS R13
#define COLS cols+184(FP)
#define COLUMN BX
#define FULL DX
#define TAIL_BITS CX
#define SCRATCH AX
#define G Z0
#define G0 Z0
#define G1 Z1
#define G2 Z2
#define G3 Z3
#define E Z4
#define E_Y Y4
#define E_X X4
#define D Z5
#define D_Y Y5
#define D_X X5
#define XS Z6
#define L Z7
#define DS Z8
#define DS_Y Y8
#define DS_X X8
#define W_Y Y17
#define W_X X17
#define MAP_CONSTANT Z18
#define RECIPROCAL Z19

#define SETUP \
	MOVQ         dIn_base+0(FP), D_IN            \
	MOVQ         dparams_base+24(FP), D_U        \
	MOVQ         x_base+48(FP), X                \
	MOVQ         params_base+72(FP), U           \
	MOVQ         dOut_base+96(FP), D_OUT         \
	MOVQ         dLogDet_base+120(FP), D_LOG_DET \
	MOVQ         dLogDet_len+128(FP), ROWS       \
	MOVQ         cols+184(FP), CX                \
	VBROADCASTSS constant+192(FP), MAP_CONSTANT  \
	VBROADCASTSS reciprocal+196(FP), RECIPROCAL  \
	LEAQ         (D_U)(CX*4), D_SHIFT            \
	MATH_CONSTANTS

#define LOAD_COLUMNS \
	COLUMN_MASK                       \
	VMOVUPS.Z (U)(COLUMN*4), MASK, G  \
	VMOVUPS.Z (X)(COLUMN*4), MASK, XS \
	VMOVUPS.Z (D_OUT)(COLUMN*4), MASK, D

#define LOAD_QUADS \
	LOAD_QUAD(U, paramsStride+168(FP), G)   \
	LOAD_QUAD(X, xStride+160(FP), XS)       \
	LOAD_QUAD(D_OUT, dOutStride+176(FP), D) \
	SPREAD_QUAD(D_LOG_DET, L)

#define LOAD_PAIRS \
	LOAD_PAIR(U, paramsStride+168(FP), G)   \
	LOAD_PAIR(X, xStride+160(FP), XS)       \
	LOAD_PAIR(D_OUT, dOutStride+176(FP), D) \
	SPREAD_PAIR(D_LOG_DET, L)

// What becomes of the root in E: exp(s), exp(-s), or the scale that it is.
#define EXP_SCALE EXP(E, E)
#define EXP_NEGATED \
	VXORPS.BCST ·signBit(SB), E, E \
	EXP(E, E)
#define IS_SCALE

// FORWARD computes dy times the scale in E and du in DS; dy is in D.
#define FORWARD(g) \
	VMULPS      D, E, E   \
	VMOVAPS     E, DS     \
	VFMADD213PS L, XS, DS \
	VMULPS      g, DS, DS

// INVERSE_PRODUCT computes dx*exp(-s) in E, which holds exp(-s), its negative
// in D and du in DS; dx is in D.
#define INVERSE_PRODUCT(g) \
	VMULPS D, E, E \
	INVERSE(g)

// INVERSE_QUOTIENT is the same with E holding the scale.
#define INVERSE_QUOTIENT(g) \
	VDIVPS E, D, E \
	INVERSE(g)

#define INVERSE(g) \
	VMOVAPS      D, DS     \
	VFNMSUB213PS L, XS, DS \
	VMULPS       g, DS, DS \
	VXORPS.BCST  ·signBit(SB), E, D

// START_AT begins with the sixteen columns at a distance in bytes.
#define START_AT(at, g, start) \
	VMOVUPS at(U)(COLUMN*4), g \
	start(g)

// GRADIENTS_AT computes and stores the gradients of these columns.
#define GRADIENTS_AT(at, g, slope, scale, gradients) \
	slope(g, E)                    \
	scale                          \
	VMOVUPS at(X)(COLUMN*4), XS    \
	VMOVUPS at(D_OUT)(COLUMN*4), D \
	gradients(g)                   \
	VMOVUPS E, at(D_IN)(COLUMN*4)  \
	VMOVUPS DS, at(D_U)(COLUMN*4)  \
	VMOVUPS D, at(D_SHIFT)(COLUMN*4)

#define NEXT_ROW \
	MOVQ dInStride+144(FP), SCRATCH     \
	LEAQ (D_IN)(SCRATCH*4), D_IN        \
	MOVQ dparamsStride+152(FP), SCRATCH \
	LEAQ (D_U)(SCRATCH*4), D_U          \
	LEAQ (D_SHIFT)(SCRATCH*4), D_SHIFT  \
	MOVQ xStride+160(FP), SCRATCH       \
	LEAQ (X)(SCRATCH*4), X              \
	MOVQ paramsStride+168(FP), SCRATCH  \
	LEAQ (U)(SCRATCH*4), U              \
	MOVQ dOutStride+176(FP), SCRATCH    \
	LEAQ (D_OUT)(SCRATCH*4), D_OUT      \
	ADDQ $4, D_LOG_DET

#define STORE_COLUMNS \
	VMOVUPS E, MASK, (D_IN)(COLUMN*4) \
	VMOVUPS DS, MASK, (D_U)(COLUMN*4) \
	VMOVUPS D, MASK, (D_SHIFT)(COLUMN*4)

#define STORE_QUADS \
	STORE_QUAD(E, E_X, D_IN, dInStride+144(FP), W_X)      \
	STORE_QUAD(DS, DS_X, D_U, dparamsStride+152(FP), W_X) \
	STORE_QUAD(D, D_X, D_SHIFT, dparamsStride+152(FP), W_X)

#define STORE_PAIRS \
	STORE_PAIR(E, E_Y, D_IN, dInStride+144(FP), W_Y)      \
	STORE_PAIR(DS, DS_Y, D_U, dparamsStride+152(FP), W_Y) \
	STORE_PAIR(D, D_Y, D_SHIFT, dparamsStride+152(FP), W_Y)

// AFFINE_BACKWARD is a whole kernel: start and slope are the macros of its scale
// map; scale and gradients are macros above. Its labels are those of the
// function that uses it.
//
// Of wide rows, four registers are taken at once: the tanh of the next runs
// beside the exp of the last, which waits for its own tanh.
#define AFFINE_BACKWARD(start, slope, scale, gradients) \
	SETUP                                          \
	CMPQ COLS, $8                                  \
	JGT  rows                                      \
	CMPQ COLS, $4                                  \
	JGT  pairs                                     \
	QUAD_MASKS                                     \
quad:                                                  \
	CMPQ ROWS, $4                                  \
	JLT  rows                                      \
	LOAD_QUADS                                     \
	start(G)                                       \
	slope(G, E)                                    \
	scale                                          \
	gradients(G)                                   \
	STORE_QUADS                                    \
	SUBQ $4, ROWS                                  \
	JMP  quad                                      \
pairs:                                                 \
	PAIR_MASKS                                     \
pair:                                                  \
	CMPQ ROWS, $2                                  \
	JLT  rows                                      \
	LOAD_PAIRS                                     \
	start(G)                                       \
	slope(G, E)                                    \
	scale                                          \
	gradients(G)                                   \
	STORE_PAIRS                                    \
	SUBQ $2, ROWS                                  \
	JMP  pair                                      \
rows:                                                  \
	COLUMN_COUNTS                                  \
row:                                                   \
	SUBQ $1, ROWS                                  \
	JLT  done                                      \
	XORQ COLUMN, COLUMN                            \
	VBROADCASTSS (D_LOG_DET), L                    \
block:                                                 \
	LEAQ 64(COLUMN), SCRATCH                       \
	CMPQ SCRATCH, FULL                             \
	JGT  columns                                   \
	START_AT(0, G0, start)                         \
	START_AT(64, G1, start)                        \
	START_AT(128, G2, start)                       \
	START_AT(192, G3, start)                       \
	GRADIENTS_AT(0, G0, slope, scale, gradients)   \
	GRADIENTS_AT(64, G1, slope, scale, gradients)  \
	GRADIENTS_AT(128, G2, slope, scale, gradients) \
	GRADIENTS_AT(192, G3, slope, scale, gradients) \
	ADDQ $64, COLUMN                               \
	JMP  block                                     \
columns:                                               \
	CMPQ COLUMN, COLS                              \
	JGE  next                                      \
	LOAD_COLUMNS                                   \
	start(G)                                       \
	slope(G, E)                                    \
	scale                                          \
	gradients(G)                                   \
	STORE_COLUMNS                                  \
	ADDQ $16, COLUMN                               \
	JMP  columns                                   \
next:                                                  \
	NEXT_ROW                                       \
	JMP  row                                       \
done:                                                  \
	VZEROUPPER                                     \
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
	CMPQ SCRATCH, $number \
	JNE  2(PC)

// func AffineForwardBackwardAVX512(dIn, dparams, x, params, dOut, dLogDet []float32,
//	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, constant, reciprocal float32, kind int)
TEXT ·AffineForwardBackwardAVX512(SB), NOSPLIT, $0-208
	MOVQ kind+200(FP), SCRATCH
	SCALE_MAPS(TO_FORWARD, TO_FORWARD, TO_FORWARD)
	UNDEF

// func AffineInverseBackwardAVX512(dIn, dparams, x, params, dOut, dLogDet []float32,
//	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, constant, reciprocal float32, kind int)
TEXT ·AffineInverseBackwardAVX512(SB), NOSPLIT, $0-208
	MOVQ kind+200(FP), SCRATCH
	SCALE_MAPS(TO_INVERSE, TO_INVERSE, TO_INVERSE)
	UNDEF
