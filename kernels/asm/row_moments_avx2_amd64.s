//go:build !noasm

#include "textflag.h"
#include "rows_avx2_amd64.h"

// Registers:
//	DST, SECOND          the results of the current row
//	SRC, STRIDE          the current row and the bytes from one row to the next
//	OTHER, OTHER_STRIDE  the same of the other matrix of a dot product
//	ROWS                 rows to go
//	FULL, TAIL           columns in pairs of registers, and the columns after them
//	COLUMN               the column reached
//	LOW, HIGH            lanes 0 to 7 and 8 to 15 of the sum
//	MEAN                 the mean, in all lanes
//	COUNT_COLUMNS        the number of columns
//	LOW_MASK, HIGH_MASK  ones in the lanes of the tail
#define DST DI
#define SECOND R10
#define SRC SI
#define STRIDE R8
#define OTHER R11
#define OTHER_STRIDE R12
#define SCRATCH AX
#define ROWS DX
#define FULL R9
#define TAIL R13
#define COLUMN BX
#define COUNT CX
#define LOW Y0
#define LOW_X X0
#define HIGH Y1
#define V Y2
#define V_X X2
#define W Y3
#define MEAN Y4
#define MEAN_X X4
#define COUNT_COLUMNS X5
#define LOW_MASK Y6
#define HIGH_MASK Y7

// COUNTS cuts the tail's count, 0 to 15, in two.
#define COUNTS(cols) \
	MOVQ    cols, FULL                  \
	MOVQ    FULL, TAIL                  \
	ANDQ    $15, TAIL                   \
	ANDQ    $-16, FULL                  \
	MOVQ    $8, COUNT                   \
	CMPQ    TAIL, COUNT                 \
	CMOVQLT TAIL, COUNT                 \
	MOVQ    TAIL, COLUMN                \
	SUBQ    COUNT, COLUMN               \
	TAIL_MASK(COUNT, SCRATCH, LOW_MASK) \
	TAIL_MASK(COLUMN, SCRATCH, HIGH_MASK)

// DOT_TAIL adds the products of a tail in V and W. It leaves the other lanes
// alone: one may be -0, which +0 would change.
#define DOT_TAIL(mask, lanes) \
	VFMADD213PS lanes, V, W         \
	VBLENDVPS   mask, W, lanes, lanes

// func RowDotsAVX2(dst, a, b []float32, aStride, bStride, cols int)
TEXT ·RowDotsAVX2(SB), NOSPLIT, $0-96
	MOVQ dst_base+0(FP), DST
	MOVQ dst_len+8(FP), ROWS
	MOVQ a_base+24(FP), SRC
	MOVQ b_base+48(FP), OTHER
	MOVQ aStride+72(FP), STRIDE
	SHLQ $2, STRIDE
	MOVQ bStride+80(FP), OTHER_STRIDE
	SHLQ $2, OTHER_STRIDE
	COUNTS(cols+88(FP))

row:
	SUBQ   $1, ROWS
	JLT    done
	XORQ   COLUMN, COLUMN
	VXORPS LOW, LOW, LOW
	VXORPS HIGH, HIGH, HIGH

loop:
	CMPQ        COLUMN, FULL
	JGE         tail
	VMOVUPS     (SRC)(COLUMN*4), V
	VFMADD231PS (OTHER)(COLUMN*4), V, LOW
	VMOVUPS     32(SRC)(COLUMN*4), V
	VFMADD231PS 32(OTHER)(COLUMN*4), V, HIGH
	ADDQ        $16, COLUMN
	JMP         loop

tail:
	TESTQ       TAIL, TAIL
	JEQ         fold
	VMASKMOVPS  (SRC)(COLUMN*4), LOW_MASK, V
	VMASKMOVPS  (OTHER)(COLUMN*4), LOW_MASK, W
	DOT_TAIL(LOW_MASK, LOW)
	CMPQ        TAIL, $8
	JLE         fold
	VMASKMOVPS  32(SRC)(COLUMN*4), HIGH_MASK, V
	VMASKMOVPS  32(OTHER)(COLUMN*4), HIGH_MASK, W
	DOT_TAIL(HIGH_MASK, HIGH)

