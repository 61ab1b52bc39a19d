// The vocabulary of vectors on AVX-512, the same words as vector_avx2_amd64.h and
// vector_neon_arm64.h define; what each means stands there. A vector is sixteen
// float32, or sixteen words.
//
//	W0 .. W10     work registers
//	M             the lanes of the last comparison, a mask
//	TABLE0 .. TABLE10 rows of tables, from KEEP_ROW on
#define W0 Z9
#define W1 Z10
#define W2 Z11
#define W3 Z12
#define W4 Z13
#define W5 Z14
#define W6 Z15
#define W7 Z16
#define W8 Z17
#define W9 Z18
#define W10 Z19
#define TABLE0 Z21
#define TABLE1 Z22
#define TABLE2 Z23
#define TABLE3 Z24
#define TABLE4 Z25
#define TABLE5 Z26
#define TABLE6 Z27
#define TABLE7 Z28
#define TABLE8 Z29
#define TABLE9 Z30
#define TABLE10 Z31
#define M K7

// Moves.
#define MOVE_F(a, d) VMOVAPS a, d
#define LDC(c, d) VBROADCASTSS c(SB), d
#define ZERO(d) VPXORD d, d, d
#define ONES(d) VPTERNLOGD $0xFF, d, d, d

// Arithmetic.
#define ADDF(a, b, d) VADDPS b, a, d
#define SUBF(a, b, d) VSUBPS b, a, d
#define MULF(a, b, d) VMULPS b, a, d
#define DIVF(a, b, d) VDIVPS b, a, d
#define FMAF(a, b, d) VFMADD231PS b, a, d
#define FMSF(a, b, d) VFNMADD231PS b, a, d
#define ADDF_C(a, c, d) VADDPS.BCST c(SB), a, d
#define SUBF_C(a, c, d) VSUBPS.BCST c(SB), a, d
#define MULF_C(a, c, d) VMULPS.BCST c(SB), a, d
#define FMAF_C(a, c, d) VFMADD231PS.BCST c(SB), a, d
#define FMSF_C(a, c, d) VFNMADD231PS.BCST c(SB), a, d

#define TIMES_PLUS(a, b, d) VFMADD213PS b, a, d
#define TIMES_MINUS(a, b, d) VFMSUB213PS b, a, d
#define MINUS_TIMES(a, b, d) VFNMADD213PS b, a, d
#define TIMES_PLUS_C(a, c, d) VFMADD213PS.BCST c(SB), a, d
#define TIMES_MINUS_C(a, c, d) VFMSUB213PS.BCST c(SB), a, d
#define MINUS_TIMES_C(a, c, d) VFNMADD213PS.BCST c(SB), a, d

#define PRODUCT_REST(a, b, p, d) \
	VMOVAPS     a, d \
	VFMSUB213PS p, b, d
#define FMA_REST(c, a, b, sum, rest) \
	VMOVAPS          b, sum        \
	VFMADD231PS.BCST c(SB), a, sum \
	VBROADCASTSS     c(SB), rest   \
	VFMSUB213PS      sum, a, rest

// Polynomials.
#define LINE(c1, c0, u, p) \
	VBROADCASTSS     c1(SB), p \
	VFMADD213PS.BCST c0(SB), u, p
#define HORNER2(c1, c0, u, p) \
	VFMADD213PS.BCST c1(SB), u, p \
	VFMADD213PS.BCST c0(SB), u, p

// VSCALEFPS is right beyond float32, and takes n.
#define ROUND(c, x, shifted, n) \
	VBROADCASTSS ·roundMagic(SB), n  \
	VBROADCASTSS c(SB), shifted      \
	VFMADD213PS  n, x, shifted       \
	VSUBPS       n, shifted, n
#define SCALE2(shifted, n, d, t) VSCALEFPS n, d, d

// Minimum and maximum.
#define MINF(a, b, d) VMINPS a, b, d
#define MAXF(a, m) VMAXPS m, a, m
#define AT_MOST(c, a, d, t) \
	VBROADCASTSS c(SB), t \
	VMINPS       a, t, d
#define AT_LEAST(c, a, d, t) \
	VBROADCASTSS c(SB), t \
	VMAXPS       a, t, d
#define AT_LEAST_ZERO(a, d) \
	VPXORD d, d, d \
	VMAXPS a, d, d

#define SQRTF(a, d) VSQRTPS a, d
#define NEGF(a, d) VXORPS.BCST ·signBit(SB), a, d
#define ABSF(a, d) VANDPS.BCST ·notSignBit(SB), a, d
#define TO_WHOLE(a, d) VRNDSCALEPS $8, a, d

// Bits.
#define ANDF(a, b, d) VANDPS b, a, d
#define ORF_C(a, c, d) VORPS.BCST c(SB), a, d
#define WITH_SIGN(a, b, d, t) \
	VANDPS.BCST ·signBit(SB), b, t \
	VORPS       t, a, d
