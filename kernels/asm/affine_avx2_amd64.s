//go:build !noasm

#include "textflag.h"
#include "vector_avx2_amd64.h"
#include "exp.h"
#include "log.h"
#include "tanh.h"
#include "sigmoid.h"
#include "rows_avx2_amd64.h"
#include "affine_avx2_amd64.h"
#include "scale_maps.h"

// Registers:
//	OUT, IN        the current rows of the result and the source
//	U, SHIFT       the current rows of the raw scales and the shifts
//	LOG_DET        where the next log-det goes
//	ROWS, COLS     rows to go, columns
//	COLUMN         the column reached
//	FULL, TAIL_AT  see COLUMN_COUNTS
//	S              u, then the root, then s
//	S0 .. S3       the same for four registers at once
//	E              exp(±s), or the scale
//	V, T           the source and then the result, t
//	LOW, HIGH      lanes 0 to 7 and 8 to 15 of the sum of s, in either order:
//	               they change places after each eight columns
//	W              scratch
//
// The macros of math overwrite Y4 to Y12, but EXP only Y4 to Y6: E, V and T are
// set after the others. LOG comes after the result is stored.
#define OUT DI
#define IN SI
#define U R8
#define SHIFT R9
#define LOG_DET R10
#define ROWS R11
#define COLS R12
#define COLUMN BX
#define FULL DX
#define TAIL_AT R13
#define SCRATCH AX
#define S Y0
#define S_X X0
#define S0 Y0
#define S1 Y1
#define S2 Y2
#define S3 Y3
#define V Y4
#define V_X X4
#define T Y5
#define T_X X5
#define W Y6
#define W_X X6
#define E Y7
#define LOW Y13
#define LOW_X X13
#define HIGH Y14
#define MASK Y15
#define MASK_X X15
#define MAP_CONSTANT constant+128(FP)
#define RECIPROCAL reciprocal+132(FP)

#define SETUP \
	MOVQ out_base+0(FP), OUT         \
	MOVQ in_base+24(FP), IN          \
	MOVQ params_base+48(FP), U       \
	MOVQ logDet_base+72(FP), LOG_DET \
	MOVQ logDet_len+80(FP), ROWS     \
	MOVQ cols+120(FP), COLS          \
	LEAQ (U)(COLS*4), SHIFT          \
	MOVQ COLS, CX                    \
	COLUMN_COUNTS

// What becomes of the root, in E: exp(s), exp(-s), or the scale that it is. The
// two BOUNDED are for constants up to 87 that bound s.
#define EXP_SCALE(root) EXP(root, E)
#define EXP_SCALE_BOUNDED(root) EXP_BOUNDED(root, E)
#define EXP_NEGATED(root) \
	VXORPS ·signBit(SB), root, E \
	EXP(E, E)
#define EXP_NEGATED_BOUNDED(root) \
	VXORPS ·signBit(SB), root, E \
	EXP_BOUNDED(E, E)
#define IS_SCALE(root) VMOVAPS root, E

// The results, in V, of the source in V and a shift in a register or memory.
#define FORWARD(shift) VFMADD213PS shift, E, V
#define INVERSE_PRODUCT(shift) \
	VSUBPS shift, V, V \
	VMULPS E, V, V
#define INVERSE_QUOTIENT(shift) \
	VSUBPS shift, V, V \
	VDIVPS E, V, V

// The log of the scale, in place of the root.
#define IS_LOG(root)
#define LOG_SCALE(root) LOG(root, root)

// What becomes of the sums.
#define KEEP(x)
#define NEGATE(x) VXORPS ·signBit(SB), x, x

#define LOAD_COLUMNS \
	VMASKMOVPS (SHIFT)(COLUMN*4), MASK, T \
	VMASKMOVPS (IN)(COLUMN*4), MASK, V

#define LOAD_PAIRS \
	LOAD_PAIR(SHIFT, paramsStride+112(FP), T, T_X, W_X) \
	LOAD_PAIR(IN, inStride+104(FP), V, V_X, W_X)

