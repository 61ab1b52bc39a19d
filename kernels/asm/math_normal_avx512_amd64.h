// ERF, NORMAL_CDF, GELU and NORMAL_QUANTILE on the sixteen float32 of a
// register: erfRef, normalCDFRef, geluRef and normalQuantileRef of package
// kernels, operation by operation. They take every input. The constants are in
// constants.s.
//
// The macros overwrite Z9 to Z15, the last one to Z19, and K7 at most. src and dst are others, and
// may be the same. Each reads its table from Z21 to Z31 at most, which the
// macro with _CONSTANTS in its name fills. VPERMPS takes four bits of an index:
// three matter, since the rows of the tables are stored twice.
//
// VMINPS and VMAXPS return their first operand here if one is NaN or both are
// zero: that is always the value, never the limit.

// ERF_CONSTANTS loads the table of ERF.
#define ERF_CONSTANTS \
	VMOVUPS           ·erfCoefficient0(SB), Z24 \
	VMOVUPS           ·erfCoefficient1(SB), Z25 \
	VMOVUPS           ·erfCoefficient2(SB), Z26 \
	VMOVUPS           ·erfCoefficient3(SB), Z27 \
	VMOVUPS           ·erfCoefficient4(SB), Z28 \
	VMOVUPS           ·erfCoefficient5(SB), Z29 \
	VMOVUPS           ·erfValue(SB), Z30        \
	VMOVUPS           ·erfCenter(SB), Z31

// ERF sets dst to erf(src). It needs ERF_CONSTANTS before.
//	Z9   |x|, later scratch
//	Z10  the interval in the low bits
//	Z11  d
//	Z12  u
//	Z13  the base, then the result
//	Z14  p
//	K7   lanes of the first interval
#define ERF(src, dst) \
	VANDPS.BCST       ·notSignBit(SB), src, Z9        \
	VBROADCASTSS      ·erfOne(SB), Z10                \
	VMINPS            Z9, Z10, Z9                     \
	VBROADCASTSS      ·erfFirst(SB), Z10              \
	VMAXPS            Z9, Z10, Z10                    \
	VBROADCASTSS      ·erfMagic(SB), Z11              \
	VFMADD132PS.BCST  ·erfScale(SB), Z11, Z10         \
	VCMPPS.BCST       $0x12, ·roundMagic(SB), Z10, K7 \
	VPERMPS           Z31, Z10, Z11                   \
	VSUBPS            Z11, Z9, Z11                    \
	VMOVAPS           Z11, Z12                        \
	VMULPS            Z9, Z9, K7, Z12                 \
	VPERMPS           Z30, Z10, Z13                   \
	VMOVAPS           Z9, K7, Z13                     \
	VPERMPS           Z29, Z10, Z14                   \
	VPERMPS           Z28, Z10, Z9                    \
	VFMADD213PS       Z9, Z12, Z14                    \
	VPERMPS           Z27, Z10, Z9                    \
	VFMADD213PS       Z9, Z12, Z14                    \
	VPERMPS           Z26, Z10, Z9                    \
	VFMADD213PS       Z9, Z12, Z14                    \
	VPERMPS           Z25, Z10, Z9                    \
	VFMADD213PS       Z9, Z12, Z14                    \
	VPERMPS           Z24, Z10, Z9                    \
	VFMADD213PS       Z9, Z12, Z14                    \
	VFMADD231PS       Z14, Z11, Z13                   \
	VANDPS.BCST       ·signBit(SB), src, Z9           \
	VORPS             Z9, Z13, dst

// TAIL_CONSTANTS loads the table of NORMAL_TAIL, for NORMAL_CDF and GELU.
#define TAIL_CONSTANTS \
	VMOVUPS           ·tailCoefficient0(SB), Z23 \
	VMOVUPS           ·tailCoefficient1(SB), Z24 \
	VMOVUPS           ·tailCoefficient2(SB), Z25 \
	VMOVUPS           ·tailCoefficient3(SB), Z26 \
	VMOVUPS           ·tailCoefficient4(SB), Z27 \
	VMOVUPS           ·tailCoefficient5(SB), Z28 \
	VMOVUPS           ·tailCoefficient6(SB), Z29 \
	VMOVUPS           ·tailValue(SB), Z30        \
	VMOVUPS           ·tailCenter(SB), Z31

