//go:build !noasm

#include "textflag.h"
#include "rows_avx512_amd64.h"
#include "affine_avx512_amd64.h"

// Registers:
//	DST, SRC, GRADIENT   what is written, what is compared, what is scaled
//	LEFT                 elements to go
//	STRIDE, BIAS, ROWS, FULL, COLUMN   as in bias_avx512_amd64.s
//	ZERO, SLOPE          sixteen +0, sixteen slopes
//	X, G                 sixteen elements of SRC and GRADIENT
//	SCALE                ones where X <= 0, which NaN is not
//	MASK                 ones in the lanes of the tail, or of four or two rows
//	BIASES               the bias, for four or two rows
//	IN                   the rows that are loaded next
#define DST DI
#define SRC SI
#define GRADIENT DX
#define LEFT CX
#define STRIDE R8
#define BIAS SI
#define ROWS DX
#define FULL R9
#define TAIL CX
#define COLUMN BX
#define SCRATCH AX
#define ZERO Z0
#define X Z1
#define G Z2
#define SLOPE Z3
#define X_X X1
#define X_Y Y1
#define G_X X2
#define G_Y Y2
#define SCALE K7
#define IN R10
#define BIASES Z4
#define COLS bias_len+32(FP)
#define LESS_OR_EQUAL $0x12 // false for NaN

// LEAK multiplies g by the slope where x <= 0.
#define LEAK(x, g) \
	VCMPPS LESS_OR_EQUAL, ZERO, x, SCALE \
	VMULPS SLOPE, g, SCALE, g

// func LeakyReLUAVX512(dst, src []float32, slope float32)
TEXT ·LeakyReLUAVX512(SB), NOSPLIT, $0-52
	MOVQ         dst_base+0(FP), DST
	MOVQ         dst_len+8(FP), LEFT
	MOVQ         src_base+24(FP), SRC
	VBROADCASTSS slope+48(FP), SLOPE
	VPXORD       ZERO, ZERO, ZERO

loop:
	CMPQ    LEFT, $16
	JLT     tail
	VMOVUPS (SRC), X
	LEAK(X, X)
	VMOVUPS X, (DST)
	ADDQ    $64, SRC
	ADDQ    $64, DST
	SUBQ    $16, LEFT
	JMP     loop

tail:
	TESTQ     LEFT, LEFT
	JEQ       done
	TAIL_MASK(SCRATCH, MASK)
	VMOVUPS.Z (SRC), MASK, X
	LEAK(X, X)
	VMOVUPS   X, MASK, (DST)

done:
	VZEROUPPER
	RET

// func LeakyReLUBackwardAVX512(dx, y, dy []float32, slope float32)
TEXT ·LeakyReLUBackwardAVX512(SB), NOSPLIT, $0-76
	MOVQ         dx_base+0(FP), DST
	MOVQ         dx_len+8(FP), LEFT
	MOVQ         y_base+24(FP), SRC
	MOVQ         dy_base+48(FP), GRADIENT
	VBROADCASTSS slope+72(FP), SLOPE
	VPXORD       ZERO, ZERO, ZERO

loop:
	CMPQ    LEFT, $16
	JLT     tail
	VMOVUPS (SRC), X
	VMOVUPS (GRADIENT), G
	LEAK(X, G)
	VMOVUPS G, (DST)
	ADDQ    $64, SRC
	ADDQ    $64, GRADIENT
	ADDQ    $64, DST
	SUBQ    $16, LEFT
	JMP     loop

tail:
	TESTQ     LEFT, LEFT
	JEQ       done
	TAIL_MASK(SCRATCH, MASK)
	VMOVUPS.Z (SRC), MASK, X
	VMOVUPS.Z (GRADIENT), MASK, G
	LEAK(X, G)
	VMOVUPS   G, MASK, (DST)

done:
	VZEROUPPER
	RET

// func AddBiasLeakyReLUAVX512(y, bias []float32, rows, stride int, slope float32)
TEXT ·AddBiasLeakyReLUAVX512(SB), NOSPLIT, $0-68
	MOVQ         y_base+0(FP), DST
	MOVQ         bias_base+24(FP), BIAS
	MOVQ         bias_len+32(FP), FULL
	MOVQ         rows+48(FP), ROWS
	MOVQ         stride+56(FP), STRIDE
	SHLQ         $2, STRIDE
	MOVQ         FULL, TAIL
	ANDQ         $15, TAIL
	ANDQ         $-16, FULL
	TAIL_MASK(SCRATCH, MASK)
	VBROADCASTSS slope+64(FP), SLOPE
	VPXORD       ZERO, ZERO, ZERO
	TESTQ        FULL, FULL
	JNE          row
	CMPQ         TAIL, $8
	JGT          row

	// Up to eight columns go two rows at a time, up to four columns four rows: a
	// load that follows a masked store beside it waits for it.
	MOVQ DST, IN
	CMPQ TAIL, $4
	JGT  pairs
	QUAD_MASKS
	VBROADCASTF32X4.Z (BIAS), ROW0, BIASES
	VBROADCASTF32X4   (BIAS), ROW1, BIASES
	VBROADCASTF32X4   (BIAS), ROW2, BIASES
	VBROADCASTF32X4   (BIAS), ROW3, BIASES

quad:
	CMPQ   ROWS, $4
	JLT    narrowDone
	LOAD_QUAD(IN, stride+56(FP), X)
	VADDPS BIASES, X, X
	LEAK(X, X)
	STORE_QUAD(X, X_X, DST, stride+56(FP), G_X)
	SUBQ   $4, ROWS
	JMP    quad

pairs:
	PAIR_MASKS
	VBROADCASTF32X8.Z (BIAS), ROW0, BIASES
	VBROADCASTF32X8   (BIAS), ROW1, BIASES

pair:
	CMPQ   ROWS, $2
	JLT    narrowDone
	LOAD_PAIR(IN, stride+56(FP), X)
	VADDPS BIASES, X, X
	LEAK(X, X)
	STORE_PAIR(X, X_Y, DST, stride+56(FP), G_Y)
	SUBQ   $2, ROWS
	JMP    pair

narrowDone:
	TAIL_MASK(SCRATCH, MASK)

row:
	SUBQ $1, ROWS
	JLT  done
	XORQ COLUMN, COLUMN

loop:
	CMPQ    COLUMN, FULL
	JGE     tail
	VMOVUPS (DST)(COLUMN*4), X
	VADDPS  (BIAS)(COLUMN*4), X, X
	LEAK(X, X)
	VMOVUPS X, (DST)(COLUMN*4)
	ADDQ    $16, COLUMN
	JMP     loop

tail:
	TESTQ     TAIL, TAIL
	JEQ       next
	VMOVUPS.Z (DST)(COLUMN*4), MASK, X
	VMOVUPS.Z (BIAS)(COLUMN*4), MASK, G
	VADDPS    G, X, X
	LEAK(X, X)
	VMOVUPS   X, MASK, (DST)(COLUMN*4)

next:
	ADDQ STRIDE, DST
	JMP  row

done:
	VZEROUPPER
	RET