// ADD_LANES adds s to the lanes of these columns.
#define ADD_LANES \
	VANDPS  MASK, S, S \
	VADDPS  S, LOW, W  \
	VMOVAPS HIGH, LOW  \
	VMOVAPS W, HIGH

// SUM_PAIR leaves the sums of the two rows of s in lane 0 of either half of S,
// in the order of foldLanes: its steps of 8 and 4 would add +0 to lanes that
// started at +0.
#define SUM_PAIR \
	VANDPS    MASK, S, S  \
	VXORPS    W, W, W     \
	VADDPS    W, S, S     \
	VPERMILPS $0x4E, S, W \
	VADDPS    W, S, S     \
	VPERMILPS $0xB1, S, W \
	VADDPS    W, S, S

#define STORE_SUMS \
	VMOVSS       S_X, (LOG_DET)  \
	VEXTRACTF128 $1, S, W_X      \
	VMOVSS       W_X, 4(LOG_DET) \
	ADDQ         $8, LOG_DET

// ROOT_AT computes the root of the eight columns at a distance in bytes.
#define ROOT_AT(at, s, root) \
	VMOVUPS at(U)(COLUMN*4), s \
	root(s)

// RESULT_AT computes and stores the results of these columns.
#define RESULT_AT(at, s, scale, map) \
	scale(s)                    \
	VMOVUPS at(IN)(COLUMN*4), V \
	map(at(SHIFT)(COLUMN*4))    \
	VMOVUPS V, at(OUT)(COLUMN*4)

#define NEXT_ROW \
	MOVQ outStride+96(FP), SCRATCH     \
	LEAQ (OUT)(SCRATCH*4), OUT         \
	MOVQ inStride+104(FP), SCRATCH     \
	LEAQ (IN)(SCRATCH*4), IN           \
	MOVQ paramsStride+112(FP), SCRATCH \
	LEAQ (U)(SCRATCH*4), U             \
	LEAQ (SHIFT)(SCRATCH*4), SHIFT     \
	ADDQ $4, LOG_DET

// AFFINE is a whole kernel: root is the macro of its scale map; scale,
// blockScale, map, log and sum are macros above. Its labels are those of the
// function that uses it.
//
// Of wide rows, four registers are taken at once, step by step: what one waits
// for, such as the exp for the tanh, runs beside the same of the next. They
// alone have blockScale; bounds above 87 (0x42AE0000) are too rare to have a loop of their
// own, and are left to the single registers.
#define AFFINE(root, scale, blockScale, map, log, sum) \
	SETUP                                           \
	CMPQ       COLS, $4                             \
	JGT        row                                  \
	MOVQ       COLS, CX                             \
	PAIR_MASK                                       \
pair:                                                   \
	CMPQ       ROWS, $2                             \
	JLT        row                                  \
	LOAD_PAIR(U, paramsStride+112(FP), S, S_X, W_X) \
	root(S)                                         \
	scale(S)                                        \
	LOAD_PAIRS                                      \
	map(T)                                          \
	STORE_PAIR(V, V_X, OUT, outStride+96(FP), W_X)  \
	log(S)                                          \
	SUM_PAIR                                        \
	sum(S)                                          \
	STORE_SUMS                                      \
	SUBQ       $2, ROWS                             \
	JMP        pair                                 \
row:                                                    \
	SUBQ       $1, ROWS                             \
	JLT        done                                 \
	XORQ       COLUMN, COLUMN                       \
	VXORPS     LOW, LOW, LOW                        \
	VXORPS     HIGH, HIGH, HIGH                     \
