//go:build !noasm

#include "textflag.h"
#include "math_avx2_amd64.h"
#include "rows_avx2_amd64.h"
#include "affine_avx2_amd64.h"

// Registers:
//	OUT, IN        the current rows of the result and the source
//	U, SHIFT       the current rows of the raw scales and the shifts
//	LOG_DET        where the next log-det goes
//	ROWS, COLS     rows to go, columns
//	COLUMN         the column reached
//	FULL, TAIL_AT  see COLUMN_COUNTS
//	S, E, V, T     u and then s, exp(±s), the source and then the result, t
//	LOW, HIGH      lanes 0 to 7 and 8 to 15 of the sum of s, in either order:
//	               they change places after each eight columns
//	S0 .. S3       four times eight of s, then exp(±s)
//	W              scratch
//
// TANH and EXP overwrite Y4 to Y11: V and T are loaded after them.
#define OUT DI
#define IN SI
#define U R8
#define SHIFT R9
#define LOG_DET R10
#define ROWS R11
#define COLS R12
#define COLUMN BX
#define FULL DX
#define TAIL_AT R13
#define SCRATCH AX
#define S Y0
#define S_X X0
#define E Y1
#define S0 Y0
#define S1 Y1
#define S2 Y2
#define S3 Y3
#define V Y4
#define V_X X4
#define T Y5
#define T_X X5
#define W Y6
#define W_X X6
#define MASK Y12
#define MASK_X X12
#define LOW Y13
#define LOW_X X13
#define HIGH Y14

#define SETUP \
	MOVQ out_base+0(FP), OUT         \
	MOVQ in_base+24(FP), IN          \
	MOVQ params_base+48(FP), U       \
	MOVQ logDet_base+72(FP), LOG_DET \
	MOVQ logDet_len+80(FP), ROWS     \
	MOVQ cols+120(FP), COLS          \
	LEAQ (U)(COLS*4), SHIFT          \
	MOVQ COLS, CX                    \
	COLUMN_COUNTS

// LOG_SCALE computes s from u in S.
#define LOG_SCALE \
	VBROADCASTSS reciprocal+132(FP), E \
	VMULPS       E, S, S               \
	TANH(S, S)                         \
	VBROADCASTSS bound+128(FP), E      \
	VMULPS       E, S, S

// NEGATED_LOG_SCALE also puts -s in E.
#define NEGATED_LOG_SCALE \
	LOG_SCALE \
	VXORPS ·signBit(SB), S, E

#define LOAD_COLUMNS \
	VMASKMOVPS (SHIFT)(COLUMN*4), MASK, T \
	VMASKMOVPS (IN)(COLUMN*4), MASK, V

#define LOAD_PAIRS \
	LOAD_PAIR(SHIFT, paramsStride+112(FP), T, T_X, W_X) \
	LOAD_PAIR(IN, inStride+104(FP), V, V_X, W_X)

// ADD_LANES adds s to the lanes of these columns.
#define ADD_LANES \
	VANDPS  MASK, S, S \
	VADDPS  S, LOW, W  \
	VMOVAPS HIGH, LOW  \
	VMOVAPS W, HIGH

// SUM_PAIR leaves the sums of the two rows of s in lane 0 of either half of S,
// in the order of foldLanes: its steps of 8 and 4 would add +0 to lanes that
// started at +0.
#define SUM_PAIR \
	VANDPS    MASK, S, S  \
	VXORPS    W, W, W     \
	VADDPS    W, S, S     \
	VPERMILPS $0x4E, S, W \
	VADDPS    W, S, S     \
	VPERMILPS $0xB1, S, W \
	VADDPS    W, S, S

#define STORE_SUMS \
	VMOVSS       S_X, (LOG_DET)  \
	VEXTRACTF128 $1, S, W_X      \
	VMOVSS       W_X, 4(LOG_DET) \
	ADDQ         $8, LOG_DET

// LOG_SCALE_AT computes s of the eight columns at a distance in bytes.
#define LOG_SCALE_AT(at, s) \
	VBROADCASTSS reciprocal+132(FP), s \
	VMULPS at(U)(COLUMN*4), s, s       \
	TANH(s, s)                         \
	VBROADCASTSS bound+128(FP), V      \
	VMULPS V, s, s

// FORWARD_AT computes and stores the results of these columns.
#define FORWARD_AT(at, s) \
	EXP_BOUNDED(s, s)                     \
	VMOVUPS at(IN)(COLUMN*4), V           \
	VFMADD213PS at(SHIFT)(COLUMN*4), s, V \
	VMOVUPS V, at(OUT)(COLUMN*4)

#define INVERSE_AT(at, s) \
	VXORPS ·signBit(SB), s, s        \
	EXP_BOUNDED(s, s)                \
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

// func AffineForwardAVX2(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, bound, reciprocal float32)
TEXT ·AffineForwardAVX2(SB), NOSPLIT, $0-136
	SETUP
	CMPQ COLS, $4
	JGT  row
	MOVQ COLS, CX
	PAIR_MASK

pair:
	CMPQ        ROWS, $2
	JLT         row
	LOAD_PAIR(U, paramsStride+112(FP), S, S_X, W_X)
	LOG_SCALE
	EXP(S, E)
	LOAD_PAIRS
	VFMADD213PS T, E, V
	STORE_PAIR(V, V_X, OUT, outStride+96(FP), W_X)
	SUM_PAIR
	STORE_SUMS
	SUBQ        $2, ROWS
	JMP         pair

