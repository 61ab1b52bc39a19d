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
//	TH0 .. TH3       the same for four registers at once
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
#define TH0 Z0
#define TH1 Z1
#define TH2 Z2
#define TH3 Z3
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
#define W_Y Y15
#define W_X X15
#define BOUND Z16
#define RECIPROCAL Z17

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

// LOG_SCALE computes tanh(u/bound) from u in th.
#define LOG_SCALE(th) \
	VMULPS RECIPROCAL, th, th \
	TANH(th, th)

// EXP_FORWARD computes exp(s) in E, EXP_INVERSE exp(-s).
#define EXP_FORWARD(th) \
	VMULPS BOUND, th, E \
	EXP(E, E)

#define EXP_INVERSE(th) \
	VMULPS BOUND, th, E            \
	VXORPS.BCST ·signBit(SB), E, E \
	EXP(E, E)

// FORWARD computes dy*exp(s) in E, which holds exp(s), and du in DS; dy is in
// D.
#define FORWARD(th) \
	VMULPS D, E, E                     \
	VMOVAPS E, DS                      \
	VFMADD213PS L, XS, DS              \
	VFNMADD213PS.BCST ·one(SB), th, th \
	VMULPS th, DS, DS

// INVERSE computes dx*exp(-s) in E, which holds exp(-s), its negative in D and
// du in DS; dx is in D.
#define INVERSE(th) \
	VMULPS D, E, E                     \
	VMOVAPS D, DS                      \
	VFNMSUB213PS L, XS, DS             \
	VFNMADD213PS.BCST ·one(SB), th, th \
	VMULPS th, DS, DS                  \
	VXORPS.BCST ·signBit(SB), E, D

// TANH_AT computes the tanh of the sixteen columns at a distance in bytes.
#define TANH_AT(at, th) \
	VMULPS at(U)(COLUMN*4), RECIPROCAL, th \
	TANH(th, th)

// FORWARD_AT computes and stores the gradients of these columns.
#define FORWARD_AT(at, th) \
	EXP_FORWARD(th)                \
	VMOVUPS at(X)(COLUMN*4), XS    \
	VMOVUPS at(D_OUT)(COLUMN*4), D \
	FORWARD(th)                    \
	VMOVUPS E, at(D_IN)(COLUMN*4)  \
	VMOVUPS DS, at(D_U)(COLUMN*4)  \
	VMOVUPS D, at(D_SHIFT)(COLUMN*4)

#define INVERSE_AT(at, th) \
	EXP_INVERSE(th)                \
	VMOVUPS at(X)(COLUMN*4), XS    \
	VMOVUPS at(D_OUT)(COLUMN*4), D \
	INVERSE(th)                    \
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
	LOG_SCALE(TH)
	EXP_FORWARD(TH)
	FORWARD(TH)
	STORE_QUADS
	SUBQ $4, ROWS
	JMP  quad

pairs:
	PAIR_MASKS

pair:
	CMPQ ROWS, $2
	JLT  rows
	LOAD_PAIRS
	LOG_SCALE(TH)
	EXP_FORWARD(TH)
	FORWARD(TH)
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

	// Four registers at once: the tanh of the next runs beside the exp of the
	// last, which waits for its own tanh.
block:
	LEAQ 64(COLUMN), SCRATCH
	CMPQ SCRATCH, FULL
	JGT  columns
	TANH_AT(0, TH0)
	TANH_AT(64, TH1)
	TANH_AT(128, TH2)
	TANH_AT(192, TH3)
	FORWARD_AT(0, TH0)
	FORWARD_AT(64, TH1)
	FORWARD_AT(128, TH2)
	FORWARD_AT(192, TH3)
	ADDQ $64, COLUMN
	JMP  block

columns:
	CMPQ COLUMN, COLS
	JGE  next
	LOAD_COLUMNS
	LOG_SCALE(TH)
	EXP_FORWARD(TH)
	FORWARD(TH)
	STORE_COLUMNS
	ADDQ $16, COLUMN
	JMP  columns

next:
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
	LOG_SCALE(TH)
	EXP_INVERSE(TH)
	INVERSE(TH)
	STORE_QUADS
	SUBQ $4, ROWS
	JMP  quad

pairs:
	PAIR_MASKS

pair:
	CMPQ ROWS, $2
	JLT  rows
	LOAD_PAIRS
	LOG_SCALE(TH)
	EXP_INVERSE(TH)
	INVERSE(TH)
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

	// Four registers at once: the tanh of the next runs beside the exp of the
	// last, which waits for its own tanh.
block:
	LEAQ 64(COLUMN), SCRATCH
	CMPQ SCRATCH, FULL
	JGT  columns
	TANH_AT(0, TH0)
	TANH_AT(64, TH1)
	TANH_AT(128, TH2)
	TANH_AT(192, TH3)
	INVERSE_AT(0, TH0)
	INVERSE_AT(64, TH1)
	INVERSE_AT(128, TH2)
	INVERSE_AT(192, TH3)
	ADDQ $64, COLUMN
	JMP  block

columns:
	CMPQ COLUMN, COLS
	JGE  next
	LOAD_COLUMNS
	LOG_SCALE(TH)
	EXP_INVERSE(TH)
	INVERSE(TH)
	STORE_COLUMNS
	ADDQ $16, COLUMN
	JMP  columns

next:
	NEXT_ROW
	JMP  row

done:
	VZEROUPPER
	RET
