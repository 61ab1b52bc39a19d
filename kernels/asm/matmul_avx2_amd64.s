//go:build !noasm

#include "textflag.h"

// The matmul kernels on AVX2: a tile of up to 6 rows by one panel of 16 columns
// stays in 12 registers through the loop over k.
//
// Registers of the tile kernel:
//
//	AX, BX     a at the current k: row 0, row 3       DX        b at the current k
//	R8, R10    row and column stride of a             R11       stride of b
//	CX         k still to do                          R12       rows of this tile
//	DI, R13    where the tile writes, row stride      SI, R15   where it starts, row stride
//	Y0…Y11     accumulators: row r is Y(2r), Y(2r+1)
//	Y12, Y13   one row of b                           Y14       one element of a
//	Y15        zero
//
// Strides are bytes once loaded. A tile of fewer than 16 columns starts from and
// writes to the frame, and a copying loop moves its columns from init and to c:
// masked stores are slow on many processors.

// ROWSn(op) is op(address of a's element, accumulators) for each of n rows.
#define ROWS1(op) \
	op((AX), Y0, Y1)
#define ROWS2(op) \
	ROWS1(op) \
	op((AX)(R8*1), Y2, Y3)
#define ROWS4(op) \
	ROWS2(op) \
	op((AX)(R8*2), Y4, Y5) \
	op((BX), Y6, Y7)
#define ROWS6(op) \
	ROWS4(op) \
	op((BX)(R8*1), Y8, Y9) \
	op((BX)(R8*2), Y10, Y11)

// FULL steps take a whole panel; HALF steps take up to 8 columns and do without
// the second register.

// INIT loads the start of one row and moves on by one row.
#define INIT_FULL(address, x, y) \
	VMOVUPS (SI), x;   \
	VMOVUPS 32(SI), y; \
	ADDQ    R15, SI;
#define INIT_HALF(address, x, y) \
	VMOVUPS (SI), x; \
	ADDQ    R15, SI;

// LOAD loads one row of b.
#define LOAD_FULL \
	VMOVUPS (DX), Y12;  \
	VMOVUPS 32(DX), Y13
#define LOAD_HALF \
	VMOVUPS (DX), Y12

// FMA adds one term to one row.
#define FMA_FULL(address, x, y) \
	VBROADCASTSS address, Y14; \
	VFMADD231PS  Y14, Y12, x;  \
	VFMADD231PS  Y14, Y13, y;
#define FMA_HALF(address, x, y) \
	VBROADCASTSS address, Y14; \
	VFMADD231PS  Y14, Y12, x;

// POSITIVE keeps x where x > 0 or x is NaN, else +0: predicate 0x16 is "not
// less or equal, or unordered".
#define POSITIVE(x) \
	VCMPPS $0x16, Y15, x, Y14; \
	VANDPS x, Y14, x;
#define RELU_FULL(address, x, y) \
	POSITIVE(x) \
	POSITIVE(y)
#define RELU_HALF(address, x, y) \
	POSITIVE(x)

// STORE writes one row and moves on by one row.
#define STORE_FULL(address, x, y) \
	VMOVUPS x, (DI);   \
	VMOVUPS y, 32(DI); \
	ADDQ    R13, DI;
#define STORE_HALF(address, x, y) \
	VMOVUPS x, (DI); \
	ADDQ    R13, DI;

// TILE computes the rows of one tile; the labels are its own.
#define TILE(each, start, load, term, positive, finish, loop, activate, write) \
	each(start) \
	TESTQ CX, CX;            \
	JZ    activate;          \
loop: \
	load; \
	each(term) \
	ADDQ  R10, AX;           \
	ADDQ  R10, BX;           \
	ADDQ  R11, DX;           \
	DECQ  CX;                \
	JNZ   loop;              \
activate: \
	CMPB  relu+104(FP), $0;  \
	JEQ   write;             \
	each(positive) \
write: \
	each(finish)
#define TILE_FULL(each, loop, activate, write) \
	TILE(each, INIT_FULL, LOAD_FULL, FMA_FULL, RELU_FULL, STORE_FULL, loop, activate, write)
#define TILE_HALF(each, loop, activate, write) \
	TILE(each, INIT_HALF, LOAD_HALF, FMA_HALF, RELU_HALF, STORE_HALF, loop, activate, write)

// func MatmulTileAVX2(c *float32, cStride int, init *float32, initStride int, a *float32, aRowStride, aColumnStride int,
//	b *float32, bStride, panelStride int, rows, cols, depth int, relu bool)
TEXT ·MatmulTileAVX2(SB), NOSPLIT, $424-105
	SHLQ   $2, cStride+8(FP)
	SHLQ   $2, initStride+24(FP)
	MOVQ   aRowStride+40(FP), R8
	SHLQ   $2, R8
	MOVQ   aColumnStride+48(FP), R10
	SHLQ   $2, R10
	MOVQ   bStride+64(FP), R11
	SHLQ   $2, R11
	VXORPS Y15, Y15, Y15
	MOVQ   a+32(FP), AX
	MOVQ   AX, first-8(SP)
	MOVQ   rows+80(FP), AX
	MOVQ   AX, all-16(SP)

	// A start of no address is a row of zeros for all panels.
	MOVQ $64, AX
	CMPQ init+16(FP), $0
	JNE  moving
	LEAQ zeros<>(SB), SI
	MOVQ SI, init+16(FP)
	MOVQ $0, initStride+24(FP)
	XORQ AX, AX

