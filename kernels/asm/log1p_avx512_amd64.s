//go:build !noasm

#include "textflag.h"
#include "vector_avx512_amd64.h"
#include "log.h"
#include "log1p.h"
#include "unary_avx512_amd64.h"

// BEYOND_16 tests for EXPM1_BOUNDED: "equal" if no |x| is beyond 16, or NaN.
#define BEYOND_16(src) \
	VANDPS.BCST ·notSignBit(SB), src, Z9       \
	VCMPPS.BCST $0x16, ·expm1Large(SB), Z9, K7 \
	KORTESTW    K7, K7

// BEYOND_LOG1P tests for LOG1P_BOUNDED: "equal" if every 1 + x is positive and
// below 2⁶⁴, which is to say that its bits less 1, as an integer without sign,
// are less than those of 2⁶⁴ less 1.
#define BEYOND_LOG1P(src) \
	VADDPS.BCST  ·one(SB), src, Z9             \
	VPSUBD.BCST  ·integerOne(SB), Z9, Z9       \
	VPCMPUD.BCST $6, ·log1pBounded(SB), Z9, K7 \
	KORTESTW     K7, K7

// func Expm1AVX512(dst, src []float32)
TEXT ·Expm1AVX512(SB), NOSPLIT, $0-48
	UNARY_BOUNDED(EXPM1, EXPM1_BOUNDED, BEYOND_16)

// func Log1pAVX512(dst, src []float32)
TEXT ·Log1pAVX512(SB), NOSPLIT, $0-48
	UNARY_BOUNDED(LOG1P, LOG1P_BOUNDED, BEYOND_LOG1P)
