// EXP, LOG, TANH and SINCOS2PI on the eight float32 of a register: expRef,
// logRef, tanhRef and sinCos2PiRef of package kernels, operation by operation.
// The constants are in constants.s.
//
// The macros overwrite registers from Y4 to Y11, each says which. src and dst
// are others, and may be the same.
//
// No branch is taken. EXP, LOG, TANH and SINCOS2PI take every input.
// EXP_BOUNDED, of |src| <= 87, and LOG_NORMAL, of normal positive src, give the
// same bits with fewer operations; what they give elsewhere is wrong, except
// that EXP_BOUNDED keeps NaN.
//
// VMINPS and VMAXPS return their first operand here if one is NaN: that is
// always the value, never the limit, so that NaN stays. No limit is 0.

// EXP_POLYNOMIAL sets Y5 to n plus roundMagic and dst to the polynomial, for
// x in Y4.
#define EXP_POLYNOMIAL(dst) \
	VMOVUPS      ·log2E(SB), Y5           \
	VFMADD213PS  ·roundMagic(SB), Y4, Y5  \
	VSUBPS       ·roundMagic(SB), Y5, Y6  \
	VFNMADD231PS ·ln2High(SB), Y6, Y4     \
	VFNMADD231PS ·ln2Low(SB), Y6, Y4      \
	VMOVUPS      ·exp6(SB), dst           \
	VFMADD213PS  ·exp5(SB), Y4, dst       \
	VFMADD213PS  ·exp4(SB), Y4, dst       \
	VFMADD213PS  ·exp3(SB), Y4, dst       \
	VFMADD213PS  ·exp2(SB), Y4, dst       \
	VFMADD213PS  ·one(SB), Y4, dst        \
	VFMADD213PS  ·one(SB), Y4, dst

// EXP sets dst to e^src. It overwrites Y4 to Y6.
#define EXP(src, dst) \
	VMOVUPS ·expLargest(SB), Y4     \
	VMINPS  src, Y4, Y4             \
	VMOVUPS ·expSmallest(SB), Y5    \
	VMAXPS  Y4, Y5, Y4              \
	EXP_POLYNOMIAL(dst)             \
	VPSUBD  ·roundMagic(SB), Y5, Y5 \
	VPSRAD  $1, Y5, Y4              \
	VPSUBD  Y4, Y5, Y5              \
	VPSLLD  $23, Y4, Y4             \
	VPADDD  ·one(SB), Y4, Y4        \
	VMULPS  Y4, dst, dst            \
	VPSLLD  $23, Y5, Y5             \
	VPADDD  ·one(SB), Y5, Y5        \
	VMULPS  Y5, dst, dst

// EXP_BOUNDED sets dst to e^src for |src| <= 87. One step is enough to scale,
// and is exact. It overwrites Y4 to Y6.
#define EXP_BOUNDED(src, dst) \
	VMOVAPS src, Y4          \
	EXP_POLYNOMIAL(dst)      \
	VPSLLD  $23, Y5, Y5      \
	VPADDD  ·one(SB), Y5, Y5 \
	VMULPS  Y5, dst, dst

// TANH sets dst to tanh(src).
//	Y4   |x|, later scratch
//	Y5   the interval
//	Y6   d
//	Y7   u
//	Y8   the base, then the result
//	Y9   p
//	Y10  lanes of the first interval
#define TANH(src, dst) \
	VANDPS      ·notSignBit(SB), src, Y4        \
	VMOVUPS     ·tanhOne(SB), Y5                \
	VMINPS      Y4, Y5, Y4                      \
	VPSUBD      ·tanhSplit(SB), Y4, Y5          \
	VPSRAD      $22, Y5, Y5                     \
	VPXOR       Y6, Y6, Y6                      \
	VPMAXSD     Y6, Y5, Y5                      \
	VCMPPS      $0x11, ·tanhOdd(SB), Y4, Y10    \
	VPERMPS     ·tanhCenter(SB), Y5, Y6         \
	VSUBPS      Y6, Y4, Y6                      \
	VMULPS      Y4, Y4, Y7                      \
	VBLENDVPS   Y10, Y7, Y6, Y7                 \
	VPERMPS     ·tanhValue(SB), Y5, Y8          \
	VBLENDVPS   Y10, Y4, Y8, Y8                 \
	VPERMPS     ·tanhCoefficient6(SB), Y5, Y9   \
	VPERMPS     ·tanhCoefficient5(SB), Y5, Y4   \
	VFMADD213PS Y4, Y7, Y9                      \
	VPERMPS     ·tanhCoefficient4(SB), Y5, Y4   \
	VFMADD213PS Y4, Y7, Y9                      \
	VPERMPS     ·tanhCoefficient3(SB), Y5, Y4   \
	VFMADD213PS Y4, Y7, Y9                      \
	VPERMPS     ·tanhCoefficient2(SB), Y5, Y4   \
	VFMADD213PS Y4, Y7, Y9                      \
	VPERMPS     ·tanhCoefficient1(SB), Y5, Y4   \
	VFMADD213PS Y4, Y7, Y9                      \
	VPERMPS     ·tanhCoefficient0(SB), Y5, Y4   \
	VFMADD213PS Y4, Y7, Y9                      \
	VFMADD231PS Y9, Y6, Y8                      \
	VANDPS      ·signBit(SB), src, Y4           \
	VORPS       Y4, Y8, dst

