// EXP, LOG, TANH and SINCOS2PI on the sixteen float32 of a register: expRef,
// logRef, tanhRef and sinCos2PiRef of package kernels, operation by operation.
// They take every input. The constants are in constants.s.
//
// LOG_NORMAL gives the same bits with fewer operations where it may be used.
//
// The macros overwrite Z9 to Z14 and K7 at most. src and dst are others, and
// may be the same. TANH reads its table from Z23 to Z31, which
// MATH_CONSTANTS fills; the others need no preparation.
//
// VMINPS and VMAXPS return their first operand here if one is NaN: that is
// always the value, never the limit, so that NaN stays. No limit is 0.

// EXP sets dst to e^src.
#define EXP(src, dst) \
	VBROADCASTSS        ·expLargest(SB), Z9   \
	VMINPS              src, Z9, Z9           \
	VBROADCASTSS        ·expSmallest(SB), Z10 \
	VMAXPS              Z9, Z10, Z9           \
	VBROADCASTSS        ·roundMagic(SB), Z10  \
	VBROADCASTSS        ·log2E(SB), Z11       \
	VFMADD213PS         Z10, Z9, Z11          \
	VSUBPS              Z10, Z11, Z11         \
	VFNMADD231PS.BCST   ·ln2High(SB), Z11, Z9 \
	VFNMADD231PS.BCST   ·ln2Low(SB), Z11, Z9  \
	VBROADCASTSS        ·exp6(SB), dst        \
	VFMADD213PS.BCST    ·exp5(SB), Z9, dst    \
	VFMADD213PS.BCST    ·exp4(SB), Z9, dst    \
	VFMADD213PS.BCST    ·exp3(SB), Z9, dst    \
	VFMADD213PS.BCST    ·exp2(SB), Z9, dst    \
	VFMADD213PS.BCST    ·one(SB), Z9, dst     \
	VFMADD213PS.BCST    ·one(SB), Z9, dst     \
	VSCALEFPS           Z11, dst, dst

// MATH_CONSTANTS loads the table of TANH.
#define MATH_CONSTANTS \
	VMOVUPS ·tanhCoefficient0(SB), Z23 \
	VMOVUPS ·tanhCoefficient1(SB), Z24 \
	VMOVUPS ·tanhCoefficient2(SB), Z25 \
	VMOVUPS ·tanhCoefficient3(SB), Z26 \
	VMOVUPS ·tanhCoefficient4(SB), Z27 \
	VMOVUPS ·tanhCoefficient5(SB), Z28 \
	VMOVUPS ·tanhCoefficient6(SB), Z29 \
	VMOVUPS ·tanhValue(SB), Z30        \
	VMOVUPS ·tanhCenter(SB), Z31

// TANH sets dst to tanh(src). It needs MATH_CONSTANTS before.
//	Z9   |x|, later scratch
//	Z10  the interval
//	Z11  d
//	Z12  u
//	Z13  the base, then the result
//	Z14  p
//	K7   lanes of the first interval
#define TANH(src, dst) \
	VANDPS.BCST   ·notSignBit(SB), src, Z9   \
	VBROADCASTSS  ·tanhOne(SB), Z10          \
	VMINPS        Z9, Z10, Z9                \
	VPSUBD.BCST   ·tanhSplit(SB), Z9, Z10    \
	VPSRAD        $22, Z10, Z10              \
	VPXORD        Z11, Z11, Z11              \
	VPMAXSD       Z11, Z10, Z10              \
	VCMPPS.BCST   $0x11, ·tanhOdd(SB), Z9, K7 \
	VPERMPS       Z31, Z10, Z11              \
	VSUBPS        Z11, Z9, Z11               \
	VMOVAPS       Z11, Z12                   \
	VMULPS        Z9, Z9, K7, Z12            \
	VPERMPS       Z30, Z10, Z13              \
	VMOVAPS       Z9, K7, Z13                \
	VPERMPS       Z29, Z10, Z14              \
	VPERMPS       Z28, Z10, Z9               \
	VFMADD213PS   Z9, Z12, Z14               \
	VPERMPS       Z27, Z10, Z9               \
	VFMADD213PS   Z9, Z12, Z14               \
	VPERMPS       Z26, Z10, Z9               \
	VFMADD213PS   Z9, Z12, Z14               \
	VPERMPS       Z25, Z10, Z9               \
	VFMADD213PS   Z9, Z12, Z14               \
	VPERMPS       Z24, Z10, Z9               \
	VFMADD213PS   Z9, Z12, Z14               \
	VPERMPS       Z23, Z10, Z9               \
	VFMADD213PS   Z9, Z12, Z14               \
	VFMADD231PS   Z14, Z11, Z13              \
	VANDPS.BCST   ·signBit(SB), src, Z9      \
	VORPS         Z9, Z13, dst

