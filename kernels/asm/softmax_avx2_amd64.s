//go:build !noasm

#include "textflag.h"
#include "vector_avx2_amd64.h"
#include "exp.h"
#include "log.h"
#include "rows_avx2_amd64.h"

// Registers:
//	DST, DST_STRIDE      the current row of the result and the bytes to the next
//	SRC, SRC_STRIDE      the same of the source
//	ROWS                 rows to go
//	FULL, TAIL           columns in pairs of registers, and the columns after them
//	COLUMN               the column reached
//	MAX                  the maximum of the row, in all lanes
//	D, E                 eight of the source less MAX, and their exponentials
//	LOW, HIGH            lanes 0 to 7 and 8 to 15 of the sum; LOW is then what
//	                     ends the row
//	LOW_MASK, HIGH_MASK  ones in the lanes of the tail
//	LOW_TAIL, HIGH_TAIL  what is kept of the tail, once W and MAX are done with
//	W                    minus infinities
#define DST DI
#define DST_STRIDE R10
#define SRC SI
#define SRC_STRIDE R8
#define SCRATCH AX
#define ROWS DX
#define FULL R9
#define TAIL R11
#define COLUMN BX
#define COUNT CX
#define LOW Y0
#define LOW_X X0
#define HIGH Y1
#define D Y2
#define D_X X2
#define E Y3
#define MAX Y12
#define LOW_MASK Y13
#define HIGH_MASK Y14
#define W Y15
#define LOW_TAIL Y15
#define HIGH_TAIL Y12
#define LESS $0x11 // false for NaN

// COUNTS cuts the tail's count, 0 to 15, in two.
#define COUNTS(cols) \
	MOVQ    cols, FULL                  \
	MOVQ    FULL, TAIL                  \
	ANDQ    $15, TAIL                   \
	ANDQ    $-16, FULL                  \
	MOVQ    $8, COUNT                   \
	CMPQ    TAIL, COUNT                 \
	CMOVQLT TAIL, COUNT                 \
	MOVQ    TAIL, COLUMN                \
	SUBQ    COUNT, COLUMN               \
	TAIL_MASK(COUNT, SCRATCH, LOW_MASK) \
	TAIL_MASK(COLUMN, SCRATCH, HIGH_MASK)

#define SETUP \
	MOVQ dst_base+0(FP), DST          \
	MOVQ src_base+24(FP), SRC         \
	MOVQ rows+48(FP), ROWS            \
	COUNTS(cols+56(FP))               \
	MOVQ dstStride+64(FP), DST_STRIDE \
	SHLQ $2, DST_STRIDE               \
	MOVQ srcStride+72(FP), SRC_STRIDE \
	SHLQ $2, SRC_STRIDE

// MAXIMUM_TAIL takes the maximum with the columns of a tail under a mask.
#define MAXIMUM_TAIL(memory, mask) \
	VMASKMOVPS memory, mask, D \
	VBLENDVPS  mask, D, W, D   \
	VMAXPS     D, MAX, MAX

// MAXIMUM sets all lanes of MAX to the maximum of the row at SRC, unless it has
// a NaN.
#define MAXIMUM \
	XORQ       COLUMN, COLUMN                        \
	VMOVUPS    ·minusInfinity(SB), W                 \
	VMOVAPS    W, MAX                                \
maximum:                                          \
	CMPQ       COLUMN, FULL                          \
	JGE        maximumTail                           \
	VMAXPS     (SRC)(COLUMN*4), MAX, MAX             \
	VMAXPS     32(SRC)(COLUMN*4), MAX, MAX           \
	ADDQ       $16, COLUMN                           \
	JMP        maximum                               \
maximumTail:                                      \
	TESTQ      TAIL, TAIL                            \
	JEQ        maximumFold                           \
	MAXIMUM_TAIL((SRC)(COLUMN*4), LOW_MASK)          \
	CMPQ       TAIL, $8                              \
	JLE        maximumFold                           \
	MAXIMUM_TAIL(32(SRC)(COLUMN*4), HIGH_MASK)       \
maximumFold:                                      \
	VPERM2F128 $1, MAX, MAX, D                       \
	VMAXPS     D, MAX, MAX                           \
	VPERMILPS  $0x4E, MAX, D                         \
	VMAXPS     D, MAX, MAX                           \
	VPERMILPS  $0xB1, MAX, D                         \
	VMAXPS     D, MAX, MAX

// EIGHT adds the exponentials of eight columns to lanes, EIGHT_TAIL those of a
// tail under a mask.
#define EIGHT(memory, target, lanes, keep) \
	VMOVUPS memory, D      \
	VSUBPS  MAX, D, D      \
	EXP(D, E)              \
	VADDPS  E, lanes, lanes \
	keep(target)
#define EIGHT_TAIL(memory, mask, lanes, keep, kept) \
	VMASKMOVPS memory, mask, D \
	VSUBPS     MAX, D, D       \
	EXP(D, E)                  \
	VANDPS     mask, E, E      \
	VADDPS     E, lanes, lanes \
	keep(kept)

