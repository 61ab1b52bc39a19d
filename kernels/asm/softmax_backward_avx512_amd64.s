//go:build !noasm

#include "textflag.h"
#include "vector_avx512_amd64.h"
#include "exp.h"
#include "rows_avx512_amd64.h"

// Registers:
//	OUT, OUT_STRIDE   the current row of dx and the bytes to the next
//	Y, Y_STRIDE      the same of y
//	DY, DY_STRIDE    the same of dy
//	ROWS             rows to go
//	FULL, TAIL       columns in whole registers, and the columns after them
//	COLUMN           the column reached
//	LANES            the sixteen lanes of the sum, then the sum in all
//	V, G             sixteen of y and of dy
//	MASK             ones in the lanes of the tail
#define OUT DI
#define OUT_STRIDE R10
#define Y SI
#define Y_STRIDE R8
#define DY DX
#define DY_STRIDE R11
#define SCRATCH AX
#define ROWS R12
#define FULL R9
#define TAIL CX
#define COLUMN BX
#define LANES Z0
#define LANES_Y Y0
#define LANES_X X0
#define V Z1
#define V_Y Y1
#define V_X X1
#define G Z2
#define MASK K1

#define SETUP \
	MOVQ dx_base+0(FP), OUT          \
	MOVQ y_base+24(FP), Y            \
	MOVQ dy_base+48(FP), DY          \
	MOVQ rows+72(FP), ROWS           \
	MOVQ cols+80(FP), FULL           \
	MOVQ FULL, TAIL                  \
	ANDQ $15, TAIL                   \
	ANDQ $-16, FULL                  \
	TAIL_MASK(SCRATCH, MASK)         \
	MOVQ dxStride+88(FP), OUT_STRIDE  \
	SHLQ $2, OUT_STRIDE               \
	MOVQ yStride+96(FP), Y_STRIDE    \
	SHLQ $2, Y_STRIDE                \
	MOVQ dyStride+104(FP), DY_STRIDE \
	SHLQ $2, DY_STRIDE

// DOT adds the products of sixteen columns to LANES, PLUS sixteen of dy alone.
// A tail leaves the other lanes alone: one may be -0, which +0 would change.
#define DOT VFMADD231PS V, G, LANES
#define DOT_TAIL VFMADD231PS V, G, MASK, LANES
#define PLUS VADDPS G, LANES, LANES
#define PLUS_TAIL VADDPS G, LANES, MASK, LANES

// SOFTMAX and LOG_SOFTMAX turn V and G into dx, in V.
#define SOFTMAX \
	VSUBPS LANES, G, G \
	VMULPS G, V, V
#define LOG_SOFTMAX \
	EXP(V, V)                 \
	VFNMADD213PS G, LANES, V

// BACKWARD is the whole kernel: add, addTail and map are the macros of its
// function. Its labels are those of the function that uses it.
#define BACKWARD(add, addTail, map) \
	SETUP                                    \
row:                                      \
	SUBQ         $1, ROWS                    \
	JLT          done                        \
	XORQ         COLUMN, COLUMN              \
	VPXORD       LANES, LANES, LANES         \
sum:                                      \
	CMPQ         COLUMN, FULL                \
	JGE          sumTail                     \
	VMOVUPS      (Y)(COLUMN*4), V            \
	VMOVUPS      (DY)(COLUMN*4), G           \
	add                                      \
	ADDQ         $16, COLUMN                 \
	JMP          sum                         \
sumTail:                                  \
	VMOVUPS.Z    (Y)(COLUMN*4), MASK, V      \
	VMOVUPS.Z    (DY)(COLUMN*4), MASK, G     \
	addTail                                  \
	FOLD16(LANES, LANES_Y, LANES_X, V_Y, V_X) \
	VBROADCASTSS LANES_X, LANES              \
	XORQ         COLUMN, COLUMN              \
loop:                                     \
	CMPQ         COLUMN, FULL                \
	JGE          tail                        \
	VMOVUPS      (Y)(COLUMN*4), V            \
	VMOVUPS      (DY)(COLUMN*4), G           \
	map                                      \
	VMOVUPS      V, (OUT)(COLUMN*4)          \
	ADDQ         $16, COLUMN                 \
	JMP          loop                        \
tail:                                     \
	VMOVUPS.Z    (Y)(COLUMN*4), MASK, V      \
	VMOVUPS.Z    (DY)(COLUMN*4), MASK, G     \
	map                                      \
	VMOVUPS      V, MASK, (OUT)(COLUMN*4)    \
	ADDQ         OUT_STRIDE, OUT              \
	ADDQ         Y_STRIDE, Y                 \
	ADDQ         DY_STRIDE, DY               \
	JMP          row                         \
done:                                     \
	VZEROUPPER                               \
	RET

// func SoftmaxBackwardAVX512(dx, y, dy []float32, rows, cols, dxStride, yStride, dyStride int)
TEXT ·SoftmaxBackwardAVX512(SB), NOSPLIT, $0-112
	BACKWARD(DOT, DOT_TAIL, SOFTMAX)

// func LogSoftmaxBackwardAVX512(dx, y, dy []float32, rows, cols, dxStride, yStride, dyStride int)
TEXT ·LogSoftmaxBackwardAVX512(SB), NOSPLIT, $0-112
	BACKWARD(PLUS, PLUS_TAIL, LOG_SOFTMAX)
