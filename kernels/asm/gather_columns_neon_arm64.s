//go:build !noasm

#include "textflag.h"

// NEON has no gather and no scatter: the values go one by one.
//
// Registers:
//	DST, DST_STRIDE   the current row of the result and the bytes to the next
//	SRC, SRC_STRIDE   the same of the source
//	COLUMNS, COUNT    the columns and their number
//	ROWS              rows to go
//	NEXT              where the next value goes to, or comes from
//	AT, LEFT          where the next column is, and columns to go
//	COLUMN, VALUE     a column and its value
#define DST R0
#define DST_STRIDE R1
#define SRC R2
#define SRC_STRIDE R3
#define COLUMNS R4
#define COUNT R5
#define ROWS R6
#define NEXT R7
#define AT R8
#define LEFT R9
#define COLUMN R10
#define VALUE R11

#define SETUP \
	MOVD dst_base+0(FP), DST          \
	MOVD src_base+24(FP), SRC         \
	MOVD columns_base+48(FP), COLUMNS \
	MOVD columns_len+56(FP), COUNT    \
	MOVD rows+72(FP), ROWS

// func GatherColumnsNEON(dst, src []float32, columns []int32, rows, cols, dstStride, srcStride int)
TEXT ·GatherColumnsNEON(SB), NOSPLIT, $0-104
	SETUP
	MOVD dstStride+88(FP), DST_STRIDE
	MOVD srcStride+96(FP), SRC_STRIDE

row:
	SUBS $1, ROWS
	BLT  done
	MOVD DST, NEXT
	MOVD COLUMNS, AT
	MOVD COUNT, LEFT

loop:
	MOVW.P 4(AT), COLUMN
	MOVWU  (SRC)(COLUMN<<2), VALUE
	MOVW.P VALUE, 4(NEXT)
	SUBS   $1, LEFT
	BNE    loop
	ADD    DST_STRIDE<<2, DST
	ADD    SRC_STRIDE<<2, SRC
	JMP    row

done:
	RET

// func ScatterColumnsNEON(dst, src []float32, columns []int32, rows, dstStride, srcStride int)
TEXT ·ScatterColumnsNEON(SB), NOSPLIT, $0-96
	SETUP
	MOVD dstStride+80(FP), DST_STRIDE
	MOVD srcStride+88(FP), SRC_STRIDE

row:
	SUBS $1, ROWS
	BLT  done
	MOVD SRC, NEXT
	MOVD COLUMNS, AT
	MOVD COUNT, LEFT

loop:
	MOVW.P  4(AT), COLUMN
	MOVWU.P 4(NEXT), VALUE
	MOVW    VALUE, (DST)(COLUMN<<2)
	SUBS    $1, LEFT
	BNE     loop
	ADD     DST_STRIDE<<2, DST
	ADD     SRC_STRIDE<<2, SRC
	JMP     row

done:
	RET
