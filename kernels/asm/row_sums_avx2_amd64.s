//go:build !noasm

#include "textflag.h"
#include "rows_avx2_amd64.h"

// Registers:
//	DST                  the result of the current row
//	SRC, STRIDE          the current row and the bytes from one row to the next
//	ROWS                 rows to go
//	FULL, TAIL           columns in pairs of registers, and the columns after them
//	COLUMN               the column reached
//	LOW, HIGH            lanes 0 to 7 and 8 to 15 of the sum
//	LOW_MASK, HIGH_MASK  ones in the lanes of the tail
//	CONSTANT, HALF       of the log-density: the constant, and -0.5
#define DST DI
#define SRC SI
#define STRIDE R8
#define SCRATCH AX
#define ROWS DX
#define FULL R9
#define TAIL R10
#define COLUMN BX
#define COUNT CX
#define LOW Y0
#define LOW_X X0
#define HIGH Y1
#define V Y2
#define V_X X2
#define LOW_MASK Y3
#define HIGH_MASK Y4
#define CONSTANT X5
#define HALF X6

// SETUP reads the arguments and cuts the tail's count, 0 to 15, in two.
#define SETUP \
	MOVQ dst_base+0(FP), DST            \
	MOVQ dst_len+8(FP), ROWS            \
	MOVQ src_base+24(FP), SRC           \
	MOVQ stride+48(FP), STRIDE          \
	SHLQ $2, STRIDE                     \
	MOVQ cols+56(FP), FULL              \
	MOVQ FULL, TAIL                     \
	ANDQ $15, TAIL                      \
	ANDQ $-16, FULL                     \
	MOVQ $8, COUNT                      \
	CMPQ TAIL, COUNT                    \
	CMOVQLT TAIL, COUNT                 \
	MOVQ TAIL, COLUMN                   \
	SUBQ COUNT, COLUMN                  \
	TAIL_MASK(COUNT, SCRATCH, LOW_MASK) \
	TAIL_MASK(COLUMN, SCRATCH, HIGH_MASK)

// SUM_SQUARES leaves the sum of the squares of the row at SRC in lane 0 of LOW.
// Its labels are those of the function that uses it.
#define SUM_SQUARES \
	XORQ        COLUMN, COLUMN                  \
	VXORPS      LOW, LOW, LOW                   \
	VXORPS      HIGH, HIGH, HIGH                \
loop:                                        \
	CMPQ        COLUMN, FULL                    \
	JGE         tail                            \
	VMOVUPS     (SRC)(COLUMN*4), V              \
	VFMADD231PS V, V, LOW                       \
	VMOVUPS     32(SRC)(COLUMN*4), V            \
	VFMADD231PS V, V, HIGH                      \
	ADDQ        $16, COLUMN                     \
	JMP         loop                            \
tail:                                        \
	TESTQ       TAIL, TAIL                      \
	JEQ         fold                            \
	VMASKMOVPS  (SRC)(COLUMN*4), LOW_MASK, V    \
	VFMADD231PS V, V, LOW                       \
	VMASKMOVPS  32(SRC)(COLUMN*4), HIGH_MASK, V \
	VFMADD231PS V, V, HIGH                      \
fold:                                        \
	VADDPS      HIGH, LOW, LOW                  \
	FOLD8(LOW, LOW_X, V_X)

// func RowSumsAVX2(dst, src []float32, stride, cols int)
TEXT ·RowSumsAVX2(SB), NOSPLIT, $0-64
	SETUP

row:
	SUBQ   $1, ROWS
	JLT    done
	XORQ   COLUMN, COLUMN
	VXORPS LOW, LOW, LOW
	VXORPS HIGH, HIGH, HIGH

loop:
	CMPQ   COLUMN, FULL
	JGE    tail
	VADDPS (SRC)(COLUMN*4), LOW, LOW
	VADDPS 32(SRC)(COLUMN*4), HIGH, HIGH
	ADDQ   $16, COLUMN
	JMP    loop

tail:
	TESTQ      TAIL, TAIL
	JEQ        fold
	VMASKMOVPS (SRC)(COLUMN*4), LOW_MASK, V
	VADDPS     V, LOW, LOW
	VMASKMOVPS 32(SRC)(COLUMN*4), HIGH_MASK, V
	VADDPS     V, HIGH, HIGH

fold:
	VADDPS HIGH, LOW, LOW
	FOLD8(LOW, LOW_X, V_X)
	VMOVSS LOW_X, (DST)
	ADDQ   $4, DST
	ADDQ   STRIDE, SRC
	JMP    row

done:
	VZEROUPPER
	RET

// func RowSumSquaresAVX2(dst, src []float32, stride, cols int)
TEXT ·RowSumSquaresAVX2(SB), NOSPLIT, $0-64
	SETUP

row:
	SUBQ   $1, ROWS
	JLT    done
	SUM_SQUARES
	VMOVSS LOW_X, (DST)
	ADDQ   $4, DST
	ADDQ   STRIDE, SRC
	JMP    row

done:
	VZEROUPPER
	RET

// func StandardNormalLogDensityAVX2(dst []float64, src []float32, stride, cols int, constant float64)
TEXT ·StandardNormalLogDensityAVX2(SB), NOSPLIT, $0-72
	SETUP
	VMOVSD constant+64(FP), CONSTANT
	MOVQ   $0xBFE0000000000000, SCRATCH
	VMOVQ  SCRATCH, HALF

row:
	SUBQ      $1, ROWS
	JLT       done
	SUM_SQUARES
	VCVTSS2SD LOW_X, LOW_X, LOW_X
	VMULSD    HALF, LOW_X, LOW_X
	VSUBSD    CONSTANT, LOW_X, LOW_X
	VMOVSD    LOW_X, (DST)
	ADDQ      $8, DST
	ADDQ      STRIDE, SRC
	JMP       row

done:
	VZEROUPPER
	RET
