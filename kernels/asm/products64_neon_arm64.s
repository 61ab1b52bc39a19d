//go:build !noasm

#include "textflag.h"
#include "neon_arm64.h"

// Registers:
//
//	R0…R3      c of each sum                        R4         stride of c
//	R5…R8      a of each sum at the current k       R9         step of a
//	R10…R13    b of each sum at the current k       R14, R15   strides of a and of b
//	R16        k still to do
//	V0…V23     the sums: sum g is V(6g)…V(6g+5)
//	V24…V29    one row of b                         V30        one element of a
//	V31        a product
//
// Strides are bytes once loaded.

// ROUNDED adds an element of a times two of b to two of a sum. The product is
// rounded before it is added, so that it takes two instructions.
#define ROUNDED(b, sum) \
	VFMUL_D2(30, b, 31)     \
	VFADD_D2(31, sum, sum)
#define FUSED(b, sum) \
	VFMLA_D2(30, b, sum)

// SUM adds one term to the sum that begins at register s.
#define SUM(term, a, s) \
	VLD1R (a), [V30.D2]; \
	term(24, s)          \
	term(25, (s)+1)      \
	term(26, (s)+2)      \
	term(27, (s)+3)      \
	term(28, (s)+4)      \
	term(29, (s)+5)

// ROW loads a row of b and moves on to the next.
#define ROW(b) \
	VLD1.P 64(b), [V24.D2, V25.D2, V26.D2, V27.D2]; \
	VLD1.P 32(b), [V28.D2, V29.D2];

#define PRODUCTS(term, rows, panels, store) \
	MOVD c_base+0(FP), R0;    \
	MOVD a_base+24(FP), R5;   \
	MOVD b_base+48(FP), R10;  \
	MOVD cStride+72(FP), R4;  \
	MOVD aStride+80(FP), R14; \
	MOVD aStep+88(FP), R9;    \
	MOVD bStride+96(FP), R15; \
	MOVD depth+104(FP), R16;  \
	LSL  $3, R4;              \
	LSL  $3, R14;             \
	LSL  $3, R9;              \
	LSL  $3, R15;             \
	ADD  R4, R0, R1;          \
	ADD  R4, R1, R2;          \
	ADD  R4, R2, R3;          \
	ADD  R14, R5, R6;         \
	ADD  R14, R6, R7;         \
	ADD  R14, R7, R8;         \
	ADD  R15, R10, R11;       \
	ADD  R15, R11, R12;       \
	ADD  R15, R12, R13;       \
	VLD1.P 64(R0), [V0.D2, V1.D2, V2.D2, V3.D2];     \
	VLD1.P 64(R1), [V6.D2, V7.D2, V8.D2, V9.D2];     \
	VLD1.P 64(R2), [V12.D2, V13.D2, V14.D2, V15.D2]; \
	VLD1.P 64(R3), [V18.D2, V19.D2, V20.D2, V21.D2]; \
	VLD1 (R0), [V4.D2, V5.D2];   \
	VLD1 (R1), [V10.D2, V11.D2]; \
	VLD1 (R2), [V16.D2, V17.D2]; \
	VLD1 (R3), [V22.D2, V23.D2]; \
	CBNZ R15, panels;         \
rows: \
	ROW(R10)                  \
	SUM(term, R5, 0)          \
	SUM(term, R6, 6)          \
	SUM(term, R7, 12)         \
	SUM(term, R8, 18)         \
	ADD  R9, R5;              \
	ADD  R9, R6;              \
	ADD  R9, R7;              \
	ADD  R9, R8;              \
	SUBS $1, R16;             \
	BNE  rows;                \
	B    store;               \
panels: \
	ROW(R10)                  \
	SUM(term, R5, 0)          \
	ROW(R11)                  \
	SUM(term, R6, 6)          \
	ROW(R12)                  \
	SUM(term, R7, 12)         \
	ROW(R13)                  \
	SUM(term, R8, 18)         \
	ADD  R9, R5;              \
	ADD  R9, R6;              \
	ADD  R9, R7;              \
	ADD  R9, R8;              \
	SUBS $1, R16;             \
	BNE  panels;              \
store: \
	VST1 [V4.D2, V5.D2], (R0);   \
	VST1 [V10.D2, V11.D2], (R1); \
	VST1 [V16.D2, V17.D2], (R2); \
	VST1 [V22.D2, V23.D2], (R3); \
	SUB  $64, R0;             \
	SUB  $64, R1;             \
	SUB  $64, R2;             \
	SUB  $64, R3;             \
	VST1 [V0.D2, V1.D2, V2.D2, V3.D2], (R0);     \
	VST1 [V6.D2, V7.D2, V8.D2, V9.D2], (R1);     \
	VST1 [V12.D2, V13.D2, V14.D2, V15.D2], (R2); \
	VST1 [V18.D2, V19.D2, V20.D2, V21.D2], (R3)

// func AddProducts64NEON(c, a, b []float64, cStride, aStride, aStep, bStride, depth int)
TEXT ·AddProducts64NEON(SB), NOSPLIT, $0-112
	PRODUCTS(ROUNDED, rows, panels, store)
	RET

// func AddExactProducts64NEON(c, a, b []float64, cStride, aStride, aStep, bStride, depth int)
TEXT ·AddExactProducts64NEON(SB), NOSPLIT, $0-112
	PRODUCTS(FUSED, rows, panels, store)
	RET
