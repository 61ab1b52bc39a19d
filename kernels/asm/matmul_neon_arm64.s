//go:build !noasm

#include "textflag.h"
#include "neon_arm64.h"

// The matmul kernels on NEON: a tile of up to 6 rows by one panel of 16 columns
// stays in 24 registers through the loop over k.
//
// Registers of both kernels:
//
//	R0…R5     a: the rows of the tile            R6        k·(column stride of a)
//	R7, R8    b, and its stride                  R9        k still to do
//	R10, R11  where the tile writes, row stride  R12, R13  where it starts, row stride
//	R14       column stride of a                 R15       row stride of a
//	R19, R20  c and its row stride               R21, R22  init and its row stride
//	R23       cols                               R24       rows (columns) still to do
//	R25       rows of this tile                  R16, R17, R26  copying
//	V0…V23    accumulators: row r is V(4r)…V(4r+3)
//	V24…V27   one row of b                       V28       one element of a
//
// Strides are bytes once loaded. A tile of fewer than 16 columns starts from and
// writes to the frame, and a copying loop moves its columns from init and to c.

// ROWSn(op) is op(row of a, the accumulators by name and by number) for each of
// n rows.
#define ROWS1(op) \
	op(R0, V0, V1, V2, V3, 0, 1, 2, 3)
#define ROWS2(op) \
	ROWS1(op) \
	op(R1, V4, V5, V6, V7, 4, 5, 6, 7)
#define ROWS4(op) \
	ROWS2(op) \
	op(R2, V8, V9, V10, V11, 8, 9, 10, 11) \
	op(R3, V12, V13, V14, V15, 12, 13, 14, 15)
#define ROWS6(op) \
	ROWS4(op) \
	op(R4, V16, V17, V18, V19, 16, 17, 18, 19) \
	op(R5, V20, V21, V22, V23, 20, 21, 22, 23)

// INIT loads the start of one row and moves on by one row.
#define INIT(row, w, x, y, z, nw, nx, ny, nz) \
	VLD1 (R12), [w.S4, x.S4, y.S4, z.S4]; \
	ADD  R13, R12;

// FMA adds one term to one row.
#define FMA(row, w, x, y, z, nw, nx, ny, nz) \
	FMOVS (row)(R6), F28;         \
	VFMLA_LANE_S4(0, 28, 24, nw); \
	VFMLA_LANE_S4(0, 28, 25, nx); \
	VFMLA_LANE_S4(0, 28, 26, ny); \
	VFMLA_LANE_S4(0, 28, 27, nz);

// RELU keeps x where x > 0 or x is NaN, else +0, by clearing where x <= 0.
// V31 is zero, V24…V27 take the comparisons.
#define RELU(row, w, x, y, z, nw, nx, ny, nz) \
	VFCMLE0_S4(nw, 24);          \
	VFCMLE0_S4(nx, 25);          \
	VFCMLE0_S4(ny, 26);          \
	VFCMLE0_S4(nz, 27);          \
	VBIT V24.B16, V31.B16, w.B16; \
	VBIT V25.B16, V31.B16, x.B16; \
	VBIT V26.B16, V31.B16, y.B16; \
	VBIT V27.B16, V31.B16, z.B16;

// STORE writes one row and moves on by one row.
#define STORE(row, w, x, y, z, nw, nx, ny, nz) \
	VST1 [w.S4, x.S4, y.S4, z.S4], (R10); \
	ADD  R11, R10;

// TILE computes n rows; the labels are its own.
#define TILE(each, loop, activate, write) \
	each(INIT) \
	CBZ  R9, activate;    \
loop: \
	VLD1 (R7), [V24.S4, V25.S4, V26.S4, V27.S4]; \
	ADD  R8, R7;          \
	each(FMA) \
	ADD  R14, R6;         \
	SUB  $1, R9;          \
	CBNZ R9, loop;        \
activate: \
	MOVBU relu+104(FP), R9; \
	CBZ   R9, write;      \
	VEOR  V31.B16, V31.B16, V31.B16; \
	each(RELU) \
write: \
	each(STORE)

