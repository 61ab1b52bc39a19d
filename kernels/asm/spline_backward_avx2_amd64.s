//go:build !noasm

#include "textflag.h"
#include "funcdata.h"
#include "vector_avx2_amd64.h"
#include "exp.h"
#include "log.h"
#include "sigmoid.h"
#include "rows_avx2_amd64.h"
#include "affine_avx2_amd64.h"
#include "spline_slots.h"
#include "spline_backward_arguments.h"
#include "spline_avx2_amd64.h"

#define BY_HEIGHT(label)

// func SplineBackwardAVX2(dIn, dparams, x, params, dOut, dLogDet []float32,
//	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, rule SplineRule)
TEXT ·SplineBackwardAVX2(SB), 0, $22016-272
	NO_LOCAL_POINTERS
	ALIGN_SLOTS
	RULE_SLOTS

next:
	CHOOSE_ROWS(wide, pairs, done)

pairs:
	MOVL $2, MODE
	NEXT_PAIR_MASK
	RAW_BLOCKS(PARAMS_ARG)
	STAGE_PAIRS(stagePair, PARAMS_STRIDE)
	LOAD_ROWS(IN_ARG, IN_STRIDE, IN)
	LOAD_ROWS(D_OUT_ARG, D_OUT_STRIDE, D_OUT)
	MOVQ LOG_ARG, A1
	VBROADCASTSS (A1), P0_X
	VBROADCASTSS 4(A1), P1_X
	VINSERTF128 $1, P1_X, P0, P0
	PUT(P0, D_LOG)
	ADDQ $8, LOG_ARG
	JMP  gradient

wide:
	MOVL $1, MODE
	MOVQ LOG_ARG, A1
	SPREAD_SLOT((A1), D_LOG)

columns:
	NEXT_MASK
	RAW_BLOCKS(PARAMS_ARG)
	STAGE_COLUMNS(stageColumns)
	LOAD_COLUMNS(IN_ARG, IN)
	LOAD_COLUMNS(D_OUT_ARG, D_OUT)

gradient:
#include "spline_bin.h"
#include "spline_gradient.h"
	CMPL MODE, $2
	JEQ  pairResults
	STORE_COLUMNS(OUT, OUT_ARG)
	RAW_BLOCKS(D_PARAMS_ARG)
	UNSTAGE_COLUMNS(unstageColumns)
	ADDQ $8, COLUMN
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

pairResults:
	STORE_ROWS(OUT, OUT_ARG, OUT_STRIDE)
	RAW_BLOCKS(D_PARAMS_ARG)
	UNSTAGE_PAIRS(unstagePair, D_PARAMS_STRIDE)
	PASS(PARAMS_ARG, PARAMS_STRIDE, 1)
	PASS(D_PARAMS_ARG, D_PARAMS_STRIDE, 1)
	SUBQ $2, ROWS_ARG
	JMP  next

done:
	VZEROUPPER
	RET
