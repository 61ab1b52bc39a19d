//go:build !noasm

#include "textflag.h"
#include "pairs_neon_arm64.h"

// Registers:
//	DST, SECOND   the results of the current row
//	SRC, SKIP     the next columns of the current row, and the bytes from the end
//	              of its whole pairs to the next row
//	OTHER, OTHER_SKIP   the same of the other matrix of a dot product
//	ROWS          rows to go
//	FULL, TAIL    columns in whole pairs, and the columns after them
//	LEFT          columns of whole pairs to go
//	LOW, HIGH     lanes 0 to 7 and 8 to 15 of the sum, in either order
//	V, G, W       columns of both matrices; scratch
//	MEAN          the mean, in all lanes
//	COUNT         the number of columns
//	MASK          ones in the lanes of the tail
#define DST R0
#define SECOND R1
#define SRC R2
#define SKIP R3
#define OTHER R4
#define OTHER_SKIP R5
#define ROWS R6
#define FULL R7
#define TAIL R8
#define LEFT R9
#define LOW 0
#define HIGH 2
#define V 4
#define G 6
#define W 8
#define MASK 10
#define MEAN 12
#define LOW_SCALAR F0
#define COUNT F14

#define COUNTS(cols) \
	MOVD cols, FULL      \
	AND  $7, FULL, TAIL  \
	SUB  TAIL, FULL      \
	TAIL_OFFSETS(TAIL)   \
	TAIL_MASK(TAIL, MASK)

#define SKIP_OF(stride, skip) \
	MOVD stride, skip \
	SUB  FULL, skip   \
	LSL  $2, skip

// PRODUCT, VALUE and DEVIATION add the next eight columns to lanes, each with
// the loads of whole pairs or of a tail.
#define PRODUCT(lanes) \
	LOAD_NEXT(SRC, V)   \
	LOAD_NEXT(OTHER, G) \
	FMLA8(G, V, lanes)
#define PRODUCT_TAIL(lanes) \
	LOAD_TAIL(SRC, V)   \
	LOAD_TAIL(OTHER, G) \
	FMLA8(G, V, lanes)
#define VALUE(lanes) \
	LOAD_NEXT(SRC, V)      \
	FADD8(V, lanes, lanes)
#define VALUE_TAIL(lanes) \
	LOAD_TAIL(SRC, V)      \
	FADD8(V, lanes, lanes)
#define DEVIATION(lanes) \
	LOAD_NEXT(SRC, V)  \
	FSUB8(MEAN, V, V)  \
	FMLA8(V, V, lanes)
#define DEVIATION_TAIL(lanes) \
	LOAD_TAIL(SRC, V)  \
	FSUB8(MEAN, V, V)  \
	FMLA8(V, V, lanes)

// SUM leaves the sum of a row in lane 0 of LOW. The tail belongs to the lanes
// after those of the last whole pair: low ones, unless that pair was the first
// of two. It leaves the other lanes alone: one may be -0, which +0 would
// change. The last four are labels.
#define SUM(add, addTail, two, one, tail, fold) \
	ZERO8(LOW)         \
	ZERO8(HIGH)        \
	MOVD FULL, LEFT    \
two:                   \
	SUBS $16, LEFT     \
	BLT  one           \
	add(LOW)           \
	add(HIGH)          \
	JMP  two           \
one:                   \
	ADDS $16, LEFT     \
	BEQ  tail          \
	add(LOW)           \
	MOVE8(LOW, W)      \
	MOVE8(HIGH, LOW)   \
	MOVE8(W, HIGH)     \
tail:                  \
	CBZ  TAIL, fold    \
	MOVE8(LOW, W)      \
	addTail(W)         \
	BIT8(MASK, W, LOW) \
fold:                  \
	FOLD16(LOW, HIGH, V)

// func RowDotsNEON(dst, a, b []float32, aStride, bStride, cols int)
TEXT ·RowDotsNEON(SB), NOSPLIT, $0-96
	MOVD dst_base+0(FP), DST
	MOVD dst_len+8(FP), ROWS
	MOVD a_base+24(FP), SRC
	MOVD b_base+48(FP), OTHER
	COUNTS(cols+88(FP))
	SKIP_OF(aStride+72(FP), SKIP)
	SKIP_OF(bStride+80(FP), OTHER_SKIP)

row:
	SUBS    $1, ROWS
	BLT     done
	SUM(PRODUCT, PRODUCT_TAIL, two, one, tail, fold)
	FMOVS.P LOW_SCALAR, 4(DST)
	ADD     SKIP, SRC
	ADD     OTHER_SKIP, OTHER
	JMP     row

done:
	RET

// func RowMomentsNEON(mean, variance, src []float32, stride, cols int, count float32)
TEXT ·RowMomentsNEON(SB), NOSPLIT, $0-92
	MOVD  mean_base+0(FP), DST
	MOVD  mean_len+8(FP), ROWS
	MOVD  variance_base+24(FP), SECOND
	MOVD  src_base+48(FP), SRC
	COUNTS(cols+80(FP))
	SKIP_OF(stride+72(FP), SKIP)
	FMOVS count+88(FP), COUNT

row:
	SUBS    $1, ROWS
	BLT     done
	SUM(VALUE, VALUE_TAIL, sumTwo, sumOne, sumTail, sumFold)
	FDIVS   COUNT, LOW_SCALAR
	FMOVS.P LOW_SCALAR, 4(DST)
	VDUP_S4(0, LOW, MEAN)
	VDUP_S4(0, LOW, MEAN+1)
	SUB     FULL<<2, SRC
	SUM(DEVIATION, DEVIATION_TAIL, squaresTwo, squaresOne, squaresTail, squaresFold)
	FDIVS   COUNT, LOW_SCALAR
	FMOVS.P LOW_SCALAR, 4(SECOND)
	ADD     SKIP, SRC
	JMP     row

done:
	RET
