//go:build !noasm

#include "textflag.h"

// Registers:
//
//	DI, SI     c: sum 0, sum 3                      R8         stride of c
//	AX, BX     a at the current k: sum 0, sum 3     R9, R10    stride and step of a
//	DX, R12    b at the current k: sum 0, sum 3     R11        stride of b
//	CX         k still to do
//	Y0…Y7      the sums: sum g is Y(2g), Y(2g+1)
//	Y8, Y9     one row of b, where all sums share it
//	Y10, Y11   one element of a                     Y12…Y15    products
//
// Strides are bytes once loaded.

// TERM adds a's element times b's eight to one sum. The product is rounded
// before it is added, so it is no VFMADD.
#define TERM(a, low, high, x, y, element, p, q) \
	VBROADCASTSD a, element;       \
	VMULPD       low, element, p;  \
	VMULPD       high, element, q; \
	VADDPD       p, x, x;          \
	VADDPD       q, y, y

// func AddProducts64AVX2(c, a, b []float64, cStride, aStride, aStep, bStride, depth int)
TEXT ·AddProducts64AVX2(SB), NOSPLIT, $0-112
	MOVQ c_base+0(FP), DI
	MOVQ a_base+24(FP), AX
	MOVQ b_base+48(FP), DX
	MOVQ cStride+72(FP), R8
	MOVQ aStride+80(FP), R9
	MOVQ aStep+88(FP), R10
	MOVQ bStride+96(FP), R11
	MOVQ depth+104(FP), CX
	SHLQ $3, R8
	SHLQ $3, R9
	SHLQ $3, R10
	SHLQ $3, R11
	LEAQ (DI)(R8*2), SI
	ADDQ R8, SI
	LEAQ (AX)(R9*2), BX
	ADDQ R9, BX

	VMOVUPD (DI), Y0
	VMOVUPD 32(DI), Y1
	VMOVUPD (DI)(R8*1), Y2
	VMOVUPD 32(DI)(R8*1), Y3
	VMOVUPD (DI)(R8*2), Y4
	VMOVUPD 32(DI)(R8*2), Y5
	VMOVUPD (SI), Y6
	VMOVUPD 32(SI), Y7

	TESTQ R11, R11
	JNE   panels

rows:
	VMOVUPD (DX), Y8
	VMOVUPD 32(DX), Y9
	TERM((AX), Y8, Y9, Y0, Y1, Y10, Y12, Y13)
	TERM((AX)(R9*1), Y8, Y9, Y2, Y3, Y11, Y14, Y15)
	TERM((AX)(R9*2), Y8, Y9, Y4, Y5, Y10, Y12, Y13)
	TERM((BX), Y8, Y9, Y6, Y7, Y11, Y14, Y15)
	ADDQ    R10, AX
	ADDQ    R10, BX
	ADDQ    $64, DX
	SUBQ    $1, CX
	JNE     rows
	JMP     store

panels:
	LEAQ (DX)(R11*2), R12
	ADDQ R11, R12

panelsLoop:
	TERM((AX), (DX), 32(DX), Y0, Y1, Y10, Y12, Y13)
	TERM((AX)(R9*1), (DX)(R11*1), 32(DX)(R11*1), Y2, Y3, Y11, Y14, Y15)
	TERM((AX)(R9*2), (DX)(R11*2), 32(DX)(R11*2), Y4, Y5, Y10, Y12, Y13)
	TERM((BX), (R12), 32(R12), Y6, Y7, Y11, Y14, Y15)
	ADDQ R10, AX
	ADDQ R10, BX
	ADDQ $64, DX
	ADDQ $64, R12
	SUBQ $1, CX
	JNE  panelsLoop

store:
	VMOVUPD Y0, (DI)
	VMOVUPD Y1, 32(DI)
	VMOVUPD Y2, (DI)(R8*1)
	VMOVUPD Y3, 32(DI)(R8*1)
	VMOVUPD Y4, (DI)(R8*2)
	VMOVUPD Y5, 32(DI)(R8*2)
	VMOVUPD Y6, (SI)
	VMOVUPD Y7, 32(SI)
	VZEROUPPER
	RET
