//go:build !noasm

#include "textflag.h"
#include "math_avx2_amd64.h"
#include "rows_avx2_amd64.h"
#include "affine_avx2_amd64.h"

// Registers, where COLS is left in memory for want of one:
//	D_IN, D_OUT    the current rows of the gradients written and read
//	D_U, D_SHIFT   the current rows of the parameters' gradients
//	X, U           the current rows of x and of the raw scales
//	D_LOG_DET      the gradient of the current row's log-det
//	ROWS, COLS     rows to go, columns
//	COLUMN         the column reached
//	FULL, TAIL_AT  see COLUMN_COUNTS
//	TH, E          u and then tanh; ±s and then exp(±s)
//	D, XS, L       the gradient of the output, x, the gradient of the log-det
//	DS             ds and then du
//	W_X            scratch
//
// TANH and EXP overwrite Y4 to Y11: D and XS are loaded after them.
// TH0 to TH3, the tanh of four registers at once, share Y12 with MASK, which is
// set anew for every single register.
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
#define TH Y0
#define TH_X X0
#define TH0 Y12
#define TH1 Y13
#define TH2 Y14
#define TH3 Y15
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
#define MASK Y12
#define MASK_X X12

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

// LOG_SCALE computes the tanh of u in TH and s in E.
#define LOG_SCALE \
	VBROADCASTSS reciprocal+196(FP), E \
	VMULPS       E, TH, TH             \
	TANH(TH, TH)                       \
	VBROADCASTSS bound+192(FP), E      \
	VMULPS       TH, E, E

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

// FORWARD computes dy*exp(s) in E, which holds exp(s), and du in DS.
#define FORWARD(th) \
	VMULPS       D, E, E          \
	VMOVAPS      E, DS            \
	VFMADD213PS  L, XS, DS        \
	VFNMADD213PS ·one(SB), th, th \
	VMULPS       th, DS, DS

// INVERSE computes dx*exp(-s) in E, which holds exp(-s), its negative in D and
// du in DS.
#define INVERSE(th) \
	VMULPS       D, E, E          \
	VMOVAPS      D, DS            \
	VFNMSUB213PS L, XS, DS        \
	VFNMADD213PS ·one(SB), th, th \
	VMULPS       th, DS, DS       \
	VXORPS       ·signBit(SB), E, D

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

// TANH_AT computes the tanh of the eight columns at a distance in bytes.
#define TANH_AT(at, th) \
	VBROADCASTSS reciprocal+196(FP), th \
	VMULPS at(U)(COLUMN*4), th, th      \
	TANH(th, th)

// FORWARD_AT computes and stores the gradients of these columns.
#define FORWARD_AT(at, th) \
	VBROADCASTSS bound+192(FP), E  \
	VMULPS th, E, E                \
	EXP_BOUNDED(E, E)              \
	VMOVUPS at(X)(COLUMN*4), XS    \
	VMOVUPS at(D_OUT)(COLUMN*4), D \
	FORWARD(th)                    \
	VMOVUPS E, at(D_IN)(COLUMN*4)  \
	VMOVUPS DS, at(D_U)(COLUMN*4)  \
	VMOVUPS D, at(D_SHIFT)(COLUMN*4)

#define INVERSE_AT(at, th) \
	VBROADCASTSS bound+192(FP), E  \
	VMULPS th, E, E                \
	VXORPS ·signBit(SB), E, E      \
	EXP_BOUNDED(E, E)              \
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

// func AffineForwardBackwardAVX2(dIn, dparams, x, params, dOut, dLogDet []float32,
//	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, bound, reciprocal float32)
TEXT ·AffineForwardBackwardAVX2(SB), NOSPLIT, $0-200
	SETUP
	CMPQ COLS, $4
	JGT  rows
	PAIR_MASK

pair:
	CMPQ ROWS, $2
	JLT  rows
	LOAD_PAIR(U, paramsStride+168(FP), TH, TH_X, W_X)
	LOG_SCALE
	EXP(E, E)
	LOAD_PAIRS
	FORWARD(TH)
	STORE_PAIRS
	SUBQ $2, ROWS
	JMP  pair

