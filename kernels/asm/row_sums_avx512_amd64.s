//go:build !noasm

#include "textflag.h"
#include "rows_avx512_amd64.h"

// Registers:
//	DST                  the result of the current row
//	SRC, STRIDE          the current row and the bytes from one row to the next
//	ROWS                 rows to go
//	FULL, TAIL           columns in whole registers, and the columns after them
//	COLUMN               the column reached
//	LANES                the sixteen lanes of the sum
//	MASK                 ones in the lanes of the tail
//	CONSTANT, HALF       of the log-density: the constant, and -0.5
#define DST DI
#define SRC SI
#define STRIDE R8
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
#define CONSTANT X2
#define HALF X3
#define MASK K1

#define SETUP \
	MOVQ dst_base+0(FP), DST   \
	MOVQ dst_len+8(FP), ROWS   \
	MOVQ src_base+24(FP), SRC  \
	MOVQ stride+48(FP), STRIDE \
	SHLQ $2, STRIDE            \
	MOVQ cols+56(FP), FULL     \
	MOVQ FULL, TAIL            \
	ANDQ $15, TAIL             \
	ANDQ $-16, FULL            \
	TAIL_MASK(SCRATCH, MASK)

// SUM_SQUARES leaves the sum of the squares of the row at SRC in lane 0 of
// LANES. Its labels are those of the function that uses it.
#define SUM_SQUARES \
	XORQ        COLUMN, COLUMN           \
	VPXORD      LANES, LANES, LANES      \
loop:                                 \
	CMPQ        COLUMN, FULL             \
	JGE         tail                     \
	VMOVUPS     (SRC)(COLUMN*4), V       \
	VFMADD231PS V, V, LANES              \
	ADDQ        $16, COLUMN              \
	JMP         loop                     \
tail:                                 \
	VMOVUPS.Z   (SRC)(COLUMN*4), MASK, V \
	VFMADD231PS V, V, LANES              \
	FOLD16(LANES, LANES_Y, LANES_X, V_Y, V_X)

// func RowSumsAVX512(dst, src []float32, stride, cols int)
TEXT ·RowSumsAVX512(SB), NOSPLIT, $0-64
	SETUP

row:
	SUBQ   $1, ROWS
	JLT    done
	XORQ   COLUMN, COLUMN
	VPXORD LANES, LANES, LANES

loop:
	CMPQ   COLUMN, FULL
	JGE    tail
	VADDPS (SRC)(COLUMN*4), LANES, LANES
	ADDQ   $16, COLUMN
	JMP    loop

tail:
	VMOVUPS.Z (SRC)(COLUMN*4), MASK, V
	VADDPS    V, LANES, LANES
	FOLD16(LANES, LANES_Y, LANES_X, V_Y, V_X)
	VMOVSS    LANES_X, (DST)
	ADDQ      $4, DST
	ADDQ      STRIDE, SRC
	JMP       row

done:
	VZEROUPPER
	RET

// func RowSumSquaresAVX512(dst, src []float32, stride, cols int)
TEXT ·RowSumSquaresAVX512(SB), NOSPLIT, $0-64
	SETUP

row:
	SUBQ   $1, ROWS
	JLT    done
	SUM_SQUARES
	VMOVSS LANES_X, (DST)
	ADDQ   $4, DST
	ADDQ   STRIDE, SRC
	JMP    row

done:
	VZEROUPPER
	RET

// func StandardNormalLogDensityAVX512(dst []float64, src []float32, stride, cols int, constant float64)
TEXT ·StandardNormalLogDensityAVX512(SB), NOSPLIT, $0-72
	SETUP
	VMOVSD constant+64(FP), CONSTANT
	MOVQ   $0xBFE0000000000000, SCRATCH
	VMOVQ  SCRATCH, HALF

row:
	SUBQ      $1, ROWS
	JLT       done
	SUM_SQUARES
	VCVTSS2SD LANES_X, LANES_X, LANES_X
	VMULSD    HALF, LANES_X, LANES_X
	VSUBSD    CONSTANT, LANES_X, LANES_X
	VMOVSD    LANES_X, (DST)
	ADDQ      $8, DST
	ADDQ      STRIDE, SRC
	JMP       row

done:
	VZEROUPPER
	RET
