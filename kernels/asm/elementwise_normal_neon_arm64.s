//go:build !noasm

#include "textflag.h"
#include "vector_neon_arm64.h"
#include "normal.h"
#include "unary_neon_arm64.h"

// func ErfNEON(dst, src []float32)
TEXT ·ErfNEON(SB), NOSPLIT, $0-48
	UNARY(ERF)

// func NormalCDFNEON(dst, src []float32)
TEXT ·NormalCDFNEON(SB), NOSPLIT, $0-48
	UNARY(NORMAL_CDF)

// func NormalQuantileNEON(dst, src []float32)
TEXT ·NormalQuantileNEON(SB), NOSPLIT, $0-48
	UNARY(NORMAL_QUANTILE)

// func GELUNEON(dst, src []float32)
TEXT ·GELUNEON(SB), NOSPLIT, $0-48
	UNARY(GELU)
