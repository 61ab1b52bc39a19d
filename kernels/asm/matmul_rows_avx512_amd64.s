//go:build !noasm

#include "textflag.h"

// Products of one row and of two rows on AVX-512: many panels at once, so that
// there are enough independent chains to hide the latency of a multiply-add.
//
// Registers of both kernels:
//
//	AX, BX     a at the current k: row 0, row 1       R8        columns still to do
//	DX, R15    b at the current k: panel 0, panel 4   R13       b at k = 0
//	R10        column stride of a                     CX        k still to do
//	R11        stride of b                            DI, SI    c and init
//	R12, R9    panel stride of b, and 3 times that    K1        columns of the last panel
//	Z0…Z7      accumulators of row 0, one a panel     Z8…Z15    of row 1
//	Z16…Z23    one row of b                           Z24, Z25  elements of a
//	Z31        zero
//
// Strides are bytes once loaded.

// PANELSn(op) is op(address of b, its register, accumulator of row 0, of row 1,
// offset in c and init) for each of n panels.
#define PANELS1(op) \
	op((DX), Z16, Z0, Z8, 0)
#define PANELS2(op) \
	PANELS1(op) \
	op((DX)(R12*1), Z17, Z1, Z9, 64)
#define PANELS3(op) \
	PANELS2(op) \
	op((DX)(R12*2), Z18, Z2, Z10, 128)
#define PANELS4(op) \
	PANELS3(op) \
	op((DX)(R9*1), Z19, Z3, Z11, 192)
#define PANELS7(op) \
	PANELS4(op) \
	op((R15), Z20, Z4, Z12, 256) \
	op((R15)(R12*1), Z21, Z5, Z13, 320) \
	op((R15)(R12*2), Z22, Z6, Z14, 384)
#define PANELS8(op) \
	PANELS7(op) \
	op((R15)(R9*1), Z23, Z7, Z15, 448)

#define ZERO(address, b, x, y, at) \
	VPXORQ x, x, x;
#define START(address, b, x, y, at) \
	VMOVUPS at(SI), x;
#define FMA(address, b, x, y, at) \
	VFMADD231PS address, Z24, x;
#define STORE(address, b, x, y, at) \
	VMOVUPS x, at(DI);

// POSITIVE keeps x where x > 0 or x is NaN, else +0: predicate 0x16 is "not
// less or equal, or unordered".
#define POSITIVE(x) \
	VCMPPS    $0x16, Z31, x, K7; \
	VMOVAPS.Z x, K7, x;
#define RELU(address, b, x, y, at) \
	POSITIVE(x)

// ROW computes n panels of one row: all are whole, but the last may have fewer
// columns, K1, and is named by its accumulator and offset. A start of no address
// is zero.
#define ROW(each, butLast, last, at, zero, begin, loop, activate, write) \
	MOVQ   a+32(FP), AX;      \
	MOVQ   R13, DX;           \
	LEAQ   (DX)(R12*4), R15;  \
	MOVQ   depth+96(FP), CX;  \
	TESTQ  SI, SI;            \
	JZ     zero;              \
	butLast(START)            \
	VMOVUPS.Z at(SI), K1, last; \
	JMP    begin;             \
zero: \
	each(ZERO) \
begin: \
	TESTQ  CX, CX;            \
	JZ     activate;          \
loop: \
	VBROADCASTSS (AX), Z24;   \
	each(FMA) \
	ADDQ   R10, AX;           \
	ADDQ   R11, DX;           \
	ADDQ   R11, R15;          \
	DECQ   CX;                \
	JNZ    loop;              \
activate: \
	CMPB   relu+104(FP), $0;  \
	JEQ    write;             \
	each(RELU) \
write: \
	butLast(STORE) \
	VMOVUPS last, K1, at(DI)

#define NONE(op)

// func MatmulRowAVX512(c *float32, cStride int, init *float32, initStride int, a *float32, aRowStride, aColumnStride int,
//	b *float32, bStride, panelStride int, rows, cols, depth int, relu bool)
TEXT ·MatmulRowAVX512(SB), NOSPLIT, $0-105
	MOVQ   c+0(FP), DI
	MOVQ   init+16(FP), SI
	MOVQ   aColumnStride+48(FP), R10
	SHLQ   $2, R10
	MOVQ   b+56(FP), R13
	MOVQ   bStride+64(FP), R11
	SHLQ   $2, R11
	MOVQ   panelStride+72(FP), R12
	SHLQ   $2, R12
	LEAQ   (R12)(R12*2), R9
	MOVQ   cols+88(FP), R8
	VPXORQ Z31, Z31, Z31
	KXNORW K1, K1, K1

eight:
	CMPQ  R8, $128
	JLT   four
	ROW(PANELS8, PANELS7, Z7, 448, eightZero, eightBegin, eightLoop, eightActivate, eightWrite)
	LEAQ  (R13)(R12*8), R13
	ADDQ  $512, DI
	SUBQ  $128, R8
	JZ    done
	TESTQ SI, SI
	JZ    eight
	ADDQ  $512, SI
	JMP   eight

