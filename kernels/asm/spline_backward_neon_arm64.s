//go:build !noasm

#include "textflag.h"
#include "funcdata.h"
#include "vector_neon_arm64.h"
#include "exp.h"
#include "log.h"
#include "sigmoid.h"
#include "spline_slots.h"
#include "spline_backward_arguments.h"
#include "spline_neon_arm64.h"

#define BY_HEIGHT(label)

// func SplineBackwardNEON(dIn, dparams, x, params, dOut, dLogDet []float32,
//	dInStride, dparamsStride, xStride, paramsStride, dOutStride, cols int, rule SplineRule)
TEXT ·SplineBackwardNEON(SB), 0, $22024-272
	NO_LOCAL_POINTERS
	MOVD $scratch-FRAME(SP), SLOTS
	RULE_SLOTS

next:
	CHOOSE_ROWS(wide, pairs, done)

pairs:
	MOVD $2, MODE
	RAW_BLOCKS(PARAMS_ARG)
	STAGE_ROWS(stageRows, PARAMS_STRIDE)
	GROUP(IN_ARG)
	LOAD_ROWS(A1, IN_STRIDE, P0)
	PUT(P0, IN)
	GROUP(D_OUT_ARG)
	LOAD_ROWS(A1, D_OUT_STRIDE, P0)
	PUT(P0, D_OUT)
	MOVD LOG_ARG, A1
	SPREAD((A1), P0)
	SPREAD(4(A1), P1)
	VORR_B16(P1, P1, P0+1)
	PUT(P0, D_LOG)
	JMP  gradient

wide:
	MOVD $1, MODE
	MOVD LOG_ARG, A1
	SPREAD_SLOT((A1), D_LOG)

columns:
	NEXT_COUNT
	RAW_BLOCKS(PARAMS_ARG)
	STAGE_COLUMNS(stageColumns, stageTail, staged)
	GROUP(IN_ARG)
	LOAD_COLUMNS(A1, P0, inTail, inLoaded)
	PUT(P0, IN)
	GROUP(D_OUT_ARG)
	LOAD_COLUMNS(A1, P0, dOutTail, dOutLoaded)
	PUT(P0, D_OUT)

gradient:
#include "spline_bin.h"
#include "spline_gradient.h"
	CMP  $2, MODE
	BEQ  pairResults
	GROUP(OUT_ARG)
	GET(OUT, P0)
	STORE_COLUMNS(P0, A1, outTail, outStored)
	RAW_BLOCKS(D_PARAMS_ARG)
	UNSTAGE_COLUMNS(unstageColumns, unstageTail, unstaged)
	ADD  $8, COLUMN
	CMP  COLS, COLUMN
	BLT  columns
	PASS(IN_ARG, IN_STRIDE, 0)
	PASS(OUT_ARG, OUT_STRIDE, 0)
	PASS(D_OUT_ARG, D_OUT_STRIDE, 0)
	PASS(PARAMS_ARG, PARAMS_STRIDE, 0)
	PASS(D_PARAMS_ARG, D_PARAMS_STRIDE, 0)
	PASS_LOG(1)
	JMP  next

pairResults:
	GROUP(OUT_ARG)
	GET(OUT, P0)
	STORE_ROWS(P0, A1, OUT_STRIDE)
	RAW_BLOCKS(D_PARAMS_ARG)
	UNSTAGE_ROWS(unstageRows, D_PARAMS_STRIDE)
	PASS(IN_ARG, IN_STRIDE, 1)
	PASS(OUT_ARG, OUT_STRIDE, 1)
	PASS(D_OUT_ARG, D_OUT_STRIDE, 1)
	PASS(PARAMS_ARG, PARAMS_STRIDE, 1)
	PASS(D_PARAMS_ARG, D_PARAMS_STRIDE, 1)
	PASS_LOG(2)
	JMP  next

done:
	RET
