//go:build !noasm

#include "textflag.h"
#include "pairs_neon_arm64.h"

// Registers:
//	DST          the result of the current row
//	SRC, SKIP    the next columns of the current row, and the bytes from the end
//	             of its whole pairs to the next row
//	ROWS         rows to go
//	FULL, TAIL   columns in whole pairs, and the columns after them
//	LEFT         columns of whole pairs to go
//	LOW, HIGH    lanes 0 to 7 and 8 to 15 of the sum, in either order
//	V, W         columns
//	MASK         ones in the lanes of the tail
//	CONSTANT_D, HALF, SUM   of the log-density, float64: the constant, -0.5, the sum
#define DST R0
#define SRC R1
#define SKIP R2
#define ROWS R3
#define FULL R4
#define TAIL R5
#define LEFT R6
#define LOW 0
#define HIGH 2
#define V 4
#define W 6
#define MASK 8
#define LOW_SCALAR F0
#define SUM F4
#define HALF F10
#define CONSTANT_D F11

#define SETUP \
	MOVD dst_base+0(FP), DST   \
	MOVD dst_len+8(FP), ROWS   \
	MOVD src_base+24(FP), SRC  \
	MOVD stride+48(FP), SKIP   \
	MOVD cols+56(FP), FULL     \
	AND  $7, FULL, TAIL        \
	SUB  TAIL, FULL            \
	SUB  FULL, SKIP            \
	LSL  $2, SKIP              \
	TAIL_OFFSETS(TAIL)         \
	TAIL_MASK(TAIL, MASK)

// PLUS and PLUS_SQUARE add eight columns to eight lanes.
#define PLUS(v, lanes) FADD8(v, lanes, lanes)
#define PLUS_SQUARE(v, lanes) FMLA8(v, v, lanes)

// SUM_ROW leaves the sum of the row at SRC in lane 0 of LOW and SRC at the next
// row. The tail belongs to the lanes after those of the last whole pair: low
// ones, unless that pair was the first of two. Its labels are those of the
// function that uses it.
#define SUM_ROW(plus) \
	ZERO8(LOW)            \
	ZERO8(HIGH)           \
	MOVD FULL, LEFT       \
two:                      \
	SUBS $16, LEFT        \
	BLT  one              \
	LOAD_NEXT(SRC, V)     \
	LOAD_NEXT(SRC, W)     \
	plus(V, LOW)          \
	plus(W, HIGH)         \
	JMP  two              \
one:                      \
	ADDS $16, LEFT        \
	BEQ  tail             \
	LOAD_NEXT(SRC, V)     \
	plus(V, LOW)          \
	MOVE8(LOW, W)         \
	MOVE8(HIGH, LOW)      \
	MOVE8(W, HIGH)        \
tail:                     \
	CBZ  TAIL, fold       \
	LOAD_TAIL(SRC, V)     \
	AND8(MASK, V, V)      \
	plus(V, LOW)          \
fold:                     \
	FOLD16(LOW, HIGH, V)  \
	ADD  SKIP, SRC

// func RowSumsNEON(dst, src []float32, stride, cols int)
TEXT ·RowSumsNEON(SB), NOSPLIT, $0-64
	SETUP

row:
	SUBS    $1, ROWS
	BLT     done
	SUM_ROW(PLUS)
	FMOVS.P LOW_SCALAR, 4(DST)
	JMP     row

done:
	RET

// func RowSumSquaresNEON(dst, src []float32, stride, cols int)
TEXT ·RowSumSquaresNEON(SB), NOSPLIT, $0-64
	SETUP

row:
	SUBS    $1, ROWS
	BLT     done
	SUM_ROW(PLUS_SQUARE)
	FMOVS.P LOW_SCALAR, 4(DST)
	JMP     row

done:
	RET

// func StandardNormalLogDensityNEON(dst []float64, src []float32, stride, cols int, constant float64)
TEXT ·StandardNormalLogDensityNEON(SB), NOSPLIT, $0-72
	SETUP
	FMOVD constant+64(FP), CONSTANT_D
	FMOVD $-0.5, HALF

row:
	SUBS    $1, ROWS
	BLT     done
	SUM_ROW(PLUS_SQUARE)
	FCVTSD  LOW_SCALAR, SUM
	FMULD   HALF, SUM
	FSUBD   CONSTANT_D, SUM
	FMOVD.P SUM, 8(DST)
	JMP     row

done:
	RET
