//go:build !noasm

#include "textflag.h"
#include "funcdata.h"
#include "vector_neon_arm64.h"
#include "exp.h"
#include "log.h"
#include "sigmoid.h"
#include "spline_slots.h"
#include "spline_arguments.h"
#include "spline_neon_arm64.h"

#define BY_HEIGHT(label) IF_NOT_ZERO(INVERSE, label)

// func SplineNEON(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, rule SplineRule)
TEXT ·SplineNEON(SB), 0, $22024-208
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
	JMP  map

	// The lanes of a wide row change places after each eight columns.
wide:
	MOVD $1, MODE
	ZERO(P0)
	PUT(P0, LANES_LOW)
	PUT(P0, LANES_HIGH)

columns:
	NEXT_COUNT
	RAW_BLOCKS(PARAMS_ARG)
	STAGE_COLUMNS(stageColumns, stageTail, staged)
	GROUP(IN_ARG)
	LOAD_COLUMNS(A1, P0, inTail, inLoaded)
	PUT(P0, IN)

map:
#include "spline_bin.h"
#include "spline_value.h"
	CMP  $2, MODE
	BEQ  pairResults
	GET(LOG_SLOPE, P1)
	TAIL_MASK(COUNT, P2)
	ANDF(P1, P2, P1)
	GET(LANES_LOW, P0)
	GET(LANES_HIGH, P3)
	ADDF(P1, P0, P0)
	PUT(P0, LANES_HIGH)
	PUT(P3, LANES_LOW)
	GROUP(OUT_ARG)
	GET(OUT, P0)
	STORE_COLUMNS(P0, A1, outTail, outStored)
	ADD  $8, COLUMN
	CMP  COLS, COLUMN
	BLT  columns
	GET(LANES_LOW, P0)
	GET(LANES_HIGH, P1)
	FOLD16(P0, P1, P2)
	IF_ZERO(INVERSE, rowSum)
	NEGF(P0, P0)

rowSum:
	MOVD  LOG_ARG, A1
	FMOVS F(P0), (A1)
	PASS(IN_ARG, IN_STRIDE, 0)
	PASS(OUT_ARG, OUT_STRIDE, 0)
	PASS(PARAMS_ARG, PARAMS_STRIDE, 0)
	PASS_LOG(1)
	JMP   next

	// The steps of the fold from 8 and 4 lanes would add +0 to lanes that
	// started at +0.
pairResults:
	GET(LOG_SLOPE, P1)
	TAIL_MASK(COLS, P2)
	VORR_B16(P2, P2, P2+1)
	ANDF(P1, P2, P1)
	ZERO(P0)
	ADDF(P1, P0, P0)
	FOLD4(P0, P1)
	FOLD4(P0+1, P1)
	IF_ZERO(INVERSE, pairSum)
	NEGF(P0, P0)

pairSum:
	MOVD  LOG_ARG, A1
	FMOVS F(P0), (A1)
	VMOVS_S4(0, P0+1, P0)
	FMOVS F(P0), 4(A1)
	GROUP(OUT_ARG)
	GET(OUT, P0)
	STORE_ROWS(P0, A1, OUT_STRIDE)
	PASS(IN_ARG, IN_STRIDE, 1)
	PASS(OUT_ARG, OUT_STRIDE, 1)
	PASS(PARAMS_ARG, PARAMS_STRIDE, 1)
	PASS_LOG(2)
	JMP   next

done:
	RET
