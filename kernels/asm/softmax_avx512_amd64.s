//go:build !noasm

#include "textflag.h"
#include "vector_avx512_amd64.h"
#include "exp.h"
#include "log.h"
#include "rows_avx512_amd64.h"
#include "affine_avx512_amd64.h"

// Registers:
//	DST, DST_STRIDE   the current row of the result and the bytes to the next
//	SRC, SRC_STRIDE   the same of the source
//	ROWS              rows to go
//	FULL, TAIL        columns in whole registers, and the columns after them
//	COLUMN            the column reached
//	MAX               the maximum of the row, in all lanes
//	D, E              sixteen of the source less MAX, and their exponentials
//	LANES             the sixteen lanes of the sum, then what ends the row
//	MASK              ones in the lanes of the tail, or of four or two rows
//	W                 scratch
//	FINITE            ones if MAX is finite
#define DST DI
#define DST_STRIDE R10
#define SRC SI
#define SRC_STRIDE R8
#define SCRATCH AX
#define ROWS DX
#define FULL R9
#define TAIL CX
#define COLUMN BX
#define LANES Z0
#define LANES_Y Y0
#define LANES_X X0
#define V Z1
#define V_Y Y1
#define V_X X1
#define MAX Z2
#define D Z3
#define E Z4
#define COLS cols+56(FP)
#define W Z5
#define W_X X5
#define W_Y Y5
#define D_X X3
#define D_Y Y3
#define E_X X4
#define E_Y Y4
#define FINITE K7
#define LESS $0x11 // false for NaN

#define COUNTS \
	MOVQ COLS, FULL  \
	MOVQ FULL, TAIL  \
	ANDQ $15, TAIL   \
	ANDQ $-16, FULL  \
	TAIL_MASK(SCRATCH, MASK)

#define SETUP \
	MOVQ dst_base+0(FP), DST          \
	MOVQ src_base+24(FP), SRC         \
	MOVQ rows+48(FP), ROWS            \
	COUNTS                            \
	MOVQ dstStride+64(FP), DST_STRIDE \
	SHLQ $2, DST_STRIDE               \
	MOVQ srcStride+72(FP), SRC_STRIDE \
	SHLQ $2, SRC_STRIDE

// MAXIMUM sets all lanes of MAX to the maximum of the row at SRC, unless it has
// a NaN.
#define MAXIMUM \
	XORQ         COLUMN, COLUMN            \
	VBROADCASTSS ·minusInfinity(SB), MAX   \
maximum:                                \
	CMPQ         COLUMN, FULL              \
	JGE          maximumTail               \
	VMAXPS       (SRC)(COLUMN*4), MAX, MAX \
	ADDQ         $16, COLUMN               \
	JMP          maximum                   \
maximumTail:                            \
	VMOVUPS.Z    (SRC)(COLUMN*4), MASK, V  \
	VMAXPS       V, MAX, MASK, MAX         \
	VSHUFF32X4   $0x4E, MAX, MAX, V        \
	VMAXPS       V, MAX, MAX               \
	VSHUFF32X4   $0xB1, MAX, MAX, V        \
	VMAXPS       V, MAX, MAX               \
	VPERMILPS    $0x4E, MAX, V             \
	VMAXPS       V, MAX, MAX               \
	VPERMILPS    $0xB1, MAX, V             \
	VMAXPS       V, MAX, MAX

// EXPONENTIALS leaves the sum of exp(x - MAX) over the row in lane 0 of LANES.
// keep stores D or E, or nothing. Those of the tail stay in D and E.
#define EXPONENTIALS(keep) \
	XORQ      COLUMN, COLUMN           \
	VPXORD    LANES, LANES, LANES      \
exponentials:                       \
	CMPQ      COLUMN, FULL             \
	JGE       exponentialsTail         \
	VMOVUPS   (SRC)(COLUMN*4), V       \
	VSUBPS    MAX, V, D                \
	EXP(D, E)                          \
	VADDPS    E, LANES, LANES          \
	keep                               \
	ADDQ      $16, COLUMN              \
	JMP       exponentials             \
exponentialsTail:                   \
	VMOVUPS.Z (SRC)(COLUMN*4), MASK, V \
	VSUBPS    MAX, V, D                \
	EXP(D, E)                          \
	VADDPS    E, LANES, MASK, LANES    \
	FOLD16(LANES, LANES_Y, LANES_X, V_Y, V_X)

