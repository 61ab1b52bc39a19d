//go:build !noasm

#include "textflag.h"
#include "math_neon_arm64.h"
#include "math_log1p_neon_arm64.h"
#include "unary_neon_arm64.h"

// func Expm1NEON(dst, src []float32)
TEXT ·Expm1NEON(SB), NOSPLIT, $0-48
	UNARY(EXPM1)

// func Log1pNEON(dst, src []float32)
TEXT ·Log1pNEON(SB), NOSPLIT, $0-48
	UNARY(LOG1P)
