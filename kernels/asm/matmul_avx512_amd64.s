//go:build !noasm

#include "textflag.h"

// The tile kernel on AVX-512: a tile of up to 8 rows by 3 panels of 16 columns
// stays in 24 registers through the loop over k. One group of panels is computed
// for all rows, then the next.
//
// Registers:
//
//	AX, BX     a at the current k: row 0, row 4       DX        b at the current k
//	R8, R9     row stride of a, and 3 times that      R10       column stride of a
//	R11, R12   stride and panel stride of b           CX        k still to do
//	DI, R13    c and its row stride                   SI, R15   init and its row stride
//	Z0…Z23     accumulators: row r, panel p is Z(3r+p)
//	Z24…Z26    one row of b, a register a panel       Z27       one element of a
//	Z31        zero                                   K1…K3     columns of panels 0…2
//
// Strides are bytes once loaded.

// ROWSn(op) is op(address of a's element, accumulators) for each of n rows.
#define ROWS1(op) \
	op((AX), Z0, Z1, Z2)
#define ROWS2(op) \
	ROWS1(op) \
	op((AX)(R8*1), Z3, Z4, Z5)
#define ROWS3(op) \
	ROWS2(op) \
	op((AX)(R8*2), Z6, Z7, Z8)
#define ROWS4(op) \
	ROWS3(op) \
	op((AX)(R9*1), Z9, Z10, Z11)
#define ROWS8(op) \
	ROWS4(op) \
	op((BX), Z12, Z13, Z14) \
	op((BX)(R8*1), Z15, Z16, Z17) \
	op((BX)(R8*2), Z18, Z19, Z20) \
	op((BX)(R9*1), Z21, Z22, Z23)

// INITp loads the start of one row of p panels and moves on by one row.
#define INIT1(address, x, y, z) \
	VMOVUPS.Z (SI), K1, x; \
	ADDQ      R15, SI;
#define INIT2(address, x, y, z) \
	VMOVUPS.Z (SI), K1, x;   \
	VMOVUPS.Z 64(SI), K2, y; \
	ADDQ      R15, SI;
#define INIT3(address, x, y, z) \
	VMOVUPS.Z (SI), K1, x;    \
	VMOVUPS.Z 64(SI), K2, y;  \
	VMOVUPS.Z 128(SI), K3, z; \
	ADDQ      R15, SI;

// LOADp loads one row of p panels of b; of a single panel only its columns.
#define LOAD1 \
	VMOVUPS.Z (DX), K1, Z24
#define LOAD2 \
	VMOVUPS (DX), Z24;        \
	VMOVUPS (DX)(R12*1), Z25
#define LOAD3 \
	VMOVUPS (DX), Z24;        \
	VMOVUPS (DX)(R12*1), Z25; \
	VMOVUPS (DX)(R12*2), Z26

// FMAp adds one term to one row of p panels.
#define FMA1(address, x, y, z) \
	VFMADD231PS.BCST address, Z24, x;
#define FMA2(address, x, y, z) \
	VBROADCASTSS address, Z27; \
	VFMADD231PS  Z27, Z24, x;  \
	VFMADD231PS  Z27, Z25, y;
#define FMA3(address, x, y, z) \
	VBROADCASTSS address, Z27; \
	VFMADD231PS  Z27, Z24, x;  \
	VFMADD231PS  Z27, Z25, y;  \
	VFMADD231PS  Z27, Z26, z;

// POSITIVE keeps x where x > 0 or x is NaN, else +0: predicate 0x16 is "not
// less or equal, or unordered".
#define POSITIVE(x) \
	VCMPPS    $0x16, Z31, x, K7; \
	VMOVAPS.Z x, K7, x;
#define RELU1(address, x, y, z) \
	POSITIVE(x)
#define RELU2(address, x, y, z) \
	POSITIVE(x) \
	POSITIVE(y)
#define RELU3(address, x, y, z) \
	POSITIVE(x) \
	POSITIVE(y) \
	POSITIVE(z)