#define KEEP_NOTHING
#define KEEP_D VMOVUPS D, (DST)(COLUMN*4)
#define KEEP_E VMOVUPS E, (DST)(COLUMN*4)

// MAP_ROW applies an operation with lane 0 of LANES to what was kept of the
// row, of its tail in a register, and goes to the next row.
#define MAP_ROW(operation, tail) \
	VBROADCASTSS LANES_X, LANES            \
	XORQ         COLUMN, COLUMN            \
map:                                    \
	CMPQ         COLUMN, FULL              \
	JGE          mapTail                   \
	VMOVUPS      (DST)(COLUMN*4), V        \
	operation    LANES, V, V               \
	VMOVUPS      V, (DST)(COLUMN*4)        \
	ADDQ         $16, COLUMN               \
	JMP          map                       \
mapTail:                                \
	operation    LANES, tail, V            \
	VMOVUPS      V, MASK, (DST)(COLUMN*4)  \
	ADDQ         DST_STRIDE, DST           \
	ADDQ         SRC_STRIDE, SRC

// MAX4 and MAX8 set every lane of a quarter or half of z to its maximum, SUM8
// every lane of a half to its sum, as SUM4 does of a quarter.
#define MAX4(z, scratch) \
	VPERMILPS $0x4E, z, scratch \
	VMAXPS    scratch, z, z     \
	VPERMILPS $0xB1, z, scratch \
	VMAXPS    scratch, z, z
#define MAX8(z, scratch) \
	VSHUFF32X4 $0xB1, z, z, scratch \
	VMAXPS     scratch, z, z        \
	MAX4(z, scratch)
#define SUM8(z, scratch) \
	VSHUFF32X4 $0xB1, z, z, scratch \
	VADDPS     scratch, z, z        \
	SUM4(z, scratch)

// NARROW_MAXIMUM sets MAX to the maxima of the rows in V, each in the lanes of
// its row, NARROW_EXPONENTIALS LANES to the sums of their exponentials. The
// order is that of foldLanes: its first steps would add +0 to sums that are
// not -0.
#define NARROW_MAXIMUM(maximum) \
	VBROADCASTSS ·minusInfinity(SB), MAX \
	VMOVAPS      V, MASK, MAX            \
	maximum(MAX, W)
#define NARROW_EXPONENTIALS(sum) \
	VSUBPS    MAX, V, D      \
	EXP(D, E)                \
	VMOVAPS.Z E, MASK, LANES \
	sum(LANES, W)

// BRANCH_BY_WIDTH goes on for rows of up to four columns.
#define BRANCH_BY_WIDTH(pairs, wide) \
	TESTQ FULL, FULL \
	JNE   wide       \
	CMPQ  TAIL, $8   \
	JGT   wide       \
	CMPQ  TAIL, $4   \
	JGT   pairs

// FINITE_OR_ZERO replaces an infinite maximum by 0.
#define FINITE_OR_ZERO \
	VANDPS.BCST ·notSignBit(SB), MAX, W           \
	VCMPPS.BCST LESS, ·infinity(SB), W, FINITE    \
	VMOVAPS.Z   MAX, FINITE, MAX

// SOFTMAX and LOG_SOFTMAX end rows in one register, in E and D.
#define SOFTMAX \
	VBROADCASTSS ·one(SB), V     \
	VDIVPS       LANES, V, LANES \
	VMULPS       LANES, E, E
#define LOG_SOFTMAX \
	LOG(LANES, LANES)   \
	VSUBPS LANES, D, D

// NARROW takes four rows of up to four columns at a time, then two of up to
// eight. It ends at the label row, which takes the rows that are left over, and
// wider ones. end is SOFTMAX or LOG_SOFTMAX, which leaves its results in z, of
// which x is the lowest quarter and y the lower half. Its labels are those of
// the function that uses it.
#define NARROW(end, z, y, x) \
	BRANCH_BY_WIDTH(pairs, row)               \
	QUAD_MASKS                                \
