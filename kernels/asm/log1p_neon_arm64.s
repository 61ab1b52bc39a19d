//go:build !noasm

#include "textflag.h"
#include "vector_neon_arm64.h"
#include "log.h"
#include "log1p.h"
#include "unary_neon_arm64.h"

// func Expm1NEON(dst, src []float32)
TEXT ·Expm1NEON(SB), NOSPLIT, $0-48
	UNARY(EXPM1)

// func Log1pNEON(dst, src []float32)
TEXT ·Log1pNEON(SB), NOSPLIT, $0-48
	UNARY(LOG1P)
