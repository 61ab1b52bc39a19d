//go:build !noasm

#include "textflag.h"

// TURN4 transposes a 4 by 4 block whose rows are w, x, y and z into four rows of
// the result, 64 bytes apart, from byte at of R3 on.
#define TURN4(w, x, y, z, at) \
	VTRN1 x.S4, w.S4, V16.S4;     \
	VTRN2 x.S4, w.S4, V17.S4;     \
	VTRN1 z.S4, y.S4, V18.S4;     \
	VTRN2 z.S4, y.S4, V19.S4;     \
	VTRN1 V18.D2, V16.D2, V20.D2; \
	VTRN1 V19.D2, V17.D2, V21.D2; \
	VTRN2 V18.D2, V16.D2, V22.D2; \
	VTRN2 V19.D2, V17.D2, V23.D2; \
	FMOVQ F20, ((at)+0)(R3);      \
	FMOVQ F21, ((at)+64)(R3);     \
	FMOVQ F22, ((at)+128)(R3);    \
	FMOVQ F23, ((at)+192)(R3)

// func TransposeBlocksNEON(dst, src *float32, srcStep, count int)
TEXT ·TransposeBlocksNEON(SB), NOSPLIT, $0-32
	MOVD dst+0(FP), R0
	MOVD src+8(FP), R1
	MOVD srcStep+16(FP), R2
	LSL  $2, R2
	MOVD count+24(FP), R4

block:
	// Four rows of the block at a time.
	MOVD R1, R5
	MOVD R0, R3
	MOVD $4, R6

rows:
	VLD1.P 64(R5), [V0.S4, V1.S4, V2.S4, V3.S4]
	VLD1.P 64(R5), [V4.S4, V5.S4, V6.S4, V7.S4]
	VLD1.P 64(R5), [V8.S4, V9.S4, V10.S4, V11.S4]
	VLD1.P 64(R5), [V12.S4, V13.S4, V14.S4, V15.S4]
	TURN4(V0, V4, V8, V12, 0)
	TURN4(V1, V5, V9, V13, 256)
	TURN4(V2, V6, V10, V14, 512)
	TURN4(V3, V7, V11, V15, 768)
	ADD  $16, R3
	SUBS $1, R6
	BNE  rows
	ADD  $1024, R0
	ADD  R2, R1
	SUBS $1, R4
	BNE  block
	RET

// func CopyBlockNEON(dst, src *float32, srcStride, rows int)
TEXT ·CopyBlockNEON(SB), NOSPLIT, $0-32
	MOVD dst+0(FP), R0
	MOVD src+8(FP), R1
	MOVD srcStride+16(FP), R2
	LSL  $2, R2
	MOVD rows+24(FP), R4

loop:
	VLD1   (R1), [V0.S4, V1.S4, V2.S4, V3.S4]
	VST1.P [V0.S4, V1.S4, V2.S4, V3.S4], 64(R0)
	ADD    R2, R1
	SUBS   $1, R4
	BNE    loop
	RET