quad:                                      \
	CMPQ ROWS, $4                             \
	JLT  narrowDone                           \
	LOAD_QUAD(SRC, srcStride+72(FP), V)       \
	NARROW_MAXIMUM(MAX4)                      \
	NARROW_EXPONENTIALS(SUM4)                 \
	end                                       \
	STORE_QUAD(z, x, DST, dstStride+64(FP), W_X) \
	SUBQ $4, ROWS                             \
	JMP  quad                                 \
pairs:                                     \
	PAIR_MASKS                                \
pair:                                      \
	CMPQ ROWS, $2                             \
	JLT  narrowDone                           \
	LOAD_PAIR(SRC, srcStride+72(FP), V)       \
	NARROW_MAXIMUM(MAX8)                      \
	NARROW_EXPONENTIALS(SUM8)                 \
	end                                       \
	STORE_PAIR(z, y, DST, dstStride+64(FP), W_Y) \
	SUBQ $2, ROWS                             \
	JMP  pair                                 \
narrowDone:                                \
	TAIL_MASK(SCRATCH, MASK)

// func LogSumExpAVX512(dst, src []float32, stride, cols int)
TEXT ·LogSumExpAVX512(SB), NOSPLIT, $0-64
	MOVQ dst_base+0(FP), DST
	MOVQ dst_len+8(FP), ROWS
	MOVQ src_base+24(FP), SRC
	MOVQ stride+48(FP), SRC_STRIDE
	SHLQ $2, SRC_STRIDE
	COUNTS
	BRANCH_BY_WIDTH(pairs, row)
	QUAD_MASKS
	FIRST_OF_QUAD

quad:
	CMPQ        ROWS, $4
	JLT         narrowDone
	LOAD_QUAD(SRC, stride+48(FP), V)
	NARROW_MAXIMUM(MAX4)
	FINITE_OR_ZERO
	NARROW_EXPONENTIALS(SUM4)
	LOG(LANES, LANES)
	VADDPS      MAX, LANES, LANES
	VCOMPRESSPS LANES, FIRST, LANES
	VMOVUPS     LANES_X, (DST)
	ADDQ        $16, DST
	SUBQ        $4, ROWS
	JMP         quad

pairs:
	PAIR_MASKS
	FIRST_OF_PAIR

pair:
	CMPQ        ROWS, $2
	JLT         narrowDone
	LOAD_PAIR(SRC, stride+48(FP), V)
	NARROW_MAXIMUM(MAX8)
	FINITE_OR_ZERO
	NARROW_EXPONENTIALS(SUM8)
	LOG(LANES, LANES)
	VADDPS      MAX, LANES, LANES
	VCOMPRESSPS LANES, FIRST, LANES
	VMOVSD      LANES_X, (DST)
	ADDQ        $8, DST
	SUBQ        $2, ROWS
	JMP         pair

narrowDone:
	TAIL_MASK(SCRATCH, MASK)

row:
	SUBQ   $1, ROWS
	JLT    done
	MAXIMUM
	FINITE_OR_ZERO
	EXPONENTIALS(KEEP_NOTHING)
	LOG(LANES, LANES)
	VADDPS MAX, LANES, LANES
	VMOVSS LANES_X, (DST)
	ADDQ   $4, DST
	ADDQ   SRC_STRIDE, SRC
	JMP    row

done:
	VZEROUPPER
	RET

// func SoftmaxAVX512(dst, src []float32, rows, cols, dstStride, srcStride int)
TEXT ·SoftmaxAVX512(SB), NOSPLIT, $0-80
	SETUP
	NARROW(SOFTMAX, E, E_Y, E_X)

row:
	SUBQ   $1, ROWS
	JLT    done
	MAXIMUM
	EXPONENTIALS(KEEP_E)
	VMOVSS ·one(SB), V_X
	VDIVSS LANES_X, V_X, LANES_X
	MAP_ROW(VMULPS, E)
	JMP    row

done:
	VZEROUPPER
	RET

// func LogSoftmaxAVX512(dst, src []float32, rows, cols, dstStride, srcStride int)
TEXT ·LogSoftmaxAVX512(SB), NOSPLIT, $0-80
	SETUP
	NARROW(LOG_SOFTMAX, D, D_Y, D_X)

row:
	SUBQ $1, ROWS
	JLT  done
	MAXIMUM
	EXPONENTIALS(KEEP_D)
	LOG(LANES, LANES)
	MAP_ROW(VSUBPS, D)
	JMP  row

done:
	VZEROUPPER
	RET
