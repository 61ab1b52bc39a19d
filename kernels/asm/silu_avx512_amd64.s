//go:build !noasm

#include "textflag.h"
#include "vector_avx512_amd64.h"
#include "exp.h"
#include "sigmoid.h"
#include "rows_avx512_amd64.h"

// Registers of SiLUBackward:
//	DST, SRC     the next elements of dx and x
//	GRADIENT     those of dy
//	LEFT         elements to go
//	V, OTHER     sixteen of x, then of dx, and of dy
// and of AddBiasSiLU:
//	Y, STRIDE    the current row and the bytes from one row to the next
//	BIAS         its elements
//	ROWS         rows to go
//	FULL, LEFT   columns in whole registers, and the columns after them
//	COLUMN       the column reached
//	V, OTHER     sixteen elements of Y and of the bias
// and of both:
//	MASK         the lanes of the tail
#define DST DI
#define SRC SI
#define GRADIENT DX
#define LEFT CX
#define Y DI
#define BIAS SI
#define ROWS DX
#define STRIDE R8
#define FULL R9
#define COLUMN BX
#define SCRATCH AX
#define V Z0
#define OTHER Z1
#define MASK K1

// func SiLUBackwardAVX512(dx, x, dy []float32)
TEXT ·SiLUBackwardAVX512(SB), NOSPLIT, $0-72
	MOVQ dx_base+0(FP), DST
	MOVQ dx_len+8(FP), LEFT
	MOVQ x_base+24(FP), SRC
	MOVQ dy_base+48(FP), GRADIENT
	SUBQ $16, LEFT
	JLT  tail

loop:
	VMOVUPS (SRC), V
	SILU_SLOPE(V, V)
	VMULPS  (GRADIENT), V, V
	VMOVUPS V, (DST)
	ADDQ    $64, SRC
	ADDQ    $64, GRADIENT
	ADDQ    $64, DST
	SUBQ    $16, LEFT
	JGE     loop

tail:
	ADDQ      $16, LEFT
	JEQ       done
	TAIL_MASK(SCRATCH, MASK)
	VMOVUPS.Z (SRC), MASK, V
	VMOVUPS.Z (GRADIENT), MASK, OTHER
	SILU_SLOPE(V, V)
	VMULPS    OTHER, V, V
	VMOVUPS   V, MASK, (DST)

done:
	VZEROUPPER
	RET

// func AddBiasSiLUAVX512(y, bias []float32, rows, stride int)
TEXT ·AddBiasSiLUAVX512(SB), NOSPLIT, $0-64
	MOVQ y_base+0(FP), Y
	MOVQ bias_base+24(FP), BIAS
	MOVQ bias_len+32(FP), FULL
	MOVQ rows+48(FP), ROWS
	MOVQ stride+56(FP), STRIDE
	SHLQ $2, STRIDE
	MOVQ FULL, LEFT
	ANDQ $15, LEFT
	ANDQ $-16, FULL
	TAIL_MASK(SCRATCH, MASK)

row:
	SUBQ $1, ROWS
	JLT  done
	XORQ COLUMN, COLUMN

loop:
	CMPQ    COLUMN, FULL
	JGE     tail
	VMOVUPS (Y)(COLUMN*4), V
	VADDPS  (BIAS)(COLUMN*4), V, V
	SILU(V, V)
	VMOVUPS V, (Y)(COLUMN*4)
	ADDQ    $16, COLUMN
	JMP     loop

tail:
	TESTQ     LEFT, LEFT
	JEQ       next
	VMOVUPS.Z (Y)(COLUMN*4), MASK, V
	VMOVUPS.Z (BIAS)(COLUMN*4), MASK, OTHER
	VADDPS    OTHER, V, V
	SILU(V, V)
	VMOVUPS   V, MASK, (Y)(COLUMN*4)

next:
	ADDQ STRIDE, Y
	JMP  row

done:
	VZEROUPPER
	RET
