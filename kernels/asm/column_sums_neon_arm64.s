//go:build !noasm

#include "textflag.h"
#include "pairs_neon_arm64.h"

// Registers:
//	DST, SRC      the current block of columns of the sums and the source
//	LEFT          columns to go
//	ROWS          rows in all
//	ROW, AT       rows to go in this block, and where the current one is
//	STRIDE        bytes from one row to the next
//	NEXT          the next eight columns
//	SUM0 .. SUM3  the sums of eight columns each
//	VALUE0 .. 3   their values in a row
#define DST R0
#define SRC R1
#define LEFT R2
#define ROWS R3
#define ROW R4
#define AT R5
#define STRIDE R6
#define NEXT R7
#define SUM0 0
#define SUM1 2
#define SUM2 4
#define SUM3 6
#define VALUE0 8
#define VALUE1 10
#define VALUE2 12
#define VALUE3 14

// func AddColumnSumsNEON(dst, src []float32, rows, stride int)
TEXT ·AddColumnSumsNEON(SB), NOSPLIT, $0-64
	MOVD dst_base+0(FP), DST
	MOVD dst_len+8(FP), LEFT
	MOVD src_base+24(FP), SRC
	MOVD rows+48(FP), ROWS
	MOVD stride+56(FP), STRIDE
	LSL  $2, STRIDE

	// Eight chains at once hide the latency of the additions.
columns32:
	CMP  $32, LEFT
	BLT  columns8
	MOVD DST, NEXT
	LOAD_NEXT(NEXT, SUM0)
	LOAD_NEXT(NEXT, SUM1)
	LOAD_NEXT(NEXT, SUM2)
	LOAD_NEXT(NEXT, SUM3)
	MOVD SRC, AT
	MOVD ROWS, ROW

row32:
	MOVD AT, NEXT
	LOAD_NEXT(NEXT, VALUE0)
	LOAD_NEXT(NEXT, VALUE1)
	LOAD_NEXT(NEXT, VALUE2)
	LOAD_NEXT(NEXT, VALUE3)
	FADD8(VALUE0, SUM0, SUM0)
	FADD8(VALUE1, SUM1, SUM1)
	FADD8(VALUE2, SUM2, SUM2)
	FADD8(VALUE3, SUM3, SUM3)
	ADD  STRIDE, AT
	SUBS $1, ROW
	BGT  row32
	STORE_NEXT(SUM0, DST)
	STORE_NEXT(SUM1, DST)
	STORE_NEXT(SUM2, DST)
	STORE_NEXT(SUM3, DST)
	ADD  $128, SRC
	SUB  $32, LEFT
	JMP  columns32

columns8:
	CMP  $8, LEFT
	BLT  tail
	LOAD(DST, SUM0)
	MOVD SRC, AT
	MOVD ROWS, ROW

row8:
	LOAD(AT, VALUE0)
	FADD8(VALUE0, SUM0, SUM0)
	ADD  STRIDE, AT
	SUBS $1, ROW
	BGT  row8
	STORE_NEXT(SUM0, DST)
	ADD  $32, SRC
	SUB  $8, LEFT
	JMP  columns8

tail:
	CBZ  LEFT, done
	TAIL_OFFSETS(LEFT)
	LOAD_TAIL(DST, SUM0)

rowTail:
	LOAD_TAIL(SRC, VALUE0)
	FADD8(VALUE0, SUM0, SUM0)
	ADD  STRIDE, SRC
	SUBS $1, ROWS
	BGT  rowTail
	STORE_TAIL(SUM0, DST)

done:
	RET
