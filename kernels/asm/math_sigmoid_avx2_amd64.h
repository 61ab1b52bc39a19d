// SIGMOID, SOFTPLUS, LOG_SIGMOID, SILU and its slope on the eight float32 of a register:
// sigmoidRef, softplusRef, logSigmoidRef, siluRef and siluSlopeRef of package
// kernels, operation by operation. They take every
// input, have no branch, and keep NaN. The constants are in constants.s. They
// overwrite Y4 to Y12 at most; src and dst are others, and may be the same.
// math_avx2_amd64.h goes before.

// SIGMOID_QUOTIENT is sigmoidQuotient of |src|: it sets Y5 to q and Y6 to s.
// Y11 is 1. It overwrites Y4 to Y11.
//	Y4   a, then r, then u
//	Y5   k, then p; q at the end
//	Y6   the shifted k, then s
//	Y7   the power
//	Y8   the rest, then the low part of the denominator
//	Y9   the sum
//	Y10  scratch, the high part of the denominator, then the remainder
#define SIGMOID_QUOTIENT(src) \
	VANDPS       ·notSignBit(SB), src, Y4   \
	VMOVUPS      ·sigmoidLargest(SB), Y5    \
	VMINPS       Y4, Y5, Y4                 \
	VMOVUPS      ·sigmoidEighths(SB), Y6    \
	VFMADD213PS  ·roundMagic(SB), Y4, Y6    \
	VSUBPS       ·roundMagic(SB), Y6, Y5    \
	VFMADD231PS  ·eighthLn2High(SB), Y5, Y4 \
	VFMADD231PS  ·eighthLn2Low(SB), Y5, Y4  \
	VMOVUPS      ·sigmoid4(SB), Y5          \
	VFMADD213PS  ·sigmoid3(SB), Y4, Y5      \
	VFMADD213PS  ·sigmoid2(SB), Y4, Y5      \
	VMULPS       Y4, Y4, Y7                 \
	VFMADD231PS  Y7, Y5, Y4                 \
	VPERMPS      ·sigmoidHigh(SB), Y6, Y7   \
	VPERMPS      ·sigmoidLow(SB), Y6, Y8    \
	VFMADD231PS  Y4, Y7, Y8                 \
	VPSRLD       $3, Y6, Y6                 \
	VPSLLD       $23, Y6, Y6                \
	VPADDD       ·sigmoidScale(SB), Y6, Y6  \
	VADDPS       Y6, Y7, Y9                 \
	VSUBPS       Y7, Y9, Y10                \
	VSUBPS       Y10, Y6, Y10               \
	VADDPS       Y10, Y8, Y8                \
	VADDPS       Y8, Y9, Y10                \
	VSUBPS       Y9, Y10, Y11               \
	VSUBPS       Y11, Y8, Y8                \
	VMOVUPS      ·one(SB), Y11              \
	VDIVPS       Y10, Y11, Y5               \
	VFNMADD213PS Y11, Y5, Y10               \
	VFNMADD231PS Y8, Y5, Y10                \
	VFMADD231PS  Y10, Y5, Y5

// SIGMOID sets dst to sigmoid(src). It overwrites Y4 to Y11.
#define SIGMOID(src, dst) \
	SIGMOID_QUOTIENT(src)  \
	VMULPS    Y6, Y5, Y5   \
	VSUBPS    Y5, Y11, Y11 \
	VBLENDVPS src, Y5, Y11, dst

// SOFTPLUS sets dst to softplus(src). It overwrites Y4 to Y8. That e <= 1 lets
// one factor 2^(n+24), which is normal, and the exact one 2⁻²⁴ do the scaling.
// The operands of VMAXPS are never two zeros unless a positive number is added,
// nor does NaN depend on it: Y7 is NaN then.
//	Y7   e
//	Y8   the polynomial
#define SOFTPLUS(src, dst) \
	VORPS       ·signBit(SB), src, Y4         \
	VMOVUPS     ·expSmallest(SB), Y5          \
	VMAXPS      Y4, Y5, Y4                    \
	EXP_POLYNOMIAL(Y7)                        \
	VPSLLD      $23, Y5, Y5                   \
	VPADDD      ·softplusExponent(SB), Y5, Y5 \
	VMULPS      ·softplusScale(SB), Y7, Y7    \
	VMULPS      Y5, Y7, Y7                    \
	VMOVUPS     ·softplus8(SB), Y8            \
	VFMADD213PS ·softplus7(SB), Y7, Y8        \
	VFMADD213PS ·softplus6(SB), Y7, Y8        \
	VFMADD213PS ·softplus5(SB), Y7, Y8        \
	VFMADD213PS ·softplus4(SB), Y7, Y8        \
	VFMADD213PS ·softplus3(SB), Y7, Y8        \
	VFMADD213PS ·softplus2(SB), Y7, Y8        \
	VFMADD213PS ·softplus1(SB), Y7, Y8        \
	VFMADD213PS ·softplus0(SB), Y7, Y8        \
	VMULPS      Y7, Y7, Y4                    \
	VFMADD231PS Y8, Y4, Y7                    \
	VXORPS      Y4, Y4, Y4                    \
	VMAXPS      src, Y4, Y4                   \
	VADDPS      Y7, Y4, dst

// LOG_SIGMOID sets dst to log(sigmoid(src)). It overwrites Y4 to Y8.
#define LOG_SIGMOID(src, dst) \
	VXORPS ·signBit(SB), src, dst \
	SOFTPLUS(dst, dst)            \
	VXORPS ·signBit(SB), dst, dst

// SILU_SIZE sets Y4 to siluSize of src. It overwrites Y7.
#define SILU_SIZE(src) \
	VANDPS  ·notSignBit(SB), src, Y4 \
	VMOVUPS ·sigmoidLargest(SB), Y7  \
	VMINPS  Y4, Y7, Y4

// SILU sets dst to src·sigmoid(src). It overwrites Y4 to Y11.
//	Y7   the base, then the result
#define SILU(src, dst) \
	SIGMOID_QUOTIENT(src)         \
	SILU_SIZE(src)                \
	VMULPS       Y6, Y4, Y4       \
	VMOVUPS      ·signBit(SB), Y7 \
	VBLENDVPS    src, Y7, src, Y7 \
	VFNMADD231PS Y5, Y4, Y7       \
	VMOVAPS      Y7, dst

// SILU_SLOPE sets dst to the derivative of SILU at src, siluSlopeRef. It
// overwrites Y4 to Y11.
//	Y4   a
//	Y8   sigmoid(src)
//	Y9   sigmoid(−src)
#define SILU_SLOPE(src, dst) \
	SIGMOID_QUOTIENT(src)             \
	SILU_SIZE(src)                    \
	VANDPS      ·signBit(SB), src, Y7 \
	VORPS       Y7, Y4, Y4            \
	VMULPS      Y6, Y5, Y5            \
	VSUBPS      Y5, Y11, Y11          \
	VBLENDVPS   src, Y5, Y11, Y8      \
	VBLENDVPS   src, Y11, Y5, Y9      \
	VFMADD213PS ·one(SB), Y4, Y9      \
	VMULPS      Y9, Y8, dst
