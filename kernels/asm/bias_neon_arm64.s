//go:build !noasm

#include "textflag.h"
#include "pairs_neon_arm64.h"

// Registers:
//	Y, SKIP      the next columns of the current row, and the bytes from the end
//	             of its whole pairs to the next row
//	START, BIAS  the bias, and its part for these columns
//	ROWS         rows to go
//	FULL, TAIL   columns in whole pairs, and the columns after them
//	LEFT         columns of whole pairs to go
//	V, OTHER     eight of Y and of the bias
//	CLEAR        ones where V <= 0, which NaN is not
#define Y R0
#define START R1
#define BIAS R2
#define ROWS R3
#define SKIP R4
#define FULL R5
#define TAIL R6
#define LEFT R7
#define V 0
#define OTHER 2
#define CLEAR 4

#define SETUP \
	MOVD y_base+0(FP), Y         \
	MOVD bias_base+24(FP), START \
	MOVD bias_len+32(FP), FULL   \
	MOVD rows+48(FP), ROWS       \
	MOVD stride+56(FP), SKIP     \
	AND  $7, FULL, TAIL          \
	SUB  TAIL, FULL              \
	SUB  FULL, SKIP              \
	LSL  $2, SKIP                \
	TAIL_OFFSETS(TAIL)

// func AddBiasNEON(y, bias []float32, rows, stride int)
TEXT ·AddBiasNEON(SB), NOSPLIT, $0-64
	SETUP

row:
	SUBS $1, ROWS
	BLT  done
	MOVD START, BIAS
	MOVD FULL, LEFT
	CBZ  LEFT, tail

loop:
	LOAD(Y, V)
	LOAD_NEXT(BIAS, OTHER)
	FADD8(OTHER, V, V)
	STORE_NEXT(V, Y)
	SUBS $8, LEFT
	BNE  loop

tail:
	CBZ  TAIL, next
	LOAD_TAIL(Y, V)
	LOAD_TAIL(BIAS, OTHER)
	FADD8(OTHER, V, V)
	STORE_TAIL(V, Y)

next:
	ADD SKIP, Y
	JMP row

done:
	RET

// func AddBiasReLUNEON(y, bias []float32, rows, stride int)
TEXT ·AddBiasReLUNEON(SB), NOSPLIT, $0-64
	SETUP

row:
	SUBS $1, ROWS
	BLT  done
	MOVD START, BIAS
	MOVD FULL, LEFT
	CBZ  LEFT, tail

loop:
	LOAD(Y, V)
	LOAD_NEXT(BIAS, OTHER)
	FADD8(OTHER, V, V)
	FCMLE0_8(V, CLEAR)
	BIC8(CLEAR, V, V)
	STORE_NEXT(V, Y)
	SUBS $8, LEFT
	BNE  loop

tail:
	CBZ  TAIL, next
	LOAD_TAIL(Y, V)
	LOAD_TAIL(BIAS, OTHER)
	FADD8(OTHER, V, V)
	FCMLE0_8(V, CLEAR)
	BIC8(CLEAR, V, V)
	STORE_TAIL(V, Y)

next:
	ADD SKIP, Y
	JMP row

done:
	RET
