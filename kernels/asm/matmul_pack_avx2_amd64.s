//go:build !noasm

#include "textflag.h"

// TRANSPOSE8X4 transposes 8 rows by 4 columns: AX and BX are at rows 0 and 4 of the
// source, whose rows are R8 bytes apart, CX at the first of 4 rows of the result, R10
// bytes apart; R9 and R11 are three times as much.
// Row r and row r+4 share a register, so that 4 by 4 transposes within its
// halves give whole result rows of 8.
#define TRANSPOSE8X4 \
	VMOVUPS     (AX), X0;                  \
	VMOVUPS     (AX)(R8*1), X1;            \
	VMOVUPS     (AX)(R8*2), X2;            \
	VMOVUPS     (AX)(R9*1), X3;            \
	VINSERTF128 $1, (BX), Y0, Y0;          \
	VINSERTF128 $1, (BX)(R8*1), Y1, Y1;    \
	VINSERTF128 $1, (BX)(R8*2), Y2, Y2;    \
	VINSERTF128 $1, (BX)(R9*1), Y3, Y3;    \
	VUNPCKLPS   Y1, Y0, Y4;                \
	VUNPCKHPS   Y1, Y0, Y5;                \
	VUNPCKLPS   Y3, Y2, Y6;                \
	VUNPCKHPS   Y3, Y2, Y7;                \
	VUNPCKLPD   Y6, Y4, Y8;                \
	VUNPCKHPD   Y6, Y4, Y9;                \
	VUNPCKLPD   Y7, Y5, Y10;               \
	VUNPCKHPD   Y7, Y5, Y11;               \
	VMOVUPS     Y8, (CX);                  \
	VMOVUPS     Y9, (CX)(R10*1);           \
	VMOVUPS     Y10, (CX)(R10*2);          \
	VMOVUPS     Y11, (CX)(R11*1)

// NEXT4 goes on to the next 4 columns.
#define NEXT4 \
	ADDQ $16, AX;         \
	ADDQ $16, BX;         \
	LEAQ (CX)(R10*4), CX

// func TransposeBlocksAVX2(dst *float32, dstStride, dstStep int, src *float32, srcStride, srcStep, count int)
TEXT ·TransposeBlocksAVX2(SB), NOSPLIT, $0-56
	MOVQ dst+0(FP), DI
	MOVQ dstStride+8(FP), R10
	SHLQ $2, R10
	LEAQ (R10)(R10*2), R11
	MOVQ dstStep+16(FP), R12
	MOVQ src+24(FP), SI
	MOVQ srcStride+32(FP), R8
	SHLQ $2, R8
	LEAQ (R8)(R8*2), R9
	MOVQ srcStep+40(FP), R13
	MOVQ count+48(FP), DX

loop:
	MOVQ SI, AX
	LEAQ (SI)(R8*4), BX
	MOVQ DI, CX
	TRANSPOSE8X4
	NEXT4
	TRANSPOSE8X4
	NEXT4
	TRANSPOSE8X4
	NEXT4
	TRANSPOSE8X4
	LEAQ (SI)(R8*8), AX
	LEAQ (AX)(R8*4), BX
	LEAQ 32(DI), CX
	TRANSPOSE8X4
	NEXT4
	TRANSPOSE8X4
	NEXT4
	TRANSPOSE8X4
	NEXT4
	TRANSPOSE8X4
	LEAQ (DI)(R12*4), DI
	LEAQ (SI)(R13*4), SI
	DECQ DX
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
