//go:build !noasm

#include "textflag.h"

// Registers:
//
//	DI, SI     c: sum 0, sum 3                      R8         stride of c
//	AX, BX     a at the current k: sum 0, sum 3     R9, R10    stride and step of a
//	DX, R12    b at the current k: sum 0, sum 3     R11        stride of b
//	CX         k still to do
//	Y0…Y11     the sums: sum g is Y(3g)…Y(3g+2)
//	Y12        one element of a
//	Y13…Y15    one row of b, where all sums share it; or products
//
// Strides are bytes once loaded.

// TERM adds one element of a times four of b, in memory or in a register, to
// four of a sum, by way of Y15. ROUNDED rounds the product before it is added,
// so that it takes two instructions.
#define ROUNDED(b, sum) \
	VMULPD b, Y12, Y15;   \
	VADDPD Y15, sum, sum;
#define FUSED(b, sum) \
	VFMADD231PD b, Y12, sum;

// PRODUCTS is the loop of a kernel. ROWS keep two thirds of the shared row of b
// in registers.
#define PRODUCTS(term, rows, panels, panelsLoop, store) \
	MOVQ c_base+0(FP), DI;      \
	MOVQ a_base+24(FP), AX;     \
	MOVQ b_base+48(FP), DX;     \
	MOVQ cStride+72(FP), R8;    \
	MOVQ aStride+80(FP), R9;    \
	MOVQ aStep+88(FP), R10;     \
	MOVQ bStride+96(FP), R11;   \
	MOVQ depth+104(FP), CX;     \
	SHLQ $3, R8;                \
	SHLQ $3, R9;                \
	SHLQ $3, R10;               \
	SHLQ $3, R11;               \
	LEAQ (DI)(R8*2), SI;        \
	ADDQ R8, SI;                \
	LEAQ (AX)(R9*2), BX;        \
	ADDQ R9, BX;                \
	VMOVUPD (DI), Y0;           \
	VMOVUPD 32(DI), Y1;         \
	VMOVUPD 64(DI), Y2;         \
	VMOVUPD (DI)(R8*1), Y3;     \
	VMOVUPD 32(DI)(R8*1), Y4;   \
	VMOVUPD 64(DI)(R8*1), Y5;   \
	VMOVUPD (DI)(R8*2), Y6;     \
	VMOVUPD 32(DI)(R8*2), Y7;   \
	VMOVUPD 64(DI)(R8*2), Y8;   \
	VMOVUPD (SI), Y9;           \
	VMOVUPD 32(SI), Y10;        \
	VMOVUPD 64(SI), Y11;        \
	TESTQ R11, R11;             \
	JNE  panels;                \
rows: \
	VMOVUPD (DX), Y13;          \
	VMOVUPD 32(DX), Y14;        \
	VBROADCASTSD (AX), Y12;     \
	term(Y13, Y0)               \
	term(Y14, Y1)               \
	term(64(DX), Y2)            \
	VBROADCASTSD (AX)(R9*1), Y12; \
	term(Y13, Y3)               \
	term(Y14, Y4)               \
	term(64(DX), Y5)            \
	VBROADCASTSD (AX)(R9*2), Y12; \
	term(Y13, Y6)               \
	term(Y14, Y7)               \
	term(64(DX), Y8)            \
	VBROADCASTSD (BX), Y12;     \
	term(Y13, Y9)               \
	term(Y14, Y10)              \
	term(64(DX), Y11)           \
	ADDQ R10, AX;               \
	ADDQ R10, BX;               \
	ADDQ $96, DX;               \
	SUBQ $1, CX;                \
	JNE  rows;                  \
	JMP  store;                 \
panels: \
	LEAQ (DX)(R11*2), R12;      \
	ADDQ R11, R12;              \
panelsLoop: \
	VBROADCASTSD (AX), Y12;     \
	term((DX), Y0)              \
	term(32(DX), Y1)            \
	term(64(DX), Y2)            \
	VBROADCASTSD (AX)(R9*1), Y12; \
	term((DX)(R11*1), Y3)       \
	term(32(DX)(R11*1), Y4)     \
	term(64(DX)(R11*1), Y5)     \
	VBROADCASTSD (AX)(R9*2), Y12; \
	term((DX)(R11*2), Y6)       \
	term(32(DX)(R11*2), Y7)     \
	term(64(DX)(R11*2), Y8)     \
	VBROADCASTSD (BX), Y12;     \
	term((R12), Y9)             \
	term(32(R12), Y10)          \
	term(64(R12), Y11)          \
	ADDQ R10, AX;               \
	ADDQ R10, BX;               \
	ADDQ $96, DX;               \
	ADDQ $96, R12;              \
	SUBQ $1, CX;                \
	JNE  panelsLoop;            \
store: \
	VMOVUPD Y0, (DI);           \
	VMOVUPD Y1, 32(DI);         \
	VMOVUPD Y2, 64(DI);         \
	VMOVUPD Y3, (DI)(R8*1);     \
	VMOVUPD Y4, 32(DI)(R8*1);   \
	VMOVUPD Y5, 64(DI)(R8*1);   \
	VMOVUPD Y6, (DI)(R8*2);     \
	VMOVUPD Y7, 32(DI)(R8*2);   \
	VMOVUPD Y8, 64(DI)(R8*2);   \
	VMOVUPD Y9, (SI);           \
	VMOVUPD Y10, 32(SI);        \
	VMOVUPD Y11, 64(SI);        \
	VZEROUPPER

// func AddProducts64AVX2(c, a, b []float64, cStride, aStride, aStep, bStride, depth int)
TEXT ·AddProducts64AVX2(SB), NOSPLIT, $0-112
	PRODUCTS(ROUNDED, rows, panels, panelsLoop, store)
	RET

// func AddExactProducts64AVX2(c, a, b []float64, cStride, aStride, aStep, bStride, depth int)
TEXT ·AddExactProducts64AVX2(SB), NOSPLIT, $0-112
	PRODUCTS(FUSED, rows, panels, panelsLoop, store)
	RET
