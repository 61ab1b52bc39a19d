// ERF, NORMAL_CDF, GELU and NORMAL_QUANTILE on the eight float32 of a register:
// erfRef, normalCDFRef, geluRef and normalQuantileRef of package kernels,
// operation by operation. They take every input and no branch. The constants
// are in constants.s.
//
// The macros overwrite Y4 to Y11, the last one to Y14. src and dst are others, and may be the same.
// VPERMPS takes the low three bits of an index.
//
// VMINPS and VMAXPS return their first operand here if one is NaN or both are
// zero: that is always the value, never the limit.

// ERF sets dst to erf(src).
//	Y4   |x|, later scratch
//	Y5   the interval in the low bits
//	Y6   d
//	Y7   u
//	Y8   the base, then the result
//	Y9   p
//	Y10  lanes of the first interval
#define ERF(src, dst) \
	VANDPS       ·notSignBit(SB), src, Y4        \
	VMOVUPS      ·erfOne(SB), Y5                 \
	VMINPS       Y4, Y5, Y4                      \
	VMOVUPS      ·erfFirst(SB), Y5               \
	VMAXPS       Y4, Y5, Y5                      \
	VMOVUPS      ·erfMagic(SB), Y6               \
	VFMADD132PS  ·erfScale(SB), Y6, Y5           \
	VCMPPS       $0x12, ·roundMagic(SB), Y5, Y10 \
	VPERMPS      ·erfCenter(SB), Y5, Y6          \
	VSUBPS       Y6, Y4, Y6                      \
	VMULPS       Y4, Y4, Y7                      \
	VBLENDVPS    Y10, Y7, Y6, Y7                 \
	VPERMPS      ·erfValue(SB), Y5, Y8           \
	VBLENDVPS    Y10, Y4, Y8, Y8                 \
	VPERMPS      ·erfCoefficient5(SB), Y5, Y9    \
	VPERMPS      ·erfCoefficient4(SB), Y5, Y4    \
	VFMADD213PS  Y4, Y7, Y9                      \
	VPERMPS      ·erfCoefficient3(SB), Y5, Y4    \
	VFMADD213PS  Y4, Y7, Y9                      \
	VPERMPS      ·erfCoefficient2(SB), Y5, Y4    \
	VFMADD213PS  Y4, Y7, Y9                      \
	VPERMPS      ·erfCoefficient1(SB), Y5, Y4    \
	VFMADD213PS  Y4, Y7, Y9                      \
	VPERMPS      ·erfCoefficient0(SB), Y5, Y4    \
	VFMADD213PS  Y4, Y7, Y9                      \
	VFMADD231PS  Y9, Y6, Y8                      \
	VANDPS       ·signBit(SB), src, Y4           \
	VORPS        Y4, Y8, dst

