//go:build !noasm

#include "textflag.h"
#include "vector_neon_arm64.h"
#include "exp.h"
#include "log.h"

// Registers:
//	DST, DST_STRIDE   the current row of the result and the bytes to the next
//	SRC, SRC_STRIDE   the same of the source
//	OUT, IN           the next columns of both
//	ROWS              rows to go
//	FULL, TAIL        columns in whole pairs, and the columns after them
//	LEFT              columns of whole pairs to go
//	LOW, HIGH         lanes 0 to 7 and 8 to 15 of the sum, in either order; LOW
//	                  is then what ends the row
//	V, W              columns, scratch
//	MAX               the maximum of the row, in all lanes
//	MASK              ones in the lanes of the tail
//	KEPT              what is kept of the tail
#define DST R0
#define SRC R1
#define DST_STRIDE R2
#define SRC_STRIDE R3
#define ROWS R4
#define FULL R5
#define TAIL R6
#define LEFT R7
#define IN R8
#define OUT R9
#define LOW 0
#define HIGH 2
#define V 4
#define W 6
#define MASK 8
#define MAX 10
#define KEPT 12
#define LOW_SCALAR F0

#define COUNTS(cols) \
	MOVD cols, FULL      \
	AND  $7, FULL, TAIL  \
	SUB  TAIL, FULL      \
	TAIL_OFFSETS(TAIL)   \
	TAIL_MASK(TAIL, MASK)

#define SETUP \
	MOVD dst_base+0(FP), DST          \
	MOVD src_base+24(FP), SRC         \
	MOVD rows+48(FP), ROWS            \
	COUNTS(cols+56(FP))               \
	MOVD dstStride+64(FP), DST_STRIDE \
	LSL  $2, DST_STRIDE               \
	MOVD srcStride+72(FP), SRC_STRIDE \
	LSL  $2, SRC_STRIDE

// MAXIMUM sets all lanes of MAX to the maximum of the row at SRC, or to NaN if
// it has one.
#define MAXIMUM \
	CONSTANT(·minusInfinity, MAX) \
	MOVD SRC, IN                  \
	MOVD FULL, LEFT               \
maximum:                          \
	CBZ  LEFT, maximumTail        \
	LOAD_NEXT(IN, V)              \
	FMAX8(V, MAX, MAX)            \
	SUB  $8, LEFT                 \
	JMP  maximum                  \
maximumTail:                      \
	CBZ  TAIL, maximumFold        \
	LOAD_TAIL(IN, V)              \
	FMAX8(V, MAX, MAX)            \
maximumFold:                      \
	VFMAX_S4(MAX+1, MAX, MAX)     \
	VEXT_S4(2, MAX, MAX, V)       \
	VFMAX_S4(V, MAX, MAX)         \
	VEXT_S4(1, MAX, MAX, V)       \
	VFMAX_S4(V, MAX, MAX)         \
	VORR_B16(MAX, MAX, MAX+1)

// EIGHT adds the exponentials of the next eight columns to lanes.
#define EIGHT(lanes, keepDifference, keepExponential) \
	LOAD_NEXT(IN, V)        \
	FSUB8(MAX, V, V)        \
	keepDifference(V, OUT)  \
	EXP(V, V)                  \
	keepExponential(V, OUT) \
	FADD8(V, lanes, lanes)

// EXPONENTIALS leaves the sum of exp(x - MAX) over the row in lane 0 of LOW.
// The other macros store x - MAX and exp(x - MAX), or nothing, and keep the same
// of a tail. The tail belongs to the lanes after those of the last whole pair: low
// ones, unless that pair was the first of two.
#define EXPONENTIALS(keepDifference, keepDifferenceTail, keepExponential, keepExponentialTail) \
	ZERO8(LOW)                   \
	ZERO8(HIGH)                  \
	MOVD SRC, IN                 \
	MOVD DST, OUT                \
	MOVD FULL, LEFT              \
