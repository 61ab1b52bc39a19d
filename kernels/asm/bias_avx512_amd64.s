//go:build !noasm

#include "textflag.h"
#include "rows_avx512_amd64.h"

// Registers:
//	Y, STRIDE    the current row and the bytes from one row to the next
//	BIAS         its elements
//	ROWS         rows to go
//	FULL, TAIL   columns in whole registers, and the columns after them
//	COLUMN       the column reached
//	V            sixteen elements of Y
//	KEEP         ones where V > 0 or V is NaN
//	MASK         ones in the lanes of the tail
#define Y DI
#define BIAS SI
#define ROWS DX
#define STRIDE R8
#define FULL R9
#define TAIL CX
#define COLUMN BX
#define SCRATCH AX
#define V Z0
#define OTHER Z1
#define ZERO Z4
#define KEEP K2
#define MASK K1
#define NOT_LESS_OR_EQUAL $0x16 // true for NaN as well

#define SETUP \
	MOVQ y_base+0(FP), Y        \
	MOVQ bias_base+24(FP), BIAS \
	MOVQ bias_len+32(FP), FULL  \
	MOVQ rows+48(FP), ROWS      \
	MOVQ stride+56(FP), STRIDE  \
	SHLQ $2, STRIDE             \
	MOVQ FULL, TAIL             \
	ANDQ $15, TAIL              \
	ANDQ $-16, FULL             \
	TAIL_MASK(SCRATCH, MASK)

// func AddBiasAVX512(y, bias []float32, rows, stride int)
TEXT ·AddBiasAVX512(SB), NOSPLIT, $0-64
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
	ADDQ    $16, COLUMN
	JMP     loop

tail:
	TESTQ     TAIL, TAIL
	JEQ       next
	VMOVUPS.Z (Y)(COLUMN*4), MASK, V
	VMOVUPS.Z (BIAS)(COLUMN*4), MASK, OTHER
	VADDPS    OTHER, V, V
	VMOVUPS   V, MASK, (Y)(COLUMN*4)

next:
	ADDQ STRIDE, Y
	JMP  row

done:
	VZEROUPPER
	RET

// func AddBiasReLUAVX512(y, bias []float32, rows, stride int)
TEXT ·AddBiasReLUAVX512(SB), NOSPLIT, $0-64
	SETUP
	VPXORD ZERO, ZERO, ZERO

row:
	SUBQ $1, ROWS
	JLT  done
	XORQ COLUMN, COLUMN

loop:
	CMPQ      COLUMN, FULL
	JGE       tail
	VMOVUPS   (Y)(COLUMN*4), V
	VADDPS    (BIAS)(COLUMN*4), V, V
	VCMPPS    NOT_LESS_OR_EQUAL, ZERO, V, KEEP
	VMOVAPS.Z V, KEEP, V
	VMOVUPS   V, (Y)(COLUMN*4)
	ADDQ      $16, COLUMN
	JMP       loop

tail:
	TESTQ     TAIL, TAIL
	JEQ       next
	VMOVUPS.Z (Y)(COLUMN*4), MASK, V
	VMOVUPS.Z (BIAS)(COLUMN*4), MASK, OTHER
	VADDPS    OTHER, V, V
	VCMPPS    NOT_LESS_OR_EQUAL, ZERO, V, KEEP
	VMOVAPS.Z V, KEEP, V
	VMOVUPS   V, MASK, (Y)(COLUMN*4)

next:
	ADDQ STRIDE, Y
	JMP  row

done:
	VZEROUPPER
	RET
