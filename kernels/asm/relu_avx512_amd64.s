//go:build !noasm

#include "textflag.h"
#include "rows_avx512_amd64.h"

// Registers:
//	DST, SRC, GRADIENT   what is written, what is compared, what is kept
//	LEFT                 elements to go
//	ZERO                 sixteen +0
//	X                    sixteen elements of SRC
//	KEEP                 ones where X > 0 or X is NaN
//	MASK                 ones in the lanes of the tail
#define DST DI
#define SRC SI
#define GRADIENT DX
#define LEFT CX
#define SCRATCH AX
#define ZERO Z0
#define X Z1
#define KEEP K2
#define MASK K1
#define NOT_LESS_OR_EQUAL $0x16 // true for NaN as well

// func ReLUAVX512(dst, src []float32)
TEXT ·ReLUAVX512(SB), NOSPLIT, $0-48
	MOVQ   dst_base+0(FP), DST
	MOVQ   dst_len+8(FP), LEFT
	MOVQ   src_base+24(FP), SRC
	VPXORD ZERO, ZERO, ZERO

loop:
	CMPQ      LEFT, $16
	JLT       tail
	VMOVUPS   (SRC), X
	VCMPPS    NOT_LESS_OR_EQUAL, ZERO, X, KEEP
	VMOVAPS.Z X, KEEP, X
	VMOVUPS   X, (DST)
	ADDQ      $64, SRC
	ADDQ      $64, DST
	SUBQ      $16, LEFT
	JMP       loop

tail:
	TESTQ     LEFT, LEFT
	JEQ       done
	TAIL_MASK(SCRATCH, MASK)
	VMOVUPS.Z (SRC), MASK, X
	VCMPPS    NOT_LESS_OR_EQUAL, ZERO, X, KEEP
	VMOVAPS.Z X, KEEP, X
	VMOVUPS   X, MASK, (DST)

done:
	VZEROUPPER
	RET

// func ReLUBackwardAVX512(dx, y, dy []float32)
TEXT ·ReLUBackwardAVX512(SB), NOSPLIT, $0-72
	MOVQ   dx_base+0(FP), DST
	MOVQ   dx_len+8(FP), LEFT
	MOVQ   y_base+24(FP), SRC
	MOVQ   dy_base+48(FP), GRADIENT
	VPXORD ZERO, ZERO, ZERO

loop:
	CMPQ      LEFT, $16
	JLT       tail
	VMOVUPS   (SRC), X
	VCMPPS    NOT_LESS_OR_EQUAL, ZERO, X, KEEP
	VMOVUPS.Z (GRADIENT), KEEP, X
	VMOVUPS   X, (DST)
	ADDQ      $64, SRC
	ADDQ      $64, GRADIENT
	ADDQ      $64, DST
	SUBQ      $16, LEFT
	JMP       loop

tail:
	TESTQ     LEFT, LEFT
	JEQ       done
	TAIL_MASK(SCRATCH, MASK)
	VMOVUPS.Z (SRC), MASK, X
	VCMPPS    NOT_LESS_OR_EQUAL, ZERO, X, MASK, KEEP
	VMOVUPS.Z (GRADIENT), KEEP, X
	VMOVUPS   X, MASK, (DST)

done:
	VZEROUPPER
	RET