two:                             \
	SUBS $16, LEFT               \
	BLT  one                     \
	EIGHT(LOW, keepDifference, keepExponential)  \
	EIGHT(HIGH, keepDifference, keepExponential) \
	JMP  two                     \
one:                             \
	ADDS $16, LEFT               \
	BEQ  tail                    \
	EIGHT(LOW, keepDifference, keepExponential)  \
	MOVE8(LOW, W)                \
	MOVE8(HIGH, LOW)             \
	MOVE8(W, HIGH)               \
tail:                            \
	CBZ  TAIL, fold              \
	LOAD_TAIL(IN, V)             \
	FSUB8(MAX, V, V)             \
	keepDifferenceTail(V, KEPT)  \
	EXP(V, V)                       \
	keepExponentialTail(V, KEPT) \
	AND8(MASK, V, V)             \
	FADD8(V, LOW, LOW)           \
fold:                            \
	FOLD16(LOW, HIGH, V)

#define KEEP_NOTHING(x, target)

// MAP_ROW applies an operation with lane 0 of LOW to what was kept of the row,
// and goes to the next row.
#define MAP_ROW(operation) \
	VDUP_S4(0, LOW, LOW)     \
	VORR_B16(LOW, LOW, LOW+1) \
	MOVD DST, OUT            \
	MOVD FULL, LEFT          \
map:                         \
	CBZ  LEFT, mapTail       \
	LOAD(OUT, V)             \
	operation(LOW, V, V)     \
	STORE_NEXT(V, OUT)       \
	SUB  $8, LEFT            \
	JMP  map                 \
mapTail:                     \
	CBZ  TAIL, next          \
	operation(LOW, KEPT, V)  \
	STORE_TAIL(V, OUT)       \
next:                        \
	ADD  DST_STRIDE, DST     \
	ADD  SRC_STRIDE, SRC

// func LogSumExpNEON(dst, src []float32, stride, cols int)
TEXT ·LogSumExpNEON(SB), NOSPLIT, $0-64
	MOVD dst_base+0(FP), DST
	MOVD dst_len+8(FP), ROWS
	MOVD src_base+24(FP), SRC
	MOVD stride+48(FP), SRC_STRIDE
	LSL  $2, SRC_STRIDE
	COUNTS(cols+56(FP))

row:
	SUBS $1, ROWS
	BLT  done
	MAXIMUM

	// An infinite maximum is replaced by 0.
	CONSTANT(·notSignBit, V)
	AND8(MAX, V, V)
	CONSTANT(·infinity, W)
	FCMGT8(V, W, W)
	AND8(W, MAX, MAX)
	EXPONENTIALS(KEEP_NOTHING, KEEP_NOTHING, KEEP_NOTHING, KEEP_NOTHING)
	LOG(LOW, LOW)
	VFADD_S4(MAX, LOW, LOW)
	FMOVS.P LOW_SCALAR, 4(DST)
	ADD     SRC_STRIDE, SRC
	JMP     row

done:
	RET

// func SoftmaxNEON(dst, src []float32, rows, cols, dstStride, srcStride int)
TEXT ·SoftmaxNEON(SB), NOSPLIT, $0-80
	SETUP

row:
	SUBS $1, ROWS
	BLT  done
	MAXIMUM
	EXPONENTIALS(KEEP_NOTHING, KEEP_NOTHING, STORE_NEXT, MOVE8)
	CONSTANT(·one, V)
	VFDIV_S4(LOW, V, LOW)
	MAP_ROW(FMUL8)
	JMP  row

done:
	RET

// func LogSoftmaxNEON(dst, src []float32, rows, cols, dstStride, srcStride int)
TEXT ·LogSoftmaxNEON(SB), NOSPLIT, $0-80
	SETUP

row:
	SUBS $1, ROWS
	BLT  done
	MAXIMUM
	EXPONENTIALS(STORE_NEXT, MOVE8, KEEP_NOTHING, KEEP_NOTHING)
	LOG(LOW, LOW)
	MAP_ROW(FSUB8)
	JMP  row

done:
	RET
