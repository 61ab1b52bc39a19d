//go:build !noasm

#include "textflag.h"

// Products of few columns on AVX-512: a vector holds 16 rows of one column, so
// that no lane is idle however few the columns are. b is read one element at a
// time. Where the rows of a are contiguous (a transposed matrix), 16 rows of a
// are one load; where its columns are, blocks of 16 rows by 4 columns are
// transposed on the way.
//
// Registers:
//
//	AX, BX, R13, R15  quads of rows 0, 4, 8 and 12, of a, of init or of c; rows
//	                  beyond the last quad repeat quad 0
//	R8, R9            their row stride, and 3 times that
//	DX, R11, DI       b at the current k, its stride, and 3 times that
//	R10               column stride of a             CX        k still to do
//	R12               rows of this pass, up to 16    SI        scratch
//	Z0…Z7             accumulators, one a column; halves of 8 rows are in Y0…Y7
//	                  and Y8…Y15
//	Z16…Z27           rows and columns of a block, temporaries
//	Z28               one element of b               Z31       zero
//	K1                rows of this pass              K7        ReLU
//	K2…K5             elements of a block that are there, in quads 0 to 3
//
// Strides are bytes once loaded.

// COLUMNSn(op) is op(address of b's element, accumulator of 16 rows, of the lower
// 8, of the upper 8) for each of n columns.
#define COLUMNS1(op) \
	op((DX), Z0, Y0, Y8)
#define COLUMNS2(op) \
	COLUMNS1(op) \
	op(4(DX), Z1, Y1, Y9)
#define COLUMNS3(op) \
	COLUMNS2(op) \
	op(8(DX), Z2, Y2, Y10)
#define COLUMNS4(op) \
	COLUMNS3(op) \
	op(12(DX), Z3, Y3, Y11)
#define COLUMNS5(op) \
	COLUMNS4(op) \
	op(16(DX), Z4, Y4, Y12)
#define COLUMNS6(op) \
	COLUMNS5(op) \
	op(20(DX), Z5, Y5, Y13)
#define COLUMNS7(op) \
	COLUMNS6(op) \
	op(24(DX), Z6, Y6, Y14)
#define COLUMNS8(op) \
	COLUMNS7(op) \
	op(28(DX), Z7, Y7, Y15)

// TERM adds the term of 16 contiguous rows.
#define TERM(address, z, x, y) \
	VFMADD231PS.BCST address, Z20, z;

// TERMk adds the terms of column k of a block. Its two halves are 8 rows each:
// they are transposed with fewer steps than 16 rows at once.
#define TERM0(address, z, x, y) \
	VBROADCASTSS address, Y28; \
	VFMADD231PS  Y28, Y16, x;  \
	VFMADD231PS  Y28, Y24, y;
#define TERM1(address, z, x, y) \
	VBROADCASTSS address(R11*1), Y28; \
	VFMADD231PS  Y28, Y17, x;  \
	VFMADD231PS  Y28, Y25, y;
#define TERM2(address, z, x, y) \
	VBROADCASTSS address(R11*2), Y28; \
	VFMADD231PS  Y28, Y18, x;  \
	VFMADD231PS  Y28, Y26, y;
#define TERM3(address, z, x, y) \
	VBROADCASTSS address(DI*1), Y28; \
	VFMADD231PS  Y28, Y19, x;  \
	VFMADD231PS  Y28, Y27, y;

// PART and JOIN cut an accumulator into its halves, and back. The lower half is
// the same register.
#define PART(address, z, x, y) \
	VEXTRACTF64X4 $1, z, y;
#define JOIN(address, z, x, y) \
	VINSERTF64X4 $1, y, z, z;

// QUADS sets the quads of a matrix from its address AX and row stride R8, in
// float32.
#define QUADS \
	SHLQ    $2, R8;          \
	LEAQ    (R8)(R8*2), R9;  \
	LEAQ    (AX)(R8*4), BX;  \
	LEAQ    (BX)(R8*4), R13; \
	LEAQ    (R13)(R8*4), R15; \
	CMPQ    R12, $8;         \
	CMOVQLT AX, BX;          \
	CMPQ    R12, $12;        \
	CMOVQLT AX, R13;         \
	CMPQ    R12, $16;        \
	CMOVQLT AX, R15

// ELEMENTS sets K2…K5 to the first CX elements, 1 to 4, of every row.
#define ELEMENTS \
	MOVQ     $1, SI;     \
	SHLQ     CX, SI;     \
	DECQ     SI;         \
	KMOVW    SI, K2;     \
	KSHIFTLW $4, K2, K3; \
	KSHIFTLW $8, K2, K4; \
	KSHIFTLW $12, K2, K5

