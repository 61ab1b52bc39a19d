// EXPM1 and LOG1P on the eight float32 of a register: expm1Ref and log1pRef of
// package kernels, operation by operation. They take every input, have no
// branch, and keep NaN. The constants are in constants.s. They overwrite Y4 to
// Y11 at most; src and dst are others, and may be the same. EXPM1_BOUNDED and
// LOG1P_BOUNDED give the same bits with fewer operations where they may be used.

// EXPM1_REDUCED sets Y4 to w and Y5 to n plus roundMagic, for a in Y4.
//	Y4   a, then the exact part of r, then w
//	Y5   the shifted n
//	Y6   n, then r, then r²
//	Y7   the rest of r
//	Y8   the polynomial
#define EXPM1_REDUCED \
	VMOVUPS      ·roundMagic(SB), Y6     \
	VSUBPS       ·expm1Shift(SB), Y4, Y5 \
	VFMADD132PS  ·log2E(SB), Y6, Y5      \
	VSUBPS       Y6, Y5, Y6              \
	VFNMADD231PS ·ln2High(SB), Y6, Y4    \
	VMULPS       ·ln2Low(SB), Y6, Y7     \
	VSUBPS       Y7, Y4, Y6              \
	VMOVUPS      ·expm1c7(SB), Y8        \
	VFMADD213PS  ·expm1c6(SB), Y6, Y8    \
	VFMADD213PS  ·expm1c5(SB), Y6, Y8    \
	VFMADD213PS  ·expm1c4(SB), Y6, Y8    \
	VFMADD213PS  ·expm1c3(SB), Y6, Y8    \
	VFMADD213PS  ·expm1c2(SB), Y6, Y8    \
	VMULPS       Y6, Y6, Y6              \
	VFMSUB213PS  Y7, Y6, Y8              \
	VADDPS       Y8, Y4, Y4

// EXPM1_SCALED sets Y7 to 2^n·w + (2^n − 1), and Y6 to 2^n.
#define EXPM1_SCALED \
	VPSLLD      $23, Y5, Y6      \
	VPADDD      ·one(SB), Y6, Y6 \
	VSUBPS      ·one(SB), Y6, Y7 \
	VFMADD231PS Y4, Y6, Y7

// SIGN_OF gives Y7, where it is zero, the sign of src, and sets dst to that.
#define SIGN_OF(src, dst) \
	VANDPS ·signBit(SB), src, Y4 \
	VORPS  Y4, Y7, dst

// EXPM1_BOUNDED sets dst to e^src − 1 for |src| <= 16; what it gives elsewhere
// is wrong. It overwrites Y4 to Y8.
#define EXPM1_BOUNDED(src, dst) \
	VMOVAPS src, Y4 \
	EXPM1_REDUCED   \
	EXPM1_SCALED    \
	SIGN_OF(src, dst)

// EXPM1 sets dst to e^src − 1. It overwrites Y4 to Y10. The limits keep NaN, as
// those of EXP do.
//	Y9   lanes beyond 16
#define EXPM1(src, dst) \
	VMOVUPS   ·expLargest(SB), Y4            \
	VMINPS    src, Y4, Y4                    \
	VMOVUPS   ·expm1Smallest(SB), Y5         \
	VMAXPS    Y4, Y5, Y4                     \
	VCMPPS    $0x1E, ·expm1Large(SB), Y4, Y9 \
	EXPM1_REDUCED                            \
	EXPM1_SCALED                             \
	VMOVUPS   ·exponentMirror(SB), Y8        \
	VPSUBD    Y6, Y8, Y8                     \
	VPXOR     Y10, Y10, Y10                  \
	VPMAXSD   Y10, Y8, Y8                    \
	VSUBPS    Y8, Y4, Y4                     \
	VADDPS    ·one(SB), Y4, Y4               \
	VPSUBD    ·roundMagic(SB), Y5, Y5        \
	VPSRAD    $1, Y5, Y6                     \
	VPSUBD    Y6, Y5, Y5                     \
	VPSLLD    $23, Y6, Y6                    \
	VPADDD    ·one(SB), Y6, Y6               \
	VMULPS    Y6, Y4, Y4                     \
	VPSLLD    $23, Y5, Y5                    \
	VPADDD    ·one(SB), Y5, Y5               \
	VMULPS    Y5, Y4, Y4                     \
	VBLENDVPS Y9, Y4, Y7, Y7                 \
	SIGN_OF(src, dst)

