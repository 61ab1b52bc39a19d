//go:build !noasm

#include "textflag.h"
#include "rows_avx2_amd64.h"

// Registers:
//	DST, SRC, GRADIENT   what is written, what is compared, what is scaled
//	LEFT                 elements to go
//	STRIDE, BIAS, ROWS, FULL, TAIL, COLUMN   as in bias_avx2_amd64.s
//	ZERO, SLOPE          eight +0, eight slopes
//	X, G                 eight elements of SRC and GRADIENT
//	SCALED, SCALE        G times SLOPE, and ones where X <= 0, which NaN is not
//	MASK                 ones in the lanes of the tail
#define DST DI
#define SRC SI
#define GRADIENT DX
#define LEFT CX
#define STRIDE R8
#define BIAS SI
#define ROWS DX
#define FULL R9
#define TAIL R10
#define COLUMN BX
#define COUNT CX
#define SCRATCH AX
#define ZERO Y0
#define X Y1
#define G Y2
#define SLOPE Y3
#define SCALE Y4
#define SCALED Y5
#define MASK Y6
#define LESS_OR_EQUAL $0x12 // false for NaN

// LEAK multiplies g by the slope where x <= 0.
#define LEAK(x, g) \
	VCMPPS    LESS_OR_EQUAL, ZERO, x, SCALE \
	VMULPS    SLOPE, g, SCALED              \
	VBLENDVPS SCALE, SCALED, g, g

// func LeakyReLUAVX2(dst, src []float32, slope float32)
TEXT ·LeakyReLUAVX2(SB), NOSPLIT, $0-52
	MOVQ         dst_base+0(FP), DST
	MOVQ         dst_len+8(FP), LEFT
	MOVQ         src_base+24(FP), SRC
	VBROADCASTSS slope+48(FP), SLOPE
	VXORPS       ZERO, ZERO, ZERO

loop:
	CMPQ    LEFT, $8
	JLT     tail
	VMOVUPS (SRC), X
	LEAK(X, X)
	VMOVUPS X, (DST)
	ADDQ    $32, SRC
	ADDQ    $32, DST
	SUBQ    $8, LEFT
	JMP     loop

tail:
	TESTQ      LEFT, LEFT
	JEQ        done
	TAIL_MASK(LEFT, SCRATCH, MASK)
	VMASKMOVPS (SRC), MASK, X
	LEAK(X, X)
	VMASKMOVPS X, MASK, (DST)

done:
	VZEROUPPER
	RET

// func LeakyReLUBackwardAVX2(dx, y, dy []float32, slope float32)
TEXT ·LeakyReLUBackwardAVX2(SB), NOSPLIT, $0-76
	MOVQ         dx_base+0(FP), DST
	MOVQ         dx_len+8(FP), LEFT
	MOVQ         y_base+24(FP), SRC
	MOVQ         dy_base+48(FP), GRADIENT
	VBROADCASTSS slope+72(FP), SLOPE
	VXORPS       ZERO, ZERO, ZERO

loop:
	CMPQ    LEFT, $8
	JLT     tail
	VMOVUPS (SRC), X
	VMOVUPS (GRADIENT), G
	LEAK(X, G)
	VMOVUPS G, (DST)
	ADDQ    $32, SRC
	ADDQ    $32, GRADIENT
	ADDQ    $32, DST
	SUBQ    $8, LEFT
	JMP     loop

tail:
	TESTQ      LEFT, LEFT
	JEQ        done
	TAIL_MASK(LEFT, SCRATCH, MASK)
	VMASKMOVPS (SRC), MASK, X
	VMASKMOVPS (GRADIENT), MASK, G
	LEAK(X, G)
	VMASKMOVPS G, MASK, (DST)

done:
	VZEROUPPER
	RET

// func AddBiasLeakyReLUAVX2(y, bias []float32, rows, stride int, slope float32)
TEXT ·AddBiasLeakyReLUAVX2(SB), NOSPLIT, $0-68
	MOVQ         y_base+0(FP), DST
	MOVQ         bias_base+24(FP), BIAS
	MOVQ         bias_len+32(FP), FULL
	MOVQ         rows+48(FP), ROWS
	MOVQ         stride+56(FP), STRIDE
	SHLQ         $2, STRIDE
	MOVQ         FULL, TAIL
	ANDQ         $7, TAIL
	ANDQ         $-8, FULL
	MOVQ         TAIL, COUNT
	TAIL_MASK(COUNT, SCRATCH, MASK)
	VBROADCASTSS slope+64(FP), SLOPE
	VXORPS       ZERO, ZERO, ZERO

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
	ADDQ    $8, COLUMN
	JMP     loop

tail:
	TESTQ      TAIL, TAIL
	JEQ        next
	VMASKMOVPS (DST)(COLUMN*4), MASK, X
	VMASKMOVPS (BIAS)(COLUMN*4), MASK, G
	VADDPS     G, X, X
	LEAK(X, X)
	VMASKMOVPS X, MASK, (DST)(COLUMN*4)

next:
	ADDQ STRIDE, DST
	JMP  row

done:
	VZEROUPPER
	RET
