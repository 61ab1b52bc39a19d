//go:build !noasm

#include "textflag.h"
#include "rows_avx2_amd64.h"

// Registers:
//	DST, DST_STRIDE   the current row of the result and the bytes to the next
//	SRC, SRC_STRIDE   the same of the source
//	COLUMNS           the columns
//	ROWS              rows to go
//	FULL, TAIL        columns in whole registers, and the columns after them
//	AT                the column reached, of COLUMNS
//	V, INDEX          eight values and the columns they come from
//	SOURCE            all of a source row of up to eight columns
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
#define COUNT CX
#define V Y0
#define INDEX Y1
#define SOURCE Y2
#define MASK Y3
#define ALL Y4
#define LANES Y5
#define WIDTH Y6

// func GatherColumnsAVX2(dst, src []float32, columns []int32, rows, cols, dstStride, srcStride int)
TEXT ·GatherColumnsAVX2(SB), NOSPLIT, $0-104
	MOVQ     dst_base+0(FP), DST
	MOVQ     src_base+24(FP), SRC
	MOVQ     columns_base+48(FP), COLUMNS
	MOVQ     columns_len+56(FP), FULL
	MOVQ     rows+72(FP), ROWS
	MOVQ     dstStride+88(FP), DST_STRIDE
	SHLQ     $2, DST_STRIDE
	MOVQ     srcStride+96(FP), SRC_STRIDE
	SHLQ     $2, SRC_STRIDE
	MOVQ     FULL, TAIL
	ANDQ     $7, TAIL
	ANDQ     $-8, FULL
	MOVQ     TAIL, COUNT
	TAIL_MASK(COUNT, SCRATCH, MASK)
	VPCMPEQD ALL, ALL, ALL
	MOVQ     cols+80(FP), COUNT
	CMPQ     COUNT, $8
	JLE      narrow

row:
	SUBQ $1, ROWS
	JLT  done
	XORQ AT, AT

loop:
	CMPQ       AT, FULL
	JGE        tail
	VMOVDQU    (COLUMNS)(AT*4), INDEX
	VMOVAPS    ALL, LANES
	VGATHERDPS LANES, (SRC)(INDEX*4), V
	VMOVUPS    V, (DST)(AT*4)
	ADDQ       $8, AT
	JMP        loop

tail:
	TESTQ      TAIL, TAIL
	JEQ        next
	VPMASKMOVD (COLUMNS)(AT*4), MASK, INDEX
	VMOVAPS    MASK, LANES
	VGATHERDPS LANES, (SRC)(INDEX*4), V
	VMASKMOVPS V, MASK, (DST)(AT*4)

next:
	ADDQ DST_STRIDE, DST
	ADDQ SRC_STRIDE, SRC
	JMP  row

	// A source row that fits a register is permuted in it.
narrow:
	TAIL_MASK(COUNT, SCRATCH, WIDTH)

narrowRow:
	SUBQ       $1, ROWS
	JLT        done
	VMASKMOVPS (SRC), WIDTH, SOURCE
	XORQ       AT, AT

narrowLoop:
	CMPQ    AT, FULL
	JGE     narrowTail
	VMOVDQU (COLUMNS)(AT*4), INDEX
	VPERMPS SOURCE, INDEX, V
	VMOVUPS V, (DST)(AT*4)
	ADDQ    $8, AT
	JMP     narrowLoop

narrowTail:
	TESTQ      TAIL, TAIL
	JEQ        narrowNext
	VPMASKMOVD (COLUMNS)(AT*4), MASK, INDEX
	VPERMPS    SOURCE, INDEX, V
	VMASKMOVPS V, MASK, (DST)(AT*4)

narrowNext:
	ADDQ DST_STRIDE, DST
	ADDQ SRC_STRIDE, SRC
	JMP  narrowRow

done:
	VZEROUPPER
	RET

// SCATTER copies one value, offset columns after AT.
#define SCATTER(offset) \
	MOVLQSX (4*(offset))(COLUMNS)(AT*4), COUNT \
	MOVL    (4*(offset))(SRC)(AT*4), SCRATCH   \
	MOVL    SCRATCH, (DST)(COUNT*4)

// AVX2 has no scatter: the values go one by one.
//
// func ScatterColumnsAVX2(dst, src []float32, columns []int32, rows, dstStride, srcStride int)
TEXT ·ScatterColumnsAVX2(SB), NOSPLIT, $0-96
	MOVQ dst_base+0(FP), DST
	MOVQ src_base+24(FP), SRC
	MOVQ columns_base+48(FP), COLUMNS
	MOVQ columns_len+56(FP), TAIL
	MOVQ rows+72(FP), ROWS
	MOVQ dstStride+80(FP), DST_STRIDE
	SHLQ $2, DST_STRIDE
	MOVQ srcStride+88(FP), SRC_STRIDE
	SHLQ $2, SRC_STRIDE
	MOVQ TAIL, FULL
	ANDQ $-4, FULL

row:
	SUBQ $1, ROWS
	JLT  done
	XORQ AT, AT

four:
	CMPQ AT, FULL
	JGE  one
	SCATTER(0)
	SCATTER(1)
	SCATTER(2)
	SCATTER(3)
	ADDQ $4, AT
	JMP  four

one:
	CMPQ AT, TAIL
	JGE  next
	SCATTER(0)
	ADDQ $1, AT
	JMP  one

next:
	ADDQ DST_STRIDE, DST
	ADDQ SRC_STRIDE, SRC
	JMP  row

done:
	RET
