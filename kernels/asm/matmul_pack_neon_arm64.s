//go:build !noasm

#include "textflag.h"

// TURN4 transposes a 4 by 4 block whose rows are w, x, y and z into four rows of
// the result, R7 bytes apart, from R3 on, which goes on to the next.
#define TURN4(w, x, y, z) \
	VTRN1 x.S4, w.S4, V16.S4;     \
	VTRN2 x.S4, w.S4, V17.S4;     \
	VTRN1 z.S4, y.S4, V18.S4;     \
	VTRN2 z.S4, y.S4, V19.S4;     \
	VTRN1 V18.D2, V16.D2, V20.D2; \
	VTRN1 V19.D2, V17.D2, V21.D2; \
	VTRN2 V18.D2, V16.D2, V22.D2; \
	VTRN2 V19.D2, V17.D2, V23.D2; \
	FMOVQ F20, (R3);              \
	ADD   R7, R3;                 \
	FMOVQ F21, (R3);              \
	ADD   R7, R3;                 \
	FMOVQ F22, (R3);              \
	ADD   R7, R3;                 \
	FMOVQ F23, (R3);              \
	ADD   R7, R3

// ROW loads 16 values of a row of the source and goes on to the next.
#define ROW(a, b, c, d) \
	VLD1 (R5), [a.S4, b.S4, c.S4, d.S4]; \
	ADD  R10, R5

// func TransposeBlocksNEON(dst *float32, dstStride, dstStep int, src *float32, srcStride, srcStep, count int)
TEXT ·TransposeBlocksNEON(SB), NOSPLIT, $0-56
	MOVD dst+0(FP), R0
	MOVD dstStride+8(FP), R7
	LSL  $2, R7
	MOVD dstStep+16(FP), R8
	LSL  $2, R8
	MOVD src+24(FP), R1
	MOVD srcStride+32(FP), R10
	LSL  $2, R10
	MOVD srcStep+40(FP), R2
	LSL  $2, R2
	MOVD count+48(FP), R4

block:
	// Four rows of the block at a time.
	MOVD R1, R5
	MOVD R0, R9
	MOVD $4, R6

rows:
	MOVD R9, R3
	ROW(V0, V1, V2, V3)
	ROW(V4, V5, V6, V7)
	ROW(V8, V9, V10, V11)
	ROW(V12, V13, V14, V15)
	TURN4(V0, V4, V8, V12)
	TURN4(V1, V5, V9, V13)
	TURN4(V2, V6, V10, V14)
	TURN4(V3, V7, V11, V15)
	ADD  $16, R9
	SUBS $1, R6
	BNE  rows
	ADD  R8, R0
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
