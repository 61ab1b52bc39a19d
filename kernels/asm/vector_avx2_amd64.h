// The vocabulary of vectors on AVX2, the same words as vector_avx512_amd64.h and
// vector_neon_arm64.h define: exp.h, log.h and the other headers without a
// processor in their names state functions in it, once for all.
//
//	W0 .. W10   work registers, which those functions overwrite
//	M           the lanes of the last comparison, as ones
//
// A vector is eight float32, or eight words. d, the result, comes last, and a, b
// are vectors; c is a constant of constants.s, whose operations end in _C. Where d may
// not be an operand, it says so. t is overwritten.
#define W0 Y4
#define W1 Y5
#define W2 Y6
#define W3 Y7
#define W4 Y8
#define W5 Y9
#define W6 Y10 // M
#define W7 Y11
#define W8 Y12
#define W9 Y13
#define W10 Y14
#define M Y10

// Moves. LDC loads a constant.
#define MOVE_F(a, d) VMOVAPS a, d
#define LDC(c, d) VMOVUPS c(SB), d
#define ZERO(d) VXORPS d, d, d
#define ONES(d) VPCMPEQD d, d, d

// Arithmetic: d = a + b, a − b, a·b, a/b; d += a·b and d −= a·b, fused.
#define ADDF(a, b, d) VADDPS b, a, d
#define SUBF(a, b, d) VSUBPS b, a, d
#define MULF(a, b, d) VMULPS b, a, d
#define DIVF(a, b, d) VDIVPS b, a, d
#define FMAF(a, b, d) VFMADD231PS b, a, d
#define FMSF(a, b, d) VFNMADD231PS b, a, d
#define ADDF_C(a, c, d) VADDPS c(SB), a, d
#define SUBF_C(a, c, d) VSUBPS c(SB), a, d
#define MULF_C(a, c, d) VMULPS c(SB), a, d
#define FMAF_C(a, c, d) VFMADD231PS c(SB), a, d
#define FMSF_C(a, c, d) VFNMADD231PS c(SB), a, d

// d = d·a + b, d·a − b and b − d·a, fused.
#define TIMES_PLUS(a, b, d) VFMADD213PS b, a, d
#define TIMES_MINUS(a, b, d) VFMSUB213PS b, a, d
#define MINUS_TIMES(a, b, d) VFNMADD213PS b, a, d
#define TIMES_PLUS_C(a, c, d) VFMADD213PS c(SB), a, d
#define TIMES_MINUS_C(a, c, d) VFMSUB213PS c(SB), a, d
#define MINUS_TIMES_C(a, c, d) VFNMADD213PS c(SB), a, d

// PRODUCT_REST sets d, which is none of them, to a·b − p, fused; FMA_REST sets
// sum to c·a + b, fused, and rest to c·a − sum, fused: what is lost of it is rest + b.
#define PRODUCT_REST(a, b, p, d) \
	VMOVAPS     a, d \
	VFMSUB213PS p, b, d
#define FMA_REST(c, a, b, sum, rest) \
	VMOVAPS     b, sum        \
	VFMADD231PS c(SB), a, sum \
	VMOVUPS     c(SB), rest   \
	VFMSUB213PS sum, a, rest

// Polynomials in u: p = c1·u + c0, and p = (p·u + c1)·u + c0.
#define LINE(c1, c0, u, p) \
	VMOVUPS     c1(SB), p \
	VFMADD213PS c0(SB), u, p
#define HORNER2(c1, c0, u, p) \
	VFMADD213PS c1(SB), u, p \
	VFMADD213PS c0(SB), u, p

// ROUND sets shifted to c·x + roundMagic, in whose low bits is an integer, and n
// to that integer as a float32. SCALE2 sets d to d·2^n, in two steps, since 2^n
// may be beyond float32; it takes shifted or n, and overwrites it.
#define ROUND(c, x, shifted, n) \
	VMOVUPS     c(SB), shifted              \
	VFMADD213PS ·roundMagic(SB), x, shifted \
	VSUBPS      ·roundMagic(SB), shifted, n
#define SCALE2(shifted, n, d, t) \
	VPSUBD ·roundMagic(SB), shifted, shifted \
	VPSRAD $1, shifted, t                    \
	VPSUBD t, shifted, shifted               \
	VPSLLD $23, t, t                         \
	VPADDD ·one(SB), t, t                    \
	VMULPS t, d, d                           \
	VPSLLD $23, shifted, shifted             \
	VPADDD ·one(SB), shifted, shifted        \
	VMULPS shifted, d, d

