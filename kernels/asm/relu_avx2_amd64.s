//go:build !noasm

#include "textflag.h"
#include "rows_avx2_amd64.h"

// Registers:
//	DST, SRC, GRADIENT   what is written, what is compared, what is kept
//	LEFT                 elements to go
//	ZERO                 eight +0
//	X                    eight elements of SRC
//	KEEP                 ones where X > 0 or X is NaN
#define DST DI
#define SRC SI
#define GRADIENT DX
#define LEFT CX
#define SCRATCH AX
#define ZERO Y0
#define X Y1
#define KEEP Y2
#define MASK Y3
#define NOT_LESS_OR_EQUAL $0x16 // true for NaN as well

// func ReLUAVX2(dst, src []float32)
TEXT ·ReLUAVX2(SB), NOSPLIT, $0-48
	MOVQ   dst_base+0(FP), DST
	MOVQ   dst_len+8(FP), LEFT
	MOVQ   src_base+24(FP), SRC
	VXORPS ZERO, ZERO, ZERO

loop:
	CMPQ    LEFT, $8
	JLT     tail
	VMOVUPS (SRC), X
	VCMPPS  NOT_LESS_OR_EQUAL, ZERO, X, KEEP
	VANDPS  KEEP, X, X
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
	VCMPPS     NOT_LESS_OR_EQUAL, ZERO, X, KEEP
	VANDPS     KEEP, X, X
	VMASKMOVPS X, MASK, (DST)

done:
	VZEROUPPER
	RET

// func ReLUBackwardAVX2(dx, y, dy []float32)
TEXT ·ReLUBackwardAVX2(SB), NOSPLIT, $0-72
	MOVQ   dx_base+0(FP), DST
	MOVQ   dx_len+8(FP), LEFT
	MOVQ   y_base+24(FP), SRC
	MOVQ   dy_base+48(FP), GRADIENT
	VXORPS ZERO, ZERO, ZERO

loop:
	CMPQ    LEFT, $8
	JLT     tail
	VMOVUPS (SRC), X
	VCMPPS  NOT_LESS_OR_EQUAL, ZERO, X, KEEP
	VANDPS  (GRADIENT), KEEP, X
	VMOVUPS X, (DST)
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
	VCMPPS     NOT_LESS_OR_EQUAL, ZERO, X, KEEP
	VMASKMOVPS (GRADIENT), MASK, X
	VANDPS     KEEP, X, X
	VMASKMOVPS X, MASK, (DST)

done:
	VZEROUPPER
	RET
