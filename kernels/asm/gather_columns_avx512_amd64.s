//go:build !noasm

#include "textflag.h"
#include "rows_avx512_amd64.h"

// Registers:
//	DST, DST_STRIDE   the current row of the result and the bytes to the next
//	SRC, SRC_STRIDE   the same of the source
//	COLUMNS           the columns
//	ROWS              rows to go
//	FULL, TAIL        columns in whole registers, and the columns after them
//	AT                the column reached, of COLUMNS
//	V, INDEX          sixteen values and the columns they come from
//	SOURCE            all of a source row of up to sixteen columns
//	ALL, MASK         ones in all lanes, and in the lanes of the tail
//	LANES             the same for one use: a gather clears it
//	WIDTH             ones in the lanes of a source row
#define DST DI
#define DST_STRIDE R10
#define SRC SI
#define SRC_STRIDE R8
#define COLUMNS R11
#define SCRATCH AX
#define ROWS DX
#define FULL R9
#define TAIL R12
#define AT BX
#define V Z0
#define INDEX Z1
#define SOURCE Z2
#define MASK K1
#define ALL K2
#define LANES K3
#define WIDTH K4

// func GatherColumnsAVX512(dst, src []float32, columns []int32, rows, cols, dstStride, srcStride int)
TEXT ·GatherColumnsAVX512(SB), NOSPLIT, $0-104
	MOVQ   dst_base+0(FP), DST
	MOVQ   src_base+24(FP), SRC
	MOVQ   columns_base+48(FP), COLUMNS
	MOVQ   columns_len+56(FP), FULL
	MOVQ   rows+72(FP), ROWS
	MOVQ   dstStride+88(FP), DST_STRIDE
	SHLQ   $2, DST_STRIDE
	MOVQ   srcStride+96(FP), SRC_STRIDE
	SHLQ   $2, SRC_STRIDE
	MOVQ   FULL, TAIL
	ANDQ   $15, TAIL
	ANDQ   $-16, FULL
	MOVQ   TAIL, CX
	TAIL_MASK(SCRATCH, MASK)
	KXNORW ALL, ALL, ALL
	MOVQ   cols+80(FP), CX
	CMPQ   CX, $16
	JLE    narrow

row:
	SUBQ $1, ROWS
	JLT  done
	XORQ AT, AT

loop:
	CMPQ       AT, FULL
	JGE        tail
	VMOVDQU32  (COLUMNS)(AT*4), INDEX
	KMOVW      ALL, LANES
	VGATHERDPS (SRC)(INDEX*4), LANES, V
	VMOVUPS    V, (DST)(AT*4)
	ADDQ       $16, AT
	JMP        loop

tail:
	TESTQ       TAIL, TAIL
	JEQ         next
	VMOVDQU32.Z (COLUMNS)(AT*4), MASK, INDEX
	KMOVW       MASK, LANES
	VGATHERDPS  (SRC)(INDEX*4), LANES, V
	VMOVUPS     V, MASK, (DST)(AT*4)

next:
	ADDQ DST_STRIDE, DST
	ADDQ SRC_STRIDE, SRC
	JMP  row

	// A source row that fits a register is permuted in it.
narrow:
	TAIL_MASK(SCRATCH, WIDTH)

narrowRow:
	SUBQ      $1, ROWS
	JLT       done
	VMOVUPS.Z (SRC), WIDTH, SOURCE
	XORQ      AT, AT

narrowLoop:
	CMPQ      AT, FULL
	JGE       narrowTail
	VMOVDQU32 (COLUMNS)(AT*4), INDEX
	VPERMPS   SOURCE, INDEX, V
	VMOVUPS   V, (DST)(AT*4)
	ADDQ      $16, AT
	JMP       narrowLoop

narrowTail:
	VMOVDQU32.Z (COLUMNS)(AT*4), MASK, INDEX
	VPERMPS     SOURCE, INDEX, V
	VMOVUPS     V, MASK, (DST)(AT*4)
	ADDQ        DST_STRIDE, DST
	ADDQ        SRC_STRIDE, SRC
	JMP         narrowRow

done:
	VZEROUPPER
	RET
