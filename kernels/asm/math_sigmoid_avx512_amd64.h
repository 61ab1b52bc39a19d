// SIGMOID, SOFTPLUS, LOG_SIGMOID, SILU and its slope on the sixteen float32 of a register:
// sigmoidRef, softplusRef, logSigmoidRef, siluRef and siluSlopeRef of package
// kernels, operation by operation. They take every
// input, need no preparation, and keep NaN. The constants are in constants.s.
// They overwrite Z9 to Z16 and K7 at most; src and dst are others, and may be
// the same. math_avx512_amd64.h goes before.

// SIGMOID_QUOTIENT is sigmoidQuotient of |src|: it sets Z10 to q and Z11 to s.
// Z16 is 1. It overwrites Z9 to Z16.
//	Z9   a, then r, then u
//	Z10  k, then p; q at the end
//	Z11  the shifted k, then s
//	Z12  the power
//	Z13  the rest, then the low part of the denominator
//	Z14  the sum
//	Z15  scratch, the high part of the denominator, then the remainder
#define SIGMOID_QUOTIENT(src) \
	VANDPS.BCST      ·notSignBit(SB), src, Z9    \
	VBROADCASTSS     ·sigmoidLargest(SB), Z10    \
	VMINPS           Z9, Z10, Z9                 \
	VBROADCASTSS     ·roundMagic(SB), Z10        \
	VBROADCASTSS     ·sigmoidEighths(SB), Z11    \
	VFMADD213PS      Z10, Z9, Z11                \
	VSUBPS           Z10, Z11, Z10               \
	VFMADD231PS.BCST ·eighthLn2High(SB), Z10, Z9 \
	VFMADD231PS.BCST ·eighthLn2Low(SB), Z10, Z9  \
	VBROADCASTSS     ·sigmoid4(SB), Z10          \
	VFMADD213PS.BCST ·sigmoid3(SB), Z9, Z10      \
	VFMADD213PS.BCST ·sigmoid2(SB), Z9, Z10      \
	VMULPS           Z9, Z9, Z12                 \
	VFMADD231PS      Z12, Z10, Z9                \
	VPERMPS          ·sigmoidHigh(SB), Z11, Z12  \
	VPERMPS          ·sigmoidLow(SB), Z11, Z13   \
	VFMADD231PS      Z9, Z12, Z13                \
	VPSRLD           $3, Z11, Z11                \
	VPSLLD           $23, Z11, Z11               \
	VPADDD.BCST      ·sigmoidScale(SB), Z11, Z11 \
	VADDPS           Z11, Z12, Z14               \
	VSUBPS           Z12, Z14, Z15               \
	VSUBPS           Z15, Z11, Z15               \
	VADDPS           Z15, Z13, Z13               \
	VADDPS           Z13, Z14, Z15               \
	VSUBPS           Z14, Z15, Z16               \
	VSUBPS           Z16, Z13, Z13               \
	VBROADCASTSS     ·one(SB), Z16               \
	VDIVPS           Z15, Z16, Z10               \
	VFNMADD213PS     Z16, Z10, Z15               \
	VFNMADD231PS     Z13, Z10, Z15               \
	VFMADD231PS      Z15, Z10, Z10

// SIGMOID sets dst to sigmoid(src). It overwrites Z9 to Z16 and K7.
#define SIGMOID(src, dst) \
	SIGMOID_QUOTIENT(src)   \
	VPMOVD2M  src, K7       \
	VMULPS    Z11, Z10, Z10 \
	VSUBPS    Z10, Z16, Z16 \
	VBLENDMPS Z10, Z16, K7, dst

// SOFTPLUS sets dst to softplus(src). It overwrites Z9 to Z13. The operands of
// VMAXPS are never two zeros unless a positive number is added, nor does NaN
// depend on it: Z12 is NaN then.
//	Z12  e
//	Z13  the polynomial
#define SOFTPLUS(src, dst) \
	VORPS.BCST       ·signBit(SB), src, Z12   \
	EXP(Z12, Z12)                             \
	VBROADCASTSS     ·softplus8(SB), Z13      \
	VFMADD213PS.BCST ·softplus7(SB), Z12, Z13 \
	VFMADD213PS.BCST ·softplus6(SB), Z12, Z13 \
	VFMADD213PS.BCST ·softplus5(SB), Z12, Z13 \
	VFMADD213PS.BCST ·softplus4(SB), Z12, Z13 \
	VFMADD213PS.BCST ·softplus3(SB), Z12, Z13 \
	VFMADD213PS.BCST ·softplus2(SB), Z12, Z13 \
	VFMADD213PS.BCST ·softplus1(SB), Z12, Z13 \
	VFMADD213PS.BCST ·softplus0(SB), Z12, Z13 \
	VMULPS           Z12, Z12, Z9             \
	VFMADD231PS      Z13, Z9, Z12             \
	VPXORD           Z9, Z9, Z9               \
	VMAXPS           src, Z9, Z9              \
	VADDPS           Z12, Z9, dst

// LOG_SIGMOID sets dst to log(sigmoid(src)). It overwrites Z9 to Z13.
#define LOG_SIGMOID(src, dst) \
	VXORPS.BCST ·signBit(SB), src, dst \
	SOFTPLUS(dst, dst)                 \
	VXORPS.BCST ·signBit(SB), dst, dst

// SILU_SIZE sets Z9 to siluSize of src. It overwrites Z12.
#define SILU_SIZE(src) \
	VANDPS.BCST  ·notSignBit(SB), src, Z9 \
	VBROADCASTSS ·sigmoidLargest(SB), Z12 \
	VMINPS       Z9, Z12, Z9

// SILU sets dst to src·sigmoid(src). It overwrites Z9 to Z16 and K7.
//	Z12  the base, then the result
#define SILU(src, dst) \
	SIGMOID_QUOTIENT(src)              \
	SILU_SIZE(src)                     \
	VMULPS       Z11, Z9, Z9           \
	VPMOVD2M     src, K7               \
	VMOVAPS      src, Z12              \
	VBROADCASTSS ·signBit(SB), K7, Z12 \
	VFNMADD231PS Z10, Z9, Z12          \
	VMOVAPS      Z12, dst

// SILU_SLOPE sets dst to the derivative of SILU at src, siluSlopeRef. It
// overwrites Z9 to Z16 and K7.
//	Z9   a
//	Z13  sigmoid(src)
//	Z14  sigmoid(−src)
#define SILU_SLOPE(src, dst) \
	SIGMOID_QUOTIENT(src)                         \
	SILU_SIZE(src)                                \
	VPTERNLOGD.BCST  $0xF8, ·signBit(SB), src, Z9 \
	VPMOVD2M         src, K7                      \
	VMULPS           Z11, Z10, Z10                \
	VSUBPS           Z10, Z16, Z16                \
	VBLENDMPS        Z10, Z16, K7, Z13            \
	VBLENDMPS        Z16, Z10, K7, Z14            \
	VFMADD213PS.BCST ·one(SB), Z9, Z14            \
	VMULPS           Z14, Z13, dst
