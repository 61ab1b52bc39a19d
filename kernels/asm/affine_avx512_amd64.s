//go:build !noasm

#include "textflag.h"
#include "math_avx512_amd64.h"
#include "rows_avx512_amd64.h"
#include "affine_avx512_amd64.h"

// Registers:
//	OUT, IN          the current rows of the result and the source
//	U, SHIFT         the current rows of the raw scales and the shifts
//	LOG_DET          where the next log-det goes
//	ROWS, COLS       rows to go, columns
//	COLUMN           the column reached
//	FULL, TAIL_BITS  see COLUMN_COUNTS
//	S, E, V, T       u and then s, exp(±s), the source and then the result, t
//	LANES            the sums of s
//	S0 .. S3         four times sixteen of s, then exp(±s)
//	W                scratch
#define OUT DI
#define IN SI
#define U R8
#define SHIFT R9
#define LOG_DET R10
#define ROWS R11
#define COLS R12
#define COLUMN BX
#define FULL DX
#define TAIL_BITS R13
#define SCRATCH AX
#define S Z0
#define S_X X0
#define E Z1
#define V Z8
#define V_Y Y8
#define V_X X8
#define T Z15
#define S0 Z0
#define S1 Z1
#define S2 Z2
#define S3 Z3
#define LANES Z4
#define LANES_Y Y4
#define LANES_X X4
#define W Z5
#define W_Y Y5
#define W_X X5
#define BOUND Z6
#define RECIPROCAL Z7

#define SETUP \
	MOVQ         out_base+0(FP), OUT            \
	MOVQ         in_base+24(FP), IN             \
	MOVQ         params_base+48(FP), U          \
	MOVQ         logDet_base+72(FP), LOG_DET    \
	MOVQ         logDet_len+80(FP), ROWS        \
	MOVQ         cols+120(FP), COLS             \
	VBROADCASTSS bound+128(FP), BOUND           \
	VBROADCASTSS reciprocal+132(FP), RECIPROCAL \
	LEAQ         (U)(COLS*4), SHIFT             \
	MATH_CONSTANTS                              \
	COLUMN_COUNTS

#define LOAD_COLUMNS \
	COLUMN_MASK                          \
	VMOVUPS.Z (U)(COLUMN*4), MASK, S     \
	VMOVUPS.Z (SHIFT)(COLUMN*4), MASK, T \
	VMOVUPS.Z (IN)(COLUMN*4), MASK, V

#define LOAD_QUADS \
	LOAD_QUAD(U, paramsStride+112(FP), S)     \
	LOAD_QUAD(SHIFT, paramsStride+112(FP), T) \
	LOAD_QUAD(IN, inStride+104(FP), V)

#define LOAD_PAIRS \
	LOAD_PAIR(U, paramsStride+112(FP), S)     \
	LOAD_PAIR(SHIFT, paramsStride+112(FP), T) \
	LOAD_PAIR(IN, inStride+104(FP), V)

// FORWARD computes s in S and fma(x, exp(s), t) in V.
#define FORWARD \
	VMULPS      RECIPROCAL, S, S \
	TANH(S, S)                   \
	VMULPS      BOUND, S, S      \
	EXP(S, E)                    \
	VFMADD213PS T, E, V

// INVERSE computes s in S and (y - t)*exp(-s) in V.
#define INVERSE \
	VMULPS RECIPROCAL, S, S        \
	TANH(S, S)                     \
	VMULPS BOUND, S, S             \
	VXORPS.BCST ·signBit(SB), S, E \
	EXP(E, E)                      \
	VSUBPS T, V, V                 \
	VMULPS E, V, V

// LOG_SCALE_AT computes s of the sixteen columns at a distance in bytes.
#define LOG_SCALE_AT(at, s) \
	VMULPS at(U)(COLUMN*4), RECIPROCAL, s \
	TANH(s, s)                            \
	VMULPS BOUND, s, s

// FORWARD_AT computes and stores the results of these columns.
#define FORWARD_AT(at, s) \
	EXP(s, s)                             \
	VMOVUPS at(IN)(COLUMN*4), V           \
	VFMADD213PS at(SHIFT)(COLUMN*4), s, V \
	VMOVUPS V, at(OUT)(COLUMN*4)

#define INVERSE_AT(at, s) \
	VXORPS.BCST ·signBit(SB), s, s   \
	EXP(s, s)                        \
	VMOVUPS at(IN)(COLUMN*4), V      \
	VSUBPS at(SHIFT)(COLUMN*4), V, V \
	VMULPS s, V, V                   \
	VMOVUPS V, at(OUT)(COLUMN*4)

#define NEXT_ROW \
	MOVQ outStride+96(FP), SCRATCH     \
	LEAQ (OUT)(SCRATCH*4), OUT         \
	MOVQ inStride+104(FP), SCRATCH     \
	LEAQ (IN)(SCRATCH*4), IN           \
	MOVQ paramsStride+112(FP), SCRATCH \
	LEAQ (U)(SCRATCH*4), U             \
	LEAQ (SHIFT)(SCRATCH*4), SHIFT     \
	ADDQ $4, LOG_DET

// func AffineForwardAVX512(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, bound, reciprocal float32)
TEXT ·AffineForwardAVX512(SB), NOSPLIT, $0-136
	SETUP
	CMPQ COLS, $8
	JGT  row
	CMPQ COLS, $4
	JGT  pairs
	QUAD_MASKS

