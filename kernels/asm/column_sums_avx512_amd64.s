//go:build !noasm

#include "textflag.h"
#include "rows_avx512_amd64.h"

// Registers:
//	DST, SRC            the current block of columns of the sums and the source
//	LEFT                columns to go
//	ROWS                rows in all
//	ROW, AT             rows to go in this block, and where the current one is
//	STRIDE              bytes from one row to the next
//	SUM0 .. SUM3        the sums of sixteen columns each
//	MASK                ones in the lanes of the tail
#define DST DI
#define SRC SI
#define STRIDE R8
#define ROWS DX
#define ROW BX
#define AT R9
#define LEFT CX
#define SCRATCH AX
#define SUM0 Z0
#define SUM1 Z1
#define SUM2 Z2
#define SUM3 Z3
#define V Z4
#define MASK K1

// func AddColumnSumsAVX512(dst, src []float32, rows, stride int)
TEXT ·AddColumnSumsAVX512(SB), NOSPLIT, $0-64
	MOVQ dst_base+0(FP), DST
	MOVQ dst_len+8(FP), LEFT
	MOVQ src_base+24(FP), SRC
	MOVQ rows+48(FP), ROWS
	MOVQ stride+56(FP), STRIDE
	SHLQ $2, STRIDE

	// Four chains at once hide the latency of the additions.
columns64:
	CMPQ    LEFT, $64
	JLT     columns16
	VMOVUPS (DST), SUM0
	VMOVUPS 64(DST), SUM1
	VMOVUPS 128(DST), SUM2
	VMOVUPS 192(DST), SUM3
	MOVQ    SRC, AT
	MOVQ    ROWS, ROW

row64:
	VADDPS  (AT), SUM0, SUM0
	VADDPS  64(AT), SUM1, SUM1
	VADDPS  128(AT), SUM2, SUM2
	VADDPS  192(AT), SUM3, SUM3
	ADDQ    STRIDE, AT
	SUBQ    $1, ROW
	JGT     row64
	VMOVUPS SUM0, (DST)
	VMOVUPS SUM1, 64(DST)
	VMOVUPS SUM2, 128(DST)
	VMOVUPS SUM3, 192(DST)
	ADDQ    $256, DST
	ADDQ    $256, SRC
	SUBQ    $64, LEFT
	JMP     columns64

columns16:
	CMPQ    LEFT, $16
	JLT     tail
	VMOVUPS (DST), SUM0
	MOVQ    SRC, AT
	MOVQ    ROWS, ROW

row16:
	VADDPS  (AT), SUM0, SUM0
	ADDQ    STRIDE, AT
	SUBQ    $1, ROW
	JGT     row16
	VMOVUPS SUM0, (DST)
	ADDQ    $64, DST
	ADDQ    $64, SRC
	SUBQ    $16, LEFT
	JMP     columns16

tail:
	TESTQ     LEFT, LEFT
	JEQ       done
	TAIL_MASK(SCRATCH, MASK)
	VMOVUPS.Z (DST), MASK, SUM0

rowTail:
	VMOVUPS.Z (SRC), MASK, V
	VADDPS    V, SUM0, SUM0
	ADDQ      STRIDE, SRC
	SUBQ      $1, ROWS
	JGT       rowTail
	VMOVUPS   SUM0, MASK, (DST)

done:
	VZEROUPPER
	RET
