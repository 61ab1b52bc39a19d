// EXPM1 and LOG1P on the sixteen float32 of a register: expm1Ref and log1pRef of
// package kernels, operation by operation. They take every input, need no
// preparation, and keep NaN. The constants are in constants.s. They overwrite
// Z9 to Z15, K6 and K7 at most; src and dst are others, and may be the same.
// EXPM1_BOUNDED and LOG1P_BOUNDED give the same bits with fewer operations
// where they may be used.

// EXPM1_REDUCED sets Z9 to w and Z11 to n plus roundMagic, for a in Z9.
//	Z9   a, then the exact part of r, then w
//	Z10  n
//	Z11  the shifted n
//	Z12  the rest of r
//	Z13  r, then r²
//	Z14  the polynomial
#define EXPM1_REDUCED \
	VBROADCASTSS      ·roundMagic(SB), Z10     \
	VSUBPS.BCST       ·expm1Shift(SB), Z9, Z11 \
	VFMADD132PS.BCST  ·log2E(SB), Z10, Z11     \
	VSUBPS            Z10, Z11, Z10            \
	VFNMADD231PS.BCST ·ln2High(SB), Z10, Z9    \
	VMULPS.BCST       ·ln2Low(SB), Z10, Z12    \
	VSUBPS            Z12, Z9, Z13             \
	VBROADCASTSS      ·expm1c7(SB), Z14        \
	VFMADD213PS.BCST  ·expm1c6(SB), Z13, Z14   \
	VFMADD213PS.BCST  ·expm1c5(SB), Z13, Z14   \
	VFMADD213PS.BCST  ·expm1c4(SB), Z13, Z14   \
	VFMADD213PS.BCST  ·expm1c3(SB), Z13, Z14   \
	VFMADD213PS.BCST  ·expm1c2(SB), Z13, Z14   \
	VMULPS            Z13, Z13, Z13            \
	VFMSUB213PS       Z12, Z13, Z14            \
	VADDPS            Z14, Z9, Z9

// EXPM1_SCALED sets Z12 to 2^n·w + (2^n − 1), and Z13 to 2^n.
#define EXPM1_SCALED \
	VPSLLD      $23, Z11, Z13      \
	VPADDD.BCST ·one(SB), Z13, Z13 \
	VSUBPS.BCST ·one(SB), Z13, Z12 \
	VFMADD231PS Z9, Z13, Z12

// SIGN_OF gives Z12, where it is zero, the sign of src, and sets dst to that.
#define SIGN_OF(src, dst) \
	VPTERNLOGD.BCST $0xF8, ·signBit(SB), src, Z12 \
	VMOVAPS         Z12, dst

// EXPM1_BOUNDED sets dst to e^src − 1 for |src| <= 16; what it gives elsewhere
// is wrong. It overwrites Z9 to Z14.
#define EXPM1_BOUNDED(src, dst) \
	VMOVAPS src, Z9 \
	EXPM1_REDUCED   \
	EXPM1_SCALED    \
	SIGN_OF(src, dst)

// EXPM1 sets dst to e^src − 1. It overwrites Z9 to Z14 and K7. The limits keep
// NaN, as those of EXP do.
//	K7   lanes beyond 16
#define EXPM1(src, dst) \
	VBROADCASTSS ·expLargest(SB), Z9            \
	VMINPS       src, Z9, Z9                    \
	VBROADCASTSS ·expm1Smallest(SB), Z10        \
	VMAXPS       Z9, Z10, Z9                    \
	VCMPPS.BCST  $0x1E, ·expm1Large(SB), Z9, K7 \
	EXPM1_REDUCED                               \
	EXPM1_SCALED                                \
	VPXORD       Z14, Z14, Z14                  \
	VPBROADCASTD ·exponentMirror(SB), Z11       \
	VPSUBD       Z13, Z11, Z13                  \
	VPMAXSD      Z14, Z13, Z13                  \
	VSUBPS       Z13, Z9, Z9                    \
	VADDPS.BCST  ·one(SB), Z9, Z9               \
	VSCALEFPS    Z10, Z9, K7, Z12               \
	SIGN_OF(src, dst)

