//go:build !noasm

#include "textflag.h"
#include "rows_avx2_amd64.h"

// Registers:
//	OUT, OUT_STRIDE   the current row of dst and the bytes to the next
//	A, A_STRIDE       the same of a
//	B, B_STRIDE       the same of b
//	ROWS              rows to go
//	RUN, LEFT         rows of a run, and those to go of the current one
//	FULL              the columns in whole registers
//	TAIL              the columns after them
//	COLUMN            the column reached
//	X, OTHER          eight elements of a and of b
#define OUT DI
#define OUT_STRIDE R10
#define A SI
#define A_STRIDE R8
#define B DX
#define B_STRIDE R11
#define ROWS R12
#define RUN R13
#define LEFT AX
#define FULL R9
#define TAIL CX
#define COLUMN BX
#define X Y0
#define OTHER Y1
#define MASK Y2

// func MultiplyRunsAVX2(dst, a, b []float32, rows, cols, dstStride, aStride, bStride, run int)
TEXT ·MultiplyRunsAVX2(SB), NOSPLIT, $0-120
	MOVQ dst_base+0(FP), OUT
	MOVQ a_base+24(FP), A
	MOVQ b_base+48(FP), B
	MOVQ rows+72(FP), ROWS
	MOVQ cols+80(FP), FULL
	ANDQ $-8, FULL
	MOVQ cols+80(FP), TAIL
	ANDQ $7, TAIL
	TAIL_MASK(TAIL, COLUMN, MASK)
	MOVQ cols+80(FP), TAIL
	ANDQ $7, TAIL
	MOVQ dstStride+88(FP), OUT_STRIDE
	SHLQ $2, OUT_STRIDE
	MOVQ aStride+96(FP), A_STRIDE
	SHLQ $2, A_STRIDE
	MOVQ bStride+104(FP), B_STRIDE
	SHLQ $2, B_STRIDE
	MOVQ run+112(FP), RUN
	MOVQ RUN, LEFT

row:
	SUBQ $1, ROWS
	JLT  done
	XORQ COLUMN, COLUMN

loop:
	CMPQ    COLUMN, FULL
	JEQ     tail
	VMOVUPS (A)(COLUMN*4), X
	VMULPS  (B)(COLUMN*4), X, X
	VMOVUPS X, (OUT)(COLUMN*4)
	ADDQ    $8, COLUMN
	JMP     loop

tail:
	TESTQ      TAIL, TAIL
	JEQ        next
	VMASKMOVPS (A)(COLUMN*4), MASK, X
	VMASKMOVPS (B)(COLUMN*4), MASK, OTHER
	VMULPS     OTHER, X, X
	VMASKMOVPS X, MASK, (OUT)(COLUMN*4)

next:
	ADDQ OUT_STRIDE, OUT
	ADDQ A_STRIDE, A
	SUBQ $1, LEFT
	JNE  row
	ADDQ B_STRIDE, B
	MOVQ RUN, LEFT
	JMP  row

done:
	VZEROUPPER
	RET
