//go:build !noasm

#include "textflag.h"
#include "vector_avx512_amd64.h"
#include "exp.h"
#include "log.h"
#include "tanh.h"
#include "sincos.h"
#include "unary_avx512_amd64.h"

// Registers:
//	DST, SRC  the next elements
//	LEFT      elements to go
//	X0, X1    sixteen elements
//	MASK      the lanes of the tail
#define DST DI
#define SRC SI
#define COS DX
#define LEFT CX
#define SCRATCH AX
#define MASK K1

// TAIL sets MASK to the first LEFT lanes, 0 < LEFT < 16.
#define TAIL \
	MOVL  $1, SCRATCH    \
	SHLL  LEFT, SCRATCH  \
	DECL  SCRATCH        \
	KMOVW SCRATCH, MASK

// func ExpAVX512(dst, src []float32)
TEXT ·ExpAVX512(SB), NOSPLIT, $0-48
	UNARY(EXP)

// NOT_NORMAL tells whether a lane is not a normal positive number: whether its
// bits less those of 2^-126, as integers without sign, reach those of +Inf less
// 2^-126.
#define NOT_NORMAL(src) \
	VPSUBD.BCST  ·smallestNormal(SB), src, Z9       \
	VPCMPUD.BCST $5, ·normalRange(SB), Z9, K7       \
	KORTESTW     K7, K7

// func LogAVX512(dst, src []float32)
TEXT ·LogAVX512(SB), NOSPLIT, $0-48
	UNARY_BOUNDED(LOG, LOG_NORMAL, NOT_NORMAL)

// func TanhAVX512(dst, src []float32)
TEXT ·TanhAVX512(SB), NOSPLIT, $0-48
	MATH_CONSTANTS
	UNARY(TANH)

// func SinCos2PiAVX512(sin, cos, src []float32)
TEXT ·SinCos2PiAVX512(SB), NOSPLIT, $0-72
	MOVQ sin_base+0(FP), DST
	MOVQ cos_base+24(FP), COS
	MOVQ src_base+48(FP), SRC
	MOVQ src_len+56(FP), LEFT
	SUBQ $16, LEFT
	JLT  tail

loop:
	VMOVUPS (SRC), Z0
	SINCOS2PI(Z0, Z0, Z1)
	VMOVUPS Z0, (DST)
	VMOVUPS Z1, (COS)
	ADDQ    $64, SRC
	ADDQ    $64, DST
	ADDQ    $64, COS
	SUBQ    $16, LEFT
	JGE     loop

tail:
	ADDQ      $16, LEFT
	JEQ       done
	TAIL
	VMOVUPS.Z (SRC), MASK, Z0
	SINCOS2PI(Z0, Z0, Z1)
	VMOVUPS   Z0, MASK, (DST)
	VMOVUPS   Z1, MASK, (COS)

done:
	VZEROUPPER
	RET