four:
	CMPQ  R8, $64
	JLT   rest
	ROW(PANELS4, PANELS3, Z3, 192, fourZero, fourBegin, fourLoop, fourActivate, fourWrite)
	LEAQ  (R13)(R12*4), R13
	ADDQ  $256, DI
	SUBQ  $64, R8
	JZ    done
	TESTQ SI, SI
	JZ    rest
	ADDQ  $256, SI

rest:
	// K1: the columns of the last panel, 1 to 16 of them.
	LEAQ  -1(R8), CX
	ANDQ  $15, CX
	MOVQ  $2, AX
	SHLQ  CX, AX
	DECQ  AX
	KMOVW AX, K1
	CMPQ  R8, $16
	JLE   one
	CMPQ  R8, $32
	JLE   two
	CMPQ  R8, $48
	JLE   three
	ROW(PANELS4, PANELS3, Z3, 192, restZero, restBegin, restLoop, restActivate, restWrite)
	JMP   done

three:
	ROW(PANELS3, PANELS2, Z2, 128, threeZero, threeBegin, threeLoop, threeActivate, threeWrite)
	JMP done

two:
	ROW(PANELS2, PANELS1, Z1, 64, twoZero, twoBegin, twoLoop, twoActivate, twoWrite)
	JMP done

one:
	ROW(PANELS1, NONE, Z0, 0, oneZero, oneBegin, oneLoop, oneActivate, oneWrite)

done:
	VZEROUPPER
	RET

// The two rows of the pair kernel share each load of b. While init and c are
// touched, CX is the distance of row 1 from row 0.

#define START0(address, b, x, y, at) \
	VMOVUPS at(SI), x;
#define START1(address, b, x, y, at) \
	VMOVUPS at(SI)(CX*1), y;
#define LOAD(address, b, x, y, at) \
	VMOVUPS address, b;
#define FMA2(address, b, x, y, at) \
	VFMADD231PS Z24, b, x; \
	VFMADD231PS Z25, b, y;
#define ZERO2(address, b, x, y, at) \
	VPXORQ x, x, x; \
	VPXORQ y, y, y;
#define RELU2(address, b, x, y, at) \
	POSITIVE(x) \
	POSITIVE(y)
#define STORE0(address, b, x, y, at) \
	VMOVUPS x, at(DI);
#define STORE1(address, b, x, y, at) \
	VMOVUPS y, at(DI)(CX*1);

// PAIR computes n whole panels of two rows.
#define PAIR(each, zero, begin, loop, activate, write) \
	MOVQ   a+32(FP), AX;      \
	MOVQ   aRowStride+40(FP), CX; \
	LEAQ   (AX)(CX*4), BX;    \
	MOVQ   R13, DX;           \
	LEAQ   (DX)(R12*4), R15;  \
	MOVQ   initStride+24(FP), CX; \
	SHLQ   $2, CX;            \
	TESTQ  SI, SI;            \
	JZ     zero;              \
	each(START0) \
	each(START1) \
	JMP    begin;             \
zero: \
	each(ZERO2) \
begin: \
	MOVQ   depth+96(FP), CX;  \
	TESTQ  CX, CX;            \
	JZ     activate;          \
loop: \
	each(LOAD) \
	VBROADCASTSS (AX), Z24;   \
	VBROADCASTSS (BX), Z25;   \
	each(FMA2) \
	ADDQ   R10, AX;           \
	ADDQ   R10, BX;           \
	ADDQ   R11, DX;           \
	ADDQ   R11, R15;          \
	DECQ   CX;                \
	JNZ    loop;              \
activate: \
	CMPB   relu+104(FP), $0;  \
	JEQ    write;             \
	each(RELU2) \
write: \
	MOVQ   cStride+8(FP), CX; \
	SHLQ   $2, CX;            \
	each(STORE0) \
	each(STORE1)

// func MatmulPairAVX512(c *float32, cStride int, init *float32, initStride int, a *float32, aRowStride, aColumnStride int,
//	b *float32, bStride, panelStride int, rows, cols, depth int, relu bool)
TEXT ·MatmulPairAVX512(SB), NOSPLIT, $0-105
	MOVQ   c+0(FP), DI
	MOVQ   init+16(FP), SI
	MOVQ   aColumnStride+48(FP), R10
	SHLQ   $2, R10
	MOVQ   b+56(FP), R13
	MOVQ   bStride+64(FP), R11
	SHLQ   $2, R11
	MOVQ   panelStride+72(FP), R12
	SHLQ   $2, R12
	LEAQ   (R12)(R12*2), R9
	MOVQ   cols+88(FP), R8
	VPXORQ Z31, Z31, Z31

eight:
	CMPQ  R8, $128
	JLT   four
	PAIR(PANELS8, eightZero, eightBegin, eightLoop, eightActivate, eightWrite)
	LEAQ  (R13)(R12*8), R13
	ADDQ  $512, DI
	SUBQ  $128, R8
	JZ    done
	TESTQ SI, SI
	JZ    eight
	ADDQ  $512, SI
	JMP   eight

four:
	PAIR(PANELS4, fourZero, fourBegin, fourLoop, fourActivate, fourWrite)

done:
	VZEROUPPER
	RET