// TURN transposes 4 by 4 in each quarter of (a, b, c, d), which take the result;
// w, x, y and z are overwritten.
#define TURN(a, b, c, d, w, x, y, z) \
	VUNPCKLPS b, a, w; \
	VUNPCKHPS b, a, y; \
	VUNPCKLPS d, c, x; \
	VUNPCKHPS d, c, z; \
	VUNPCKLPD x, w, a; \
	VUNPCKHPD x, w, b; \
	VUNPCKLPD z, y, c; \
	VUNPCKHPD z, y, d

// BLOCK loads 16 rows by 4 columns and leaves the columns in Z20…Z23.
#define BLOCK \
	VBROADCASTF32X4.Z (AX), K2, Z20;       \
	VBROADCASTF32X4   (BX), K3, Z20;       \
	VBROADCASTF32X4   (R13), K4, Z20;      \
	VBROADCASTF32X4   (R15), K5, Z20;      \
	VBROADCASTF32X4.Z (AX)(R8*1), K2, Z21; \
	VBROADCASTF32X4   (BX)(R8*1), K3, Z21; \
	VBROADCASTF32X4   (R13)(R8*1), K4, Z21; \
	VBROADCASTF32X4   (R15)(R8*1), K5, Z21; \
	VBROADCASTF32X4.Z (AX)(R8*2), K2, Z22; \
	VBROADCASTF32X4   (BX)(R8*2), K3, Z22; \
	VBROADCASTF32X4   (R13)(R8*2), K4, Z22; \
	VBROADCASTF32X4   (R15)(R8*2), K5, Z22; \
	VBROADCASTF32X4.Z (AX)(R9*1), K2, Z23; \
	VBROADCASTF32X4   (BX)(R9*1), K3, Z23; \
	VBROADCASTF32X4   (R13)(R9*1), K4, Z23; \
	VBROADCASTF32X4   (R15)(R9*1), K5, Z23; \
	TURN(Z20, Z21, Z22, Z23, Z16, Z17, Z18, Z19)

// HALVES loads 16 rows by 4 columns and leaves the columns in Y16…Y19 (rows 0 to
// 7) and Y24…Y27 (rows 8 to 15).
#define HALVES \
	VMOVUPS      (AX), X16;                   \
	VINSERTF32X4 $1, (BX), Y16, Y16;          \
	VMOVUPS      (AX)(R8*1), X17;             \
	VINSERTF32X4 $1, (BX)(R8*1), Y17, Y17;    \
	VMOVUPS      (AX)(R8*2), X18;             \
	VINSERTF32X4 $1, (BX)(R8*2), Y18, Y18;    \
	VMOVUPS      (AX)(R9*1), X19;             \
	VINSERTF32X4 $1, (BX)(R9*1), Y19, Y19;    \
	TURN(Y16, Y17, Y18, Y19, Y20, Y21, Y22, Y23); \
	VMOVUPS      (R13), X24;                  \
	VINSERTF32X4 $1, (R15), Y24, Y24;         \
	VMOVUPS      (R13)(R8*1), X25;            \
	VINSERTF32X4 $1, (R15)(R8*1), Y25, Y25;   \
	VMOVUPS      (R13)(R8*2), X26;            \
	VINSERTF32X4 $1, (R15)(R8*2), Y26, Y26;   \
	VMOVUPS      (R13)(R9*1), X27;            \
	VINSERTF32X4 $1, (R15)(R9*1), Y27, Y27;   \
	TURN(Y24, Y25, Y26, Y27, Y20, Y21, Y22, Y23)

// PARTIAL is HALVES for a block of fewer than 4 columns.
#define PARTIAL \
	BLOCK; \
	VEXTRACTF64X4 $1, Z20, Y24; \
	VEXTRACTF64X4 $1, Z21, Y25; \
	VEXTRACTF64X4 $1, Z22, Y26; \
	VMOVAPS       Y20, Y16;     \
	VMOVAPS       Y21, Y17;     \
	VMOVAPS       Y22, Y18

// DIRECT adds all terms of n columns where the rows of a are contiguous.
#define DIRECT(each, loop) \
loop: \
	VMOVUPS.Z (AX), K1, Z20; \
	each(TERM) \
	ADDQ      R10, AX;       \
	ADDQ      R11, DX;       \
	DECQ      CX;            \
	JNZ       loop;          \
	JMP       activate

// TURNED adds all terms of n columns where the columns of a are contiguous; the
// last block may have fewer than 4 of them.
#define TURNED(each, loop, last, done) \
	each(PART) \
	SUBQ $4, CX;       \
	JLT  last;         \
