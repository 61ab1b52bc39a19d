//go:build !noasm

#include "textflag.h"
#include "vector_avx512_amd64.h"
#include "exp.h"
#include "sigmoid.h"
#include "unary_avx512_amd64.h"

// func SigmoidAVX512(dst, src []float32)
TEXT ·SigmoidAVX512(SB), NOSPLIT, $0-48
	UNARY(SIGMOID)

// func SoftplusAVX512(dst, src []float32)
TEXT ·SoftplusAVX512(SB), NOSPLIT, $0-48
	UNARY(SOFTPLUS)

// func LogSigmoidAVX512(dst, src []float32)
TEXT ·LogSigmoidAVX512(SB), NOSPLIT, $0-48
	UNARY(LOG_SIGMOID)

// func SiLUAVX512(dst, src []float32)
TEXT ·SiLUAVX512(SB), NOSPLIT, $0-48
	UNARY(SILU)
