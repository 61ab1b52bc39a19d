//go:build !noasm

#include "textflag.h"
#include "rows_avx512_amd64.h"

// Registers:
//	DST, A, B    the result and the operands
//	LEFT         elements to go
//	X, OTHER     sixteen elements of each operand
//	MASK         ones in the lanes of the tail
#define DST DI
#define A SI
#define B DX
#define LEFT CX
#define SCRATCH AX
#define X Z0
#define OTHER Z1
#define FACTOR Z2
#define MEAN Z3
#define MASK K1

// func AddAVX512(dst, a, b []float32)
TEXT ·AddAVX512(SB), NOSPLIT, $0-72
	MOVQ dst_base+0(FP), DST
	MOVQ dst_len+8(FP), LEFT
	MOVQ a_base+24(FP), A
	MOVQ b_base+48(FP), B

loop:
	CMPQ    LEFT, $16
	JLT     tail
	VMOVUPS (A), X
	VADDPS  (B), X, X
	VMOVUPS X, (DST)
	ADDQ    $64, A
	ADDQ    $64, B
	ADDQ    $64, DST
	SUBQ    $16, LEFT
	JMP     loop

tail:
	TESTQ     LEFT, LEFT
	JEQ       done
	TAIL_MASK(SCRATCH, MASK)
	VMOVUPS.Z (A), MASK, X
	VMOVUPS.Z (B), MASK, OTHER
	VADDPS    OTHER, X, X
	VMOVUPS   X, MASK, (DST)

done:
	VZEROUPPER
	RET

// func ScaleAVX512(dst, src []float32, factor float32)
TEXT ·ScaleAVX512(SB), NOSPLIT, $0-52
	MOVQ         dst_base+0(FP), DST
	MOVQ         dst_len+8(FP), LEFT
	MOVQ         src_base+24(FP), A
	VBROADCASTSS factor+48(FP), FACTOR

loop:
	CMPQ    LEFT, $16
	JLT     tail
	VMULPS  (A), FACTOR, X
	VMOVUPS X, (DST)
	ADDQ    $64, A
	ADDQ    $64, DST
	SUBQ    $16, LEFT
	JMP     loop

tail:
	TESTQ     LEFT, LEFT
	JEQ       done
	TAIL_MASK(SCRATCH, MASK)
	VMOVUPS.Z (A), MASK, X
	VMULPS    X, FACTOR, X
	VMOVUPS   X, MASK, (DST)

done:
	VZEROUPPER
	RET

// func AddScaledAVX512(dst, src []float32, factor float32)
TEXT ·AddScaledAVX512(SB), NOSPLIT, $0-52
	MOVQ         dst_base+0(FP), DST
	MOVQ         dst_len+8(FP), LEFT
	MOVQ         src_base+24(FP), A
	VBROADCASTSS factor+48(FP), FACTOR

loop:
	CMPQ    LEFT, $16
	JLT     tail
	VMULPS  (A), FACTOR, X
	VADDPS  (DST), X, X
	VMOVUPS X, (DST)
	ADDQ    $64, A
	ADDQ    $64, DST
	SUBQ    $16, LEFT
	JMP     loop

tail:
	TESTQ     LEFT, LEFT
	JEQ       done
	TAIL_MASK(SCRATCH, MASK)
	VMOVUPS.Z (A), MASK, X
	VMOVUPS.Z (DST), MASK, OTHER
	VMULPS    X, FACTOR, X
	VADDPS    OTHER, X, X
	VMOVUPS   X, MASK, (DST)

done:
	VZEROUPPER
	RET

// func StandardizeAVX512(dst, src []float32, mean, factor float32)
TEXT ·StandardizeAVX512(SB), NOSPLIT, $0-56
	MOVQ         dst_base+0(FP), DST
	MOVQ         dst_len+8(FP), LEFT
	MOVQ         src_base+24(FP), A
	VBROADCASTSS mean+48(FP), MEAN
	VBROADCASTSS factor+52(FP), FACTOR

loop:
	CMPQ    LEFT, $16
	JLT     tail
	VMOVUPS (A), X
	VSUBPS  MEAN, X, X
	VMULPS  X, FACTOR, X
	VMOVUPS X, (DST)
	ADDQ    $64, A
	ADDQ    $64, DST
	SUBQ    $16, LEFT
	JMP     loop

tail:
	TESTQ     LEFT, LEFT
	JEQ       done
	TAIL_MASK(SCRATCH, MASK)
	VMOVUPS.Z (A), MASK, X
	VSUBPS    MEAN, X, X
	VMULPS    X, FACTOR, X
	VMOVUPS   X, MASK, (DST)

done:
	VZEROUPPER
	RET
