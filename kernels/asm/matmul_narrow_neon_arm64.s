//go:build !noasm

#include "textflag.h"
#include "neon_arm64.h"

// Products of few columns on NEON, for an a whose rows are contiguous (a
// transposed matrix): 16 rows of a column are four registers, so that no lane is
// idle however few the columns are. b is read one element at a time. Rows that
// are left go 4 at a time.
//
// Registers:
//
//	R0, R14   a at the current k, its column stride   R9       k still to do
//	R7, R8    b at the current k, its stride          R25      rows of this pass: 16 or 4
//	R19, R20  c and its row stride                    R21, R22 init and its row stride
//	R23, R24  cols, rows still to do                  R15      a of this pass
//	R1…R5, R12, R16, R17  scratch
//	V0…V23    accumulators: column n is V(4n)…V(4n+3)
//	V24…V27   rows of a, comparisons                  V28      one element of b
//	V31       zero
//
// Strides are bytes once loaded. A pass starts from and writes to the frame,
// where each column has 16 places, and copying loops move its columns from init
// and to c.

// COLUMNSn(op) is op(address of b's element, accumulators by name and by number)
// for each of n columns.
#define COLUMNS1(op) \
	op(0(R7), V0, V1, V2, V3, 0, 1, 2, 3)
#define COLUMNS2(op) \
	COLUMNS1(op) \
	op(4(R7), V4, V5, V6, V7, 4, 5, 6, 7)
#define COLUMNS3(op) \
	COLUMNS2(op) \
	op(8(R7), V8, V9, V10, V11, 8, 9, 10, 11)
#define COLUMNS4(op) \
	COLUMNS3(op) \
	op(12(R7), V12, V13, V14, V15, 12, 13, 14, 15)
#define COLUMNS5(op) \
	COLUMNS4(op) \
	op(16(R7), V16, V17, V18, V19, 16, 17, 18, 19)
#define COLUMNS6(op) \
	COLUMNS5(op) \
	op(20(R7), V20, V21, V22, V23, 20, 21, 22, 23)

#define ZERO(address, w, x, y, z, nw, nx, ny, nz) \
	VEOR w.B16, w.B16, w.B16; \
	VEOR x.B16, x.B16, x.B16; \
	VEOR y.B16, y.B16, y.B16; \
	VEOR z.B16, z.B16, z.B16;
#define START(address, w, x, y, z, nw, nx, ny, nz) \
	VLD1.P 64(R12), [w.S4, x.S4, y.S4, z.S4];
#define TERM(address, w, x, y, z, nw, nx, ny, nz) \
	FMOVS address, F28;           \
	VFMLA_LANE_S4(0, 28, 24, nw); \
	VFMLA_LANE_S4(0, 28, 25, nx); \
	VFMLA_LANE_S4(0, 28, 26, ny); \
	VFMLA_LANE_S4(0, 28, 27, nz);
#define TERM4(address, w, x, y, z, nw, nx, ny, nz) \
	FMOVS address, F28;           \
	VFMLA_LANE_S4(0, 28, 24, nw);
#define STORE(address, w, x, y, z, nw, nx, ny, nz) \
	VST1.P [w.S4, x.S4, y.S4, z.S4], 64(R12);

// RELU keeps x where x > 0 or x is NaN, else +0, by clearing where x <= 0.
#define RELU(address, w, x, y, z, nw, nx, ny, nz) \
	VFCMLE0_S4(nw, 24);           \
	VFCMLE0_S4(nx, 25);           \
	VFCMLE0_S4(ny, 26);           \
	VFCMLE0_S4(nz, 27);           \
	VBIT V24.B16, V31.B16, w.B16; \
	VBIT V25.B16, V31.B16, x.B16; \
	VBIT V26.B16, V31.B16, y.B16; \
	VBIT V27.B16, V31.B16, z.B16;

// TERMS16 and TERMS4 add all terms of n columns.
#define TERMS16(each, loop) \
loop: \
	VLD1 (R0), [V24.S4, V25.S4, V26.S4, V27.S4]; \
	each(TERM) \
	ADD  R14, R0;  \
	ADD  R8, R7;   \
	SUB  $1, R9;   \
	CBNZ R9, loop; \
	JMP  activate
#define TERMS4(each, loop) \
loop: \
	VLD1 (R0), [V24.S4]; \
	each(TERM4) \
	ADD  R14, R0;  \
	ADD  R8, R7;   \
	SUB  $1, R9;   \
	CBNZ R9, loop; \
	JMP  activate

// func MatmulNarrowNEON(c *float32, cStride int, init *float32, initStride int, a *float32, aRowStride, aColumnStride int,
//	b *float32, bStride, panelStride int, rows, cols, depth int, relu bool)
TEXT ·MatmulNarrowNEON(SB), NOSPLIT, $384-105
	MOVD c+0(FP), R19
	MOVD cStride+8(FP), R20
	LSL  $2, R20
	MOVD init+16(FP), R21
	MOVD initStride+24(FP), R22
	LSL  $2, R22
	MOVD a+32(FP), R15
	MOVD aColumnStride+48(FP), R14
	LSL  $2, R14
	MOVD bStride+64(FP), R8
	LSL  $2, R8
	MOVD rows+80(FP), R24
	MOVD cols+88(FP), R23
	VEOR V31.B16, V31.B16, V31.B16

pass:
	MOVD $16, R25
	MOVD $4, R1
	CMP  $16, R24
	CSEL LT, R1, R25, R25
	COLUMNS6(ZERO)
	CBZ  R21, terms

	// Columns of init to the frame: row R5 of it to place R5 of each column.
	MOVD $0, R5

startRow:
	MOVD $frame-384(SP), R12
	ADD  R5<<2, R12
	MOVD R21, R16
	MOVD R23, R2

startColumn:
	MOVWU.P 4(R16), R3
	MOVW    R3, (R12)
	ADD     $64, R12
	SUBS    $1, R2
	BNE     startColumn
	ADD     R22, R21
	ADD     $1, R5
	CMP     R25, R5
	BLT     startRow
	MOVD    $frame-384(SP), R12
	COLUMNS6(START)

terms:
	MOVD R15, R0
	MOVD b+56(FP), R7
	MOVD depth+96(FP), R9
	CBZ  R9, activate
	CMP  $4, R25
	BEQ  four
	CMP  $2, R23
	BLT  sixteen1
	BEQ  sixteen2
	CMP  $4, R23
	BLT  sixteen3
	BEQ  sixteen4
	CMP  $6, R23
	BLT  sixteen5
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
	CMP $2, R23
	BLT four1
	BEQ four2
	CMP $4, R23
	BLT four3
	BEQ four4
	CMP $6, R23
	BLT four5
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
	MOVBU relu+104(FP), R9
	CBZ   R9, write
	COLUMNS6(RELU)

write:
	MOVD $frame-384(SP), R12
	COLUMNS6(STORE)
	MOVD $0, R5

resultRow:
	MOVD $frame-384(SP), R12
	ADD  R5<<2, R12
	MOVD R19, R16
	MOVD R23, R2

resultColumn:
	MOVWU  (R12), R3
	MOVW.P R3, 4(R16)
	ADD    $64, R12
	SUBS   $1, R2
	BNE    resultColumn
	ADD    R20, R19
	ADD    $1, R5
	CMP    R25, R5
	BLT    resultRow

	// On by R25 rows.
	ADD  R25<<2, R15
	SUBS R25, R24
	BNE  pass
	RET
