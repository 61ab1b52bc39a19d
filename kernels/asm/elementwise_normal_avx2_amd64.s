//go:build !noasm

#include "textflag.h"
#include "vector_avx2_amd64.h"
#include "normal.h"
#include "rows_avx2_amd64.h"
#include "unary_avx2_amd64.h"

// func ErfAVX2(dst, src []float32)
TEXT ·ErfAVX2(SB), NOSPLIT, $0-48
	UNARY(ERF)

// func NormalCDFAVX2(dst, src []float32)
TEXT ·NormalCDFAVX2(SB), NOSPLIT, $0-48
	UNARY(NORMAL_CDF)

// func NormalQuantileAVX2(dst, src []float32)
TEXT ·NormalQuantileAVX2(SB), NOSPLIT, $0-48
	UNARY(NORMAL_QUANTILE)

// func GELUAVX2(dst, src []float32)
TEXT ·GELUAVX2(SB), NOSPLIT, $0-48
	UNARY(GELU)