// EXPONENTIALS leaves the sum of exp(x - MAX) over the row in lane 0 of LOW.
// keep stores D or E, or nothing; keepTail moves those of the tail to LOW_TAIL
// and HIGH_TAIL.
#define EXPONENTIALS(keep, keepTail) \
	XORQ   COLUMN, COLUMN            \
	VXORPS LOW, LOW, LOW             \
	VXORPS HIGH, HIGH, HIGH          \
exponentials:                     \
	CMPQ   COLUMN, FULL              \
	JGE    exponentialsTail          \
	EIGHT((SRC)(COLUMN*4), (DST)(COLUMN*4), LOW, keep)      \
	EIGHT(32(SRC)(COLUMN*4), 32(DST)(COLUMN*4), HIGH, keep) \
	ADDQ   $16, COLUMN               \
	JMP    exponentials              \
exponentialsTail:                 \
	TESTQ  TAIL, TAIL                \
	JEQ    exponentialsFold          \
	EIGHT_TAIL((SRC)(COLUMN*4), LOW_MASK, LOW, keepTail, LOW_TAIL)      \
	CMPQ   TAIL, $8                  \
	JLE    exponentialsFold          \
	EIGHT_TAIL(32(SRC)(COLUMN*4), HIGH_MASK, HIGH, keepTail, HIGH_TAIL) \
exponentialsFold:                 \
	VADDPS HIGH, LOW, LOW            \
	FOLD8(LOW, LOW_X, D_X)

#define KEEP_NOTHING(target)
#define KEEP_D(target) VMOVUPS D, target
#define KEEP_D_TAIL(kept) VMOVAPS D, kept
#define KEEP_E(target) VMOVUPS E, target
#define KEEP_E_TAIL(kept) VMOVAPS E, kept

// MAP_TAIL stores the operation with LOW of what was kept of a tail.
#define MAP_TAIL(operation, kept, mask, target) \
	operation  LOW, kept, D    \
	VMASKMOVPS D, mask, target

// MAP_ROW applies an operation with lane 0 of LOW to what was kept of the row,
// and goes to the next row.
#define MAP_ROW(operation) \
	VBROADCASTSS LOW_X, LOW               \
	XORQ         COLUMN, COLUMN           \
map:                                   \
	CMPQ         COLUMN, FULL             \
	JGE          mapTail                  \
	VMOVUPS      (DST)(COLUMN*4), D       \
	VMOVUPS      32(DST)(COLUMN*4), E     \
	operation    LOW, D, D                \
	operation    LOW, E, E                \
	VMOVUPS      D, (DST)(COLUMN*4)       \
	VMOVUPS      E, 32(DST)(COLUMN*4)     \
	ADDQ         $16, COLUMN              \
	JMP          map                      \
mapTail:                               \
	TESTQ        TAIL, TAIL               \
	JEQ          mapDone                  \
	MAP_TAIL(operation, LOW_TAIL, LOW_MASK, (DST)(COLUMN*4))     \
	CMPQ         TAIL, $8                 \
	JLE          mapDone                  \
	MAP_TAIL(operation, HIGH_TAIL, HIGH_MASK, 32(DST)(COLUMN*4)) \
mapDone:                               \
	ADDQ         DST_STRIDE, DST          \
	ADDQ         SRC_STRIDE, SRC

// func LogSumExpAVX2(dst, src []float32, stride, cols int)
TEXT ·LogSumExpAVX2(SB), NOSPLIT, $0-64
	MOVQ dst_base+0(FP), DST
	MOVQ dst_len+8(FP), ROWS
	MOVQ src_base+24(FP), SRC
	MOVQ stride+48(FP), SRC_STRIDE
	SHLQ $2, SRC_STRIDE
	COUNTS(cols+56(FP))

row:
	SUBQ $1, ROWS
	JLT  done
	MAXIMUM

	// An infinite maximum is replaced by 0.
	VANDPS ·notSignBit(SB), MAX, D
	VCMPPS LESS, ·infinity(SB), D, D
	VANDPS D, MAX, MAX
	EXPONENTIALS(KEEP_NOTHING, KEEP_NOTHING)
	LOG(LOW, LOW)
	VADDPS MAX, LOW, LOW
	VMOVSS LOW_X, (DST)
	ADDQ   $4, DST
	ADDQ   SRC_STRIDE, SRC
	JMP    row

done:
	VZEROUPPER
	RET

// func SoftmaxAVX2(dst, src []float32, rows, cols, dstStride, srcStride int)
TEXT ·SoftmaxAVX2(SB), NOSPLIT, $0-80
	SETUP

row:
	SUBQ   $1, ROWS
	JLT    done
	MAXIMUM
	EXPONENTIALS(KEEP_E, KEEP_E_TAIL)
	VMOVSS ·one(SB), D_X
	VDIVSS LOW_X, D_X, LOW_X
	MAP_ROW(VMULPS)
	JMP    row

done:
	VZEROUPPER
	RET

// func LogSoftmaxAVX2(dst, src []float32, rows, cols, dstStride, srcStride int)
TEXT ·LogSoftmaxAVX2(SB), NOSPLIT, $0-80
	SETUP

row:
	SUBQ $1, ROWS
	JLT  done
	MAXIMUM
	EXPONENTIALS(KEEP_D, KEEP_D_TAIL)
	LOG(LOW, LOW)
	MAP_ROW(VSUBPS)
	JMP  row

done:
	VZEROUPPER
	RET
