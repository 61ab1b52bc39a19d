//go:build !noasm

#include "textflag.h"
#include "funcdata.h"
#include "vector_avx512_amd64.h"
#include "exp.h"
#include "log.h"
#include "sigmoid.h"
#include "rows_avx512_amd64.h"
#include "affine_avx512_amd64.h"
#include "spline_slots.h"
#include "spline_arguments.h"
#include "spline_avx512_amd64.h"

#define BY_HEIGHT(label) IF_NOT_ZERO(INVERSE, label)

// func SplineAVX512(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, rule SplineRule)
TEXT ·SplineAVX512(SB), 0, $43968-208
	NO_LOCAL_POINTERS
	ALIGN_SLOTS
	RULE_SLOTS

next:
	CHOOSE_ROWS(wide, quads, pairs, done)

quads:
	MOVL $4, MODE
	QUAD_MASKS
	RAW_BLOCKS(PARAMS_ARG)
	STAGE_ROWS(stageQuad, LOAD_QUAD, PARAMS_STRIDE)
	LOAD_ROWS(LOAD_QUAD, IN_ARG, IN_STRIDE, IN)
	JMP  map

pairs:
	MOVL $2, MODE
	PAIR_MASKS
	RAW_BLOCKS(PARAMS_ARG)
	STAGE_ROWS(stagePair, LOAD_PAIR, PARAMS_STRIDE)
	LOAD_ROWS(LOAD_PAIR, IN_ARG, IN_STRIDE, IN)
	JMP  map

wide:
	MOVL $1, MODE
	ZERO(P0)
	PUT(P0, LANES_LOW)

columns:
	NEXT_MASK
	RAW_BLOCKS(PARAMS_ARG)
	STAGE_COLUMNS(stageColumns, stageLast, staged)
	LOAD_COLUMNS(IN_ARG, IN)

map:
#include "spline_bin.h"
#include "spline_value.h"
	CMPL MODE, $2
	JGT  quadResults
	JEQ  pairResults
	STORE_COLUMNS(OUT, OUT_ARG)
	GET(LANES_LOW, P0)
	GET(LOG_SLOPE, P1)
	VADDPS P1, P0, MASK, P0
	PUT(P0, LANES_LOW)
	ADDQ $16, COLUMN
	CMPQ COLUMN, COLS
	JLT  columns
	FOLD16(P0, P0_Y, P0_X, P1_Y, P1_X)
	NEGATE_IF_INVERSE(P0_X, rowSum)
	MOVQ LOG_ARG, A1
	VMOVSS P0_X, (A1)
	ADDQ $4, LOG_ARG
	PASS(IN_ARG, IN_STRIDE, 0)
	PASS(OUT_ARG, OUT_STRIDE, 0)
	PASS(PARAMS_ARG, PARAMS_STRIDE, 0)
	SUBQ $1, ROWS_ARG
	JMP  next

quadResults:
	MOVQ OUT_ARG, A1
	GET(OUT, P0)
	STORE_QUAD(P0, P0_X, A1, OUT_STRIDE, P1_X)
	MOVQ A1, OUT_ARG
	GET(LOG_SLOPE, P0)
	SUM_QUAD(P0, P1)
	NEGATE_IF_INVERSE(P0_X, quadSum)
	MOVQ LOG_ARG, A1
	VMOVUPS P0_X, (A1)
	ADDQ $16, LOG_ARG
	PASS(PARAMS_ARG, PARAMS_STRIDE, 2)
	SUBQ $4, ROWS_ARG
	JMP  next

pairResults:
	MOVQ OUT_ARG, A1
	GET(OUT, P0)
	STORE_PAIR(P0, P0_Y, A1, OUT_STRIDE, P1_Y)
	MOVQ A1, OUT_ARG
	GET(LOG_SLOPE, P0)
	SUM_PAIR(P0, P1)
	NEGATE_IF_INVERSE(P0_X, pairSum)
	MOVQ LOG_ARG, A1
	VMOVSD P0_X, (A1)
	ADDQ $8, LOG_ARG
	PASS(PARAMS_ARG, PARAMS_STRIDE, 1)
	SUBQ $2, ROWS_ARG
	JMP  next

done:
	VZEROUPPER
	RET
