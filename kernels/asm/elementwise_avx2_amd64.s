//go:build !noasm

#include "textflag.h"
#include "vector_avx2_amd64.h"
#include "exp.h"
#include "log.h"
#include "tanh.h"
#include "sincos.h"
#include "rows_avx2_amd64.h"
#include "unary_avx2_amd64.h"

// Registers:
//	DST, SRC  the next elements
//	LEFT      elements to go
//	Y0, Y1    eight elements
//	MASK      ones in the lanes of the tail
#define DST DI
#define SRC SI
#define COS DX
#define LEFT CX
#define SCRATCH AX
#define MASK Y15

// LARGE tells whether an element of two registers is beyond what EXP_BOUNDED
// takes, or NaN.
#define LARGE(first, second) \
	VANDPS    Y12, first, Y2    \
	VANDPS    Y12, second, Y3   \
	VCMPPS    $0x16, Y13, Y2, Y2 \
	VCMPPS    $0x16, Y13, Y3, Y3 \
	VORPS     Y2, Y3, Y2        \
	VMOVMSKPS Y2, SCRATCH       \
	TESTL     SCRATCH, SCRATCH

// func ExpAVX2(dst, src []float32)
TEXT ·ExpAVX2(SB), NOSPLIT, $0-48
	VMOVUPS ·notSignBit(SB), Y12
	VMOVUPS ·expBounded(SB), Y13
	UNARY_PAIRS(EXP, EXP_BOUNDED, LARGE)

// NOT_NORMAL tells whether an element of two registers is not a normal positive
// number: whether its bits less those of 2^-126, as integers without sign, reach
// those of +Inf less 2^-126.
#define NOT_NORMAL(first, second) \
	VPSUBD    Y12, first, Y2  \
	VPSUBD    Y12, second, Y3 \
	VPMAXUD   Y2, Y3, Y2      \
	VPMAXUD   Y2, Y13, Y2     \
	VPCMPEQD  Y2, Y13, Y2     \
	VMOVMSKPS Y2, SCRATCH     \
	CMPL      SCRATCH, $0xFF

// func LogAVX2(dst, src []float32)
TEXT ·LogAVX2(SB), NOSPLIT, $0-48
	VMOVUPS  ·smallestNormal(SB), Y12
	VMOVUPS  ·normalRange(SB), Y13
	VPCMPEQD Y14, Y14, Y14
	VPADDD   Y14, Y13, Y13
	UNARY_PAIRS(LOG, LOG_NORMAL, NOT_NORMAL)

// func TanhAVX2(dst, src []float32)
TEXT ·TanhAVX2(SB), NOSPLIT, $0-48
	UNARY(TANH)

// func SinCos2PiAVX2(sin, cos, src []float32)
TEXT ·SinCos2PiAVX2(SB), NOSPLIT, $0-72
	MOVQ sin_base+0(FP), DST
	MOVQ cos_base+24(FP), COS
	MOVQ src_base+48(FP), SRC
	MOVQ src_len+56(FP), LEFT
	SUBQ $8, LEFT
	JLT  tail

loop:
	VMOVUPS (SRC), Y0
	SINCOS2PI(Y0, Y0, Y1)
	VMOVUPS Y0, (DST)
	VMOVUPS Y1, (COS)
	ADDQ    $32, SRC
	ADDQ    $32, DST
	ADDQ    $32, COS
	SUBQ    $8, LEFT
	JGE     loop

tail:
	ADDQ       $8, LEFT
	JEQ        done
	TAIL_MASK(LEFT, SCRATCH, MASK)
	VMASKMOVPS (SRC), MASK, Y0
	SINCOS2PI(Y0, Y0, Y1)
	VMASKMOVPS Y0, MASK, (DST)
	VMASKMOVPS Y1, MASK, (COS)

done:
	VZEROUPPER
	RET