quad:
	CMPQ    ROWS, $4
	JLT     row
	LOAD_QUADS
	FORWARD
	STORE_QUAD(V, V_X, OUT, outStride+96(FP), W_X)
	SUM_QUAD(S, W)
	VMOVUPS S_X, (LOG_DET)
	ADDQ    $16, LOG_DET
	SUBQ    $4, ROWS
	JMP     quad

pairs:
	PAIR_MASKS

pair:
	CMPQ   ROWS, $2
	JLT    row
	LOAD_PAIRS
	FORWARD
	STORE_PAIR(V, V_Y, OUT, outStride+96(FP), W_Y)
	SUM_PAIR(S, W)
	VMOVSD S_X, (LOG_DET)
	ADDQ   $8, LOG_DET
	SUBQ   $2, ROWS
	JMP    pair

row:
	SUBQ   $1, ROWS
	JLT    done
	XORQ   COLUMN, COLUMN
	VPXORD LANES, LANES, LANES

	// Four registers at once: the tanh of the next runs beside the exp of the
	// last, which waits for its own tanh.
block:
	LEAQ   64(COLUMN), SCRATCH
	CMPQ   SCRATCH, FULL
	JGT    columns
	LOG_SCALE_AT(0, S0)
	LOG_SCALE_AT(64, S1)
	LOG_SCALE_AT(128, S2)
	LOG_SCALE_AT(192, S3)
	VADDPS S0, LANES, LANES
	VADDPS S1, LANES, LANES
	VADDPS S2, LANES, LANES
	VADDPS S3, LANES, LANES
	FORWARD_AT(0, S0)
	FORWARD_AT(64, S1)
	FORWARD_AT(128, S2)
	FORWARD_AT(192, S3)
	ADDQ   $64, COLUMN
	JMP    block

columns:
	CMPQ   COLUMN, COLS
	JGE    fold
	LOAD_COLUMNS
	FORWARD
	VADDPS  S, LANES, MASK, LANES
	VMOVUPS V, MASK, (OUT)(COLUMN*4)
	ADDQ    $16, COLUMN
	JMP     columns

fold:
	FOLD16(LANES, LANES_Y, LANES_X, W_Y, W_X)
	VMOVSS  LANES_X, (LOG_DET)
	NEXT_ROW
	JMP     row

done:
	VZEROUPPER
	RET

// func AffineInverseAVX512(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, bound, reciprocal float32)
TEXT ·AffineInverseAVX512(SB), NOSPLIT, $0-136
	SETUP
	CMPQ COLS, $8
	JGT  row
	CMPQ COLS, $4
	JGT  pairs
	QUAD_MASKS

quad:
	CMPQ    ROWS, $4
	JLT     row
	LOAD_QUADS
	INVERSE
	STORE_QUAD(V, V_X, OUT, outStride+96(FP), W_X)
	SUM_QUAD(S, W)
	VXORPS  ·signBit(SB), S_X, S_X
	VMOVUPS S_X, (LOG_DET)
	ADDQ    $16, LOG_DET
	SUBQ    $4, ROWS
	JMP     quad

pairs:
	PAIR_MASKS

pair:
	CMPQ   ROWS, $2
	JLT    row
	LOAD_PAIRS
	INVERSE
	STORE_PAIR(V, V_Y, OUT, outStride+96(FP), W_Y)
	SUM_PAIR(S, W)
	VXORPS ·signBit(SB), S_X, S_X
	VMOVSD S_X, (LOG_DET)
	ADDQ   $8, LOG_DET
	SUBQ   $2, ROWS
	JMP    pair

row:
	SUBQ   $1, ROWS
	JLT    done
	XORQ   COLUMN, COLUMN
	VPXORD LANES, LANES, LANES

	// Four registers at once: the tanh of the next runs beside the exp of the
	// last, which waits for its own tanh.
block:
	LEAQ   64(COLUMN), SCRATCH
	CMPQ   SCRATCH, FULL
	JGT    columns
	LOG_SCALE_AT(0, S0)
	LOG_SCALE_AT(64, S1)
	LOG_SCALE_AT(128, S2)
	LOG_SCALE_AT(192, S3)
	VADDPS S0, LANES, LANES
	VADDPS S1, LANES, LANES
	VADDPS S2, LANES, LANES
	VADDPS S3, LANES, LANES
	INVERSE_AT(0, S0)
	INVERSE_AT(64, S1)
	INVERSE_AT(128, S2)
	INVERSE_AT(192, S3)
	ADDQ   $64, COLUMN
	JMP    block

columns:
	CMPQ   COLUMN, COLS
	JGE    fold
	LOAD_COLUMNS
	INVERSE
	VADDPS  S, LANES, MASK, LANES
	VMOVUPS V, MASK, (OUT)(COLUMN*4)
	ADDQ    $16, COLUMN
	JMP     columns

fold:
	FOLD16(LANES, LANES_Y, LANES_X, W_Y, W_X)
	VXORPS  ·signBit(SB), LANES_X, LANES_X
	VMOVSS  LANES_X, (LOG_DET)
	NEXT_ROW
	JMP     row

done:
	VZEROUPPER
	RET
