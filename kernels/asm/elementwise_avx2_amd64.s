//go:build !noasm

#include "textflag.h"
#include "math_avx2_amd64.h"
#include "rows_avx2_amd64.h"

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

// func ExpAVX2(dst, src []float32)
TEXT ·ExpAVX2(SB), NOSPLIT, $0-48
	MOVQ    dst_base+0(FP), DST
	MOVQ    dst_len+8(FP), LEFT
	MOVQ    src_base+24(FP), SRC
	VMOVUPS ·notSignBit(SB), Y12
	VMOVUPS ·expBounded(SB), Y13

	// Sixteen elements at a time, with EXP_BOUNDED if all are small.
	SUBQ $16, LEFT
	JLT  pairsDone

pair:
	VMOVUPS   (SRC), Y0
	VMOVUPS   32(SRC), Y1
	VANDPS    Y12, Y0, Y2
	VANDPS    Y12, Y1, Y3
	VCMPPS    $0x16, Y13, Y2, Y2
	VCMPPS    $0x16, Y13, Y3, Y3
	VORPS     Y2, Y3, Y2
	VMOVMSKPS Y2, SCRATCH
	TESTL     SCRATCH, SCRATCH
	JNE       large
	EXP_BOUNDED(Y0, Y0)
	EXP_BOUNDED(Y1, Y1)

store:
	VMOVUPS Y0, (DST)
	VMOVUPS Y1, 32(DST)
	ADDQ    $64, SRC
	ADDQ    $64, DST
	SUBQ    $16, LEFT
	JGE     pair

pairsDone:
	ADDQ $8, LEFT
	JLT  tail
	VMOVUPS (SRC), Y0
	EXP(Y0, Y0)
	VMOVUPS Y0, (DST)
	ADDQ    $32, SRC
	ADDQ    $32, DST
	SUBQ    $8, LEFT

tail:
	ADDQ       $8, LEFT
	JEQ        done
	TAIL_MASK(LEFT, SCRATCH, MASK)
	VMASKMOVPS (SRC), MASK, Y0
	EXP(Y0, Y0)
	VMASKMOVPS Y0, MASK, (DST)

done:
	VZEROUPPER
	RET

large:
	EXP(Y0, Y0)
	EXP(Y1, Y1)
	JMP store

// func LogAVX2(dst, src []float32)
TEXT ·LogAVX2(SB), NOSPLIT, $0-48
	MOVQ    dst_base+0(FP), DST
	MOVQ    dst_len+8(FP), LEFT
	MOVQ    src_base+24(FP), SRC

	// Sixteen elements at a time, with LOG_NORMAL if all are normal and
	// positive: if the bits less those of 2^-126 are below those of +Inf less
	// 2^-126, as integers without sign.
	VMOVUPS  ·smallestNormal(SB), Y12
	VMOVUPS  ·infinity(SB), Y13
	VPSUBD   Y12, Y13, Y13
	VPCMPEQD Y14, Y14, Y14
	VPADDD   Y14, Y13, Y13
	SUBQ     $16, LEFT
	JLT      pairsDone

pair:
	VMOVUPS   (SRC), Y0
	VMOVUPS   32(SRC), Y1
	VPSUBD    Y12, Y0, Y2
	VPSUBD    Y12, Y1, Y3
	VPMAXUD   Y2, Y3, Y2
	VPMAXUD   Y2, Y13, Y2
	VPCMPEQD  Y2, Y13, Y2
	VMOVMSKPS Y2, SCRATCH
	CMPL      SCRATCH, $0xFF
	JNE       special
	LOG_NORMAL(Y0, Y0)
	LOG_NORMAL(Y1, Y1)

store:
	VMOVUPS Y0, (DST)
	VMOVUPS Y1, 32(DST)
	ADDQ    $64, SRC
	ADDQ    $64, DST
	SUBQ    $16, LEFT
	JGE     pair

pairsDone:
	ADDQ $8, LEFT
	JLT  tail
	VMOVUPS (SRC), Y0
	LOG(Y0, Y0)
	VMOVUPS Y0, (DST)
	ADDQ    $32, SRC
	ADDQ    $32, DST
	SUBQ    $8, LEFT

tail:
	ADDQ       $8, LEFT
	JEQ        done
	TAIL_MASK(LEFT, SCRATCH, MASK)
	VMASKMOVPS (SRC), MASK, Y0
	LOG(Y0, Y0)
	VMASKMOVPS Y0, MASK, (DST)

done:
	VZEROUPPER
	RET

special:
	LOG(Y0, Y0)
	LOG(Y1, Y1)
	JMP store

// func TanhAVX2(dst, src []float32)
TEXT ·TanhAVX2(SB), NOSPLIT, $0-48
	MOVQ dst_base+0(FP), DST
	MOVQ dst_len+8(FP), LEFT
	MOVQ src_base+24(FP), SRC
	SUBQ $8, LEFT
	JLT  tail

loop:
	VMOVUPS (SRC), Y0
	TANH(Y0, Y0)
	VMOVUPS Y0, (DST)
	ADDQ    $32, SRC
	ADDQ    $32, DST
	SUBQ    $8, LEFT
	JGE     loop

tail:
	ADDQ       $8, LEFT
	JEQ        done
	TAIL_MASK(LEFT, SCRATCH, MASK)
	VMASKMOVPS (SRC), MASK, Y0
	TANH(Y0, Y0)
	VMASKMOVPS Y0, MASK, (DST)

done:
	VZEROUPPER
	RET

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
