//go:build !noasm

#include "textflag.h"
#include "vector_neon_arm64.h"
#include "exp.h"

// Registers:
//	OUT, Y, DY   the next columns of dx, y and dy
//	…_SKIP       the bytes from the end of the whole pairs to the next row
//	ROWS         rows to go
//	FULL, TAIL   columns in whole pairs, and the columns after them
//	LEFT         columns of whole pairs to go
//	LOW, HIGH    lanes 0 to 7 and 8 to 15 of the sum, in either order; LOW is
//	             then the sum, in all lanes
//	V, G         eight of y and of dy
//	W            scratch
//	MASK         ones in the lanes of the tail
#define OUT R0
#define Y R1
#define DY R2
#define OUT_SKIP R3
#define Y_SKIP R4
#define DY_SKIP R5
#define ROWS R6
#define FULL R7
#define TAIL R8
#define LEFT R9
#define LOW 0
#define HIGH 2
#define V 4
#define G 6
#define W 8
#define MASK 10

#define SKIP(stride, skip) \
	MOVD stride, skip \
	SUB  FULL, skip   \
	LSL  $2, skip

#define SETUP \
	MOVD dx_base+0(FP), OUT        \
	MOVD y_base+24(FP), Y          \
	MOVD dy_base+48(FP), DY        \
	MOVD rows+72(FP), ROWS         \
	MOVD cols+80(FP), FULL         \
	AND  $7, FULL, TAIL            \
	SUB  TAIL, FULL                \
	SKIP(dxStride+88(FP), OUT_SKIP) \
	SKIP(yStride+96(FP), Y_SKIP)   \
	SKIP(dyStride+104(FP), DY_SKIP) \
	TAIL_OFFSETS(TAIL)             \
	TAIL_MASK(TAIL, MASK)

// DOT adds the products of eight columns to lanes, PLUS eight of dy alone.
#define DOT(lanes) FMLA8(V, G, lanes)
#define PLUS(lanes) FADD8(G, lanes, lanes)

// SOFTMAX and LOG_SOFTMAX turn V and G into dx, in G.
#define SOFTMAX \
	FSUB8(LOW, G, G) \
	FMUL8(G, V, G)
#define LOG_SOFTMAX \
	EXP(V, V)           \
	FMLS8(LOW, V, G)

// BACKWARD is the whole kernel: add and map are the macros of its function.
// Its labels are those of the function that uses it.
//
// The tail of a sum belongs to the lanes after those of the last whole pair:
// low ones, unless that pair was the first of two. It leaves the other lanes
// alone: one may be -0, which +0 would change.
#define BACKWARD(add, map) \
	SETUP                     \
row:                          \
	SUBS $1, ROWS             \
	BLT  done                 \
	ZERO8(LOW)                \
	ZERO8(HIGH)               \
	MOVD FULL, LEFT           \
two:                          \
	SUBS $16, LEFT            \
	BLT  one                  \
	LOAD_NEXT(Y, V)           \
	LOAD_NEXT(DY, G)          \
	add(LOW)                  \
	LOAD_NEXT(Y, V)           \
	LOAD_NEXT(DY, G)          \
	add(HIGH)                 \
	JMP  two                  \
one:                          \
	ADDS $16, LEFT            \
	BEQ  sumTail              \
	LOAD_NEXT(Y, V)           \
	LOAD_NEXT(DY, G)          \
	add(LOW)                  \
	MOVE8(LOW, W)             \
	MOVE8(HIGH, LOW)          \
	MOVE8(W, HIGH)            \
sumTail:                      \
	CBZ  TAIL, fold           \
	LOAD_TAIL(Y, V)           \
	LOAD_TAIL(DY, G)          \
	MOVE8(LOW, W)             \
	add(W)                    \
	BIT8(MASK, W, LOW)        \
fold:                         \
	FOLD16(LOW, HIGH, V)      \
	VDUP_S4(0, LOW, LOW)      \
	VORR_B16(LOW, LOW, LOW+1) \
	SUB  FULL<<2, Y           \
	SUB  FULL<<2, DY          \
	MOVD FULL, LEFT           \
loop:                         \
	CBZ  LEFT, tail           \
	LOAD_NEXT(Y, V)           \
	LOAD_NEXT(DY, G)          \
	map                       \
	STORE_NEXT(G, OUT)        \
	SUB  $8, LEFT             \
	JMP  loop                 \
tail:                         \
	CBZ  TAIL, next           \
	LOAD_TAIL(Y, V)           \
	LOAD_TAIL(DY, G)          \
	map                       \
	STORE_TAIL(G, OUT)        \
next:                         \
	ADD  OUT_SKIP, OUT        \
	ADD  Y_SKIP, Y            \
	ADD  DY_SKIP, DY          \
	JMP  row                  \
done:                         \
	RET

// func SoftmaxBackwardNEON(dx, y, dy []float32, rows, cols, dxStride, yStride, dyStride int)
TEXT ·SoftmaxBackwardNEON(SB), NOSPLIT, $0-112
	BACKWARD(DOT, SOFTMAX)

// func LogSoftmaxBackwardNEON(dx, y, dy []float32, rows, cols, dxStride, yStride, dyStride int)
TEXT ·LogSoftmaxBackwardNEON(SB), NOSPLIT, $0-112
	BACKWARD(PLUS, LOG_SOFTMAX)