moving:
	MOVQ AX, step-24(SP)
	SHLQ $2, panelStride+72(FP)

panel:
	MOVQ c+0(FP), AX
	MOVQ AX, cHere-416(SP)
	MOVQ init+16(FP), AX
	MOVQ AX, initHere-424(SP)

block:
	// Take 6 rows, or the largest of 4, 2 and 1 that is left.
	MOVQ rows+80(FP), CX
	MOVQ $6, R12
	CMPQ CX, $6
	JGE  source
	MOVQ $4, R12
	CMPQ CX, $4
	JGE  source
	MOVQ $2, R12
	CMPQ CX, $2
	JGE  source
	MOVQ $1, R12

source:
	MOVQ initHere-424(SP), SI
	MOVQ initStride+24(FP), R15
	MOVQ cHere-416(SP), DI
	MOVQ cStride+8(FP), R13
	CMPQ cols+88(FP), $16
	JGE  compute

	// Copy the columns of init into the frame, 16 floats a row.
	LEAQ frame-408(SP), DI
	MOVQ R12, BX

sourceRow:
	XORQ CX, CX

sourceColumn:
	MOVL (SI)(CX*4), AX
	MOVL AX, (DI)(CX*4)
	INCQ CX
	CMPQ CX, cols+88(FP)
	JLT  sourceColumn
	ADDQ R15, SI
	ADDQ $64, DI
	DECQ BX
	JNZ  sourceRow
	LEAQ frame-408(SP), SI
	MOVQ $64, R15
	MOVQ SI, DI
	MOVQ R15, R13

compute:
	MOVQ a+32(FP), AX
	LEAQ (AX)(R8*2), BX
	ADDQ R8, BX
	MOVQ b+56(FP), DX
	MOVQ depth+96(FP), CX
	CMPQ cols+88(FP), $8
	JLE  half
	CMPQ R12, $4
	JGT  full6
	JEQ  full4
	CMPQ R12, $2
	JEQ  full2
	TILE_FULL(ROWS1, full1loop, full1activate, full1write)
	JMP  result

full2:
	TILE_FULL(ROWS2, full2loop, full2activate, full2write)
	JMP result

full4:
	TILE_FULL(ROWS4, full4loop, full4activate, full4write)
	JMP result

full6:
	TILE_FULL(ROWS6, full6loop, full6activate, full6write)
	JMP result

half:
	CMPQ R12, $4
	JGT  half6
	JEQ  half4
	CMPQ R12, $2
	JEQ  half2
	TILE_HALF(ROWS1, half1loop, half1activate, half1write)
	JMP  result

half2:
	TILE_HALF(ROWS2, half2loop, half2activate, half2write)
	JMP result

half4:
	TILE_HALF(ROWS4, half4loop, half4activate, half4write)
	JMP result

half6:
	TILE_HALF(ROWS6, half6loop, half6activate, half6write)

result:
	CMPQ cols+88(FP), $16
	JGE  advance

	// Copy the columns of the frame to c.
	LEAQ frame-408(SP), SI
	MOVQ cHere-416(SP), DI
	MOVQ R12, BX

resultRow:
	XORQ CX, CX

resultColumn:
	MOVL (SI)(CX*4), AX
	MOVL AX, (DI)(CX*4)
	INCQ CX
	CMPQ CX, cols+88(FP)
	JLT  resultColumn
	ADDQ $64, SI
	ADDQ cStride+8(FP), DI
	DECQ BX
	JNZ  resultRow

advance:
	MOVQ  R12, AX
	IMULQ R8, AX
	ADDQ  AX, a+32(FP)
	MOVQ  R12, AX
	IMULQ cStride+8(FP), AX
	ADDQ  AX, cHere-416(SP)
	MOVQ  R12, AX
	IMULQ initStride+24(FP), AX
	ADDQ  AX, initHere-424(SP)
	SUBQ  R12, rows+80(FP)
	JNZ   block

	// On by one panel.
	SUBQ $16, cols+88(FP)
	JLE  end
	ADDQ $64, c+0(FP)
	MOVQ step-24(SP), AX
	ADDQ AX, init+16(FP)
	MOVQ panelStride+72(FP), AX
	ADDQ AX, b+56(FP)
	MOVQ first-8(SP), AX
	MOVQ AX, a+32(FP)
	MOVQ all-16(SP), AX
	MOVQ AX, rows+80(FP)
	JMP  panel

