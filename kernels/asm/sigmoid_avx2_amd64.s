//go:build !noasm

#include "textflag.h"
#include "vector_avx2_amd64.h"
#include "exp.h"
#include "sigmoid.h"
#include "rows_avx2_amd64.h"
#include "unary_avx2_amd64.h"

// func SigmoidAVX2(dst, src []float32)
TEXT ·SigmoidAVX2(SB), NOSPLIT, $0-48
	UNARY(SIGMOID)

// func SoftplusAVX2(dst, src []float32)
TEXT ·SoftplusAVX2(SB), NOSPLIT, $0-48
	UNARY(SOFTPLUS)

// func LogSigmoidAVX2(dst, src []float32)
TEXT ·LogSigmoidAVX2(SB), NOSPLIT, $0-48
	UNARY(LOG_SIGMOID)

// func SiLUAVX2(dst, src []float32)
TEXT ·SiLUAVX2(SB), NOSPLIT, $0-48
	UNARY(SILU)
