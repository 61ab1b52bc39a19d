//go:build !noasm

#include "textflag.h"
#include "pairs_neon_arm64.h"

// Registers:
//	OUT, A, B    the next columns of dst, a and b
//	…_SKIP       the bytes from the end of the whole pairs to the next row
//	ROWS         rows to go
//	RUN, OF_RUN  rows of a run, and those to go of the current one
//	FULL, TAIL   columns in whole pairs, and the columns after them
//	LEFT         columns of whole pairs to go
//	X, Y         eight of a and of b
#define OUT R0
#define A R1
#define B R2
#define OUT_SKIP R3
#define A_SKIP R4
#define B_SKIP R5
#define ROWS R6
#define FULL R7
#define TAIL R8
#define LEFT R9
#define RUN R10
#define OF_RUN R11
#define X 0
#define Y 2

#define SKIP(stride, skip) \
	MOVD stride, skip \
	SUB  FULL, skip   \
	LSL  $2, skip

// func MultiplyRunsNEON(dst, a, b []float32, rows, cols, dstStride, aStride, bStride, run int)
TEXT ·MultiplyRunsNEON(SB), NOSPLIT, $0-120
	MOVD dst_base+0(FP), OUT
	MOVD a_base+24(FP), A
	MOVD b_base+48(FP), B
	MOVD rows+72(FP), ROWS
	MOVD cols+80(FP), FULL
	AND  $7, FULL, TAIL
	SUB  TAIL, FULL
	SKIP(dstStride+88(FP), OUT_SKIP)
	SKIP(aStride+96(FP), A_SKIP)
	SKIP(bStride+104(FP), B_SKIP)
	TAIL_OFFSETS(TAIL)
	MOVD run+112(FP), RUN
	MOVD RUN, OF_RUN

row:
	SUBS $1, ROWS
	BLT  done
	MOVD FULL, LEFT

loop:
	CBZ  LEFT, tail
	LOAD_NEXT(A, X)
	LOAD_NEXT(B, Y)
	FMUL8(Y, X, X)
	STORE_NEXT(X, OUT)
	SUB  $8, LEFT
	JMP  loop

tail:
	CBZ  TAIL, next
	LOAD_TAIL(A, X)
	LOAD_TAIL(B, Y)
	FMUL8(Y, X, X)
	STORE_TAIL(X, OUT)

next:
	ADD  OUT_SKIP, OUT
	ADD  A_SKIP, A
	SUBS $1, OF_RUN
	BEQ  another
	SUB  FULL<<2, B
	JMP  row

another:
	ADD  B_SKIP, B
	MOVD RUN, OF_RUN
	JMP  row

done:
	RET