// LOG_REDUCED sets dst to the log of the normal positive x in Y4, Y5 being the
// exponent to add.
//	Y4   x, later 1+f, f, f²
//	Y5   n
//	Y6   scratch, then q
//	Y7   the sum
//	Y8   the rest
#define LOG_REDUCED(dst) \
	VPSUBD       ·logSplit(SB), Y4, Y6 \
	VPSRAD       $23, Y6, Y6           \
	VCVTDQ2PS    Y6, Y7                \
	VADDPS       Y7, Y5, Y5            \
	VPSLLD       $23, Y6, Y6           \
	VPSUBD       Y6, Y4, Y4            \
	VSUBPS       ·one(SB), Y4, Y4      \
	VMOVUPS      ·log8(SB), Y6         \
	VFMADD213PS  ·log7(SB), Y4, Y6     \
	VFMADD213PS  ·log6(SB), Y4, Y6     \
	VFMADD213PS  ·log5(SB), Y4, Y6     \
	VFMADD213PS  ·log4(SB), Y4, Y6     \
	VFMADD213PS  ·log3(SB), Y4, Y6     \
	VFMADD213PS  ·log2(SB), Y4, Y6     \
	VFMADD213PS  ·log1(SB), Y4, Y6     \
	VFMADD213PS  ·log0(SB), Y4, Y6     \
	VMOVAPS      Y4, Y7                \
	VFMADD231PS  ·ln2High(SB), Y5, Y7  \
	VMOVUPS      ·ln2High(SB), Y8      \
	VFMSUB213PS  Y7, Y5, Y8            \
	VADDPS       Y4, Y8, Y8            \
	VFMADD231PS  ·ln2Low(SB), Y5, Y8   \
	VMULPS       Y4, Y4, Y4            \
	VFMADD231PS  Y6, Y4, Y8            \
	VADDPS       Y8, Y7, dst

// LOG_NORMAL sets dst to log(src) for normal positive src below +Inf. It
// overwrites Y4 to Y8.
#define LOG_NORMAL(src, dst) \
	VMOVAPS src, Y4     \
	VXORPS  Y5, Y5, Y5  \
	LOG_REDUCED(dst)

// LOG sets dst to log(src). It overwrites Y4 to Y11: Y9 keeps src.
#define LOG(src, dst) \
	VMOVAPS   src, Y9                             \
	VCMPPS    $0x11, ·smallestNormal(SB), Y9, Y10 \
	VMULPS    ·subnormalScale(SB), Y9, Y4         \
	VBLENDVPS Y10, Y4, Y9, Y4                     \
	VANDPS    ·subnormalExponent(SB), Y10, Y5     \
	LOG_REDUCED(dst)                              \
	VXORPS    Y4, Y4, Y4                          \
	VCMPPS    $0x00, Y4, Y9, Y10                  \
	VMOVUPS   ·minusInfinity(SB), Y11             \
	VBLENDVPS Y10, Y11, dst, dst                  \
	VCMPPS    $0x11, Y4, Y9, Y10                  \
	VORPS     Y10, dst, dst                       \
	VCMPPS    $0x15, ·infinity(SB), Y9, Y10       \
	VBLENDVPS Y10, Y9, dst, dst

// SINCOS2PI sets sin and cos, two registers of which one may be src, to the
// sine and cosine of 2π·src.
//	Y4   x less its nearest integer, later q
//	Y5   the quarter turns, as integers in the low bits
//	Y6   scratch, then u
//	Y7   s
//	Y8   c
//	Y9   lanes of an odd number of quarter turns
#define SINCOS2PI(src, sin, cos) \
	VROUNDPS     $8, src, Y4              \
	VSUBPS       Y4, src, Y4              \
	VMOVUPS      ·four(SB), Y5            \
	VFMADD213PS  ·roundMagic(SB), Y4, Y5  \
	VSUBPS       ·roundMagic(SB), Y5, Y6  \
	VFNMADD231PS ·quarter(SB), Y6, Y4     \
	VMULPS       Y4, Y4, Y6               \
	VMOVUPS      ·sin3(SB), Y7            \
	VFMADD213PS  ·sin2(SB), Y6, Y7        \
	VFMADD213PS  ·sin1(SB), Y6, Y7        \
	VFMADD213PS  ·sin0(SB), Y6, Y7        \
	VMULPS       Y4, Y7, Y7               \
	VFMADD231PS  ·twoPi(SB), Y4, Y7       \
	VMOVUPS      ·cos3(SB), Y8            \
	VFMADD213PS  ·cos2(SB), Y6, Y8        \
	VFMADD213PS  ·cos1(SB), Y6, Y8        \
	VFMADD213PS  ·cos0(SB), Y6, Y8        \
	VFMADD213PS  ·one(SB), Y6, Y8         \
	VPSLLD       $31, Y5, Y9              \
	VPADDD       ·integerOne(SB), Y5, Y6  \
	VPSLLD       $30, Y5, Y5              \
	VPSLLD       $30, Y6, Y6              \
	VPAND        ·signBit(SB), Y5, Y5     \
	VPAND        ·signBit(SB), Y6, Y6     \
	VBLENDVPS    Y9, Y8, Y7, sin          \
	VBLENDVPS    Y9, Y7, Y8, cos          \
	VXORPS       Y5, sin, sin             \
	VXORPS       Y6, cos, cos