// LOG1P_SPLIT sets Z10 to n and Z11 to 2^−n for 1 + x in Z14.
#define LOG1P_SPLIT \
	VPSUBD.BCST  ·log1pSplit(SB), Z14, Z11 \
	VPSRAD       $23, Z11, Z11             \
	VCVTDQ2PS    Z11, Z10                  \
	VPSLLD       $23, Z11, Z11             \
	VPBROADCASTD ·one(SB), Z12             \
	VPSUBD       Z11, Z12, Z11

// LOG1P_SUM sets Z12 to n·ln 2 + log(1+f).
//	Z9   f, later f²
//	Z10  n
//	Z11  q
//	Z12  the sum
//	Z13  the rest
#define LOG1P_SUM \
	VBROADCASTSS     ·log1p8(SB), Z11       \
	VFMADD213PS.BCST ·log1p7(SB), Z9, Z11   \
	VFMADD213PS.BCST ·log1p6(SB), Z9, Z11   \
	VFMADD213PS.BCST ·log1p5(SB), Z9, Z11   \
	VFMADD213PS.BCST ·log1p4(SB), Z9, Z11   \
	VFMADD213PS.BCST ·log1p3(SB), Z9, Z11   \
	VFMADD213PS.BCST ·log1p2(SB), Z9, Z11   \
	VFMADD213PS.BCST ·log1p1(SB), Z9, Z11   \
	VFMADD213PS.BCST ·log1p0(SB), Z9, Z11   \
	VMOVAPS          Z9, Z12                \
	VFMADD231PS.BCST ·ln2High(SB), Z10, Z12 \
	VBROADCASTSS     ·ln2High(SB), Z13      \
	VFMSUB213PS      Z12, Z10, Z13          \
	VADDPS           Z9, Z13, Z13           \
	VFMADD231PS.BCST ·ln2Low(SB), Z10, Z13  \
	VMULPS           Z9, Z9, Z9             \
	VFMADD231PS      Z11, Z9, Z13           \
	VADDPS           Z13, Z12, Z12

// LOG1P_BOUNDED sets dst to log(1 + src) for src above −1 and 1 + src below
// 2⁶⁴; what it gives elsewhere is wrong. It overwrites Z9 to Z14.
#define LOG1P_BOUNDED(src, dst) \
	VADDPS.BCST ·one(SB), src, Z14 \
	LOG1P_SPLIT                    \
	VSUBPS.BCST ·one(SB), Z11, Z9  \
	VFMADD231PS src, Z11, Z9       \
	LOG1P_SUM                      \
	SIGN_OF(src, dst)

// LOG1P sets dst to log(1 + src). It overwrites Z9 to Z15, K6 and K7.
//	Z14  u
//	Z15  1, or 0 in large lanes
//	K6   lanes that are not large
//	K7   large lanes
#define LOG1P(src, dst) \
	VCMPPS.BCST      $0x1D, ·log1pLarge(SB), src, K7  \
	KNOTW            K7, K6                           \
	VBROADCASTSS.Z   ·one(SB), K6, Z15                \
	VMOVAPS          src, Z9                          \
	VMULPS.BCST      ·log1pScale(SB), src, K7, Z9     \
	VADDPS           Z15, Z9, Z14                     \
	LOG1P_SPLIT                                       \
	VADDPS.BCST      ·log1pExponent(SB), Z10, K7, Z10 \
	VFMSUB213PS.BCST ·one(SB), Z11, Z15               \
	VFMADD213PS      Z15, Z11, Z9                     \
	LOG1P_SUM                                         \
	VPTERNLOGD.BCST  $0xF8, ·signBit(SB), src, Z12    \
	VFIXUPIMMPS.BCST $0, ·logSpecial(SB), Z14, Z12    \
	VMOVAPS          Z12, dst
