//go:build !noasm

#include "textflag.h"
#include "rows_avx512_amd64.h"

// Registers:
//	DST, SECOND          the results of the current row
//	SRC, STRIDE          the current row and the bytes from one row to the next
//	OTHER, OTHER_STRIDE  the same of the other matrix of a dot product
//	ROWS                 rows to go
//	FULL, TAIL           columns in whole registers, and the columns after them
//	COLUMN               the column reached
//	LANES                the sixteen lanes of the sum
//	MEAN                 the mean, in all lanes
//	COUNT                the number of columns
//	MASK                 ones in the lanes of the tail
#define DST DI
#define SECOND R10
#define SRC SI
#define STRIDE R8
#define OTHER R11
#define OTHER_STRIDE R12
#define SCRATCH AX
#define ROWS DX
#define FULL R9
#define TAIL CX
#define COLUMN BX
#define LANES Z0
#define LANES_Y Y0
#define LANES_X X0
#define V Z1
#define V_Y Y1
#define V_X X1
#define W Z2
#define MEAN Z3
#define MEAN_X X3
#define COUNT X4
#define MASK K1

#define COUNTS(cols) \
	MOVQ cols, FULL  \
	MOVQ FULL, TAIL  \
	ANDQ $15, TAIL   \
	ANDQ $-16, FULL  \
	TAIL_MASK(SCRATCH, MASK)

// func RowDotsAVX512(dst, a, b []float32, aStride, bStride, cols int)
TEXT ·RowDotsAVX512(SB), NOSPLIT, $0-96
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
	VPXORD LANES, LANES, LANES

loop:
	CMPQ        COLUMN, FULL
	JGE         tail
	VMOVUPS     (SRC)(COLUMN*4), V
	VFMADD231PS (OTHER)(COLUMN*4), V, LANES
	ADDQ        $16, COLUMN
	JMP         loop

	// The other lanes are left alone: one may be -0, which +0 would change.
tail:
	VMOVUPS.Z   (SRC)(COLUMN*4), MASK, V
	VMOVUPS.Z   (OTHER)(COLUMN*4), MASK, W
	VFMADD231PS W, V, MASK, LANES
	FOLD16(LANES, LANES_Y, LANES_X, V_Y, V_X)
	VMOVSS      LANES_X, (DST)
	ADDQ        $4, DST
	ADDQ        STRIDE, SRC
	ADDQ        OTHER_STRIDE, OTHER
	JMP         row

done:
	VZEROUPPER
	RET

// func RowMomentsAVX512(mean, variance, src []float32, stride, cols int, count float32)
TEXT ·RowMomentsAVX512(SB), NOSPLIT, $0-92
	MOVQ   mean_base+0(FP), DST
	MOVQ   mean_len+8(FP), ROWS
	MOVQ   variance_base+24(FP), SECOND
	MOVQ   src_base+48(FP), SRC
	MOVQ   stride+72(FP), STRIDE
	SHLQ   $2, STRIDE
	COUNTS(cols+80(FP))
	VMOVSS count+88(FP), COUNT

row:
	SUBQ   $1, ROWS
	JLT    done
	XORQ   COLUMN, COLUMN
	VPXORD LANES, LANES, LANES

sum:
	CMPQ   COLUMN, FULL
	JGE    sumTail
	VADDPS (SRC)(COLUMN*4), LANES, LANES
	ADDQ   $16, COLUMN
	JMP    sum

sumTail:
	VMOVUPS.Z    (SRC)(COLUMN*4), MASK, V
	VADDPS       V, LANES, LANES
	FOLD16(LANES, LANES_Y, LANES_X, V_Y, V_X)
	VDIVSS       COUNT, LANES_X, MEAN_X
	VMOVSS       MEAN_X, (DST)
	VBROADCASTSS MEAN_X, MEAN
	XORQ         COLUMN, COLUMN
	VPXORD       LANES, LANES, LANES

squares:
	CMPQ        COLUMN, FULL
	JGE         squaresTail
	VMOVUPS     (SRC)(COLUMN*4), V
	VSUBPS      MEAN, V, V
	VFMADD231PS V, V, LANES
	ADDQ        $16, COLUMN
	JMP         squares

squaresTail:
	VMOVUPS.Z   (SRC)(COLUMN*4), MASK, V
	VSUBPS.Z    MEAN, V, MASK, V
	VFMADD231PS V, V, LANES
	FOLD16(LANES, LANES_Y, LANES_X, V_Y, V_X)
	VDIVSS      COUNT, LANES_X, LANES_X
	VMOVSS      LANES_X, (SECOND)
	ADDQ        $4, DST
	ADDQ        $4, SECOND
	ADDQ        STRIDE, SRC
	JMP         row

done:
	VZEROUPPER
	RET
