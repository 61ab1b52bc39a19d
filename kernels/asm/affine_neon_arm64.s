//go:build !noasm

#include "textflag.h"
#include "vector_neon_arm64.h"
#include "exp.h"
#include "log.h"
#include "tanh.h"
#include "sigmoid.h"
#include "affine_neon_arm64.h"
#include "scale_maps.h"

// Registers:
//	OUT, IN     the next columns of the result and the source
//	U, SHIFT    the next columns of the raw scales and the shifts
//	…_SKIP      their skips
//	LOG_DET     where the next log-det goes
//	ROWS        rows to go
//	FULL, TAIL  columns in whole pairs, and the columns after them
//	LEFT        columns of whole pairs to go
//	S0, S1      u, then the root, then exp(±s) or the scale
//	V, T        the source; the shift, then the result
//	LOW, HIGH   lanes 0 to 7 and 8 to 15 of the sum of s, in either order
//	MASK        ones in the lanes of the tail
//	W           s, and scratch
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
#define MAP_CONSTANT constant+128(FP)
#define RECIPROCAL reciprocal+132(FP)

#define SETUP \
	MOVD out_base+0(FP), OUT         \
	MOVD in_base+24(FP), IN          \
	MOVD params_base+48(FP), U       \
	MOVD logDet_base+72(FP), LOG_DET \
	MOVD logDet_len+80(FP), ROWS     \
	MOVD cols+120(FP), SHIFT         \
	ADD  SHIFT<<2, U, SHIFT          \
	ROW_COUNTS(cols+120(FP))         \
	SKIP(outStride+96(FP), OUT_SKIP) \
	SKIP(inStride+104(FP), IN_SKIP)  \
	SKIP(paramsStride+112(FP), PARAMS_SKIP)

// What becomes of the root, in place: exp(s), exp(-s), or the scale that it is.
#define EXP_SCALE(root) EXP(root, root)
#define EXP_NEGATED(root) \
	FNEG8(root, root) \
	EXP(root, root)
#define IS_SCALE(root)

// The results, in T, of the source in V and the shift in T.
#define FORWARD(scale) FMLA8(V, scale, T)
#define INVERSE_PRODUCT(scale) \
	FSUB8(T, V, V) \
	FMUL8(scale, V, T)
#define INVERSE_QUOTIENT(scale) \
	FSUB8(T, V, V) \
	FDIV8(scale, V, T)

// The log of the scale, in another pair.
#define IS_LOG(root, log) MOVE8(root, log)
#define LOG_SCALE(root, log) \
	MOVE8(root, log) \
	LOG(log, log)

// What becomes of a register of sums.
#define KEEP(t)
#define NEGATE(t) VFNEG_S4(t, t)

// AFFINE is a whole kernel: root is the macro of its scale map; scale, map, log
// and sum are macros above. Its labels are those of the function that uses it.
//
// Of two rows at a time, the steps of the fold from 8 and 4 lanes would add +0
// to lanes that started at +0. Of wide rows, 16 columns are taken at once: the
// second tanh runs beside the first, and beside the exp that waits for it.
#define AFFINE(root, scale, map, log, sum) \
	SETUP                            \
	BRANCH_IF_WIDE(rows)             \
	TAIL_MASK(TAIL, MASK)            \
	VORR_B16(MASK, MASK, MASK+1)     \
two:                                     \
	CMP     $2, ROWS                 \
	BLT     rows                     \
	LOAD_ROWS(U, PARAMS_SKIP, S0)    \
	root(S0)                         \
	log(S0, LOW)                     \
	AND8(MASK, LOW, LOW)             \
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
	scale(S0)                        \
	map(S0)                          \
	STORE_ROWS(T, OUT, OUT_SKIP)     \
	SUB     $2, ROWS                 \
	JMP     two                      \
rows:                                    \
	TAIL_MASK(TAIL, MASK)            \
row:                                     \
	SUBS    $1, ROWS                 \
	BLT     done                     \
	ZERO8(LOW)                       \
	ZERO8(HIGH)                      \
	MOVD    FULL, LEFT               \
