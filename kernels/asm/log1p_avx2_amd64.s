//go:build !noasm

#include "textflag.h"
#include "rows_avx2_amd64.h"
#include "vector_avx2_amd64.h"
#include "log.h"
#include "log1p.h"
#include "unary_avx2_amd64.h"

// BEYOND_16 tests for EXPM1_BOUNDED: "equal" if no |x| is beyond 16, or NaN.
#define BEYOND_16(first, second) \
	VANDPS    ·notSignBit(SB), first, Y2     \
	VANDPS    ·notSignBit(SB), second, Y3    \
	VCMPPS    $0x16, ·expm1Large(SB), Y2, Y2 \
	VCMPPS    $0x16, ·expm1Large(SB), Y3, Y3 \
	VORPS     Y2, Y3, Y2                     \
	VMOVMSKPS Y2, AX                         \
	TESTL     AX, AX

// BEYOND_LOG1P tests for LOG1P_BOUNDED: "equal" if every 1 + x is positive and
// below 2⁶⁴, which is to say that its bits less 1, as an integer without sign,
// are less than those of 2⁶⁴ less 1.
#define BEYOND_LOG1P(first, second) \
	VADDPS    ·one(SB), first, Y2       \
	VADDPS    ·one(SB), second, Y3      \
	VPSUBD    ·integerOne(SB), Y2, Y2   \
	VPSUBD    ·integerOne(SB), Y3, Y3   \
	VPMAXUD   Y2, Y3, Y2                \
	VPMAXUD   ·log1pBounded(SB), Y2, Y2 \
	VPCMPEQD  ·log1pBounded(SB), Y2, Y2 \
	VMOVMSKPS Y2, AX                    \
	CMPL      AX, $0xFF

// func Expm1AVX2(dst, src []float32)
TEXT ·Expm1AVX2(SB), NOSPLIT, $0-48
	UNARY_PAIRS(EXPM1, EXPM1_BOUNDED, BEYOND_16)

// func Log1pAVX2(dst, src []float32)
TEXT ·Log1pAVX2(SB), NOSPLIT, $0-48
	UNARY_PAIRS(LOG1P, LOG1P_BOUNDED, BEYOND_LOG1P)
