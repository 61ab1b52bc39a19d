//go:build !noasm

#include "textflag.h"
#include "neon_arm64.h"

// Registers:
//
//	R0…R3      c of each sum                        R4         stride of c
//	R5…R8      a of each sum at the current k       R9         step of a
//	R10…R13    b of each sum at the current k       R14, R15   strides of a and of b
//	R16        k still to do
//	V0…V15     the sums: sum g is V(4g)…V(4g+3)
//	V16…V19    one row of b                         V20…V23    one element of a each
//	V24…V31    products, of two sums in turn
//
// Strides are bytes once loaded.

// TERM adds a's element, in every lane of element, times b's eight in V16…V19
// to the sum that begins at register s, by way of the products from register p
// on. The product is rounded before it is added, so it is no FMLA.
#define TERM(element, s, p) \
	VFMUL_D2(element, 16, p)     \
	VFMUL_D2(element, 17, (p)+1) \
	VFMUL_D2(element, 18, (p)+2) \
	VFMUL_D2(element, 19, (p)+3) \
	VFADD_D2(p, s, s)            \
	VFADD_D2((p)+1, (s)+1, (s)+1) \
	VFADD_D2((p)+2, (s)+2, (s)+2) \
	VFADD_D2((p)+3, (s)+3, (s)+3)

// func AddProducts64NEON(c, a, b []float64, cStride, aStride, aStep, bStride, depth int)
TEXT ·AddProducts64NEON(SB), NOSPLIT, $0-112
	MOVD c_base+0(FP), R0
	MOVD a_base+24(FP), R5
	MOVD b_base+48(FP), R10
	MOVD cStride+72(FP), R4
	MOVD aStride+80(FP), R14
	MOVD aStep+88(FP), R9
	MOVD bStride+96(FP), R15
	MOVD depth+104(FP), R16
	LSL  $3, R4
	LSL  $3, R14
	LSL  $3, R9
	LSL  $3, R15
	ADD  R4, R0, R1
	ADD  R4, R1, R2
	ADD  R4, R2, R3
	ADD  R14, R5, R6
	ADD  R14, R6, R7
	ADD  R14, R7, R8
	ADD  R15, R10, R11
	ADD  R15, R11, R12
	ADD  R15, R12, R13

	VLD1 (R0), [V0.D2, V1.D2, V2.D2, V3.D2]
	VLD1 (R1), [V4.D2, V5.D2, V6.D2, V7.D2]
	VLD1 (R2), [V8.D2, V9.D2, V10.D2, V11.D2]
	VLD1 (R3), [V12.D2, V13.D2, V14.D2, V15.D2]

	CBNZ R15, panels

rows:
	VLD1.P 64(R10), [V16.D2, V17.D2, V18.D2, V19.D2]
	VLD1R  (R5), [V20.D2]
	VLD1R  (R6), [V21.D2]
	VLD1R  (R7), [V22.D2]
	VLD1R  (R8), [V23.D2]
	TERM(20, 0, 24)
	TERM(21, 4, 28)
	TERM(22, 8, 24)
	TERM(23, 12, 28)
	ADD    R9, R5
	ADD    R9, R6
	ADD    R9, R7
	ADD    R9, R8
	SUBS   $1, R16
	BNE    rows
	B      store

panels:
	VLD1R  (R5), [V20.D2]
	VLD1R  (R6), [V21.D2]
	VLD1R  (R7), [V22.D2]
	VLD1R  (R8), [V23.D2]
	VLD1.P 64(R10), [V16.D2, V17.D2, V18.D2, V19.D2]
	TERM(20, 0, 24)
	VLD1.P 64(R11), [V16.D2, V17.D2, V18.D2, V19.D2]
	TERM(21, 4, 28)
	VLD1.P 64(R12), [V16.D2, V17.D2, V18.D2, V19.D2]
	TERM(22, 8, 24)
	VLD1.P 64(R13), [V16.D2, V17.D2, V18.D2, V19.D2]
	TERM(23, 12, 28)
	ADD    R9, R5
	ADD    R9, R6
	ADD    R9, R7
	ADD    R9, R8
	SUBS   $1, R16
	BNE    panels

store:
	VST1 [V0.D2, V1.D2, V2.D2, V3.D2], (R0)
	VST1 [V4.D2, V5.D2, V6.D2, V7.D2], (R1)
	VST1 [V8.D2, V9.D2, V10.D2, V11.D2], (R2)
	VST1 [V12.D2, V13.D2, V14.D2, V15.D2], (R3)
	RET