row:
	SUBQ   $1, ROWS
	JLT    done
	XORQ   COLUMN, COLUMN
	VXORPS LOW, LOW, LOW
	VXORPS HIGH, HIGH, HIGH

	// Four registers at once: the tanh of the next runs beside the exp of the
	// last, which waits for its own tanh. Bounds above 87 are too rare to have
	// a second copy of this loop, with EXP.
block:
	LEAQ   32(COLUMN), SCRATCH
	CMPQ   SCRATCH, FULL
	JGT    columns
	CMPL   bound+128(FP), $0x42AE0000 // 87
	JGT    columns
	LOG_SCALE_AT(0, S0)
	LOG_SCALE_AT(32, S1)
	LOG_SCALE_AT(64, S2)
	LOG_SCALE_AT(96, S3)
	VADDPS S0, LOW, LOW
	VADDPS S1, HIGH, HIGH
	VADDPS S2, LOW, LOW
	VADDPS S3, HIGH, HIGH
	FORWARD_AT(0, S0)
	FORWARD_AT(32, S1)
	FORWARD_AT(64, S2)
	FORWARD_AT(96, S3)
	ADDQ   $32, COLUMN
	JMP    block

columns:
	CMPQ   COLUMN, COLS
	JGE    fold
	COLUMN_MASK
	VMASKMOVPS  (U)(COLUMN*4), MASK, S
	LOG_SCALE
	EXP(S, E)
	LOAD_COLUMNS
	VFMADD213PS T, E, V
	ADD_LANES
	CMPQ        COLUMN, FULL
	JGE         partial
	VMOVUPS     V, (OUT)(COLUMN*4)
	ADDQ        $8, COLUMN
	JMP         columns

partial:
	VMASKMOVPS V, MASK, (OUT)(COLUMN*4)

fold:
	VADDPS HIGH, LOW, LOW
	FOLD8(LOW, LOW_X, W_X)
	VMOVSS LOW_X, (LOG_DET)
	NEXT_ROW
	JMP    row

done:
	VZEROUPPER
	RET

// func AffineInverseAVX2(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, bound, reciprocal float32)
TEXT ·AffineInverseAVX2(SB), NOSPLIT, $0-136
	SETUP
	CMPQ COLS, $4
	JGT  row
	MOVQ COLS, CX
	PAIR_MASK

pair:
	CMPQ         ROWS, $2
	JLT          row
	LOAD_PAIR(U, paramsStride+112(FP), S, S_X, W_X)
	NEGATED_LOG_SCALE
	EXP(E, E)
	LOAD_PAIRS
	VSUBPS       T, V, V
	VMULPS       E, V, V
	STORE_PAIR(V, V_X, OUT, outStride+96(FP), W_X)
	SUM_PAIR
	VXORPS       ·signBit(SB), S, S
	STORE_SUMS
	SUBQ         $2, ROWS
	JMP          pair

row:
	SUBQ   $1, ROWS
	JLT    done
	XORQ   COLUMN, COLUMN
	VXORPS LOW, LOW, LOW
	VXORPS HIGH, HIGH, HIGH

	// Four registers at once: the tanh of the next runs beside the exp of the
	// last, which waits for its own tanh. Bounds above 87 are too rare to have
	// a second copy of this loop, with EXP.
block:
	LEAQ   32(COLUMN), SCRATCH
	CMPQ   SCRATCH, FULL
	JGT    columns
	CMPL   bound+128(FP), $0x42AE0000 // 87
	JGT    columns
	LOG_SCALE_AT(0, S0)
	LOG_SCALE_AT(32, S1)
	LOG_SCALE_AT(64, S2)
	LOG_SCALE_AT(96, S3)
	VADDPS S0, LOW, LOW
	VADDPS S1, HIGH, HIGH
	VADDPS S2, LOW, LOW
	VADDPS S3, HIGH, HIGH
	INVERSE_AT(0, S0)
	INVERSE_AT(32, S1)
	INVERSE_AT(64, S2)
	INVERSE_AT(96, S3)
	ADDQ   $32, COLUMN
	JMP    block

columns:
	CMPQ   COLUMN, COLS
	JGE    fold
	COLUMN_MASK
	VMASKMOVPS (U)(COLUMN*4), MASK, S
	NEGATED_LOG_SCALE
	EXP(E, E)
	LOAD_COLUMNS
	VSUBPS     T, V, V
	VMULPS     E, V, V
	ADD_LANES
	CMPQ       COLUMN, FULL
	JGE        partial
	VMOVUPS    V, (OUT)(COLUMN*4)
	ADDQ       $8, COLUMN
	JMP         columns

partial:
	VMASKMOVPS V, MASK, (OUT)(COLUMN*4)

fold:
	VADDPS       HIGH, LOW, LOW
	FOLD8(LOW, LOW_X, W_X)
	VXORPS       ·signBit(SB), LOW_X, LOW_X
	VMOVSS       LOW_X, (LOG_DET)
	NEXT_ROW
	JMP          row

done:
	VZEROUPPER
	RET
