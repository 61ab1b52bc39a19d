//go:build !noasm

#include "textflag.h"
#include "vector_avx512_amd64.h"
#include "exp.h"
#include "log.h"
#include "tanh.h"
#include "sigmoid.h"
#include "rows_avx512_amd64.h"
#include "affine_avx512_amd64.h"
#include "scale_maps.h"

// Registers:
//	OUT, IN          the current rows of the result and the source
//	U, SHIFT         the current rows of the raw scales and the shifts
//	LOG_DET          where the next log-det goes
//	ROWS, COLS       rows to go, columns
//	COLUMN           the column reached
//	FULL, TAIL_BITS  see COLUMN_COUNTS
//	S                u, then the root, then s
//	S0 .. S3         the same for four registers at once
//	E                exp(±s), or the scale
//	V, T             the source and then the result, t
//	LANES            the sums of s
//	W                scratch
#define OUT DI
#define IN SI
#define U R8
#define SHIFT R9
#define LOG_DET R10
#define ROWS R11
#define COLS R12
#define COLUMN BX
#define FULL DX
#define TAIL_BITS R13
#define SCRATCH AX
#define S Z0
#define S_X X0
#define S0 Z0
#define S1 Z1
#define S2 Z2
#define S3 Z3
#define LANES Z4
#define LANES_Y Y4
#define LANES_X X4
#define W Z5
#define W_Y Y5
#define W_X X5
#define MAP_CONSTANT Z6
#define RECIPROCAL Z7
#define V Z8
#define V_Y Y8
#define V_X X8
#define T Z17
#define E Z18

#define SETUP \
	MOVQ         out_base+0(FP), OUT            \
	MOVQ         in_base+24(FP), IN             \
	MOVQ         params_base+48(FP), U          \
	MOVQ         logDet_base+72(FP), LOG_DET    \
	MOVQ         logDet_len+80(FP), ROWS        \
	MOVQ         cols+120(FP), COLS             \
	VBROADCASTSS constant+128(FP), MAP_CONSTANT \
	VBROADCASTSS reciprocal+132(FP), RECIPROCAL \
	LEAQ         (U)(COLS*4), SHIFT             \
	MATH_CONSTANTS                              \
	COLUMN_COUNTS

#define LOAD_COLUMNS \
	COLUMN_MASK                          \
	VMOVUPS.Z (U)(COLUMN*4), MASK, S     \
	VMOVUPS.Z (SHIFT)(COLUMN*4), MASK, T \
	VMOVUPS.Z (IN)(COLUMN*4), MASK, V

#define LOAD_QUADS \
	LOAD_QUAD(U, paramsStride+112(FP), S)     \
	LOAD_QUAD(SHIFT, paramsStride+112(FP), T) \
	LOAD_QUAD(IN, inStride+104(FP), V)

#define LOAD_PAIRS \
	LOAD_PAIR(U, paramsStride+112(FP), S)     \
	LOAD_PAIR(SHIFT, paramsStride+112(FP), T) \
	LOAD_PAIR(IN, inStride+104(FP), V)

// What becomes of the root, in E: exp(s), exp(-s), or the scale that it is.
#define EXP_SCALE(root) EXP(root, E)
#define EXP_NEGATED(root) \
	VXORPS.BCST ·signBit(SB), root, E \
	EXP(E, E)
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

// ROOT_AT computes the root of the sixteen columns at a distance in bytes.
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

// AFFINE is a whole kernel: root is the macro of its scale map; scale, map, log
// and sum are macros above. Its labels are those of the function that uses it.
//
// Of wide rows, four registers are taken at once, step by step: what one waits
// for, such as the exp for the tanh, runs beside the same of the next.
#define AFFINE(root, scale, map, log, sum) \
	SETUP                                          \
	CMPQ    COLS, $8                               \
	JGT     row                                    \
	CMPQ    COLS, $4                               \
	JGT     pairs                                  \
	QUAD_MASKS                                     \
quad:                                                  \
	CMPQ    ROWS, $4                               \
	JLT     row                                    \
	LOAD_QUADS                                     \
	root(S)                                        \
	scale(S)                                       \
	map(T)                                         \
	log(S)                                         \
	STORE_QUAD(V, V_X, OUT, outStride+96(FP), W_X) \
	SUM_QUAD(S, W)                                 \
	sum(S_X)                                       \
	VMOVUPS S_X, (LOG_DET)                         \
	ADDQ    $16, LOG_DET                           \
	SUBQ    $4, ROWS                               \
	JMP     quad                                   \
pairs:                                                 \
	PAIR_MASKS                                     \