// STOREp writes one row of p panels and moves on by one row.
#define STORE1(address, x, y, z) \
	VMOVUPS x, K1, (DI); \
	ADDQ    R13, DI;
#define STORE2(address, x, y, z) \
	VMOVUPS x, K1, (DI);   \
	VMOVUPS y, K2, 64(DI); \
	ADDQ    R13, DI;
#define STORE3(address, x, y, z) \
	VMOVUPS x, K1, (DI);    \
	VMOVUPS y, K2, 64(DI);  \
	VMOVUPS z, K3, 128(DI); \
	ADDQ    R13, DI;

// TILE computes one block of n rows by p panels and moves a, init and c on by n
// rows; the labels are its own.
#define TILE(n, each, start, load, term, positive, finish, loop, activate, write) \
	each(start) \
	MOVQ   a+32(FP), AX;     \
	LEAQ   (AX)(R8*4), BX;   \
	MOVQ   b+56(FP), DX;     \
	MOVQ   depth+96(FP), CX; \
	TESTQ  CX, CX;           \
	JZ     activate;         \
loop: \
	load; \
	each(term) \
	ADDQ   R10, AX;          \
	ADDQ   R10, BX;          \
	ADDQ   R11, DX;          \
	DECQ   CX;               \
	JNZ    loop;             \
activate: \
	CMPB   relu+104(FP), $0; \
	JEQ    write;            \
	each(positive) \
write: \
	each(finish) \
	IMUL3Q $n, R8, AX;       \
	ADDQ   AX, a+32(FP);     \
	SUBQ   $n, rows+80(FP)

// func MatmulTileAVX512(c *float32, cStride int, init *float32, initStride int, a *float32, aRowStride, aColumnStride int,
//	b *float32, bStride, panelStride int, rows, cols, depth int, relu bool)
TEXT ·MatmulTileAVX512(SB), NOSPLIT, $32-105
	MOVQ cStride+8(FP), R13
	SHLQ $2, R13
	MOVQ initStride+24(FP), R15
	SHLQ $2, R15
	MOVQ aRowStride+40(FP), R8
	SHLQ $2, R8
	LEAQ (R8)(R8*2), R9
	MOVQ aColumnStride+48(FP), R10
	SHLQ $2, R10
	MOVQ bStride+64(FP), R11
	SHLQ $2, R11
	MOVQ panelStride+72(FP), R12
	SHLQ $2, R12
	MOVQ a+32(FP), AX
	MOVQ AX, first-8(SP)
	MOVQ rows+80(FP), AX
	MOVQ AX, all-16(SP)
	VPXORQ Z31, Z31, Z31

	// A start of no address is a row of zeros for all panels.
	MOVQ  $-1, AX
	CMPQ  init+16(FP), $0
	JNE   moving
	LEAQ  zeros<>(SB), SI
	MOVQ  SI, init+16(FP)
	XORQ  R15, R15
	XORQ  AX, AX

moving:
	MOVQ AX, moving-24(SP)

group:
	// Three panels; but of four, two and two, as a lone one keeps the multipliers
	// less busy.
	MOVQ    cols+88(FP), CX
	CMPQ    CX, $48
	JLE     panels
	MOVQ    $32, AX
	MOVQ    $48, BX
	CMPQ    CX, $64
	MOVQ    AX, CX
	CMOVQGT BX, CX

panels:
	MOVQ CX, width-32(SP)
	MOVQ c+0(FP), DI
	MOVQ init+16(FP), SI

	// One bit a column, 16 of them in each mask.
	MOVQ   $1, AX
	SHLQ   CX, AX
	DECQ   AX
	KMOVW  AX, K1
	SHRQ   $16, AX
	KMOVW  AX, K2
	SHRQ   $16, AX
	KMOVW  AX, K3
	CMPQ   CX, $32
	JGT    three8
	CMPQ   CX, $16
	JGT    two8

one8:
	CMPQ rows+80(FP), $8
	JLT  one4
	TILE(8, ROWS8, INIT1, LOAD1, FMA1, RELU1, STORE1, one8loop, one8activate, one8write)
	JMP  one8

