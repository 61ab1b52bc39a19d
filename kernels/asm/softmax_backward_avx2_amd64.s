//go:build !noasm

#include "textflag.h"
#include "vector_avx2_amd64.h"
#include "exp.h"
#include "rows_avx2_amd64.h"

// Registers:
//	OUT, OUT_STRIDE       the current row of dx and the bytes to the next
//	Y, Y_STRIDE          the same of y
//	DY, DY_STRIDE        the same of dy
//	ROWS                 rows to go
//	FULL, TAIL           columns in pairs of registers, and the columns after them
//	COLUMN               the column reached
//	LOW, HIGH            lanes 0 to 7 and 8 to 15 of the sum; LOW is then the sum,
//	                     in all lanes
//	V, G, W              eight of y and of dy; scratch
//	LOW_MASK, HIGH_MASK  ones in the lanes of the tail
#define OUT DI
#define OUT_STRIDE R10
#define Y SI
#define Y_STRIDE R8
#define DY DX
#define DY_STRIDE R11
#define SCRATCH AX
#define ROWS R12
#define FULL R9
#define TAIL R13
#define COLUMN BX
#define COUNT CX
#define LOW Y0
#define LOW_X X0
#define HIGH Y1
#define V Y2
#define V_X X2
#define G Y3
#define W Y12
#define LOW_MASK Y13
#define HIGH_MASK Y14

#define SETUP \
	MOVQ dx_base+0(FP), OUT               \
	MOVQ y_base+24(FP), Y                 \
	MOVQ dy_base+48(FP), DY               \
	MOVQ rows+72(FP), ROWS                \
	MOVQ cols+80(FP), FULL                \
	MOVQ FULL, TAIL                       \
	ANDQ $15, TAIL                        \
	ANDQ $-16, FULL                       \
	MOVQ $8, COUNT                        \
	CMPQ TAIL, COUNT                      \
	CMOVQLT TAIL, COUNT                   \
	MOVQ TAIL, COLUMN                     \
	SUBQ COUNT, COLUMN                    \
	TAIL_MASK(COUNT, SCRATCH, LOW_MASK)   \
	TAIL_MASK(COLUMN, SCRATCH, HIGH_MASK) \
	MOVQ dxStride+88(FP), OUT_STRIDE       \
	SHLQ $2, OUT_STRIDE                    \
	MOVQ yStride+96(FP), Y_STRIDE         \
	SHLQ $2, Y_STRIDE                     \
	MOVQ dyStride+104(FP), DY_STRIDE      \
	SHLQ $2, DY_STRIDE

// DOT adds the products of eight columns to lanes, PLUS eight of dy alone.
#define DOT(lanes) VFMADD231PS V, G, lanes
#define PLUS(lanes) VADDPS G, lanes, lanes

// ADD_TAIL leaves the lanes after a tail alone: one may be -0, which +0 would
// change.
#define ADD_TAIL(add, mask, lanes) \
	VMOVAPS   lanes, W              \
	add(W)                          \
	VBLENDVPS mask, W, lanes, lanes

// SOFTMAX and LOG_SOFTMAX turn V and G into dx, in V.
#define SOFTMAX \
	VSUBPS LOW, G, G \
	VMULPS G, V, V
#define LOG_SOFTMAX \
	EXP(V, V)               \
	VFNMADD213PS G, LOW, V

// LOAD loads eight columns, AT bytes from the column reached, LOAD_TAIL those
// under a mask.
#define LOAD(at) \
	VMOVUPS at(Y)(COLUMN*4), V  \
	VMOVUPS at(DY)(COLUMN*4), G
#define LOAD_TAIL(at, mask) \
	VMASKMOVPS at(Y)(COLUMN*4), mask, V  \
	VMASKMOVPS at(DY)(COLUMN*4), mask, G

// BACKWARD is the whole kernel: add and map are the macros of its function.
// Its labels are those of the function that uses it.
#define BACKWARD(add, map) \
	SETUP                                    \
row:                                      \
	SUBQ         $1, ROWS                    \
	JLT          done                        \
	XORQ         COLUMN, COLUMN              \
	VXORPS       LOW, LOW, LOW               \
	VXORPS       HIGH, HIGH, HIGH            \
sum:                                      \
	CMPQ         COLUMN, FULL                \
	JGE          sumTail                     \
	LOAD(0)                                  \
	add(LOW)                                 \
	LOAD(32)                                 \
	add(HIGH)                                \
	ADDQ         $16, COLUMN                 \
	JMP          sum                         \
sumTail:                                  \
	TESTQ        TAIL, TAIL                  \
	JEQ          fold                        \
	LOAD_TAIL(0, LOW_MASK)                   \
	ADD_TAIL(add, LOW_MASK, LOW)             \
	CMPQ         TAIL, $8                    \
	JLE          fold                        \
	LOAD_TAIL(32, HIGH_MASK)                 \
	ADD_TAIL(add, HIGH_MASK, HIGH)           \
fold:                                     \
	VADDPS       HIGH, LOW, LOW              \
	FOLD8(LOW, LOW_X, V_X)                   \
	VBROADCASTSS LOW_X, LOW                  \
	XORQ         COLUMN, COLUMN              \
loop:                                     \
	CMPQ         COLUMN, FULL                \
	JGE          tail                        \
	LOAD(0)                                  \
	map                                      \
	VMOVUPS      V, (OUT)(COLUMN*4)          \
	LOAD(32)                                 \
	map                                      \
	VMOVUPS      V, 32(OUT)(COLUMN*4)        \
	ADDQ         $16, COLUMN                 \
	JMP          loop                        \
tail:                                     \
	TESTQ        TAIL, TAIL                  \
	JEQ          next                        \
	LOAD_TAIL(0, LOW_MASK)                   \
	map                                      \
	VMASKMOVPS   V, LOW_MASK, (OUT)(COLUMN*4) \
	CMPQ         TAIL, $8                    \
	JLE          next                        \
	LOAD_TAIL(32, HIGH_MASK)                 \
	map                                      \
	VMASKMOVPS   V, HIGH_MASK, 32(OUT)(COLUMN*4) \
next:                                     \
	ADDQ         OUT_STRIDE, OUT              \
	ADDQ         Y_STRIDE, Y                 \
	ADDQ         DY_STRIDE, DY               \
	JMP          row                         \
done:                                     \
	VZEROUPPER                               \
	RET

// func SoftmaxBackwardAVX2(dx, y, dy []float32, rows, cols, dxStride, yStride, dyStride int)
TEXT ·SoftmaxBackwardAVX2(SB), NOSPLIT, $0-112
	BACKWARD(DOT, SOFTMAX)

// func LogSoftmaxBackwardAVX2(dx, y, dy []float32, rows, cols, dxStride, yStride, dyStride int)
TEXT ·LogSoftmaxBackwardAVX2(SB), NOSPLIT, $0-112
	BACKWARD(PLUS, LOG_SOFTMAX)