#define ADD_SIGN(b, d, t) VPTERNLOGD.BCST $0xF8, ·signBit(SB), b, d
#define FLIP_SIGN(a, d) VPTERNLOGD.BCST $0x78, ·signBit(SB), a, d

// Words.
#define ADD_WORDS_C(a, c, d) VPADDD.BCST c(SB), a, d
#define SUB_WORDS(a, b, d) VPSUBD b, a, d
#define SUB_WORDS_C(a, c, d) VPSUBD.BCST c(SB), a, d
#define SUB_WORDS_TO_ZERO(a, b, d, t) \
	VPSUBD  b, a, d \
	VPXORD  t, t, t \
	VPMAXSD t, d, d
#define SHIFT_LEFT(bits, a, d) VPSLLD $bits, a, d
#define SHIFT_RIGHT(bits, a, d) VPSRLD $bits, a, d
#define SHIFT_SIGNED(bits, a, d) VPSRAD $bits, a, d
#define FROM_WORDS(a, d) VCVTDQ2PS a, d

// Comparisons.
#define GE(a, b) VCMPPS $0x1D, b, a, M
#define GT(a, b) VCMPPS $0x1E, b, a, M
#define EQ(a, b) VCMPPS $0x00, b, a, M
#define GE_C(a, c) VCMPPS.BCST $0x1D, c(SB), a, M
#define GT_C(a, c) VCMPPS.BCST $0x1E, c(SB), a, M
#define LE_C(a, c) VCMPPS.BCST $0x12, c(SB), a, M
#define LT_C(a, c) VCMPPS.BCST $0x11, c(SB), a, M
#define ODD_WORDS(a) VPTESTMD.BCST ·integerOne(SB), a, M

// What depends on M. LDC_UNLESS overwrites K6.
#define BLEND(a, d) VMOVAPS a, M, d
#define SELECT(a, b, d) VBLENDMPS a, b, M, d
#define BLEND_C(c, d) VBROADCASTSS c(SB), M, d
#define MULF_WHERE(a, b, other, d) \
	VMOVAPS other, d \
	VMULPS  b, a, M, d
#define MULF_C_WHERE(a, c, other, d) \
	VMOVAPS     other, d \
	VMULPS.BCST c(SB), a, M, d
#define ADDF_WHERE(a, b, d, t) VADDPS b, a, M, d
#define SUBF_WHERE(a, b, d, t) VSUBPS b, a, M, d
#define LDC_WHERE(c, d) VBROADCASTSS.Z c(SB), M, d
#define LDC_UNLESS(c, d) \
	KNOTW          M, K6 \
	VBROADCASTSS.Z c(SB), K6, d
#define ADDF_C_WHERE(c, d, t) VADDPS.BCST c(SB), d, M, d

#define SIGNS(x) VPMOVD2M x, M
#define SELECT_SIGN(x, a, b, d) VBLENDMPS a, b, M, d
#define NEGATIVE_TO(c, x, d) \
	VPMOVD2M     x, M \
	VMOVAPS      x, d \
	VBROADCASTSS c(SB), M, d

// Tables. VPERMPS takes four bits of an index: three matter, since the rows of
// tables are stored twice where a fourth may be set.
#define KEEP_ROW(name, kept) VMOVUPS name(SB), kept
#define LOOKUP(name, kept, index, d) VPERMPS kept, index, d
#define COLUMN_OF(index)
#define INTERVAL(x, c, bits, index, t) \
	VPSUBD.BCST c(SB), x, index     \
	VPSRAD      $bits, index, index \
	VPXORD      t, t, t             \
	VPMAXSD     t, index, index

#define LOOKUP_LINE(c1, kept1, c0, kept0, index, u, p, t) \
	VPERMPS     kept1, index, p \
	VPERMPS     kept0, index, t \
	VFMADD213PS t, u, p
#define LOOKUP_HORNER2(c1, kept1, c0, kept0, index, u, p, t) \
	VPERMPS     kept1, index, t \
	VFMADD213PS t, u, p         \
	VPERMPS     kept0, index, t \
	VFMADD213PS t, u, p

// Arguments, which are spread over registers.
#define MULF_ARGUMENT(a, x, d, t) VMULPS x, a, d
#define ADDF_ARGUMENT(a, x, d, t) VADDPS x, a, d
#define TIMES_ARGUMENT_PLUS_C(x, c, d, t) VFMADD213PS.BCST c(SB), x, d

// Special values, which VFIXUPIMMPS knows.
#define LOG_SPECIAL(x, y) VFIXUPIMMPS.BCST $0, ·logSpecial(SB), x, y
#define QUANTILE_SPECIAL(r, y) VFIXUPIMMPS.BCST $0, ·quantileSpecial(SB), r, y

// EXP is as quick as any part of it.
#define EXP_NEGATIVE(src, dst) EXP(src, dst)
