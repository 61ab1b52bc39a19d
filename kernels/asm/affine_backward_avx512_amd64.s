//go:build !noasm

#include "textflag.h"
#include "math_avx512_amd64.h"
#include "rows_avx512_amd64.h"
#include "affine_avx512_amd64.h"

// Registers, where COLS is left in memory for want of one:
//	D_IN, D_OUT      the current rows of the gradients written and read
//	D_U, D_SHIFT     the current rows of the parameters' gradients
//	X, U             the current rows of x and of the raw scales
//	D_LOG_DET        the gradient of the current row's log-det
//	ROWS, COLS       rows to go, columns
//	COLUMN           the column reached
//	FULL, TAIL_BITS  see COLUMN_COUNTS
//	TH, E            u and then tanh; ±s and then exp(±s)
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
#define TH Z0
#define E Z1
#define E_Y Y1
#define E_X X1
#define D Z2
#define D_Y Y2
#define D_X X2
#define XS Z3
#define L Z4
#define DS Z5
#define DS_Y Y5
#define DS_X X5
#define BOUND Z6
#define RECIPROCAL Z7
#define W_Y Y8
#define W_X X8

#define SETUP \
	MOVQ         dIn_base+0(FP), D_IN            \
	MOVQ         dparams_base+24(FP), D_U        \
	MOVQ         x_base+48(FP), X                \
	MOVQ         params_base+72(FP), U           \
	MOVQ         dOut_base+96(FP), D_OUT         \
	MOVQ         dLogDet_base+120(FP), D_LOG_DET \
	MOVQ         dLogDet_len+128(FP), ROWS       \
	MOVQ         cols+184(FP), CX                \
	VBROADCASTSS bound+192(FP), BOUND            \
	VBROADCASTSS reciprocal+196(FP), RECIPROCAL  \
	LEAQ         (D_U)(CX*4), D_SHIFT            \
	MATH_CONSTANTS

#define LOAD_COLUMNS \
	COLUMN_MASK                       \
	VMOVUPS.Z (U)(COLUMN*4), MASK, TH \
	VMOVUPS.Z (X)(COLUMN*4), MASK, XS \
	VMOVUPS.Z (D_OUT)(COLUMN*4), MASK, D

#define LOAD_QUADS \
	LOAD_QUAD(U, paramsStride+168(FP), TH)  \
	LOAD_QUAD(X, xStride+160(FP), XS)       \
	LOAD_QUAD(D_OUT, dOutStride+176(FP), D) \
	SPREAD_QUAD(D_LOG_DET, L)

#define LOAD_PAIRS \
	LOAD_PAIR(U, paramsStride+168(FP), TH)  \
	LOAD_PAIR(X, xStride+160(FP), XS)       \
	LOAD_PAIR(D_OUT, dOutStride+176(FP), D) \
	SPREAD_PAIR(D_LOG_DET, L)

// FORWARD computes dy*exp(s) in E and du in DS; dy is in D.
#define FORWARD \
	VMULPS       RECIPROCAL, TH, TH    \
	TANH(TH, TH)                       \
	VMULPS       BOUND, TH, E          \
	EXP(E, E)                          \
	VMULPS       D, E, E               \
	VMOVAPS      E, DS                 \
	VFMADD213PS  L, XS, DS             \
	VFNMADD213PS.BCST ·one(SB), TH, TH \
	VMULPS       TH, DS, DS

// INVERSE computes dx*exp(-s) in E, its negative in D and du in DS; dx is in D.
#define INVERSE \
	VMULPS       RECIPROCAL, TH, TH    \
	TANH(TH, TH)                       \
	VMULPS       BOUND, TH, E          \
	VXORPS.BCST ·signBit(SB), E, E     \
	EXP(E, E)                          \
	VMULPS       D, E, E               \
	VMOVAPS      D, DS                 \
	VFNMSUB213PS L, XS, DS             \
	VFNMADD213PS.BCST ·one(SB), TH, TH \
	VMULPS       TH, DS, DS            \
	VXORPS.BCST ·signBit(SB), E, D

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

// func AffineForwardBackwardAVX512(dIn, dparams, x, params, dOut, dLogDet []float32,
//	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, bound, reciprocal float32)
TEXT ·AffineForwardBackwardAVX512(SB), NOSPLIT, $0-200
	SETUP
	CMPQ COLS, $8
	JGT  rows
	CMPQ COLS, $4
	JGT  pairs
	QUAD_MASKS

quad:
	CMPQ ROWS, $4
	JLT  rows
	LOAD_QUADS
	FORWARD
	STORE_QUADS
	SUBQ $4, ROWS
	JMP  quad

pairs:
	PAIR_MASKS

pair:
	CMPQ ROWS, $2
	JLT  rows
	LOAD_PAIRS
	FORWARD
	STORE_PAIRS
	SUBQ $2, ROWS
	JMP  pair

rows:
	COLUMN_COUNTS

row:
	SUBQ         $1, ROWS
	JLT          done
	XORQ         COLUMN, COLUMN
	VBROADCASTSS (D_LOG_DET), L

columns:
	LOAD_COLUMNS
	FORWARD
	STORE_COLUMNS
	ADDQ $16, COLUMN
	CMPQ COLUMN, COLS
	JLT  columns
	NEXT_ROW
	JMP  row

done:
	VZEROUPPER
	RET

// func AffineInverseBackwardAVX512(dIn, dparams, x, params, dOut, dLogDet []float32,
//	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, bound, reciprocal float32)
TEXT ·AffineInverseBackwardAVX512(SB), NOSPLIT, $0-200
	SETUP
	CMPQ COLS, $8
	JGT  rows
	CMPQ COLS, $4
	JGT  pairs
	QUAD_MASKS

quad:
	CMPQ ROWS, $4
	JLT  rows
	LOAD_QUADS
	INVERSE
	STORE_QUADS
	SUBQ $4, ROWS
	JMP  quad

pairs:
	PAIR_MASKS

pair:
	CMPQ ROWS, $2
	JLT  rows
	LOAD_PAIRS
	INVERSE
	STORE_PAIRS
	SUBQ $2, ROWS
	JMP  pair

rows:
	COLUMN_COUNTS

row:
	SUBQ         $1, ROWS
	JLT          done
	XORQ         COLUMN, COLUMN
	VBROADCASTSS (D_LOG_DET), L

columns:
	LOAD_COLUMNS
	INVERSE
	STORE_COLUMNS
	ADDQ $16, COLUMN
	CMPQ COLUMN, COLS
	JLT  columns
	NEXT_ROW
	JMP  row

done:
	VZEROUPPER
	RET
