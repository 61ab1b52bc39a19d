//go:build !noasm

#include "textflag.h"
#include "rows_avx2_amd64.h"

// Registers:
//	DST, SRC            the current block of columns of the sums and the source
//	LEFT                columns to go
//	ROWS                rows in all
//	ROW, AT             rows to go in this block, and where the current one is
//	STRIDE              bytes from one row to the next
//	SUM0 .. SUM3        the sums of eight columns each
#define DST DI
#define SRC SI
#define STRIDE R8
#define ROWS DX
#define ROW BX
#define AT R9
#define LEFT CX
#define SCRATCH AX
#define SUM0 Y0
#define SUM1 Y1
#define SUM2 Y2
#define SUM3 Y3
#define V Y4
#define MASK Y5

// func AddColumnSumsAVX2(dst, src []float32, rows, stride int)
TEXT ·AddColumnSumsAVX2(SB), NOSPLIT, $0-64
	MOVQ dst_base+0(FP), DST
	MOVQ dst_len+8(FP), LEFT
	MOVQ src_base+24(FP), SRC
	MOVQ rows+48(FP), ROWS
	MOVQ stride+56(FP), STRIDE
	SHLQ $2, STRIDE

	// Four chains at once hide the latency of the additions.
columns32:
	CMPQ    LEFT, $32
	JLT     columns8
	VMOVUPS (DST), SUM0
	VMOVUPS 32(DST), SUM1
	VMOVUPS 64(DST), SUM2
	VMOVUPS 96(DST), SUM3
	MOVQ    SRC, AT
	MOVQ    ROWS, ROW

row32:
	VADDPS  (AT), SUM0, SUM0
	VADDPS  32(AT), SUM1, SUM1
	VADDPS  64(AT), SUM2, SUM2
	VADDPS  96(AT), SUM3, SUM3
	ADDQ    STRIDE, AT
	SUBQ    $1, ROW
	JGT     row32
	VMOVUPS SUM0, (DST)
	VMOVUPS SUM1, 32(DST)
	VMOVUPS SUM2, 64(DST)
	VMOVUPS SUM3, 96(DST)
	ADDQ    $128, DST
	ADDQ    $128, SRC
	SUBQ    $32, LEFT
	JMP     columns32

columns8:
	CMPQ    LEFT, $8
	JLT     tail
	VMOVUPS (DST), SUM0
	MOVQ    SRC, AT
	MOVQ    ROWS, ROW

row8:
	VADDPS  (AT), SUM0, SUM0
	ADDQ    STRIDE, AT
	SUBQ    $1, ROW
	JGT     row8
	VMOVUPS SUM0, (DST)
	ADDQ    $32, DST
	ADDQ    $32, SRC
	SUBQ    $8, LEFT
	JMP     columns8

tail:
	TESTQ      LEFT, LEFT
	JEQ        done
	TAIL_MASK(LEFT, SCRATCH, MASK)
	VMASKMOVPS (DST), MASK, SUM0

rowTail:
	VMASKMOVPS (SRC), MASK, V
	VADDPS     V, SUM0, SUM0
	ADDQ       STRIDE, SRC
	SUBQ       $1, ROWS
	JGT        rowTail
	VMASKMOVPS SUM0, MASK, (DST)

done:
	VZEROUPPER
	RET
