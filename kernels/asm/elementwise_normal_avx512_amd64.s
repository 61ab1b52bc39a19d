//go:build !noasm

#include "textflag.h"
#include "vector_avx512_amd64.h"
#include "normal.h"
#include "unary_avx512_amd64.h"

// func ErfAVX512(dst, src []float32)
TEXT ·ErfAVX512(SB), NOSPLIT, $0-48
	ERF_CONSTANTS
	UNARY(ERF)

// func NormalCDFAVX512(dst, src []float32)
TEXT ·NormalCDFAVX512(SB), NOSPLIT, $0-48
	TAIL_CONSTANTS
	UNARY(NORMAL_CDF)

// func NormalQuantileAVX512(dst, src []float32)
TEXT ·NormalQuantileAVX512(SB), NOSPLIT, $0-48
	QUANTILE_CONSTANTS
	UNARY(NORMAL_QUANTILE)

// func GELUAVX512(dst, src []float32)
TEXT ·GELUAVX512(SB), NOSPLIT, $0-48
	TAIL_CONSTANTS
	UNARY(GELU)
