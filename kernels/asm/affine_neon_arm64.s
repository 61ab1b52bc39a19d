//go:build !noasm

#include "textflag.h"
#include "math_neon_arm64.h"
#include "affine_neon_arm64.h"

// Registers:
//	OUT, IN     the next columns of the result and the source
//	U, SHIFT    the next columns of the raw scales and the shifts
//	…_SKIP      their skips
//	LOG_DET     where the next log-det goes
//	ROWS        rows to go
//	FULL, TAIL  columns in whole pairs, and the columns after them
//	LEFT        columns of whole pairs to go
//	S0, S1      u, then s, then exp(±s)
//	V, T        the source; the shift, then the result
//	LOW, HIGH   lanes 0 to 7 and 8 to 15 of the sum of s, in either order
//	MASK        ones in the lanes of the tail
//	W           scratch
#define OUT R0
#define IN R1
#define U R2
#define SHIFT R3
#define LOG_DET R4
#define ROWS R5
#define FULL R6
#define TAIL R7
#define LEFT R8
#define OUT_SKIP R9
#define IN_SKIP R10
#define PARAMS_SKIP R11
#define S0 0
#define S1 2
#define V 4
#define T 6
#define LOW 8
#define HIGH 10
#define MASK 12
#define W 14

#define SETUP \
	MOVD out_base+0(FP), OUT                 \
	MOVD in_base+24(FP), IN                  \
	MOVD params_base+48(FP), U               \
	MOVD logDet_base+72(FP), LOG_DET         \
	MOVD logDet_len+80(FP), ROWS             \
	MOVD cols+120(FP), SHIFT                 \
	ADD  SHIFT<<2, U, SHIFT                  \
	ROW_COUNTS(cols+120(FP))                 \
	SKIP(outStride+96(FP), OUT_SKIP)         \
	SKIP(inStride+104(FP), IN_SKIP)          \
	SKIP(paramsStride+112(FP), PARAMS_SKIP)

// LOG_SCALE computes s from u. It overwrites W.
#define LOG_SCALE(s) \
	SPREAD(reciprocal+132(FP), W) \
	FMUL8(W, s, s)                \
	TANH(s)                       \
	SPREAD(bound+128(FP), W)      \
	FMUL8(W, s, s)

// FORWARD computes the result in T, and loses s.
#define FORWARD(s) \
	EXP(s)         \
	FMLA8(V, s, T)

#define INVERSE(s) \
	FNEG8(s, s)    \
	EXP(s)         \
	FSUB8(T, V, V) \
	FMUL8(s, V, T)

// What becomes of a register of sums.
#define FORWARD_SUM(t)
#define INVERSE_SUM(t) VFNEG_S4(t, t)

// AFFINE is the whole kernel: map and sum are the macros of its direction. Its
// labels are those of the function that uses it.
//
// Of two rows at a time, the steps of the fold from 8 and 4 lanes would add +0
// to lanes that started at +0. Of wide rows, 16 columns are taken at once: the
// second tanh runs beside the first, and beside the exp that waits for it.
#define AFFINE(map, sum) \
	SETUP                            \
	BRANCH_IF_WIDE(rows)             \
	TAIL_MASK(TAIL, MASK)            \
	VORR_B16(MASK, MASK, MASK+1)     \
two:                                 \
	CMP     $2, ROWS                 \
	BLT     rows                     \
	LOAD_ROWS(U, PARAMS_SKIP, S0)    \
	LOG_SCALE(S0)                    \
	AND8(MASK, S0, LOW)              \
	ZERO8(HIGH)                      \
	FADD8(HIGH, LOW, LOW)            \
	FOLD4(LOW, HIGH)                 \
	FOLD4(LOW+1, HIGH)               \
	sum(LOW)                         \
	sum(LOW+1)                       \
	FMOVS.P F(LOW), 4(LOG_DET)       \
	VMOVS_S4(0, LOW+1, LOW)          \
	FMOVS.P F(LOW), 4(LOG_DET)       \
	LOAD_ROWS(IN, IN_SKIP, V)        \
	LOAD_ROWS(SHIFT, PARAMS_SKIP, T) \
	map(S0)                          \
	STORE_ROWS(T, OUT, OUT_SKIP)     \
	SUB     $2, ROWS                 \
	JMP     two                      \
rows:                                \
	TAIL_MASK(TAIL, MASK)            \
row:                                 \
	SUBS    $1, ROWS                 \
	BLT     done                     \
	ZERO8(LOW)                       \
	ZERO8(HIGH)                      \
	MOVD    FULL, LEFT               \
columns16:                           \
	SUBS    $16, LEFT                \
	BLT     columns8                 \
	LOAD_NEXT(U, S0)                 \
	LOAD_NEXT(U, S1)                 \
	LOG_SCALE(S0)                    \
	LOG_SCALE(S1)                    \
	FADD8(S0, LOW, LOW)              \
	FADD8(S1, HIGH, HIGH)            \
	LOAD_NEXT(IN, V)                 \
	LOAD_NEXT(SHIFT, T)              \
	map(S0)                          \
	STORE_NEXT(T, OUT)               \
	LOAD_NEXT(IN, V)                 \
	LOAD_NEXT(SHIFT, T)              \
	map(S1)                          \
	STORE_NEXT(T, OUT)               \
	JMP     columns16                \
columns8:                            \
	ADDS    $16, LEFT                \
	BEQ     tail                     \
	LOAD_NEXT(U, S0)                 \
	LOG_SCALE(S0)                    \
	FADD8(S0, LOW, W)                \
	MOVE8(HIGH, LOW)                 \
	MOVE8(W, HIGH)                   \
	LOAD_NEXT(IN, V)                 \
	LOAD_NEXT(SHIFT, T)              \
	map(S0)                          \
	STORE_NEXT(T, OUT)               \
tail:                                \
	CBZ     TAIL, fold               \
	LOAD_TAIL(U, S0)                 \
	LOG_SCALE(S0)                    \
	AND8(MASK, S0, W)                \
	FADD8(W, LOW, LOW)               \
	LOAD_TAIL(IN, V)                 \
	LOAD_TAIL(SHIFT, T)              \
	map(S0)                          \
	STORE_TAIL(T, OUT)               \
fold:                                \
	FOLD16(LOW, HIGH, W)             \
	sum(LOW)                         \
	FMOVS.P F(LOW), 4(LOG_DET)       \
	ADD     OUT_SKIP, OUT            \
	ADD     IN_SKIP, IN              \
	ADD     PARAMS_SKIP, U           \
	ADD     PARAMS_SKIP, SHIFT       \
	JMP     row                      \
done:                                \
	RET

// func AffineForwardNEON(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, bound, reciprocal float32)
TEXT ·AffineForwardNEON(SB), NOSPLIT, $0-136
	AFFINE(FORWARD, FORWARD_SUM)

// func AffineInverseNEON(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, bound, reciprocal float32)
TEXT ·AffineInverseNEON(SB), NOSPLIT, $0-136
	AFFINE(INVERSE, INVERSE_SUM)
