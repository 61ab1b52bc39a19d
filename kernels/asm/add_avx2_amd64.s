//go:build !noasm

#include "textflag.h"
#include "rows_avx2_amd64.h"

// Registers:
//	DST, A, B    the result and the operands
//	LEFT         elements to go
//	X, OTHER     eight elements of each operand
#define DST DI
#define A SI
#define B DX
#define LEFT CX
#define SCRATCH AX
#define X Y0
#define OTHER Y1
#define FACTOR Y2
#define MASK Y3
#define MEAN Y4

// func AddAVX2(dst, a, b []float32)
TEXT ·AddAVX2(SB), NOSPLIT, $0-72
	MOVQ dst_base+0(FP), DST
	MOVQ dst_len+8(FP), LEFT
	MOVQ a_base+24(FP), A
	MOVQ b_base+48(FP), B

loop:
	CMPQ    LEFT, $8
	JLT     tail
	VMOVUPS (A), X
	VADDPS  (B), X, X
	VMOVUPS X, (DST)
	ADDQ    $32, A
	ADDQ    $32, B
	ADDQ    $32, DST
	SUBQ    $8, LEFT
	JMP     loop

tail:
	TESTQ      LEFT, LEFT
	JEQ        done
	TAIL_MASK(LEFT, SCRATCH, MASK)
	VMASKMOVPS (A), MASK, X
	VMASKMOVPS (B), MASK, OTHER
	VADDPS     OTHER, X, X
	VMASKMOVPS X, MASK, (DST)

done:
	VZEROUPPER
	RET

// func ScaleAVX2(dst, src []float32, factor float32)
TEXT ·ScaleAVX2(SB), NOSPLIT, $0-52
	MOVQ         dst_base+0(FP), DST
	MOVQ         dst_len+8(FP), LEFT
	MOVQ         src_base+24(FP), A
	VBROADCASTSS factor+48(FP), FACTOR

loop:
	CMPQ    LEFT, $8
	JLT     tail
	VMULPS  (A), FACTOR, X
	VMOVUPS X, (DST)
	ADDQ    $32, A
	ADDQ    $32, DST
	SUBQ    $8, LEFT
	JMP     loop

tail:
	TESTQ      LEFT, LEFT
	JEQ        done
	TAIL_MASK(LEFT, SCRATCH, MASK)
	VMASKMOVPS (A), MASK, X
	VMULPS     X, FACTOR, X
	VMASKMOVPS X, MASK, (DST)

done:
	VZEROUPPER
	RET

// func AddScaledAVX2(dst, src []float32, factor float32)
TEXT ·AddScaledAVX2(SB), NOSPLIT, $0-52
	MOVQ         dst_base+0(FP), DST
	MOVQ         dst_len+8(FP), LEFT
	MOVQ         src_base+24(FP), A
	VBROADCASTSS factor+48(FP), FACTOR

loop:
	CMPQ    LEFT, $8
	JLT     tail
	VMULPS  (A), FACTOR, X
	VADDPS  (DST), X, X
	VMOVUPS X, (DST)
	ADDQ    $32, A
	ADDQ    $32, DST
	SUBQ    $8, LEFT
	JMP     loop

tail:
	TESTQ      LEFT, LEFT
	JEQ        done
	TAIL_MASK(LEFT, SCRATCH, MASK)
	VMASKMOVPS (A), MASK, X
	VMASKMOVPS (DST), MASK, OTHER
	VMULPS     X, FACTOR, X
	VADDPS     OTHER, X, X
	VMASKMOVPS X, MASK, (DST)

done:
	VZEROUPPER
	RET

// func StandardizeAVX2(dst, src []float32, mean, factor float32)
TEXT ·StandardizeAVX2(SB), NOSPLIT, $0-56
	MOVQ         dst_base+0(FP), DST
	MOVQ         dst_len+8(FP), LEFT
	MOVQ         src_base+24(FP), A
	VBROADCASTSS mean+48(FP), MEAN
	VBROADCASTSS factor+52(FP), FACTOR

loop:
	CMPQ    LEFT, $8
	JLT     tail
	VMOVUPS (A), X
	VSUBPS  MEAN, X, X
	VMULPS  X, FACTOR, X
	VMOVUPS X, (DST)
	ADDQ    $32, A
	ADDQ    $32, DST
	SUBQ    $8, LEFT
	JMP     loop

tail:
	TESTQ      LEFT, LEFT
	JEQ        done
	TAIL_MASK(LEFT, SCRATCH, MASK)
	VMASKMOVPS (A), MASK, X
	VSUBPS     MEAN, X, X
	VMULPS     X, FACTOR, X
	VMASKMOVPS X, MASK, (DST)

done:
	VZEROUPPER
	RET