rows:
	MOVQ COLS, CX
	COLUMN_COUNTS

row:
	SUBQ $1, ROWS
	JLT  done
	XORQ COLUMN, COLUMN
	VBROADCASTSS (D_LOG_DET), L

	// Four registers at once: the tanh of the next runs beside the exp of the
	// last, which waits for its own tanh. Bounds above 87 are too rare to have
	// a second copy of this loop, with EXP.
block:
	LEAQ 32(COLUMN), SCRATCH
	CMPQ SCRATCH, FULL
	JGT  columns
	CMPL bound+192(FP), $0x42AE0000 // 87
	JGT  columns
	TANH_AT(0, TH0)
	TANH_AT(32, TH1)
	TANH_AT(64, TH2)
	TANH_AT(96, TH3)
	FORWARD_AT(0, TH0)
	FORWARD_AT(32, TH1)
	FORWARD_AT(64, TH2)
	FORWARD_AT(96, TH3)
	ADDQ $32, COLUMN
	JMP  block

columns:
	CMPQ COLUMN, COLS
	JGE  next
	COLUMN_MASK
	VMASKMOVPS   (U)(COLUMN*4), MASK, TH
	LOG_SCALE
	EXP(E, E)
	LOAD_COLUMNS
	FORWARD(TH)
	CMPQ         COLUMN, FULL
	JGE          partial
	STORE_COLUMNS
	ADDQ         $8, COLUMN
	JMP  columns

partial:
	STORE_TAIL

next:
	NEXT_ROW
	JMP row

done:
	VZEROUPPER
	RET

// func AffineInverseBackwardAVX2(dIn, dparams, x, params, dOut, dLogDet []float32,
//	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, bound, reciprocal float32)
TEXT ·AffineInverseBackwardAVX2(SB), NOSPLIT, $0-200
	SETUP
	CMPQ COLS, $4
	JGT  rows
	PAIR_MASK

pair:
	CMPQ ROWS, $2
	JLT  rows
	LOAD_PAIR(U, paramsStride+168(FP), TH, TH_X, W_X)
	LOG_SCALE
	VXORPS       ·signBit(SB), E, E
	EXP(E, E)
	LOAD_PAIRS
	INVERSE(TH)
	STORE_PAIRS
	SUBQ $2, ROWS
	JMP  pair

rows:
	MOVQ COLS, CX
	COLUMN_COUNTS

row:
	SUBQ $1, ROWS
	JLT  done
	XORQ COLUMN, COLUMN
	VBROADCASTSS (D_LOG_DET), L

	// Four registers at once: the tanh of the next runs beside the exp of the
	// last, which waits for its own tanh. Bounds above 87 are too rare to have
	// a second copy of this loop, with EXP.
block:
	LEAQ 32(COLUMN), SCRATCH
	CMPQ SCRATCH, FULL
	JGT  columns
	CMPL bound+192(FP), $0x42AE0000 // 87
	JGT  columns
	TANH_AT(0, TH0)
	TANH_AT(32, TH1)
	TANH_AT(64, TH2)
	TANH_AT(96, TH3)
	INVERSE_AT(0, TH0)
	INVERSE_AT(32, TH1)
	INVERSE_AT(64, TH2)
	INVERSE_AT(96, TH3)
	ADDQ $32, COLUMN
	JMP  block

columns:
	CMPQ COLUMN, COLS
	JGE  next
	COLUMN_MASK
	VMASKMOVPS   (U)(COLUMN*4), MASK, TH
	LOG_SCALE
	VXORPS       ·signBit(SB), E, E
	EXP(E, E)
	LOAD_COLUMNS
	INVERSE(TH)
	CMPQ         COLUMN, FULL
	JGE          partial
	STORE_COLUMNS
	ADDQ         $8, COLUMN
	JMP  columns

partial:
	STORE_TAIL

next:
	NEXT_ROW
	JMP row

done:
	VZEROUPPER
	RET