// Minimum and maximum. VMINPS and VMAXPS return their first operand here if one
// is NaN or both are zero. So AT_MOST and AT_LEAST, which limit a by c, keep NaN, as
// AT_LEAST_ZERO does; d and t may be the same. MINF does where a or both are NaN. MAXF sets m
// to a where that is greater.
#define MINF(a, b, d) VMINPS a, b, d
#define MAXF(a, m) VMAXPS m, a, m
#define AT_MOST(c, a, d, t) \
	VMOVUPS c(SB), t \
	VMINPS  a, t, d
#define AT_LEAST(c, a, d, t) \
	VMOVUPS c(SB), t \
	VMAXPS  a, t, d
#define AT_LEAST_ZERO(a, d) \
	VXORPS d, d, d \
	VMAXPS a, d, d

#define SQRTF(a, d) VSQRTPS a, d
#define NEGF(a, d) VXORPS ·signBit(SB), a, d
#define ABSF(a, d) VANDPS ·notSignBit(SB), a, d
#define TO_WHOLE(a, d) VROUNDPS $8, a, d

// Bits. WITH_SIGN sets d to a, which has no sign or that of b, with the sign of b;
// ADD_SIGN is it in place, and FLIP_SIGN flips that of d where a has one, which it overwrites.
#define ANDF(a, b, d) VANDPS b, a, d
#define ORF_C(a, c, d) VORPS c(SB), a, d
#define WITH_SIGN(a, b, d, t) \
	VANDPS ·signBit(SB), b, t \
	VORPS  t, a, d
#define ADD_SIGN(b, d, t) WITH_SIGN(d, b, d, t)
#define FLIP_SIGN(a, d) \
	VPAND  ·signBit(SB), a, a \
	VXORPS a, d, d

// Words. SHIFT_SIGNED keeps the sign; SUB_WORDS_TO_ZERO gives 0 where a − b is
// negative. FROM_WORDS makes float32 of signed words.
#define ADD_WORDS_C(a, c, d) VPADDD c(SB), a, d
#define SUB_WORDS(a, b, d) VPSUBD b, a, d
#define SUB_WORDS_C(a, c, d) VPSUBD c(SB), a, d
#define SUB_WORDS_TO_ZERO(a, b, d, t) \
	VPSUBD  b, a, d \
	VPXOR   t, t, t \
	VPMAXSD t, d, d
#define SHIFT_LEFT(bits, a, d) VPSLLD $bits, a, d
#define SHIFT_RIGHT(bits, a, d) VPSRLD $bits, a, d
#define SHIFT_SIGNED(bits, a, d) VPSRAD $bits, a, d
#define FROM_WORDS(a, d) VCVTDQ2PS a, d

// Comparisons set M; NaN is not comparable. ODD_WORDS sets it where a is odd.
#define GE(a, b) VCMPPS $0x1D, b, a, M
#define GT(a, b) VCMPPS $0x1E, b, a, M
#define EQ(a, b) VCMPPS $0x00, b, a, M
#define GE_C(a, c) VCMPPS $0x1D, c(SB), a, M
#define GT_C(a, c) VCMPPS $0x1E, c(SB), a, M
#define LE_C(a, c) VCMPPS $0x12, c(SB), a, M
#define LT_C(a, c) VCMPPS $0x11, c(SB), a, M
#define ODD_WORDS(a) VPSLLD $31, a, M

// What depends on M. BLEND sets d to a there; SELECT sets d to a there and to b
// elsewhere; MULF_WHERE sets d, which is no operand, to a·b there and to other
// elsewhere. LDC_WHERE sets d to c there and to 0 elsewhere, LDC_UNLESS the
// other way round; ADDF_C_WHERE adds c to d there.
#define BLEND(a, d) VBLENDVPS M, a, d, d
#define SELECT(a, b, d) VBLENDVPS M, a, b, d
#define BLEND_C(c, d) VBLENDVPS M, c(SB), d, d
#define MULF_WHERE(a, b, other, d) \
	VMULPS    b, a, d \
	VBLENDVPS M, d, other, d
#define MULF_C_WHERE(a, c, other, d) \
	VMULPS    c(SB), a, d \
	VBLENDVPS M, d, other, d
#define ADDF_WHERE(a, b, d, t) \
	VADDPS    b, a, t \
	VBLENDVPS M, t, d, d
#define SUBF_WHERE(a, b, d, t) \
	VSUBPS    b, a, t \
	VBLENDVPS M, t, d, d
#define LDC_WHERE(c, d) VANDPS c(SB), M, d
#define LDC_UNLESS(c, d) VANDNPS c(SB), M, d
#define ADDF_C_WHERE(c, d, t) \
	VANDPS c(SB), M, t \
	VADDPS t, d, d