block:                                                  \
	LEAQ       32(COLUMN), SCRATCH                  \
	CMPQ       SCRATCH, FULL                        \
	JGT        columns                              \
	CMPL       MAP_CONSTANT, $0x42AE0000            \
	JGT        columns                              \
	ROOT_AT(0, S0, root)                            \
	ROOT_AT(32, S1, root)                           \
	ROOT_AT(64, S2, root)                           \
	ROOT_AT(96, S3, root)                           \
	RESULT_AT(0, S0, blockScale, map)               \
	RESULT_AT(32, S1, blockScale, map)              \
	RESULT_AT(64, S2, blockScale, map)              \
	RESULT_AT(96, S3, blockScale, map)              \
	log(S0)                                         \
	log(S1)                                         \
	log(S2)                                         \
	log(S3)                                         \
	VADDPS     S0, LOW, LOW                         \
	VADDPS     S1, HIGH, HIGH                       \
	VADDPS     S2, LOW, LOW                         \
	VADDPS     S3, HIGH, HIGH                       \
	ADDQ       $32, COLUMN                          \
	JMP        block                                \
columns:                                                \
	CMPQ       COLUMN, COLS                         \
	JGE        fold                                 \
	COLUMN_MASK                                     \
	VMASKMOVPS (U)(COLUMN*4), MASK, S               \
	root(S)                                         \
	scale(S)                                        \
	LOAD_COLUMNS                                    \
	map(T)                                          \
	CMPQ       COLUMN, FULL                         \
	JGE        partial                              \
	VMOVUPS    V, (OUT)(COLUMN*4)                   \
	JMP        stored                               \
partial:                                                \
	VMASKMOVPS V, MASK, (OUT)(COLUMN*4)             \
stored:                                                 \
	log(S)                                          \
	ADD_LANES                                       \
	ADDQ       $8, COLUMN                           \
	JMP        columns                              \
fold:                                                   \
	VADDPS     HIGH, LOW, LOW                       \
	FOLD8(LOW, LOW_X, W_X)                          \
	sum(LOW_X)                                      \
	VMOVSS     LOW_X, (LOG_DET)                     \
	NEXT_ROW                                        \
	JMP        row                                  \
done:                                                   \
	VZEROUPPER                                      \
	RET

// The kernels of a map of each sort.
#define BOUNDED(number, forward, inverse, root, start, slope) \
TEXT forward(SB), NOSPLIT, $0-144 \
	AFFINE(root, EXP_SCALE, EXP_SCALE_BOUNDED, FORWARD, IS_LOG, KEEP) \
TEXT inverse(SB), NOSPLIT, $0-144 \
	AFFINE(root, EXP_NEGATED, EXP_NEGATED_BOUNDED, INVERSE_PRODUCT, IS_LOG, NEGATE)
#define EXPONENTIAL(number, forward, inverse, root, start, slope) \
TEXT forward(SB), NOSPLIT, $0-144 \
	AFFINE(root, EXP_SCALE, EXP_SCALE, FORWARD, IS_LOG, KEEP) \
TEXT inverse(SB), NOSPLIT, $0-144 \
	AFFINE(root, EXP_NEGATED, EXP_NEGATED, INVERSE_PRODUCT, IS_LOG, NEGATE)
#define SCALED(number, forward, inverse, root, start, slope) \
TEXT forward(SB), NOSPLIT, $0-144 \
	AFFINE(root, IS_SCALE, IS_SCALE, FORWARD, LOG_SCALE, KEEP) \
TEXT inverse(SB), NOSPLIT, $0-144 \
	AFFINE(root, IS_SCALE, IS_SCALE, INVERSE_QUOTIENT, LOG_SCALE, NEGATE)

SCALE_MAPS(BOUNDED, EXPONENTIAL, SCALED)

#define SKIP_UNLESS(number) \
	CMPQ SCRATCH, $number \
	JNE  2(PC)

// func AffineForwardAVX2(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, constant, reciprocal float32, kind int)
TEXT ·AffineForwardAVX2(SB), NOSPLIT, $0-144
	MOVQ kind+136(FP), SCRATCH
	SCALE_MAPS(TO_FORWARD, TO_FORWARD, TO_FORWARD)
	UNDEF

// func AffineInverseAVX2(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, constant, reciprocal float32, kind int)
TEXT ·AffineInverseAVX2(SB), NOSPLIT, $0-144
	MOVQ kind+136(FP), SCRATCH
	SCALE_MAPS(TO_INVERSE, TO_INVERSE, TO_INVERSE)
	UNDEF