// NORMAL_TAIL is normalTail of tailArgument of src. It keeps src.
//	Z9   a
//	Z10  the interval, later high, then s
//	Z11  d, later low, then m
//	Z12  scratch, then n
//	Z13  value
//	Z14  p, later t, then rest
//	Z15  roundMagic
#define NORMAL_TAIL(src) \
	VANDPS.BCST       ·notSignBit(SB), src, Z9     \
	VBROADCASTSS      ·tailLargest(SB), Z10        \
	VMINPS            Z9, Z10, Z9                  \
	VBROADCASTSS      ·tailFactor(SB), Z11         \
	VMOVAPS           Z9, Z10                      \
	VFMADD132PS       Z11, Z11, Z10                \
	VPSUBD.BCST       ·tailSplit(SB), Z10, Z10     \
	VPSRLD            $22, Z10, Z10                \
	VPERMPS           Z31, Z10, Z11                \
	VSUBPS            Z11, Z9, Z11                 \
	VPERMPS           Z30, Z10, Z13                \
	VPERMPS           Z29, Z10, Z14                \
	VPERMPS           Z28, Z10, Z12                \
	VFMADD213PS       Z12, Z11, Z14                \
	VPERMPS           Z27, Z10, Z12                \
	VFMADD213PS       Z12, Z11, Z14                \
	VPERMPS           Z26, Z10, Z12                \
	VFMADD213PS       Z12, Z11, Z14                \
	VPERMPS           Z25, Z10, Z12                \
	VFMADD213PS       Z12, Z11, Z14                \
	VPERMPS           Z24, Z10, Z12                \
	VFMADD213PS       Z12, Z11, Z14                \
	VPERMPS           Z23, Z10, Z12                \
	VFMADD213PS       Z12, Z11, Z14                \
	VMULPS            Z11, Z14, Z14                \
	VMULPS            Z9, Z9, Z10                  \
	VMOVAPS           Z9, Z11                      \
	VFMSUB213PS       Z10, Z9, Z11                 \
	VBROADCASTSS      ·roundMagic(SB), Z15         \
	VMOVAPS           Z10, Z12                     \
	VFMADD132PS.BCST  ·tailScale(SB), Z15, Z12     \
	VSUBPS            Z15, Z12, Z12                \
	VFMADD231PS.BCST  ·tailTwiceHigh(SB), Z12, Z10 \
	VFMADD231PS.BCST  ·tailTwiceLow(SB), Z12, Z11  \
	VADDPS            Z11, Z10, Z10                \
	VBROADCASTSS      ·tailExp6(SB), Z11           \
	VFMADD213PS.BCST  ·tailExp5(SB), Z10, Z11      \
	VFMADD213PS.BCST  ·tailExp4(SB), Z10, Z11      \
	VFMADD213PS.BCST  ·tailExp3(SB), Z10, Z11      \
	VFMADD213PS.BCST  ·tailExp2(SB), Z10, Z11      \
	VFMADD213PS.BCST  ·minusHalf(SB), Z10, Z11     \
	VMULPS            Z10, Z11, Z11                \
	VFMADD213PS       Z14, Z11, Z14                \
	VFMADD231PS       Z11, Z13, Z14

// NORMAL_CDF sets dst to the distribution function at src. It needs
// TAIL_CONSTANTS before. K7 is lanes with a sign.
#define NORMAL_CDF(src, dst) \
	NORMAL_TAIL(src)                \
	VADDPS            Z14, Z13, Z13 \
	VSCALEFPS         Z12, Z13, Z13 \
	VPMOVD2M          src, K7       \
	VBROADCASTSS      ·one(SB), Z9  \
	VSUBPS            Z13, Z9, Z9   \
	VBLENDMPS         Z13, Z9, K7, dst

// GELU sets dst to src times the distribution function at src. It needs
// TAIL_CONSTANTS before. signBit is −0.
#define GELU(src, dst) \
	NORMAL_TAIL(src)                   \
	VMULPS            Z9, Z14, Z14     \
	VFMADD231PS       Z9, Z13, Z14     \
	VSCALEFPS         Z12, Z14, Z14    \
	VBROADCASTSS      ·signBit(SB), Z9 \
	VMAXPS            src, Z9, Z9      \
	VSUBPS            Z14, Z9, dst

// QUANTILE_CONSTANTS loads the table of NORMAL_QUANTILE.
#define QUANTILE_CONSTANTS \
	VMOVUPS           ·quantileCoefficient0(SB), Z21 \
	VMOVUPS           ·quantileCoefficient1(SB), Z22 \
	VMOVUPS           ·quantileCoefficient2(SB), Z23 \
	VMOVUPS           ·quantileCoefficient3(SB), Z24 \
	VMOVUPS           ·quantileCoefficient4(SB), Z25 \
	VMOVUPS           ·quantileCoefficient5(SB), Z26 \
	VMOVUPS           ·quantileCoefficient6(SB), Z27 \
	VMOVUPS           ·quantileCoefficient7(SB), Z28 \
	VMOVUPS           ·quantileCoefficient8(SB), Z29 \
	VMOVUPS           ·quantileValue(SB), Z30        \
	VMOVUPS           ·quantileCenter(SB), Z31