one4:
	TESTQ $4, rows+80(FP)
	JZ    one3
	TILE(4, ROWS4, INIT1, LOAD1, FMA1, RELU1, STORE1, one4loop, one4activate, one4write)

one3:
	MOVQ rows+80(FP), CX
	ANDQ $3, CX
	CMPQ CX, $3
	JNE  one2
	TILE(3, ROWS3, INIT1, LOAD1, FMA1, RELU1, STORE1, one3loop, one3activate, one3write)
	JMP  done

one2:
	TESTQ $2, rows+80(FP)
	JZ    one1
	TILE(2, ROWS2, INIT1, LOAD1, FMA1, RELU1, STORE1, one2loop, one2activate, one2write)

one1:
	TESTQ $1, rows+80(FP)
	JZ    done
	TILE(1, ROWS1, INIT1, LOAD1, FMA1, RELU1, STORE1, one1loop, one1activate, one1write)
	JMP   done

two8:
	CMPQ rows+80(FP), $8
	JLT  two4
	TILE(8, ROWS8, INIT2, LOAD2, FMA2, RELU2, STORE2, two8loop, two8activate, two8write)
	JMP  two8

two4:
	TESTQ $4, rows+80(FP)
	JZ    two3
	TILE(4, ROWS4, INIT2, LOAD2, FMA2, RELU2, STORE2, two4loop, two4activate, two4write)

two3:
	MOVQ rows+80(FP), CX
	ANDQ $3, CX
	CMPQ CX, $3
	JNE  two2
	TILE(3, ROWS3, INIT2, LOAD2, FMA2, RELU2, STORE2, two3loop, two3activate, two3write)
	JMP  done

two2:
	TESTQ $2, rows+80(FP)
	JZ    two1
	TILE(2, ROWS2, INIT2, LOAD2, FMA2, RELU2, STORE2, two2loop, two2activate, two2write)

two1:
	TESTQ $1, rows+80(FP)
	JZ    done
	TILE(1, ROWS1, INIT2, LOAD2, FMA2, RELU2, STORE2, two1loop, two1activate, two1write)
	JMP   done

three8:
	CMPQ rows+80(FP), $8
	JLT  three4
	TILE(8, ROWS8, INIT3, LOAD3, FMA3, RELU3, STORE3, three8loop, three8activate, three8write)
	JMP  three8

three4:
	TESTQ $4, rows+80(FP)
	JZ    three3
	TILE(4, ROWS4, INIT3, LOAD3, FMA3, RELU3, STORE3, three4loop, three4activate, three4write)

three3:
	MOVQ rows+80(FP), CX
	ANDQ $3, CX
	CMPQ CX, $3
	JNE  three2
	TILE(3, ROWS3, INIT3, LOAD3, FMA3, RELU3, STORE3, three3loop, three3activate, three3write)
	JMP  done

three2:
	TESTQ $2, rows+80(FP)
	JZ    three1
	TILE(2, ROWS2, INIT3, LOAD3, FMA3, RELU3, STORE3, three2loop, three2activate, three2write)

three1:
	TESTQ $1, rows+80(FP)
	JZ    done
	TILE(1, ROWS1, INIT3, LOAD3, FMA3, RELU3, STORE3, three1loop, three1activate, three1write)

done:
	// On by the columns of this group.
	MOVQ width-32(SP), CX
	SUBQ CX, cols+88(FP)
	JLE  end
	LEAQ (CX*4), AX
	ADDQ AX, c+0(FP)
	ANDQ moving-24(SP), AX
	ADDQ AX, init+16(FP)
	LEAQ (R12)(R12*1), AX
	LEAQ (AX)(R12*1), BX
	CMPQ CX, $32
	CMOVQGT BX, AX
	ADDQ AX, b+56(FP)
	MOVQ first-8(SP), AX
	MOVQ AX, a+32(FP)
	MOVQ all-16(SP), AX
	MOVQ AX, rows+80(FP)
	JMP  group

end:
	VZEROUPPER
	RET

DATA zeros<>+0(SB)/8, $0
GLOBL zeros<>(SB), RODATA|NOPTR, $192