loop: \
	HALVES;            \
	each(TERM0) \
	each(TERM1) \
	each(TERM2) \
	each(TERM3) \
	ADDQ $16, AX;      \
	ADDQ $16, BX;      \
	ADDQ $16, R13;     \
	ADDQ $16, R15;     \
	LEAQ (DX)(R11*4), DX; \
	SUBQ $4, CX;       \
	JGE  loop;         \
last: \
	ADDQ $4, CX;       \
	JZ   done;         \
	ELEMENTS;          \
	PARTIAL;           \
	each(TERM0) \
	CMPQ CX, $2;       \
	JLT  done;         \
	each(TERM1) \
	JEQ  done;         \
	each(TERM2) \
done: \
	each(JOIN) \
	JMP  activate

// PUT writes row i of quad q, 4 columns from z; K6 are those that are there.
#define PUT(q, z, address) \
	VEXTRACTF32X4 $q, z, X16; \
	VMOVUPS       X16, K6, address
#define PUTQUAD(q, quad, w, x, y, z) \
	PUT(q, w, (quad)); \
	PUT(q, x, (quad)(R8*1)); \
	PUT(q, y, (quad)(R8*2)); \
	PUT(q, z, (quad)(R9*1))

// POSITIVE keeps x where x > 0 or x is NaN, else +0: predicate 0x16 is "not
// less or equal, or unordered".
#define POSITIVE(x) \
	VCMPPS    $0x16, Z31, x, K7; \
	VMOVAPS.Z x, K7, x

// NEXTBLOCK moves the quads on by 4 columns.
#define NEXTBLOCK \
	ADDQ $16, AX;  \
	ADDQ $16, BX;  \
	ADDQ $16, R13; \
	ADDQ $16, R15

// WRITE stores a block of 16 rows, as far as they are there, by the CX columns
// (w, x, y, z).
#define WRITE(w, x, y, z, done) \
	MOVQ  $1, SI; \
	SHLQ  CX, SI; \
	DECQ  SI;     \
	KMOVW SI, K6; \
	TURN(w, x, y, z, Z20, Z21, Z22, Z23); \
	PUTQUAD(0, AX, w, x, y, z); \
	CMPQ  R12, $8; \
	JLT   done;    \
	PUTQUAD(1, BX, w, x, y, z); \
	CMPQ  R12, $12; \
	JLT   done;    \
	PUTQUAD(2, R13, w, x, y, z); \
	CMPQ  R12, $16; \
	JLT   done;    \
	PUTQUAD(3, R15, w, x, y, z); \
done:

// func MatmulNarrowAVX512(c *float32, cStride int, init *float32, initStride int, a *float32, aRowStride, aColumnStride int,
//	b *float32, bStride, panelStride int, rows, cols, depth int, relu bool)
TEXT ·MatmulNarrowAVX512(SB), NOSPLIT, $0-105
	SHLQ   $2, aColumnStride+48(FP)
	SHLQ   $2, bStride+64(FP)
	VPXORQ Z31, Z31, Z31

pass:
	MOVQ    rows+80(FP), R12
	MOVQ    $16, CX
	CMPQ    R12, CX
	CMOVQGT CX, R12
	MOVQ    R12, CX
	MOVQ    $1, SI
	SHLQ    CX, SI
	DECQ    SI
	KMOVW   SI, K1

	// The start: zeros, one row for all, or a block or two of init.
	VPXORQ Z0, Z0, Z0
	VPXORQ Z1, Z1, Z1
	VPXORQ Z2, Z2, Z2
	VPXORQ Z3, Z3, Z3
	VPXORQ Z4, Z4, Z4
	VPXORQ Z5, Z5, Z5
	VPXORQ Z6, Z6, Z6
	VPXORQ Z7, Z7, Z7
	MOVQ   init+16(FP), AX
	TESTQ  AX, AX
	JZ     terms
	MOVQ   cols+88(FP), CX
	MOVQ   initStride+24(FP), R8
	TESTQ  R8, R8
	JZ     row
	SUBQ   $4, CX
	JLE    lastColumns
	MOVQ   $4, CX
	QUADS
	ELEMENTS
	BLOCK
	VMOVAPS Z20, Z0
	VMOVAPS Z21, Z1
	VMOVAPS Z22, Z2
	VMOVAPS Z23, Z3
	NEXTBLOCK
	MOVQ   cols+88(FP), CX
	SUBQ   $4, CX
	ELEMENTS
	BLOCK
	VMOVAPS Z20, Z4
	VMOVAPS Z21, Z5
	VMOVAPS Z22, Z6
	VMOVAPS Z23, Z7
	JMP    terms

lastColumns:
	ADDQ $4, CX
	QUADS
	ELEMENTS
	BLOCK
	VMOVAPS Z20, Z0
	VMOVAPS Z21, Z1
	VMOVAPS Z22, Z2
	VMOVAPS Z23, Z3
	JMP  terms

