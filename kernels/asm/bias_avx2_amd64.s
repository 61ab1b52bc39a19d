//go:build !noasm

#include "textflag.h"
#include "rows_avx2_amd64.h"

// Registers:
//	Y, STRIDE    the current row and the bytes from one row to the next
//	BIAS         its elements
//	ROWS         rows to go
//	FULL, TAIL   columns in whole registers, and the columns after them
//	COLUMN       the column reached
//	V            eight elements of Y
//	KEEP         ones where V > 0 or V is NaN
//	MASK         ones in the lanes of the tail
#define Y DI
#define BIAS SI
#define ROWS DX
#define STRIDE R8
#define FULL R9
#define TAIL R10
#define COLUMN BX
#define COUNT CX
#define SCRATCH AX
#define V Y0
#define OTHER Y1
#define KEEP Y2
#define MASK Y3
#define ZERO Y4
#define NOT_LESS_OR_EQUAL $0x16 // true for NaN as well

#define SETUP \
	MOVQ y_base+0(FP), Y        \
	MOVQ bias_base+24(FP), BIAS \
	MOVQ bias_len+32(FP), FULL  \
	MOVQ rows+48(FP), ROWS      \
	MOVQ stride+56(FP), STRIDE  \
	SHLQ $2, STRIDE             \
	MOVQ FULL, TAIL             \
	ANDQ $7, TAIL               \
	ANDQ $-8, FULL              \
	MOVQ TAIL, COUNT            \
	TAIL_MASK(COUNT, SCRATCH, MASK)

// func AddBiasAVX2(y, bias []float32, rows, stride int)
TEXT ·AddBiasAVX2(SB), NOSPLIT, $0-64
	SETUP

row:
	SUBQ $1, ROWS
	JLT  done
	XORQ COLUMN, COLUMN

loop:
	CMPQ    COLUMN, FULL
	JGE     tail
	VMOVUPS (Y)(COLUMN*4), V
	VADDPS  (BIAS)(COLUMN*4), V, V
	VMOVUPS V, (Y)(COLUMN*4)
	ADDQ    $8, COLUMN
	JMP     loop

tail:
	TESTQ      TAIL, TAIL
	JEQ        next
	VMASKMOVPS (Y)(COLUMN*4), MASK, V
	VMASKMOVPS (BIAS)(COLUMN*4), MASK, OTHER
	VADDPS     OTHER, V, V
	VMASKMOVPS V, MASK, (Y)(COLUMN*4)

next:
	ADDQ STRIDE, Y
	JMP  row

done:
	VZEROUPPER
	RET

// func AddBiasReLUAVX2(y, bias []float32, rows, stride int)
TEXT ·AddBiasReLUAVX2(SB), NOSPLIT, $0-64
	SETUP
	VXORPS ZERO, ZERO, ZERO

row:
	SUBQ $1, ROWS
	JLT  done
	XORQ COLUMN, COLUMN

loop:
	CMPQ    COLUMN, FULL
	JGE     tail
	VMOVUPS (Y)(COLUMN*4), V
	VADDPS  (BIAS)(COLUMN*4), V, V
	VCMPPS  NOT_LESS_OR_EQUAL, ZERO, V, KEEP
	VANDPS  KEEP, V, V
	VMOVUPS V, (Y)(COLUMN*4)
	ADDQ    $8, COLUMN
	JMP     loop

tail:
	TESTQ      TAIL, TAIL
	JEQ        next
	VMASKMOVPS (Y)(COLUMN*4), MASK, V
	VMASKMOVPS (BIAS)(COLUMN*4), MASK, OTHER
	VADDPS     OTHER, V, V
	VCMPPS     NOT_LESS_OR_EQUAL, ZERO, V, KEEP
	VANDPS     KEEP, V, V
	VMASKMOVPS V, MASK, (Y)(COLUMN*4)

next:
	ADDQ STRIDE, Y
	JMP  row

done:
	VZEROUPPER
	RET