// LOG1P_SPLIT sets Y5 to n and Y6 to 2^−n for 1 + x in Y9. Y8 is 1.
#define LOG1P_SPLIT \
	VPSUBD    ·log1pSplit(SB), Y9, Y6 \
	VPSRAD    $23, Y6, Y6             \
	VCVTDQ2PS Y6, Y5                  \
	VPSLLD    $23, Y6, Y6             \
	VMOVUPS   ·one(SB), Y8            \
	VPSUBD    Y6, Y8, Y6

// LOG1P_SUM sets Y7 to n·ln 2 + log(1+f).
//	Y4   f, later f²
//	Y5   n
//	Y6   q
//	Y7   the sum
//	Y8   the rest
#define LOG1P_SUM \
	VMOVUPS     ·log1p8(SB), Y6      \
	VFMADD213PS ·log1p7(SB), Y4, Y6  \
	VFMADD213PS ·log1p6(SB), Y4, Y6  \
	VFMADD213PS ·log1p5(SB), Y4, Y6  \
	VFMADD213PS ·log1p4(SB), Y4, Y6  \
	VFMADD213PS ·log1p3(SB), Y4, Y6  \
	VFMADD213PS ·log1p2(SB), Y4, Y6  \
	VFMADD213PS ·log1p1(SB), Y4, Y6  \
	VFMADD213PS ·log1p0(SB), Y4, Y6  \
	VMOVAPS     Y4, Y7               \
	VFMADD231PS ·ln2High(SB), Y5, Y7 \
	VMOVUPS     ·ln2High(SB), Y8     \
	VFMSUB213PS Y7, Y5, Y8           \
	VADDPS      Y4, Y8, Y8           \
	VFMADD231PS ·ln2Low(SB), Y5, Y8  \
	VMULPS      Y4, Y4, Y4           \
	VFMADD231PS Y6, Y4, Y8           \
	VADDPS      Y8, Y7, Y7

// LOG1P_BOUNDED sets dst to log(1 + src) for src above −1 and 1 + src below
// 2⁶⁴; what it gives elsewhere is wrong. It overwrites Y4 to Y9.
#define LOG1P_BOUNDED(src, dst) \
	VADDPS      ·one(SB), src, Y9 \
	LOG1P_SPLIT                   \
	VSUBPS      Y8, Y6, Y4        \
	VFMADD231PS src, Y6, Y4       \
	LOG1P_SUM                     \
	SIGN_OF(src, dst)

// LOG1P sets dst to log(1 + src). It overwrites Y4 to Y11.
//	Y9   u
//	Y10  large lanes, then those of special values
//	Y11  1, or 0 in large lanes
#define LOG1P(src, dst) \
	VCMPPS      $0x1D, ·log1pLarge(SB), src, Y10 \
	VMULPS      ·log1pScale(SB), src, Y4         \
	VBLENDVPS   Y10, Y4, src, Y4                 \
	VANDNPS     ·one(SB), Y10, Y11               \
	VADDPS      Y11, Y4, Y9                      \
	LOG1P_SPLIT                                  \
	VANDPS      ·log1pExponent(SB), Y10, Y7      \
	VADDPS      Y7, Y5, Y5                       \
	VFMSUB213PS Y8, Y6, Y11                      \
	VFMADD213PS Y11, Y6, Y4                      \
	LOG1P_SUM                                    \
	SIGN_OF(src, dst)                            \
	VXORPS      Y4, Y4, Y4                       \
	VCMPPS      $0x00, Y4, Y9, Y10               \
	VMOVUPS     ·minusInfinity(SB), Y11          \
	VBLENDVPS   Y10, Y11, dst, dst               \
	VCMPPS      $0x11, Y4, Y9, Y10               \
	VORPS       Y10, dst, dst                    \
	VCMPPS      $0x15, ·infinity(SB), Y9, Y10    \
	VBLENDVPS   Y10, Y9, dst, dst
