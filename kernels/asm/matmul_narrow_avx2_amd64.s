//go:build !noasm

#include "textflag.h"

// Products of few columns on AVX2, for an a whose rows are contiguous (a
// transposed matrix): 16 rows of a column are two vectors, so that no lane is
// idle however few the columns are. b is read one element at a time. Rows that
// are left go 4 at a time.
//
// Registers:
//
//	AX, R10    a at the current k, its column stride  CX        k still to do
//	DX, R11    b at the current k, its stride         R12       rows of this pass: 16 or 4
//	DI, R13    c and its row stride                   SI, R15   init and its row stride
//	BX, R8, R9, scratch
//	Y0…Y5      accumulators of rows 0 to 7, one a column
//	Y6…Y11     accumulators of rows 8 to 15
//	Y12, Y13   rows of a                              Y14       one element of b
//	Y15        zero
//
// Strides are bytes once loaded. A pass starts from and writes to the frame,
// where each column has 16 places, and copying loops move its columns from init
// and to c.

// COLUMNSn(op) is op(address of b's element, accumulators, place in the frame)
// for each of n columns.
#define COLUMNS1(op) \
	op((DX), Y0, Y6, frame-384(SP), frame-352(SP))
#define COLUMNS2(op) \
	COLUMNS1(op) \
	op(4(DX), Y1, Y7, frame-320(SP), frame-288(SP))
#define COLUMNS3(op) \
	COLUMNS2(op) \
	op(8(DX), Y2, Y8, frame-256(SP), frame-224(SP))
#define COLUMNS4(op) \
	COLUMNS3(op) \
	op(12(DX), Y3, Y9, frame-192(SP), frame-160(SP))
#define COLUMNS5(op) \
	COLUMNS4(op) \
	op(16(DX), Y4, Y10, frame-128(SP), frame-96(SP))
#define COLUMNS6(op) \
	COLUMNS5(op) \
	op(20(DX), Y5, Y11, frame-64(SP), frame-32(SP))

#define ZERO(address, x, y, low, high) \
	VXORPS x, x, x; \
	VXORPS y, y, y;
#define START(address, x, y, low, high) \
	VMOVUPS low, x; \
	VMOVUPS high, y;
#define TERM(address, x, y, low, high) \
	VBROADCASTSS address, Y14; \
	VFMADD231PS  Y14, Y12, x;  \
	VFMADD231PS  Y14, Y13, y;
#define TERM4(address, x, y, low, high) \
	VBROADCASTSS address, Y14; \
	VFMADD231PS  Y14, Y12, x;
#define STORE(address, x, y, low, high) \
	VMOVUPS x, low; \
	VMOVUPS y, high;

// POSITIVE keeps x where x > 0 or x is NaN, else +0: predicate 0x16 is "not
// less or equal, or unordered".
#define POSITIVE(x) \
	VCMPPS $0x16, Y15, x, Y14; \
	VANDPS x, Y14, x;
#define RELU(address, x, y, low, high) \
	POSITIVE(x) \
	POSITIVE(y)

// TERMS16 and TERMS4 add all terms of n columns.
#define TERMS16(each, loop) \
loop: \
	VMOVUPS (AX), Y12;   \
	VMOVUPS 32(AX), Y13; \
	each(TERM) \
	ADDQ    R10, AX;     \
	ADDQ    R11, DX;     \
	DECQ    CX;          \
	JNZ     loop;        \
	JMP     activate
#define TERMS4(each, loop) \
loop: \
	VMOVUPS (AX), X12; \
	each(TERM4) \
	ADDQ    R10, AX;   \
	ADDQ    R11, DX;   \
	DECQ    CX;        \
	JNZ     loop;      \
	JMP     activate

// func MatmulNarrowAVX2(c *float32, cStride int, init *float32, initStride int, a *float32, aRowStride, aColumnStride int,
//	b *float32, bStride, panelStride int, rows, cols, depth int, relu bool)
TEXT ·MatmulNarrowAVX2(SB), NOSPLIT, $384-105
	MOVQ   c+0(FP), DI
	MOVQ   cStride+8(FP), R13
	SHLQ   $2, R13
	MOVQ   init+16(FP), SI
	MOVQ   initStride+24(FP), R15
	SHLQ   $2, R15
	MOVQ   aColumnStride+48(FP), R10
	SHLQ   $2, R10
	MOVQ   bStride+64(FP), R11
	SHLQ   $2, R11
	VXORPS Y15, Y15, Y15

pass:
	MOVQ    $16, R12
	MOVQ    $4, AX
	CMPQ    rows+80(FP), R12
	CMOVQLT AX, R12
	COLUMNS6(ZERO)
	TESTQ   SI, SI
	JZ      terms

	// Columns of init to the frame: row R9 of it to place R9 of each column.
	XORQ R9, R9

startRow:
	LEAQ frame-384(SP), BX
	LEAQ (BX)(R9*4), BX
	XORQ CX, CX

startColumn:
	MOVL (SI)(CX*4), AX
	MOVL AX, (BX)
	ADDQ $64, BX
	INCQ CX
	CMPQ CX, cols+88(FP)
	JLT  startColumn
	ADDQ R15, SI
	INCQ R9
	CMPQ R9, R12
	JLT  startRow
	COLUMNS6(START)

terms:
	MOVQ  a+32(FP), AX
	MOVQ  b+56(FP), DX
	MOVQ  depth+96(FP), CX
	TESTQ CX, CX
	JZ    activate
	MOVQ  cols+88(FP), BX
	CMPQ  R12, $4
	JEQ   four
	CMPQ  BX, $2
	JLT   sixteen1
	JEQ   sixteen2
	CMPQ  BX, $4
	JLT   sixteen3
	JEQ   sixteen4
	CMPQ  BX, $6
	JLT   sixteen5
	TERMS16(COLUMNS6, sixteen6loop)

sixteen5:
	TERMS16(COLUMNS5, sixteen5loop)

sixteen4:
	TERMS16(COLUMNS4, sixteen4loop)

sixteen3:
	TERMS16(COLUMNS3, sixteen3loop)

sixteen2:
	TERMS16(COLUMNS2, sixteen2loop)

sixteen1:
	TERMS16(COLUMNS1, sixteen1loop)

four:
	CMPQ BX, $2
	JLT  four1
	JEQ  four2
	CMPQ BX, $4
	JLT  four3
	JEQ  four4
	CMPQ BX, $6
	JLT  four5
	TERMS4(COLUMNS6, four6loop)

four5:
	TERMS4(COLUMNS5, four5loop)

four4:
	TERMS4(COLUMNS4, four4loop)

four3:
	TERMS4(COLUMNS3, four3loop)

four2:
	TERMS4(COLUMNS2, four2loop)

four1:
	TERMS4(COLUMNS1, four1loop)

activate:
	CMPB relu+104(FP), $0
	JEQ  write
	COLUMNS6(RELU)

write:
	COLUMNS6(STORE)
	XORQ R9, R9

resultRow:
	LEAQ frame-384(SP), BX
	LEAQ (BX)(R9*4), BX
	XORQ CX, CX

resultColumn:
	MOVL (BX), AX
	MOVL AX, (DI)(CX*4)
	ADDQ $64, BX
	INCQ CX
	CMPQ CX, cols+88(FP)
	JLT  resultColumn
	ADDQ R13, DI
	INCQ R9
	CMPQ R9, R12
	JLT  resultRow

	// On by R12 rows.
	LEAQ (R12*4), AX
	ADDQ AX, a+32(FP)
	SUBQ R12, rows+80(FP)
	JNZ  pass
	VZEROUPPER
	RET