// NORMAL_TAIL is normalTail of tailArgument of src. It keeps src.
//	Y4   a
//	Y5   the interval, later high, then s
//	Y6   d, later low, then m
//	Y7   scratch, then the whole number n
//	Y8   value
//	Y9   p, later t, then rest
//	Y10  n plus roundMagic
#define NORMAL_TAIL(src) \
	VANDPS       ·notSignBit(SB), src, Y4      \
	VMOVUPS      ·tailLargest(SB), Y5          \
	VMINPS       Y4, Y5, Y4                    \
	VMOVUPS      ·tailFactor(SB), Y5           \
	VFMADD213PS  Y5, Y4, Y5                    \
	VPSUBD       ·tailSplit(SB), Y5, Y5        \
	VPSRLD       $22, Y5, Y5                   \
	VPERMPS      ·tailCenter(SB), Y5, Y6       \
	VSUBPS       Y6, Y4, Y6                    \
	VPERMPS      ·tailValue(SB), Y5, Y8        \
	VPERMPS      ·tailCoefficient6(SB), Y5, Y9 \
	VPERMPS      ·tailCoefficient5(SB), Y5, Y7 \
	VFMADD213PS  Y7, Y6, Y9                    \
	VPERMPS      ·tailCoefficient4(SB), Y5, Y7 \
	VFMADD213PS  Y7, Y6, Y9                    \
	VPERMPS      ·tailCoefficient3(SB), Y5, Y7 \
	VFMADD213PS  Y7, Y6, Y9                    \
	VPERMPS      ·tailCoefficient2(SB), Y5, Y7 \
	VFMADD213PS  Y7, Y6, Y9                    \
	VPERMPS      ·tailCoefficient1(SB), Y5, Y7 \
	VFMADD213PS  Y7, Y6, Y9                    \
	VPERMPS      ·tailCoefficient0(SB), Y5, Y7 \
	VFMADD213PS  Y7, Y6, Y9                    \
	VMULPS       Y6, Y9, Y9                    \
	VMULPS       Y4, Y4, Y5                    \
	VMOVAPS      Y4, Y6                        \
	VFMSUB213PS  Y5, Y4, Y6                    \
	VMOVUPS      ·tailScale(SB), Y10           \
	VFMADD213PS  ·roundMagic(SB), Y5, Y10      \
	VSUBPS       ·roundMagic(SB), Y10, Y7      \
	VFMADD231PS  ·tailTwiceHigh(SB), Y7, Y5    \
	VFMADD231PS  ·tailTwiceLow(SB), Y7, Y6     \
	VADDPS       Y6, Y5, Y5                    \
	VMOVUPS      ·tailExp6(SB), Y6             \
	VFMADD213PS  ·tailExp5(SB), Y5, Y6         \
	VFMADD213PS  ·tailExp4(SB), Y5, Y6         \
	VFMADD213PS  ·tailExp3(SB), Y5, Y6         \
	VFMADD213PS  ·tailExp2(SB), Y5, Y6         \
	VFMADD213PS  ·minusHalf(SB), Y5, Y6        \
	VMULPS       Y5, Y6, Y6                    \
	VFMADD213PS  Y9, Y6, Y9                    \
	VFMADD231PS  Y6, Y8, Y9

// SCALE_TAIL sets x to x·2^n, for n plus roundMagic in Y10. It overwrites Y5.
#define SCALE_TAIL(x) \
	VPSUBD       ·roundMagic(SB), Y10, Y10 \
	VPSRAD       $1, Y10, Y5               \
	VPSUBD       Y5, Y10, Y10              \
	VPSLLD       $23, Y5, Y5               \
	VPADDD       ·one(SB), Y5, Y5          \
	VMULPS       Y5, x, x                  \
	VPSLLD       $23, Y10, Y10             \
	VPADDD       ·one(SB), Y10, Y10        \
	VMULPS       Y10, x, x

// NORMAL_CDF sets dst to the distribution function at src. VBLENDVPS selects by
// sign.
#define NORMAL_CDF(src, dst) \
	NORMAL_TAIL(src)          \
	VADDPS       Y9, Y8, Y8   \
	SCALE_TAIL(Y8)            \
	VMOVUPS      ·one(SB), Y4 \
	VSUBPS       Y8, Y4, Y4   \
	VBLENDVPS    src, Y8, Y4, dst

// GELU sets dst to src times the distribution function at src. signBit is −0.
#define GELU(src, dst) \
	NORMAL_TAIL(src)              \
	VMULPS       Y4, Y9, Y9       \
	VFMADD231PS  Y4, Y8, Y9       \
	SCALE_TAIL(Y9)                \
	VMOVUPS      ·signBit(SB), Y4 \
	VMAXPS       src, Y4, Y4      \
	VSUBPS       Y9, Y4, dst

