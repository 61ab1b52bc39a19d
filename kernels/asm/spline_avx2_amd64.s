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
#include "spline_arguments.h"
#include "spline_avx2_amd64.h"

#define BY_HEIGHT(label) IF_NOT_ZERO(INVERSE, label)

// func SplineAVX2(out, in, params, logDet []float32, outStride, inStride, paramsStride, cols int, rule SplineRule)
TEXT ·SplineAVX2(SB), 0, $22016-208
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
	JMP  map

	// The lanes of a wide row change places after each eight columns.
wide:
	MOVL $1, MODE
	ZERO(P0)
	PUT(P0, LANES_LOW)
	PUT(P0, LANES_HIGH)

columns:
	NEXT_MASK
	RAW_BLOCKS(PARAMS_ARG)
	STAGE_COLUMNS(stageColumns)
	LOAD_COLUMNS(IN_ARG, IN)

map:
#include "spline_bin.h"
#include "spline_value.h"
	GET(LOG_SLOPE, P1)
	GET(MASKS, MASK)
	ANDF(P1, MASK, P1)
	CMPL MODE, $2
	JEQ  pairResults
	GET(LANES_LOW, P0)
	GET(LANES_HIGH, P3)
	ADDF(P1, P0, P0)
	PUT(P0, LANES_HIGH)
	PUT(P3, LANES_LOW)
	STORE_COLUMNS(OUT, OUT_ARG)
	ADDQ $8, COLUMN
	CMPQ COLUMN, COLS
	JLT  columns
	GET(LANES_LOW, P0)
	GET(LANES_HIGH, P1)
	ADDF(P0, P1, P0)
	FOLD8(P0, P0_X, P1_X)
	NEGATE_IF_INVERSE(P0, rowSum)
	MOVQ LOG_ARG, A1
	VMOVSS P0_X, (A1)
	ADDQ $4, LOG_ARG
	PASS(IN_ARG, IN_STRIDE, 0)
	PASS(OUT_ARG, OUT_STRIDE, 0)
	PASS(PARAMS_ARG, PARAMS_STRIDE, 0)
	SUBQ $1, ROWS_ARG
	JMP  next

	// The steps of the fold from 8 and 4 lanes would add +0 to lanes that
	// started at +0.
pairResults:
	ZERO(P0)
	ADDF(P0, P1, P0)
	VPERMILPS $0x4E, P0, P1
	ADDF(P1, P0, P0)
	VPERMILPS $0xB1, P0, P1
	ADDF(P1, P0, P0)
	NEGATE_IF_INVERSE(P0, pairSum)
	VEXTRACTF128 $1, P0, P1_X
	MOVQ LOG_ARG, A1
	VMOVSS P0_X, (A1)
	VMOVSS P1_X, 4(A1)
	ADDQ $8, LOG_ARG
	STORE_ROWS(OUT, OUT_ARG, OUT_STRIDE)
	PASS(PARAMS_ARG, PARAMS_STRIDE, 1)
	SUBQ $2, ROWS_ARG
	JMP  next

done:
	VZEROUPPER
	RET