row:
	VBROADCASTSS (AX), Z0
	CMPQ CX, $2
	JLT  terms
	VBROADCASTSS 4(AX), Z1
	JEQ  terms
	CMPQ CX, $4
	VBROADCASTSS 8(AX), Z2
	JLT  terms
	VBROADCASTSS 12(AX), Z3
	JEQ  terms
	CMPQ CX, $6
	VBROADCASTSS 16(AX), Z4
	JLT  terms
	VBROADCASTSS 20(AX), Z5
	JEQ  terms
	CMPQ CX, $8
	VBROADCASTSS 24(AX), Z6
	JLT  terms
	VBROADCASTSS 28(AX), Z7

terms:
	MOVQ  depth+96(FP), CX
	TESTQ CX, CX
	JZ    activate
	MOVQ  a+32(FP), AX
	MOVQ  b+56(FP), DX
	MOVQ  bStride+64(FP), R11
	LEAQ  (R11)(R11*2), DI
	MOVQ  cols+88(FP), SI
	CMPQ  aRowStride+40(FP), $1
	JNE   turned
	MOVQ  aColumnStride+48(FP), R10
	CMPQ  SI, $4
	JLT   directFew
	JEQ   direct4
	CMPQ  SI, $6
	JLT   direct5
	JEQ   direct6
	CMPQ  SI, $8
	JLT   direct7
	DIRECT(COLUMNS8, direct8loop)

direct7:
	DIRECT(COLUMNS7, direct7loop)

direct6:
	DIRECT(COLUMNS6, direct6loop)

direct5:
	DIRECT(COLUMNS5, direct5loop)

direct4:
	DIRECT(COLUMNS4, direct4loop)

directFew:
	CMPQ SI, $2
	JLT  direct1
	JEQ  direct2
	DIRECT(COLUMNS3, direct3loop)

direct2:
	DIRECT(COLUMNS2, direct2loop)

direct1:
	DIRECT(COLUMNS1, direct1loop)

turned:
	MOVQ  aRowStride+40(FP), R8
	QUADS
	CMPQ  SI, $4
	JLT   turnedFew
	JEQ   turned4
	CMPQ  SI, $6
	JLT   turned5
	JEQ   turned6
	CMPQ  SI, $8
	JLT   turned7
	TURNED(COLUMNS8, turned8loop, turned8last, turned8done)

turned7:
	TURNED(COLUMNS7, turned7loop, turned7last, turned7done)

turned6:
	TURNED(COLUMNS6, turned6loop, turned6last, turned6done)

turned5:
	TURNED(COLUMNS5, turned5loop, turned5last, turned5done)

turned4:
	TURNED(COLUMNS4, turned4loop, turned4last, turned4done)

turnedFew:
	CMPQ SI, $2
	JLT  turned1
	JEQ  turned2
	TURNED(COLUMNS3, turned3loop, turned3last, turned3done)

turned2:
	TURNED(COLUMNS2, turned2loop, turned2last, turned2done)

turned1:
	TURNED(COLUMNS1, turned1loop, turned1last, turned1done)

activate:
	CMPB relu+104(FP), $0
	JEQ  write
	POSITIVE(Z0)
	POSITIVE(Z1)
	POSITIVE(Z2)
	POSITIVE(Z3)
	POSITIVE(Z4)
	POSITIVE(Z5)
	POSITIVE(Z6)
	POSITIVE(Z7)

write:
	MOVQ c+0(FP), AX
	MOVQ cStride+8(FP), R8
	QUADS
	MOVQ cols+88(FP), CX
	CMPQ CX, $4
	JLE  lastBlock
	MOVQ $4, CX
	WRITE(Z0, Z1, Z2, Z3, firstDone)
	NEXTBLOCK
	MOVQ cols+88(FP), CX
	SUBQ $4, CX
	VMOVAPS Z4, Z0
	VMOVAPS Z5, Z1
	VMOVAPS Z6, Z2
	VMOVAPS Z7, Z3

lastBlock:
	WRITE(Z0, Z1, Z2, Z3, lastDone)

	// On by R12 rows.
	SHLQ  $2, R12
	MOVQ  aRowStride+40(FP), AX
	IMULQ R12, AX
	ADDQ  AX, a+32(FP)
	MOVQ  cStride+8(FP), AX
	IMULQ R12, AX
	ADDQ  AX, c+0(FP)
	MOVQ  initStride+24(FP), AX
	IMULQ R12, AX
	ADDQ  AX, init+16(FP)
	SHRQ  $2, R12
	SUBQ  R12, rows+80(FP)
	JNZ   pass
	VZEROUPPER
	RET
