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
#include "spline_backward_arguments.h"
#include "spline_avx512_amd64.h"

#define BY_HEIGHT(label)

// func SplineBackwardAVX512(dIn, dparams, x, params, dOut, dLogDet []float32,
//	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, rule SplineRule)
TEXT ·SplineBackwardAVX512(SB), 0, $43968-272
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
	LOAD_ROWS(LOAD_QUAD, D_OUT_ARG, D_OUT_STRIDE, D_OUT)
	MOVQ LOG_ARG, A1
	SPREAD_QUAD(A1, P0)
	MOVQ A1, LOG_ARG
	PUT(P0, D_LOG)
	JMP  gradient

pairs:
	MOVL $2, MODE
	PAIR_MASKS
	RAW_BLOCKS(PARAMS_ARG)
	STAGE_ROWS(stagePair, LOAD_PAIR, PARAMS_STRIDE)
	LOAD_ROWS(LOAD_PAIR, IN_ARG, IN_STRIDE, IN)
	LOAD_ROWS(LOAD_PAIR, D_OUT_ARG, D_OUT_STRIDE, D_OUT)
	MOVQ LOG_ARG, A1
	SPREAD_PAIR(A1, P0)
	MOVQ A1, LOG_ARG
	PUT(P0, D_LOG)
	JMP  gradient

wide:
	MOVL $1, MODE
	MOVQ LOG_ARG, A1
	SPREAD_SLOT((A1), D_LOG)

columns:
	NEXT_MASK
	RAW_BLOCKS(PARAMS_ARG)
	STAGE_COLUMNS(stageColumns, stageLast, staged)
	LOAD_COLUMNS(IN_ARG, IN)
	LOAD_COLUMNS(D_OUT_ARG, D_OUT)

gradient:
#include "spline_bin.h"
#include "spline_gradient.h"
	CMPL MODE, $2
	JGT  quadResults
	JEQ  pairResults
	STORE_COLUMNS(OUT, OUT_ARG)
	RAW_BLOCKS(D_PARAMS_ARG)
	UNSTAGE_COLUMNS(unstageColumns)
	ADDQ $16, COLUMN
	CMPQ COLUMN, COLS
	JLT  columns
	ADDQ $4, LOG_ARG
	PASS(IN_ARG, IN_STRIDE, 0)
	PASS(OUT_ARG, OUT_STRIDE, 0)
	PASS(D_OUT_ARG, D_OUT_STRIDE, 0)
	PASS(PARAMS_ARG, PARAMS_STRIDE, 0)
	PASS(D_PARAMS_ARG, D_PARAMS_STRIDE, 0)
	SUBQ $1, ROWS_ARG
	JMP  next

quadResults:
	MOVQ OUT_ARG, A1
	GET(OUT, P0)
	STORE_QUAD(P0, P0_X, A1, OUT_STRIDE, P1_X)
	MOVQ A1, OUT_ARG
	RAW_BLOCKS(D_PARAMS_ARG)
	UNSTAGE_QUADS(unstageQuad, D_PARAMS_STRIDE)
	PASS(PARAMS_ARG, PARAMS_STRIDE, 2)
	PASS(D_PARAMS_ARG, D_PARAMS_STRIDE, 2)
	SUBQ $4, ROWS_ARG
	JMP  next

pairResults:
	MOVQ OUT_ARG, A1
	GET(OUT, P0)
	STORE_PAIR(P0, P0_Y, A1, OUT_STRIDE, P1_Y)
	MOVQ A1, OUT_ARG
	RAW_BLOCKS(D_PARAMS_ARG)
	UNSTAGE_PAIRS(unstagePair, D_PARAMS_STRIDE)
	PASS(PARAMS_ARG, PARAMS_STRIDE, 1)
	PASS(D_PARAMS_ARG, D_PARAMS_STRIDE, 1)
	SUBQ $2, ROWS_ARG
	JMP  next

done:
	VZEROUPPER
	RET
