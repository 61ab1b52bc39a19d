//go:build !noasm

#include "textflag.h"
#include "vector_avx2_amd64.h"
#include "exp.h"
#include "tanh.h"
#include "sigmoid.h"
#include "rows_avx2_amd64.h"
#include "affine_avx2_amd64.h"
#include "scale_maps.h"

// Registers, where COLS is left in memory for want of one:
//	D_IN, D_OUT    the current rows of the gradients written and read
//	D_U, D_SHIFT   the current rows of the parameters' gradients
//	X, U           the current rows of x and of the raw scales
//	D_LOG_DET      the gradient of the current row's log-det
//	ROWS, COLS     rows to go, columns
//	COLUMN         the column reached
//	FULL, TAIL_AT  see COLUMN_COUNTS
//	G              u and then ds/du
//	E              the root, then the scale, then the gradient of the input
//	D, XS, L       the gradient of the output, x, the gradient of the log-det
//	DS             ds and then du
//	W_X            scratch
//
// The macros of math overwrite Y4 to Y12: D and XS are loaded after them.
// G0 to G3, the same as G for four registers at once, share Y3 with MASK, which
// is set anew for every single register.
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
#define TAIL_AT CX
#define SCRATCH AX
#define G Y0
#define G_X X0
#define G0 Y3
#define G1 Y13
#define G2 Y14
#define G3 Y15
#define E Y1
#define E_X X1
#define D Y4
#define D_X X4
#define XS Y5
#define XS_X X5
#define L Y2
#define L_X X2
#define DS Y7
#define DS_X X7
#define W_X X8
#define MASK Y3
#define MASK_X X3
#define MAP_CONSTANT constant+192(FP)
#define RECIPROCAL reciprocal+196(FP)

#define SETUP \
	MOVQ dIn_base+0(FP), D_IN            \
	MOVQ dparams_base+24(FP), D_U        \
	MOVQ x_base+48(FP), X                \
	MOVQ params_base+72(FP), U           \
	MOVQ dOut_base+96(FP), D_OUT         \
	MOVQ dLogDet_base+120(FP), D_LOG_DET \
	MOVQ dLogDet_len+128(FP), ROWS       \
	MOVQ cols+184(FP), CX                \
	LEAQ (D_U)(CX*4), D_SHIFT

#define LOAD_COLUMNS \
	VMASKMOVPS (X)(COLUMN*4), MASK, XS \
	VMASKMOVPS (D_OUT)(COLUMN*4), MASK, D

// LOAD_PAIRS also spreads the gradients of two log-dets over their rows.
#define LOAD_PAIRS \
	LOAD_PAIR(X, xStride+160(FP), XS, XS_X, W_X)      \
	LOAD_PAIR(D_OUT, dOutStride+176(FP), D, D_X, W_X) \
	VBROADCASTSS (D_LOG_DET), L_X                     \
	VBROADCASTSS 4(D_LOG_DET), W_X                    \
	VINSERTF128  $1, W_X, L, L                        \
	ADDQ         $8, D_LOG_DET

#define STORE_COLUMNS \
	VMOVUPS E, (D_IN)(COLUMN*4) \
	VMOVUPS DS, (D_U)(COLUMN*4) \
	VMOVUPS D, (D_SHIFT)(COLUMN*4)

#define STORE_TAIL \
	VMASKMOVPS E, MASK, (D_IN)(COLUMN*4) \
	VMASKMOVPS DS, MASK, (D_U)(COLUMN*4) \
	VMASKMOVPS D, MASK, (D_SHIFT)(COLUMN*4)

#define STORE_PAIRS \
	STORE_PAIR(E, E_X, D_IN, dInStride+144(FP), W_X)      \
	STORE_PAIR(DS, DS_X, D_U, dparamsStride+152(FP), W_X) \
	STORE_PAIR(D, D_X, D_SHIFT, dparamsStride+152(FP), W_X)

// What becomes of the root in E: exp(s), exp(-s), or the scale that it is. The
// two BOUNDED are for constants up to 87 that bound s.
#define EXP_SCALE EXP(E, E)
#define EXP_SCALE_BOUNDED EXP_BOUNDED(E, E)
#define EXP_NEGATED \
	VXORPS ·signBit(SB), E, E \
	EXP(E, E)
#define EXP_NEGATED_BOUNDED \
	VXORPS ·signBit(SB), E, E \
	EXP_BOUNDED(E, E)
#define IS_SCALE

// FORWARD computes dy times the scale in E and du in DS.
#define FORWARD(g) \
	VMULPS      D, E, E   \
	VMOVAPS     E, DS     \
	VFMADD213PS L, XS, DS \
	VMULPS      g, DS, DS

// INVERSE_PRODUCT computes dx*exp(-s) in E, which holds exp(-s), its negative
// in D and du in DS.
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
	VXORPS       ·signBit(SB), E, D

// START_AT begins with the eight columns at a distance in bytes.
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