// func MatmulTileNEON(c *float32, cStride int, init *float32, initStride int, a *float32, aRowStride, aColumnStride int,
//	b *float32, bStride, panelStride int, rows, cols, depth int, relu bool)
TEXT ·MatmulTileNEON(SB), NOSPLIT, $400-105
	MOVD cStride+8(FP), R20
	LSL  $2, R20
	MOVD initStride+24(FP), R22
	LSL  $2, R22
	MOVD aRowStride+40(FP), R15
	LSL  $2, R15
	MOVD aColumnStride+48(FP), R14
	LSL  $2, R14
	MOVD bStride+64(FP), R8
	LSL  $2, R8
	MOVD cols+88(FP), R23

	// A start of no address is a row of zeros for all panels.
	MOVD $64, R16
	MOVD init+16(FP), R21
	CBNZ R21, moving
	MOVD $zeros<>(SB), R21
	MOVD R21, init+16(FP)
	MOVD $0, R22
	MOVD $0, R16

moving:
	MOVD R16, step-8(SP)

panel:
	MOVD c+0(FP), R19
	MOVD init+16(FP), R21
	MOVD a+32(FP), R0
	MOVD rows+80(FP), R24

block:
	// Take 6 rows, or the largest of 4, 2 and 1 that is left.
	MOVD $6, R25
	CMP  $6, R24
	BGE  source
	MOVD $4, R25
	CMP  $4, R24
	BGE  source
	MOVD $2, R25
	CMP  $2, R24
	BGE  source
	MOVD $1, R25

source:
	CMP  $16, R23
	BLT  partSource
	MOVD R21, R12
	MOVD R22, R13
	MOVD R19, R10
	MOVD R20, R11
	JMP  compute

partSource:
	// Copy the columns of init into the frame, 16 floats a row.
	MOVD $frame-400(SP), R12
	MOVD R12, R10
	MOVD $64, R13
	MOVD $64, R11
	MOVD R25, R9
	MOVD R21, R3

partSourceRow:
	MOVD R3, R16
	MOVD R12, R17
	MOVD R23, R26

partSourceColumn:
	MOVWU.P 4(R16), R4
	MOVW.P  R4, 4(R17)
	SUBS    $1, R26
	BNE     partSourceColumn
	ADD     R22, R3
	ADD     $64, R12
	SUBS    $1, R9
	BNE     partSourceRow
	MOVD    R10, R12

compute:
	ADD  R15, R0, R1
	ADD  R15, R1, R2
	ADD  R15, R2, R3
	ADD  R15, R3, R4
	ADD  R15, R4, R5
	MOVD $0, R6
	MOVD b+56(FP), R7
	MOVD depth+96(FP), R9
	CMP  $4, R25
	BGT  six
	BEQ  four
	CMP  $2, R25
	BEQ  two
	TILE(ROWS1, oneLoop, oneActivate, oneWrite)
	JMP  next

two:
	TILE(ROWS2, twoLoop, twoActivate, twoWrite)
	JMP  next

four:
	TILE(ROWS4, fourLoop, fourActivate, fourWrite)
	JMP  next

six:
	TILE(ROWS6, sixLoop, sixActivate, sixWrite)

next:
	CMP  $16, R23
	BGE  advance

	// Copy the columns of the frame to c.
	MOVD $frame-400(SP), R12
	MOVD R25, R9
	MOVD R19, R3

partResultRow:
	MOVD R12, R16
	MOVD R3, R17
	MOVD R23, R26

partResultColumn:
	MOVWU.P 4(R16), R4
	MOVW.P  R4, 4(R17)
	SUBS    $1, R26
	BNE     partResultColumn
	ADD     R20, R3
	ADD     $64, R12
	SUBS    $1, R9
	BNE     partResultRow

advance:
	MADD R25, R0, R15, R0
	MADD R25, R19, R20, R19
	MADD R25, R21, R22, R21
	SUBS R25, R24
	BNE  block

	// On by one panel.
	SUBS $16, R23
	BLE  end
	MOVD c+0(FP), R16
	ADD  $64, R16
	MOVD R16, c+0(FP)
	MOVD init+16(FP), R16
	MOVD step-8(SP), R17
	ADD  R17, R16
	MOVD R16, init+16(FP)
	MOVD b+56(FP), R16
	MOVD panelStride+72(FP), R17
	ADD  R17<<2, R16
	MOVD R16, b+56(FP)
	JMP  panel

end:
	RET

DATA zeros<>+0(SB)/8, $0
GLOBL zeros<>(SB), RODATA|NOPTR, $64

// The row kernel reads 4 panels at once: R1…R4 stand at the panels, panel p
// adds up in V(4p)…V(4p+3), and the columns of the last go through the frame.
// R22 stands at the panels of the next group, and R21 is 0 where the start is
// zeros.