fold:
	VADDPS HIGH, LOW, LOW
	FOLD8(LOW, LOW_X, V_X)
	VMOVSS LOW_X, (DST)
	ADDQ   $4, DST
	ADDQ   STRIDE, SRC
	ADDQ   OTHER_STRIDE, OTHER
	JMP    row

done:
	VZEROUPPER
	RET

// func RowMomentsAVX2(mean, variance, src []float32, stride, cols int, count float32)
TEXT ·RowMomentsAVX2(SB), NOSPLIT, $0-92
	MOVQ   mean_base+0(FP), DST
	MOVQ   mean_len+8(FP), ROWS
	MOVQ   variance_base+24(FP), SECOND
	MOVQ   src_base+48(FP), SRC
	MOVQ   stride+72(FP), STRIDE
	SHLQ   $2, STRIDE
	COUNTS(cols+80(FP))
	VMOVSS count+88(FP), COUNT_COLUMNS

row:
	SUBQ   $1, ROWS
	JLT    done
	XORQ   COLUMN, COLUMN
	VXORPS LOW, LOW, LOW
	VXORPS HIGH, HIGH, HIGH

sum:
	CMPQ   COLUMN, FULL
	JGE    sumTail
	VADDPS (SRC)(COLUMN*4), LOW, LOW
	VADDPS 32(SRC)(COLUMN*4), HIGH, HIGH
	ADDQ   $16, COLUMN
	JMP    sum

sumTail:
	TESTQ      TAIL, TAIL
	JEQ        sumFold
	VMASKMOVPS (SRC)(COLUMN*4), LOW_MASK, V
	VADDPS     V, LOW, LOW
	VMASKMOVPS 32(SRC)(COLUMN*4), HIGH_MASK, V
	VADDPS     V, HIGH, HIGH

sumFold:
	VADDPS       HIGH, LOW, LOW
	FOLD8(LOW, LOW_X, V_X)
	VDIVSS       COUNT_COLUMNS, LOW_X, MEAN_X
	VMOVSS       MEAN_X, (DST)
	VBROADCASTSS MEAN_X, MEAN
	XORQ         COLUMN, COLUMN
	VXORPS       LOW, LOW, LOW
	VXORPS       HIGH, HIGH, HIGH

squares:
	CMPQ        COLUMN, FULL
	JGE         squaresTail
	VMOVUPS     (SRC)(COLUMN*4), V
	VSUBPS      MEAN, V, V
	VFMADD231PS V, V, LOW
	VMOVUPS     32(SRC)(COLUMN*4), V
	VSUBPS      MEAN, V, V
	VFMADD231PS V, V, HIGH
	ADDQ        $16, COLUMN
	JMP         squares

squaresTail:
	TESTQ       TAIL, TAIL
	JEQ         squaresFold
	VMASKMOVPS  (SRC)(COLUMN*4), LOW_MASK, V
	VSUBPS      MEAN, V, V
	VANDPS      LOW_MASK, V, V
	VFMADD231PS V, V, LOW
	VMASKMOVPS  32(SRC)(COLUMN*4), HIGH_MASK, V
	VSUBPS      MEAN, V, V
	VANDPS      HIGH_MASK, V, V
	VFMADD231PS V, V, HIGH

squaresFold:
	VADDPS HIGH, LOW, LOW
	FOLD8(LOW, LOW_X, V_X)
	VDIVSS COUNT_COLUMNS, LOW_X, LOW_X
	VMOVSS LOW_X, (SECOND)
	ADDQ   $4, DST
	ADDQ   $4, SECOND
	ADDQ   STRIDE, SRC
	JMP    row

done:
	VZEROUPPER
	RET
