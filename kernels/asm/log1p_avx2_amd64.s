//go:build !noasm

#include "textflag.h"
#include "rows_avx2_amd64.h"
#include "math_log1p_avx2_amd64.h"
#include "unary_avx2_amd64.h"

// func Expm1AVX2(dst, src []float32)
TEXT ·Expm1AVX2(SB), NOSPLIT, $0-48
	UNARY(EXPM1)

// func Log1pAVX2(dst, src []float32)
TEXT ·Log1pAVX2(SB), NOSPLIT, $0-48
	UNARY(LOG1P)