// PANEL adds one term to one panel.
#define PANEL(pointer, nw, nx, ny, nz) \
	VLD1 (pointer), [V24.S4, V25.S4, V26.S4, V27.S4]; \
	ADD  R8, pointer;             \
	VFMLA_LANE_S4(0, 28, 24, nw); \
	VFMLA_LANE_S4(0, 28, 25, nx); \
	VFMLA_LANE_S4(0, 28, 26, ny); \
	VFMLA_LANE_S4(0, 28, 27, nz);

// func MatmulRowNEON(c *float32, cStride int, init *float32, initStride int, a *float32, aRowStride, aColumnStride int,
//	b *float32, bStride, panelStride int, rows, cols, depth int, relu bool)
TEXT ·MatmulRowNEON(SB), NOSPLIT, $64-105
	MOVD c+0(FP), R19
	MOVD init+16(FP), R21
	MOVD aColumnStride+48(FP), R14
	LSL  $2, R14
	MOVD b+56(FP), R22
	MOVD bStride+64(FP), R8
	LSL  $2, R8
	MOVD panelStride+72(FP), R15
	LSL  $2, R15
	MOVD cols+88(FP), R24

group:
	// R23: the columns of the last panel.
	MOVD $64, R23
	CMP  $64, R24
	CSEL LT, R24, R23, R23
	SUB  $48, R23
	MOVD $frame-64(SP), R12
	CBZ  R21, zero
	VLD1.P 64(R21), [V0.S4, V1.S4, V2.S4, V3.S4]
	VLD1.P 64(R21), [V4.S4, V5.S4, V6.S4, V7.S4]
	VLD1.P 64(R21), [V8.S4, V9.S4, V10.S4, V11.S4]
	MOVD   R12, R17
	MOVD   R23, R26

source:
	MOVWU.P 4(R21), R16
	MOVW.P  R16, 4(R17)
	SUBS    $1, R26
	BNE     source
	VLD1    (R12), [V12.S4, V13.S4, V14.S4, V15.S4]
	JMP     terms

zero:
	VEOR V0.B16, V0.B16, V0.B16
	VEOR V1.B16, V1.B16, V1.B16
	VEOR V2.B16, V2.B16, V2.B16
	VEOR V3.B16, V3.B16, V3.B16
	VEOR V4.B16, V4.B16, V4.B16
	VEOR V5.B16, V5.B16, V5.B16
	VEOR V6.B16, V6.B16, V6.B16
	VEOR V7.B16, V7.B16, V7.B16
	VEOR V8.B16, V8.B16, V8.B16
	VEOR V9.B16, V9.B16, V9.B16
	VEOR V10.B16, V10.B16, V10.B16
	VEOR V11.B16, V11.B16, V11.B16
	VEOR V12.B16, V12.B16, V12.B16
	VEOR V13.B16, V13.B16, V13.B16
	VEOR V14.B16, V14.B16, V14.B16
	VEOR V15.B16, V15.B16, V15.B16

terms:
	MOVD a+32(FP), R0
	MOVD R22, R1
	ADD  R15, R1, R2
	ADD  R15, R2, R3
	ADD  R15, R3, R4
	ADD  R15, R4, R22
	MOVD depth+96(FP), R9
	CBZ  R9, activate

loop:
	FMOVS (R0), F28
	ADD   R14, R0
	PANEL(R1, 0, 1, 2, 3)
	PANEL(R2, 4, 5, 6, 7)
	PANEL(R3, 8, 9, 10, 11)
	PANEL(R4, 12, 13, 14, 15)
	SUB   $1, R9
	CBNZ  R9, loop

activate:
	MOVBU relu+104(FP), R9
	CBZ   R9, write
	VEOR  V31.B16, V31.B16, V31.B16
	ROWS4(RELU)

write:
	VST1.P [V0.S4, V1.S4, V2.S4, V3.S4], 64(R19)
	VST1.P [V4.S4, V5.S4, V6.S4, V7.S4], 64(R19)
	VST1.P [V8.S4, V9.S4, V10.S4, V11.S4], 64(R19)
	VST1   [V12.S4, V13.S4, V14.S4, V15.S4], (R12)

result:
	MOVWU.P 4(R12), R16
	MOVW.P  R16, 4(R19)
	SUBS    $1, R23
	BNE     result
	SUBS    $64, R24
	BGT     group
	RET