// AFFINE_BACKWARD is a whole kernel: start and slope are the macros of its scale
// map; scale, blockScale and gradients are macros above. Its labels are those of
// the function that uses it.
//
// Of wide rows, four registers are taken at once: the tanh of the next runs
// beside the exp of the last, which waits for its own tanh. They alone have
// blockScale; bounds above 87 (0x42AE0000) are too rare to have a loop of their
// own, and are left to the single registers.
#define AFFINE_BACKWARD(start, slope, scale, blockScale, gradients) \
	SETUP                                              \
	CMPQ         COLS, $4                              \
	JGT          rows                                  \
	PAIR_MASK                                          \
pair:                                                      \
	CMPQ         ROWS, $2                              \
	JLT          rows                                  \
	LOAD_PAIR(U, paramsStride+168(FP), G, G_X, W_X)    \
	start(G)                                           \
	slope(G, E)                                        \
	scale                                              \
	LOAD_PAIRS                                         \
	gradients(G)                                       \
	STORE_PAIRS                                        \
	SUBQ         $2, ROWS                              \
	JMP          pair                                  \
rows:                                                      \
	MOVQ         COLS, CX                              \
	COLUMN_COUNTS                                      \
row:                                                       \
	SUBQ         $1, ROWS                              \
	JLT          done                                  \
	XORQ         COLUMN, COLUMN                        \
	VBROADCASTSS (D_LOG_DET), L                        \
block:                                                     \
	LEAQ         32(COLUMN), SCRATCH                   \
	CMPQ         SCRATCH, FULL                         \
	JGT          columns                               \
	CMPL         MAP_CONSTANT, $0x42AE0000             \
	JGT          columns                               \
	START_AT(0, G0, start)                             \
	START_AT(32, G1, start)                            \
	START_AT(64, G2, start)                            \
	START_AT(96, G3, start)                            \
	GRADIENTS_AT(0, G0, slope, blockScale, gradients)  \
	GRADIENTS_AT(32, G1, slope, blockScale, gradients) \
	GRADIENTS_AT(64, G2, slope, blockScale, gradients) \
	GRADIENTS_AT(96, G3, slope, blockScale, gradients) \
	ADDQ         $32, COLUMN                           \
	JMP          block                                 \
columns:                                                   \
	CMPQ         COLUMN, COLS                          \
	JGE          next                                  \
	COLUMN_MASK                                        \
	VMASKMOVPS   (U)(COLUMN*4), MASK, G                \
	start(G)                                           \
	slope(G, E)                                        \
	scale                                              \
	LOAD_COLUMNS                                       \
	gradients(G)                                       \
	CMPQ         COLUMN, FULL                          \
	JGE          partial                               \
	STORE_COLUMNS                                      \
	ADDQ         $8, COLUMN                            \
	JMP          columns                               \
partial:                                                   \
	STORE_TAIL                                         \
next:                                                      \
	NEXT_ROW                                           \
	JMP          row                                   \
done:                                                      \
	VZEROUPPER                                         \
	RET

// The kernels of a map of each sort.
#define BOUNDED(number, forward, inverse, root, start, slope) \
TEXT forward(SB), NOSPLIT, $0-208 \
	AFFINE_BACKWARD(start, slope, EXP_SCALE, EXP_SCALE_BOUNDED, FORWARD) \
TEXT inverse(SB), NOSPLIT, $0-208 \
	AFFINE_BACKWARD(start, slope, EXP_NEGATED, EXP_NEGATED_BOUNDED, INVERSE_PRODUCT)
#define EXPONENTIAL(number, forward, inverse, root, start, slope) \
TEXT forward(SB), NOSPLIT, $0-208 \
	AFFINE_BACKWARD(start, slope, EXP_SCALE, EXP_SCALE, FORWARD) \
TEXT inverse(SB), NOSPLIT, $0-208 \
	AFFINE_BACKWARD(start, slope, EXP_NEGATED, EXP_NEGATED, INVERSE_PRODUCT)
#define SCALED(number, forward, inverse, root, start, slope) \
TEXT forward(SB), NOSPLIT, $0-208 \
	AFFINE_BACKWARD(start, slope, IS_SCALE, IS_SCALE, FORWARD) \
TEXT inverse(SB), NOSPLIT, $0-208 \
	AFFINE_BACKWARD(start, slope, IS_SCALE, IS_SCALE, INVERSE_QUOTIENT)

SCALE_MAPS(BOUNDED, EXPONENTIAL, SCALED)

#define SKIP_UNLESS(number) \
	CMPQ SCRATCH, $number \
	JNE  2(PC)

// func AffineForwardBackwardAVX2(dIn, dparams, x, params, dOut, dLogDet []float32,
//	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, constant, reciprocal float32, kind int)
TEXT ·AffineForwardBackwardAVX2(SB), NOSPLIT, $0-208
	MOVQ kind+200(FP), SCRATCH
	SCALE_MAPS(TO_FORWARD, TO_FORWARD, TO_FORWARD)
	UNDEF

// func AffineInverseBackwardAVX2(dIn, dparams, x, params, dOut, dLogDet []float32,
//	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, constant, reciprocal float32, kind int)
TEXT ·AffineInverseBackwardAVX2(SB), NOSPLIT, $0-208
	MOVQ kind+200(FP), SCRATCH
	SCALE_MAPS(TO_INVERSE, TO_INVERSE, TO_INVERSE)
	UNDEF
