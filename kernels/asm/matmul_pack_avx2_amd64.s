//go:build !noasm

#include "textflag.h"

// TRANSPOSE8X4 transposes 8 rows by 4 columns of a block with rows of 64 bytes:
// from is the byte offset of its first element in the source, to in the result.
// Row r and row r+4 share a register, so that 4 by 4 transposes within its
// halves give whole result rows of 8.
#define TRANSPOSE8X4(from, to) \
	VMOVUPS     ((from)+0)(SI), X0;           \
	VMOVUPS     ((from)+64)(SI), X1;          \
	VMOVUPS     ((from)+128)(SI), X2;         \
	VMOVUPS     ((from)+192)(SI), X3;         \
	VINSERTF128 $1, ((from)+256)(SI), Y0, Y0; \
	VINSERTF128 $1, ((from)+320)(SI), Y1, Y1; \
	VINSERTF128 $1, ((from)+384)(SI), Y2, Y2; \
	VINSERTF128 $1, ((from)+448)(SI), Y3, Y3; \
	VUNPCKLPS   Y1, Y0, Y4;                   \
	VUNPCKHPS   Y1, Y0, Y5;                   \
	VUNPCKLPS   Y3, Y2, Y6;                   \
	VUNPCKHPS   Y3, Y2, Y7;                   \
	VUNPCKLPD   Y6, Y4, Y8;                   \
	VUNPCKHPD   Y6, Y4, Y9;                   \
	VUNPCKLPD   Y7, Y5, Y10;                  \
	VUNPCKHPD   Y7, Y5, Y11;                  \
	VMOVUPS     Y8, ((to)+0)(DI);             \
	VMOVUPS     Y9, ((to)+64)(DI);            \
	VMOVUPS     Y10, ((to)+128)(DI);          \
	VMOVUPS     Y11, ((to)+192)(DI)

// func TransposeBlocksAVX2(dst, src *float32, srcStep, count int)
TEXT ·TransposeBlocksAVX2(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ srcStep+16(FP), DX
	SHLQ $2, DX
	MOVQ count+24(FP), CX

loop:
	TRANSPOSE8X4(0, 0)
	TRANSPOSE8X4(512, 32)
	TRANSPOSE8X4(16, 256)
	TRANSPOSE8X4(528, 288)
	TRANSPOSE8X4(32, 512)
	TRANSPOSE8X4(544, 544)
	TRANSPOSE8X4(48, 768)
	TRANSPOSE8X4(560, 800)
	ADDQ $1024, DI
	LEAQ (SI)(DX*1), SI
	DECQ CX
	JNZ  loop
	VZEROUPPER
	RET

// func CopyBlockAVX2(dst, src *float32, srcStride, rows int)
TEXT ·CopyBlockAVX2(SB), NOSPLIT, $0-32
	MOVQ dst+0(FP), DI
	MOVQ src+8(FP), SI
	MOVQ srcStride+16(FP), DX
	SHLQ $2, DX
	MOVQ rows+24(FP), CX

loop:
	VMOVUPS (SI), Y0
	VMOVUPS 32(SI), Y1
	VMOVUPS Y0, (DI)
	VMOVUPS Y1, 32(DI)
	ADDQ    DX, SI
	ADDQ    $64, DI
	DECQ    CX
	JNZ     loop
	VZEROUPPER
	RET
