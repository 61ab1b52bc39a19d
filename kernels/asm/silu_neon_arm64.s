//go:build !noasm

#include "textflag.h"
#include "vector_neon_arm64.h"
#include "exp.h"
#include "sigmoid.h"

// Registers of SiLUBackward:
//	DST, SRC     the next elements of dx and x
//	GRADIENT     those of dy
//	COUNT        elements to go
//	V, OTHER     eight of x, then of dx, and of dy
// and of AddBiasSiLU:
//	Y, SKIP      the next columns of the current row, and the bytes from the end
//	             of its whole pairs to the next row
//	START, BIAS  the bias, and its part for these columns
//	ROWS         rows to go
//	FULL, TAIL   columns in whole pairs, and the columns after them
//	COUNT        columns of whole pairs to go
//	V, OTHER     eight of Y and of the bias
#define DST R0
#define SRC R1
#define GRADIENT R2
#define Y R0
#define START R1
#define BIAS R2
#define ROWS R3
#define SKIP R4
#define FULL R5
#define TAIL R6
#define COUNT R7
#define V 0
#define OTHER 2

// func SiLUBackwardNEON(dx, x, dy []float32)
TEXT ·SiLUBackwardNEON(SB), NOSPLIT, $0-72
	MOVD dx_base+0(FP), DST
	MOVD dx_len+8(FP), COUNT
	MOVD x_base+24(FP), SRC
	MOVD dy_base+48(FP), GRADIENT

loop:
	SUBS $8, COUNT
	BLT  tail
	LOAD_NEXT(SRC, V)
	LOAD_NEXT(GRADIENT, OTHER)
	SILU_SLOPE(V, V)
	FMUL8(OTHER, V, V)
	STORE_NEXT(V, DST)
	JMP  loop

tail:
	ADDS $8, COUNT
	BEQ  done
	TAIL_OFFSETS(COUNT)
	LOAD_TAIL(SRC, V)
	LOAD_TAIL(GRADIENT, OTHER)
	SILU_SLOPE(V, V)
	FMUL8(OTHER, V, V)
	STORE_TAIL(V, DST)

done:
	RET

// func AddBiasSiLUNEON(y, bias []float32, rows, stride int)
TEXT ·AddBiasSiLUNEON(SB), NOSPLIT, $0-64
	MOVD y_base+0(FP), Y
	MOVD bias_base+24(FP), START
	MOVD bias_len+32(FP), FULL
	MOVD rows+48(FP), ROWS
	MOVD stride+56(FP), SKIP
	AND  $7, FULL, TAIL
	SUB  TAIL, FULL
	SUB  FULL, SKIP
	LSL  $2, SKIP
	TAIL_OFFSETS(TAIL)

row:
	SUBS $1, ROWS
	BLT  done
	MOVD START, BIAS
	MOVD FULL, COUNT
	CBZ  COUNT, tail

loop:
	LOAD(Y, V)
	LOAD_NEXT(BIAS, OTHER)
	FADD8(OTHER, V, V)
	SILU(V, V)
	STORE_NEXT(V, Y)
	SUBS $8, COUNT
	BNE  loop

tail:
	CBZ  TAIL, next
	LOAD_TAIL(Y, V)
	LOAD_TAIL(BIAS, OTHER)
	FADD8(OTHER, V, V)
	SILU(V, V)
	STORE_TAIL(V, Y)

next:
	ADD SKIP, Y
	JMP row

done:
	RET
