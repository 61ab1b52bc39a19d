//go:build !noasm

#include "textflag.h"
#include "vector_neon_arm64.h"
#include "exp.h"
#include "sigmoid.h"
#include "unary_neon_arm64.h"

// func SigmoidNEON(dst, src []float32)
TEXT ·SigmoidNEON(SB), NOSPLIT, $0-48
	UNARY(SIGMOID)

// func SoftplusNEON(dst, src []float32)
TEXT ·SoftplusNEON(SB), NOSPLIT, $0-48
	UNARY(SOFTPLUS)

// func LogSigmoidNEON(dst, src []float32)
TEXT ·LogSigmoidNEON(SB), NOSPLIT, $0-48
	UNARY(LOG_SIGMOID)

// func SiLUNEON(dst, src []float32)
TEXT ·SiLUNEON(SB), NOSPLIT, $0-48
	UNARY(SILU)