// NORMAL_QUANTILE sets dst to the quantile of src. It needs QUANTILE_CONSTANTS
// before.
//	Z9   r
//	Z10  1+f, later f, then u
//	Z11  n, later d
//	Z12  q, later the part, the base, then the result
//	Z13  the interval in the low bits
//	Z14  polynomial
//	Z15  scratch
//	K7   subnormal lanes, later those of r > 1/4
// and terms of the polynomials in Z14 to Z19.
#define NORMAL_QUANTILE(src, dst) \
	VBROADCASTSS      ·one(SB), Z9                       \
	VSUBPS            src, Z9, Z9                        \
	VMINPS            Z9, src, Z9                        \
	VCMPPS.BCST       $0x11, ·smallestNormal(SB), Z9, K7 \
	VMOVAPS           Z9, Z10                            \
	VMULPS.BCST       ·subnormalScale(SB), Z9, K7, Z10   \
	VBROADCASTSS.Z    ·subnormalExponent(SB), K7, Z11    \
	VPSUBD.BCST       ·logSplit(SB), Z10, Z12            \
	VPSRAD            $23, Z12, Z12                      \
	VCVTDQ2PS         Z12, Z13                           \
	VADDPS            Z13, Z11, Z11                      \
	VCMPPS.BCST       $0x1E, ·quarter(SB), Z9, K7        \
	VMOVAPS           Z11, Z13                           \
	VBROADCASTSS      ·one(SB), K7, Z13                  \
	VPSRLD            $23, Z13, Z13                      \
	VPSLLD            $23, Z12, Z12                      \
	VPSUBD            Z12, Z10, Z10                      \
	VSUBPS.BCST       ·one(SB), Z10, Z10                 \
	VBROADCASTSS      ·binaryLog3(SB), Z12               \
	VFMADD213PS.BCST  ·binaryLog2(SB), Z10, Z12          \
	VBROADCASTSS      ·binaryLog5(SB), Z14               \
	VFMADD213PS.BCST  ·binaryLog4(SB), Z10, Z14          \
	VBROADCASTSS      ·binaryLog7(SB), Z15               \
	VFMADD213PS.BCST  ·binaryLog6(SB), Z10, Z15          \
	VBROADCASTSS      ·binaryLog9(SB), Z16               \
	VFMADD213PS.BCST  ·binaryLog8(SB), Z10, Z16          \
	VMULPS            Z10, Z10, Z17                      \
	VFMADD231PS       Z14, Z17, Z12                      \
	VFMADD231PS       Z16, Z17, Z15                      \
	VMULPS            Z17, Z17, Z17                      \
	VFMADD231PS.BCST  ·binaryLog10(SB), Z17, Z15         \
	VFMADD231PS       Z15, Z17, Z12                      \
	VFMADD213PS.BCST  ·binaryLog1(SB), Z10, Z12          \
	VMULPS            Z10, Z12, Z12                      \
	VPERMPS           Z31, Z13, Z14                      \
	VSUBPS            Z14, Z11, Z11                      \
	VADDPS            Z12, Z11, Z11                      \
	VBROADCASTSS      ·half(SB), Z15                     \
	VSUBPS            Z9, Z15, K7, Z11                   \
	VPERMPS           Z30, Z13, Z12                      \
	VADDPS            Z11, Z11, K7, Z12                  \
	VMOVAPS           Z11, Z10                           \
	VMULPS            Z11, Z11, K7, Z10                  \
	VPERMPS           Z23, Z13, Z14                      \
	VPERMPS           Z22, Z13, Z15                      \
	VFMADD213PS       Z15, Z10, Z14                      \
	VPERMPS           Z25, Z13, Z16                      \
	VPERMPS           Z24, Z13, Z17                      \
	VFMADD213PS       Z17, Z10, Z16                      \
	VPERMPS           Z27, Z13, Z18                      \
	VPERMPS           Z26, Z13, Z15                      \
	VFMADD213PS       Z15, Z10, Z18                      \
	VPERMPS           Z29, Z13, Z19                      \
	VPERMPS           Z28, Z13, Z17                      \
	VFMADD213PS       Z17, Z10, Z19                      \
	VMULPS            Z10, Z10, Z15                      \
	VFMADD231PS       Z16, Z15, Z14                      \
	VFMADD231PS       Z19, Z15, Z18                      \
	VMULPS            Z15, Z15, Z15                      \
	VFMADD231PS       Z18, Z15, Z14                      \
	VPERMPS           Z21, Z13, Z15                      \
	VFMADD213PS       Z15, Z10, Z14                      \
	VFMADD231PS       Z14, Z11, Z12                      \
	VFIXUPIMMPS.BCST  $0, ·quantileSpecial(SB), Z9, Z12  \
	VSUBPS.BCST       ·half(SB), src, Z9                 \
	VANDPS.BCST       ·signBit(SB), Z9, Z9               \
	VORPS             Z9, Z12, dst