// SIGNS sets M to the lanes of x that have a sign, for SELECT_SIGN, which sets
// d to a there and to b elsewhere. NEGATIVE_TO sets d to c where x has a sign, and to x.
#define SIGNS(x)
#define SELECT_SIGN(x, a, b, d) VBLENDVPS x, a, b, d
#define NEGATIVE_TO(c, x, d) \
	VMOVUPS   c(SB), d \
	VBLENDVPS x, d, x, d

// Tables of eight float32. KEEP_ROW gets a row ready and LOOKUP reads it:
// the row of that name, which AVX-512 keeps in a register. COLUMN_OF makes an index
// of the low three bits of words, and INTERVAL one of max(bits of x − c, 0)>>bits.
#define KEEP_ROW(name, kept)
#define LOOKUP(name, kept, index, d) VPERMPS name(SB), index, d
#define COLUMN_OF(index)
#define INTERVAL(x, c, bits, index, t) \
	VPSUBD  c(SB), x, index     \
	VPSRAD  $bits, index, index \
	VPXOR   t, t, t             \
	VPMAXSD t, index, index

// LINE and HORNER2 with coefficients from tables.
#define LOOKUP_LINE(c1, kept1, c0, kept0, index, u, p, t) \
	VPERMPS     c1(SB), index, p \
	VPERMPS     c0(SB), index, t \
	VFMADD213PS t, u, p
#define LOOKUP_HORNER2(c1, kept1, c0, kept0, index, u, p, t) \
	VPERMPS     c1(SB), index, t \
	VFMADD213PS t, u, p          \
	VPERMPS     c0(SB), index, t \
	VFMADD213PS t, u, p

// MULF_ARGUMENT, ADDF_ARGUMENT and TIMES_ARGUMENT_PLUS_C take a float32 that is
// an argument of the kernel, in memory or spread over a register: d = a·x, a + x
// and d·x + c.
#define MULF_ARGUMENT(a, x, d, t) \
	VBROADCASTSS x, t \
	VMULPS       t, a, d
#define ADDF_ARGUMENT(a, x, d, t) \
	VBROADCASTSS x, t \
	VADDPS       t, a, d
#define TIMES_ARGUMENT_PLUS_C(x, c, d, t) \
	VBROADCASTSS x, t \
	VFMADD213PS  c(SB), t, d

// LOG_SPECIAL corrects y, the log of x: −Inf of 0, NaN below, and +Inf and NaN
// of themselves. It overwrites W0, W7 and M.
#define LOG_SPECIAL(x, y) \
	VXORPS    W0, W0, W0                \
	VCMPPS    $0x00, W0, x, M           \
	VMOVUPS   ·minusInfinity(SB), W7    \
	VBLENDVPS M, W7, y, y               \
	VCMPPS    $0x11, W0, x, M           \
	VORPS     M, y, y                   \
	VCMPPS    $0x15, ·infinity(SB), x, M \
	VBLENDVPS M, x, y, y

// QUANTILE_SPECIAL corrects y, where r is the lesser of p and 1 − p: +Inf of 0,
// and NaN below and of NaN. It overwrites W5 and M.
#define QUANTILE_SPECIAL(r, y) \
	VXORPS    W5, W5, W5        \
	VCMPPS    $0x1A, W5, r, M   \
	VORPS     M, y, y           \
	VCMPPS    $0x00, W5, r, M   \
	VMOVUPS   ·infinity(SB), W5 \
	VBLENDVPS M, W5, y, y

// Quicker ways of this processor. EXP_BOUNDED is EXP of |src| <= 87: one step is enough
// to scale, and is exact; of others the result is wrong, except that NaN stays. EXP_NEGATIVE is EXP
// of src <= 0: that the result is at most 1 lets one factor 2^(n+24), which is
// normal, and the exact one 2⁻²⁴ do the scaling. Both overwrite W0 to W2.
#define EXP_BOUNDED(src, dst) \
	VMOVAPS src, W0          \
	EXP_POLYNOMIAL(dst)      \
	VPSLLD  $23, W1, W1      \
	VPADDD  ·one(SB), W1, W1 \
	VMULPS  W1, dst, dst
#define EXP_NEGATIVE(src, dst) \
	AT_LEAST(·expSmallest, src, W0, W1)   \
	EXP_POLYNOMIAL(dst)                   \
	VPSLLD $23, W1, W1                    \
	VPADDD ·softplusExponent(SB), W1, W1  \
	VMULPS ·softplusScale(SB), dst, dst   \
	VMULPS W1, dst, dst