end:
	VZEROUPPER
	RET

DATA zeros<>+0(SB)/8, $0
GLOBL zeros<>(SB), RODATA|NOPTR, $64

// The row kernel reads 4 panels at once: the accumulators of panel p are Y(2p)
// and Y(2p+1), BX stands at their b, R12 and R9 are the panel stride and 3 times
// that. R8 columns of the last panel start from R15 and go to R13: the frame
// where they are fewer than 16, from which they are copied to c. SI is 0 where
// the start is zeros.

// func MatmulRowAVX2(c *float32, cStride int, init *float32, initStride int, a *float32, aRowStride, aColumnStride int,
//	b *float32, bStride, panelStride int, rows, cols, depth int, relu bool)
TEXT ·MatmulRowAVX2(SB), NOSPLIT, $64-105
	MOVQ   c+0(FP), DI
	MOVQ   init+16(FP), SI
	MOVQ   aColumnStride+48(FP), R10
	SHLQ   $2, R10
	MOVQ   b+56(FP), BX
	MOVQ   bStride+64(FP), R11
	SHLQ   $2, R11
	MOVQ   panelStride+72(FP), R12
	SHLQ   $2, R12
	LEAQ   (R12)(R12*2), R9
	VXORPS Y15, Y15, Y15

group:
	MOVQ    $64, R8
	CMPQ    cols+88(FP), R8
	CMOVQLT cols+88(FP), R8
	SUBQ    $48, R8
	LEAQ    192(DI), R13
	CMPQ    R8, $16
	JEQ     source
	LEAQ    frame-64(SP), R13

source:
	TESTQ   SI, SI
	JZ      zero
	VMOVUPS (SI), Y0
	VMOVUPS 32(SI), Y1
	VMOVUPS 64(SI), Y2
	VMOVUPS 96(SI), Y3
	VMOVUPS 128(SI), Y4
	VMOVUPS 160(SI), Y5
	LEAQ    192(SI), R15
	ADDQ    $256, SI
	CMPQ    R8, $16
	JEQ     start
	XORQ    CX, CX

sourceColumn:
	MOVL (R15)(CX*4), DX
	MOVL DX, (R13)(CX*4)
	INCQ CX
	CMPQ CX, R8
	JLT  sourceColumn
	MOVQ R13, R15

start:
	VMOVUPS (R15), Y6
	VMOVUPS 32(R15), Y7
	JMP     terms

zero:
	VXORPS Y0, Y0, Y0
	VXORPS Y1, Y1, Y1
	VXORPS Y2, Y2, Y2
	VXORPS Y3, Y3, Y3
	VXORPS Y4, Y4, Y4
	VXORPS Y5, Y5, Y5
	VXORPS Y6, Y6, Y6
	VXORPS Y7, Y7, Y7

terms:
	MOVQ  a+32(FP), AX
	MOVQ  BX, DX
	MOVQ  depth+96(FP), CX
	TESTQ CX, CX
	JZ    activate

loop:
	VBROADCASTSS (AX), Y14
	VFMADD231PS  (DX), Y14, Y0
	VFMADD231PS  32(DX), Y14, Y1
	VFMADD231PS  (DX)(R12*1), Y14, Y2
	VFMADD231PS  32(DX)(R12*1), Y14, Y3
	VFMADD231PS  (DX)(R12*2), Y14, Y4
	VFMADD231PS  32(DX)(R12*2), Y14, Y5
	VFMADD231PS  (DX)(R9*1), Y14, Y6
	VFMADD231PS  32(DX)(R9*1), Y14, Y7
	ADDQ         R10, AX
	ADDQ         R11, DX
	DECQ         CX
	JNZ          loop

activate:
	CMPB relu+104(FP), $0
	JEQ  write
	POSITIVE(Y0)
	POSITIVE(Y1)
	POSITIVE(Y2)
	POSITIVE(Y3)
	POSITIVE(Y4)
	POSITIVE(Y5)
	POSITIVE(Y6)
	POSITIVE(Y7)

write:
	VMOVUPS Y0, (DI)
	VMOVUPS Y1, 32(DI)
	VMOVUPS Y2, 64(DI)
	VMOVUPS Y3, 96(DI)
	VMOVUPS Y4, 128(DI)
	VMOVUPS Y5, 160(DI)
	VMOVUPS Y6, (R13)
	VMOVUPS Y7, 32(R13)
	CMPQ    R8, $16
	JEQ     next
	XORQ    CX, CX

result:
	MOVL (R13)(CX*4), DX
	MOVL DX, 192(DI)(CX*4)
	INCQ CX
	CMPQ CX, R8
	JLT  result

next:
	LEAQ (BX)(R12*4), BX
	ADDQ $256, DI
	SUBQ $64, cols+88(FP)
	JGT  group
	VZEROUPPER
	RET