columns16:                               \
	SUBS    $16, LEFT                \
	BLT     columns8                 \
	LOAD_NEXT(U, S0)                 \
	LOAD_NEXT(U, S1)                 \
	root(S0)                         \
	root(S1)                         \
	log(S0, W)                       \
	FADD8(W, LOW, LOW)               \
	log(S1, W)                       \
	FADD8(W, HIGH, HIGH)             \
	LOAD_NEXT(IN, V)                 \
	LOAD_NEXT(SHIFT, T)              \
	scale(S0)                        \
	map(S0)                          \
	STORE_NEXT(T, OUT)               \
	LOAD_NEXT(IN, V)                 \
	LOAD_NEXT(SHIFT, T)              \
	scale(S1)                        \
	map(S1)                          \
	STORE_NEXT(T, OUT)               \
	JMP     columns16                \
columns8:                                \
	ADDS    $16, LEFT                \
	BEQ     tail                     \
	LOAD_NEXT(U, S0)                 \
	root(S0)                         \
	log(S0, W)                       \
	FADD8(W, LOW, W)                 \
	MOVE8(HIGH, LOW)                 \
	MOVE8(W, HIGH)                   \
	LOAD_NEXT(IN, V)                 \
	LOAD_NEXT(SHIFT, T)              \
	scale(S0)                        \
	map(S0)                          \
	STORE_NEXT(T, OUT)               \
tail:                                    \
	CBZ     TAIL, fold               \
	LOAD_TAIL(U, S0)                 \
	root(S0)                         \
	log(S0, W)                       \
	AND8(MASK, W, W)                 \
	FADD8(W, LOW, LOW)               \
	LOAD_TAIL(IN, V)                 \
	LOAD_TAIL(SHIFT, T)              \
	scale(S0)                        \
	map(S0)                          \
	STORE_TAIL(T, OUT)               \
fold:                                    \
	FOLD16(LOW, HIGH, W)             \
	sum(LOW)                         \
	FMOVS.P F(LOW), 4(LOG_DET)       \
	ADD     OUT_SKIP, OUT            \
	ADD     IN_SKIP, IN              \
	ADD     PARAMS_SKIP, U           \
	ADD     PARAMS_SKIP, SHIFT       \
	JMP     row                      \
done:                                    \
	RET

// The kernels of a map of each sort.
#define BOUNDED(number, forward, inverse, root, start, slope) \
TEXT forward(SB), NOSPLIT, $0-144 \
	AFFINE(root, EXP_SCALE, FORWARD, IS_LOG, KEEP) \
TEXT inverse(SB), NOSPLIT, $0-144 \
	AFFINE(root, EXP_NEGATED, INVERSE_PRODUCT, IS_LOG, NEGATE)
#define EXPONENTIAL(number, forward, inverse, root, start, slope) \
TEXT forward(SB), NOSPLIT, $0-144 \
	AFFINE(root, EXP_SCALE, FORWARD, IS_LOG, KEEP) \
TEXT inverse(SB), NOSPLIT, $0-144 \
	AFFINE(root, EXP_NEGATED, INVERSE_PRODUCT, IS_LOG, NEGATE)
#define SCALED(number, forward, inverse, root, start, slope) \
TEXT forward(SB), NOSPLIT, $0-144 \
	AFFINE(root, IS_SCALE, FORWARD, LOG_SCALE, KEEP) \
TEXT inverse(SB), NOSPLIT, $0-144 \
	AFFINE(root, IS_SCALE, INVERSE_QUOTIENT, LOG_SCALE, NEGATE)

SCALE_MAPS(BOUNDED, EXPONENTIAL, SCALED)

#define SKIP_UNLESS(number) \
	CMP $number, R0 \
	BNE 2(PC)

// func AffineForwardNEON(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, constant, reciprocal float32, kind int)
TEXT ·AffineForwardNEON(SB), NOSPLIT, $0-144
	MOVD kind+136(FP), R0
	SCALE_MAPS(TO_FORWARD, TO_FORWARD, TO_FORWARD)
	UNDEF

// func AffineInverseNEON(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, constant, reciprocal float32, kind int)
TEXT ·AffineInverseNEON(SB), NOSPLIT, $0-144
	MOVD kind+136(FP), R0
	SCALE_MAPS(TO_INVERSE, TO_INVERSE, TO_INVERSE)
	UNDEF