// NORMAL_QUANTILE sets dst to the quantile of src.
//	Y4   r
//	Y5   1+f, later f, then u
//	Y6   n, later d
//	Y7   q, later the part, the base, then the result
//	Y8   the interval in the low bits
//	Y9   polynomial
//	Y10  scratch
//	Y11  subnormal lanes, later those of r > 1/4, then special ones
// and terms of the polynomials in Y8 to Y14.
#define NORMAL_QUANTILE(src, dst) \
	VMOVUPS      ·one(SB), Y4                        \
	VSUBPS       src, Y4, Y4                         \
	VMINPS       Y4, src, Y4                         \
	VCMPPS       $0x11, ·smallestNormal(SB), Y4, Y11 \
	VMULPS       ·subnormalScale(SB), Y4, Y5         \
	VBLENDVPS    Y11, Y5, Y4, Y5                     \
	VANDPS       ·subnormalExponent(SB), Y11, Y6     \
	VPSUBD       ·logSplit(SB), Y5, Y7               \
	VPSRAD       $23, Y7, Y7                         \
	VCVTDQ2PS    Y7, Y8                              \
	VADDPS       Y8, Y6, Y6                          \
	VCMPPS       $0x1E, ·quarter(SB), Y4, Y11        \
	VMOVUPS      ·one(SB), Y8                        \
	VBLENDVPS    Y11, Y8, Y6, Y8                     \
	VPSRLD       $23, Y8, Y8                         \
	VPSLLD       $23, Y7, Y7                         \
	VPSUBD       Y7, Y5, Y5                          \
	VSUBPS       ·one(SB), Y5, Y5                    \
	VMOVUPS      ·binaryLog3(SB), Y7                 \
	VFMADD213PS  ·binaryLog2(SB), Y5, Y7             \
	VMOVUPS      ·binaryLog5(SB), Y9                 \
	VFMADD213PS  ·binaryLog4(SB), Y5, Y9             \
	VMOVUPS      ·binaryLog7(SB), Y10                \
	VFMADD213PS  ·binaryLog6(SB), Y5, Y10            \
	VMOVUPS      ·binaryLog9(SB), Y13                \
	VFMADD213PS  ·binaryLog8(SB), Y5, Y13            \
	VMULPS       Y5, Y5, Y12                         \
	VFMADD231PS  Y9, Y12, Y7                         \
	VFMADD231PS  Y13, Y12, Y10                       \
	VMULPS       Y12, Y12, Y12                       \
	VFMADD231PS  ·binaryLog10(SB), Y12, Y10          \
	VFMADD231PS  Y10, Y12, Y7                        \
	VFMADD213PS  ·binaryLog1(SB), Y5, Y7             \
	VMULPS       Y5, Y7, Y7                          \
	VPERMPS      ·quantileCenter(SB), Y8, Y9         \
	VSUBPS       Y9, Y6, Y6                          \
	VADDPS       Y7, Y6, Y6                          \
	VMOVUPS      ·half(SB), Y10                      \
	VSUBPS       Y4, Y10, Y10                        \
	VBLENDVPS    Y11, Y10, Y6, Y6                    \
	VPERMPS      ·quantileValue(SB), Y8, Y7          \
	VADDPS       Y6, Y6, Y10                         \
	VBLENDVPS    Y11, Y10, Y7, Y7                    \
	VMULPS       Y6, Y6, Y5                          \
	VBLENDVPS    Y11, Y5, Y6, Y5                     \
	VPERMPS      ·quantileCoefficient2(SB), Y8, Y9   \
	VPERMPS      ·quantileCoefficient1(SB), Y8, Y10  \
	VFMADD213PS  Y10, Y5, Y9                         \
	VPERMPS      ·quantileCoefficient4(SB), Y8, Y11  \
	VPERMPS      ·quantileCoefficient3(SB), Y8, Y12  \
	VFMADD213PS  Y12, Y5, Y11                        \
	VPERMPS      ·quantileCoefficient6(SB), Y8, Y13  \
	VPERMPS      ·quantileCoefficient5(SB), Y8, Y10  \
	VFMADD213PS  Y10, Y5, Y13                        \
	VPERMPS      ·quantileCoefficient8(SB), Y8, Y14  \
	VPERMPS      ·quantileCoefficient7(SB), Y8, Y12  \
	VFMADD213PS  Y12, Y5, Y14                        \
	VMULPS       Y5, Y5, Y10                         \
	VFMADD231PS  Y11, Y10, Y9                        \
	VFMADD231PS  Y14, Y10, Y13                       \
	VMULPS       Y10, Y10, Y10                       \
	VFMADD231PS  Y13, Y10, Y9                        \
	VPERMPS      ·quantileCoefficient0(SB), Y8, Y10  \
	VFMADD213PS  Y10, Y5, Y9                         \
	VFMADD231PS  Y9, Y6, Y7                          \
	VXORPS       Y10, Y10, Y10                       \
	VCMPPS       $0x1A, Y10, Y4, Y11                 \
	VORPS        Y11, Y7, Y7                         \
	VCMPPS       $0x00, Y10, Y4, Y11                 \
	VMOVUPS      ·infinity(SB), Y10                  \
	VBLENDVPS    Y11, Y10, Y7, Y7                    \
	VSUBPS       ·half(SB), src, Y4                  \
	VANDPS       ·signBit(SB), Y4, Y4                \
	VORPS        Y4, Y7, dst
