//go:build !noasm

#include "textflag.h"
#include "math_log1p_avx512_amd64.h"
#include "unary_avx512_amd64.h"

// func Expm1AVX512(dst, src []float32)
TEXT ·Expm1AVX512(SB), NOSPLIT, $0-48
	UNARY(EXPM1)

// func Log1pAVX512(dst, src []float32)
TEXT ·Log1pAVX512(SB), NOSPLIT, $0-48
	UNARY(LOG1P)