pair:                                                  \
	CMPQ    ROWS, $2                               \
	JLT     row                                    \
	LOAD_PAIRS                                     \
	root(S)                                        \
	scale(S)                                       \
	map(T)                                         \
	log(S)                                         \
	STORE_PAIR(V, V_Y, OUT, outStride+96(FP), W_Y) \
	SUM_PAIR(S, W)                                 \
	sum(S_X)                                       \
	VMOVSD  S_X, (LOG_DET)                         \
	ADDQ    $8, LOG_DET                            \
	SUBQ    $2, ROWS                               \
	JMP     pair                                   \
row:                                                   \
	SUBQ    $1, ROWS                               \
	JLT     done                                   \
	XORQ    COLUMN, COLUMN                         \
	VPXORD  LANES, LANES, LANES                    \
block:                                                 \
	LEAQ    64(COLUMN), SCRATCH                    \
	CMPQ    SCRATCH, FULL                          \
	JGT     columns                                \
	ROOT_AT(0, S0, root)                           \
	ROOT_AT(64, S1, root)                          \
	ROOT_AT(128, S2, root)                         \
	ROOT_AT(192, S3, root)                         \
	RESULT_AT(0, S0, scale, map)                   \
	RESULT_AT(64, S1, scale, map)                  \
	RESULT_AT(128, S2, scale, map)                 \
	RESULT_AT(192, S3, scale, map)                 \
	log(S0)                                        \
	log(S1)                                        \
	log(S2)                                        \
	log(S3)                                        \
	VADDPS  S0, LANES, LANES                       \
	VADDPS  S1, LANES, LANES                       \
	VADDPS  S2, LANES, LANES                       \
	VADDPS  S3, LANES, LANES                       \
	ADDQ    $64, COLUMN                            \
	JMP     block                                  \
columns:                                               \
	CMPQ    COLUMN, COLS                           \
	JGE     fold                                   \
	LOAD_COLUMNS                                   \
	root(S)                                        \
	scale(S)                                       \
	map(T)                                         \
	log(S)                                         \
	VADDPS  S, LANES, MASK, LANES                  \
	VMOVUPS V, MASK, (OUT)(COLUMN*4)               \
	ADDQ    $16, COLUMN                            \
	JMP     columns                                \
fold:                                                  \
	FOLD16(LANES, LANES_Y, LANES_X, W_Y, W_X)      \
	sum(LANES_X)                                   \
	VMOVSS  LANES_X, (LOG_DET)                     \
	NEXT_ROW                                       \
	JMP     row                                    \
done:                                                  \
	VZEROUPPER                                     \
	RET

// The kernels of a map of each sort.
#define BOUNDED(number, forward, inverse, root, start, slope) \
TEXT forward(SB), NOSPLIT, $0-144 \
	AFFINE(root, EXP_SCALE, FORWARD, IS_LOG, KEEP) \
TEXT inverse(SB), NOSPLIT, $0-144 \
	AFFINE(root, EXP_NEGATED, INVERSE_PRODUCT, IS_LOG, NEGATE)
#define EXPONENTIAL(number, forward, inverse, root, start, slope) \
TEXT forward(SB), NOSPLIT, $0-144 \
	AFFINE(root, EXP_SCALE, FORWARD, IS_LOG, KEEP) \
TEXT inverse(SB), NOSPLIT, $0-144 \
	AFFINE(root, EXP_NEGATED, INVERSE_PRODUCT, IS_LOG, NEGATE)
#define SCALED(number, forward, inverse, root, start, slope) \
TEXT forward(SB), NOSPLIT, $0-144 \
	AFFINE(root, IS_SCALE, FORWARD, LOG_SCALE, KEEP) \
TEXT inverse(SB), NOSPLIT, $0-144 \
	AFFINE(root, IS_SCALE, INVERSE_QUOTIENT, LOG_SCALE, NEGATE)

SCALE_MAPS(BOUNDED, EXPONENTIAL, SCALED)

#define SKIP_UNLESS(number) \
	CMPQ SCRATCH, $number \
	JNE  2(PC)

// func AffineForwardAVX512(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, constant, reciprocal float32, kind int)
TEXT ·AffineForwardAVX512(SB), NOSPLIT, $0-144
	MOVQ kind+136(FP), SCRATCH
	SCALE_MAPS(TO_FORWARD, TO_FORWARD, TO_FORWARD)
	UNDEF

// func AffineInverseAVX512(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, constant, reciprocal float32, kind int)
TEXT ·AffineInverseAVX512(SB), NOSPLIT, $0-144
	MOVQ kind+136(FP), SCRATCH
	SCALE_MAPS(TO_INVERSE, TO_INVERSE, TO_INVERSE)
	UNDEF