// LOG_REDUCED sets dst to the log of the normal positive x in Z9, Z10 being
// the exponent to add.
//	Z9   x, later 1+f, f, f²
//	Z10  n
//	Z11  scratch, then q
//	Z12  the sum
//	Z13  the rest
#define LOG_REDUCED(dst) \
	VPSUBD.BCST       ·logSplit(SB), Z9, Z11 \
	VPSRAD            $23, Z11, Z11          \
	VCVTDQ2PS         Z11, Z12               \
	VADDPS            Z12, Z10, Z10          \
	VPSLLD            $23, Z11, Z11          \
	VPSUBD            Z11, Z9, Z9            \
	VSUBPS.BCST       ·one(SB), Z9, Z9       \
	VBROADCASTSS      ·log8(SB), Z11         \
	VFMADD213PS.BCST  ·log7(SB), Z9, Z11     \
	VFMADD213PS.BCST  ·log6(SB), Z9, Z11     \
	VFMADD213PS.BCST  ·log5(SB), Z9, Z11     \
	VFMADD213PS.BCST  ·log4(SB), Z9, Z11     \
	VFMADD213PS.BCST  ·log3(SB), Z9, Z11     \
	VFMADD213PS.BCST  ·log2(SB), Z9, Z11     \
	VFMADD213PS.BCST  ·log1(SB), Z9, Z11     \
	VFMADD213PS.BCST  ·log0(SB), Z9, Z11     \
	VMOVAPS           Z9, Z12                \
	VFMADD231PS.BCST  ·ln2High(SB), Z10, Z12 \
	VBROADCASTSS      ·ln2High(SB), Z13      \
	VFMSUB213PS       Z12, Z10, Z13          \
	VADDPS            Z9, Z13, Z13           \
	VFMADD231PS.BCST  ·ln2Low(SB), Z10, Z13  \
	VMULPS            Z9, Z9, Z9             \
	VFMADD231PS       Z11, Z9, Z13           \
	VADDPS            Z13, Z12, dst

// LOG_NORMAL sets dst to log(src) for normal positive src below +Inf; what it
// gives elsewhere is wrong. It overwrites Z9 to Z13.
#define LOG_NORMAL(src, dst) \
	VMOVAPS src, Z9        \
	VPXORD  Z10, Z10, Z10  \
	LOG_REDUCED(dst)

// LOG sets dst to log(src). It overwrites Z9 to Z14: Z14 keeps src.
#define LOG(src, dst) \
	VMOVAPS          src, Z14                             \
	VCMPPS.BCST      $0x11, ·smallestNormal(SB), Z14, K7  \
	VMOVAPS          Z14, Z9                              \
	VMULPS.BCST      ·subnormalScale(SB), Z14, K7, Z9     \
	VBROADCASTSS.Z   ·subnormalExponent(SB), K7, Z10      \
	LOG_REDUCED(dst)                                      \
	VFIXUPIMMPS.BCST $0, ·logSpecial(SB), Z14, dst

// SINCOS2PI sets sin and cos, two registers of which one may be src, to the
// sine and cosine of 2π·src.
//	Z9   x less its nearest integer, later q
//	Z10  the quarter turns, as integers in the low bits
//	Z11  scratch, then u
//	Z12  s
//	Z13  c
//	K7   lanes of an odd number of quarter turns
#define SINCOS2PI(src, sin, cos) \
	VRNDSCALEPS       $8, src, Z9                \
	VSUBPS            Z9, src, Z9                \
	VBROADCASTSS      ·roundMagic(SB), Z11       \
	VBROADCASTSS      ·four(SB), Z10             \
	VFMADD213PS       Z11, Z9, Z10               \
	VSUBPS            Z11, Z10, Z11              \
	VFNMADD231PS.BCST ·quarter(SB), Z11, Z9      \
	VMULPS            Z9, Z9, Z11                \
	VBROADCASTSS      ·sin3(SB), Z12             \
	VFMADD213PS.BCST  ·sin2(SB), Z11, Z12        \
	VFMADD213PS.BCST  ·sin1(SB), Z11, Z12        \
	VFMADD213PS.BCST  ·sin0(SB), Z11, Z12        \
	VMULPS            Z9, Z12, Z12               \
	VFMADD231PS.BCST  ·twoPi(SB), Z9, Z12        \
	VBROADCASTSS      ·cos3(SB), Z13             \
	VFMADD213PS.BCST  ·cos2(SB), Z11, Z13        \
	VFMADD213PS.BCST  ·cos1(SB), Z11, Z13        \
	VFMADD213PS.BCST  ·cos0(SB), Z11, Z13        \
	VFMADD213PS.BCST  ·one(SB), Z11, Z13         \
	VPTESTMD.BCST     ·integerOne(SB), Z10, K7   \
	VPADDD.BCST       ·integerOne(SB), Z10, Z11  \
	VPSLLD            $30, Z10, Z10              \
	VPSLLD            $30, Z11, Z11              \
	VBLENDMPS         Z13, Z12, K7, sin          \
	VBLENDMPS         Z12, Z13, K7, cos          \
	VPTERNLOGD.BCST   $0x78, ·signBit(SB), Z10, sin \
	VPTERNLOGD.BCST   $0x78, ·signBit(SB), Z11, cos
