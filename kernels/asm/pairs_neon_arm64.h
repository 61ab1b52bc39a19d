// Eight float32, or eight words, at a time. A pair is the registers x and x+1:
// lanes 0 to 3 and 4 to 7. The macros are the instructions of neon_arm64.h on
// both registers of their pairs, so that two operations are always in flight.
//
// R26 and, at the end of a row or a vector, R19 to R25 and V16 to V23 belong to
// these macros.

#include "neon_arm64.h"

#define PAIR2(op, n, d) \
	op(n, d) \
	op((n)+1, (d)+1)
#define PAIR3(op, m, n, d) \
	op(m, n, d) \
	op((m)+1, (n)+1, (d)+1)
#define PAIR_SHIFT(op, s, n, d) \
	op(s, n, d) \
	op(s, (n)+1, (d)+1)

#define FADD8(m, n, d)  PAIR3(VFADD_S4, m, n, d)
#define FSUB8(m, n, d)  PAIR3(VFSUB_S4, m, n, d)
#define FMUL8(m, n, d)  PAIR3(VFMUL_S4, m, n, d)
#define FDIV8(m, n, d)  PAIR3(VFDIV_S4, m, n, d)
#define FMLA8(m, n, d)  PAIR3(VFMLA_S4, m, n, d)
#define FMLS8(m, n, d)  PAIR3(VFMLS_S4, m, n, d)
#define FMIN8(m, n, d)  PAIR3(VFMIN_S4, m, n, d)
#define FMAX8(m, n, d)  PAIR3(VFMAX_S4, m, n, d)
#define FNEG8(n, d)     PAIR2(VFNEG_S4, n, d)
#define FSQRT8(n, d)    PAIR2(VFSQRT_S4, n, d)
#define FRINTN8(n, d)   PAIR2(VFRINTN_S4, n, d)
#define FCMGT8(m, n, d) PAIR3(VFCMGT_S4, m, n, d)
#define FCMEQ0_8(n, d)  PAIR2(VFCMEQ0_S4, n, d)
#define FCMLE0_8(n, d)  PAIR2(VFCMLE0_S4, n, d)
#define FCMLT0_8(n, d)  PAIR2(VFCMLT0_S4, n, d)
#define SCVTF8(n, d)    PAIR2(VSCVTF_S4, n, d)
#define UCVTF8(n, d)    PAIR2(VUCVTF_S4, n, d)
#define ADD8(m, n, d)   PAIR3(VADD_S4, m, n, d)
#define SUB8(m, n, d)   PAIR3(VSUB_S4, m, n, d)
#define MUL8(m, n, d)   PAIR3(VMUL_S4, m, n, d)
#define UQSUB8(m, n, d) PAIR3(VUQSUB_S4, m, n, d)
#define CMHI8(m, n, d)  PAIR3(VCMHI_S4, m, n, d)
#define CMHS8(m, n, d)  PAIR3(VCMHS_S4, m, n, d)
#define CMEQ0_8(n, d)   PAIR2(VCMEQ0_S4, n, d)
#define SHL8(s, n, d)   PAIR_SHIFT(VSHL_S4, s, n, d)
#define SSHR8(s, n, d)  PAIR_SHIFT(VSSHR_S4, s, n, d)
#define USHR8(s, n, d)  PAIR_SHIFT(VUSHR_S4, s, n, d)
#define AND8(m, n, d)   PAIR3(VAND_B16, m, n, d)
#define BIC8(m, n, d)   PAIR3(VBIC_B16, m, n, d)
#define ORR8(m, n, d)   PAIR3(VORR_B16, m, n, d)
#define EOR8(m, n, d)   PAIR3(VEOR_B16, m, n, d)
#define BIT8(m, n, d)   PAIR3(VBIT_B16, m, n, d)
#define BIF8(m, n, d)   PAIR3(VBIF_B16, m, n, d)
#define MOVE8(n, d)     PAIR3(VORR_B16, n, n, d)
#define ZERO8(d)        PAIR3(VEOR_B16, d, d, d)

// LOAD and STORE move eight values at a pointer, LOAD_NEXT and STORE_NEXT also
// advance it past them.
#define LOAD(pointer, x) \
	MOVD pointer, R26 \
	VLD1_2_S4(26, x)
#define STORE(x, pointer) \
	MOVD pointer, R26 \
	VST1_2_S4(x, 26)
#define LOAD_NEXT(pointer, x) \
	LOAD(pointer, x) \
	ADD  $32, pointer
#define STORE_NEXT(x, pointer) \
	STORE(x, pointer) \
	ADD  $32, pointer

// CONSTANT loads eight copies of a constant of constants.s, SPREAD one float32
// or word in memory into all lanes.
#define CONSTANT(name, x) \
	MOVD $name(SB), R26 \
	VLD1_2_S4(26, x)
#define SPREAD(memory, x) \
	FMOVS memory, F(x)   \
	VDUP_S4(0, x, (x)+1) \
	VDUP_S4(0, x, x)

// The end of a vector or row, of 1 to 7 values, neither reads nor writes beyond
// it and has no branches: the lanes after the last value are more copies of
// it. They compute the same again, and STORE_TAIL writes the same again. A
// kernel must load everything of a tail before it stores, and must not add the
// copies to a sum: TAIL_MASK has ones in the lanes of the values alone.

// R19 to R25 are 4·min(lane, count-1) for lanes 1 to 7.
#define TAIL_OFFSET(lane, offset) \
	MOVD $(4*(lane)), offset \
	CMP  R25, offset         \
	CSEL LT, offset, R25, offset

// TAIL_OFFSETS prepares R19 to R25 for a tail of count values; it does no harm
// if there are none.
#define TAIL_OFFSETS(count) \
	SUB $1, count, R25  \
	LSL $2, R25         \
	TAIL_OFFSET(1, R19) \
	TAIL_OFFSET(2, R20) \
	TAIL_OFFSET(3, R21) \
	TAIL_OFFSET(4, R22) \
	TAIL_OFFSET(5, R23) \
	TAIL_OFFSET(6, R24)

// LOAD_TAIL4 and STORE_TAIL4 move one register of a tail of up to four values.
// t is not 16 to 19.
#define LOAD_TAIL4(pointer, t) \
	FMOVS (pointer), F16      \
	FMOVS (pointer)(R19), F17 \
	FMOVS (pointer)(R20), F18 \
	FMOVS (pointer)(R21), F19 \
	VZIP1_S4(18, 16, 16)      \
	VZIP1_S4(19, 17, 17)      \
	VZIP1_S4(17, 16, t)
#define STORE_TAIL4(t, pointer) \
	VMOVS_S4(0, t, 16)        \
	VMOVS_S4(1, t, 17)        \
	VMOVS_S4(2, t, 18)        \
	VMOVS_S4(3, t, 19)        \
	FMOVS F16, (pointer)      \
	FMOVS F17, (pointer)(R19) \
	FMOVS F18, (pointer)(R20) \
	FMOVS F19, (pointer)(R21)

// LOAD_TAIL and STORE_TAIL move a tail. x is not 16 to 22.
#define LOAD_TAIL(pointer, x) \
	LOAD_TAIL4(pointer, x)    \
	FMOVS (pointer)(R22), F20 \
	FMOVS (pointer)(R23), F21 \
	FMOVS (pointer)(R24), F22 \
	FMOVS (pointer)(R25), F23 \
	VZIP1_S4(22, 20, 20)      \
	VZIP1_S4(23, 21, 21)      \
	VZIP1_S4(21, 20, (x)+1)
#define STORE_TAIL(x, pointer) \
	STORE_TAIL4(x, pointer)   \
	VMOVS_S4(0, (x)+1, 20)    \
	VMOVS_S4(1, (x)+1, 21)    \
	VMOVS_S4(2, (x)+1, 22)    \
	VMOVS_S4(3, (x)+1, 23)    \
	FMOVS F20, (pointer)(R22) \
	FMOVS F21, (pointer)(R23) \
	FMOVS F22, (pointer)(R24) \
	FMOVS F23, (pointer)(R25)

// Eight words of ones, then eight of zeros.
DATA tailMasks<>+0(SB)/8, $-1
DATA tailMasks<>+8(SB)/8, $-1
DATA tailMasks<>+16(SB)/8, $-1
DATA tailMasks<>+24(SB)/8, $-1
DATA tailMasks<>+32(SB)/8, $0
DATA tailMasks<>+40(SB)/8, $0
DATA tailMasks<>+48(SB)/8, $0
DATA tailMasks<>+56(SB)/8, $0
GLOBL tailMasks<>(SB), RODATA|NOPTR, $64

// TAIL_MASK sets the first count lanes of x to ones, 0 <= count <= 8, and the
// others to zero.
#define TAIL_MASK(count, x) \
	MOVD $tailMasks<>+32(SB), R26 \
	SUB  count<<2, R26            \
	VLD1_2_S4(26, x)

// FOLD4 adds the lanes of register t in the order of foldLanes, from four on,
// into lane 0.
#define FOLD4(t, scratch) \
	VEXT_S4(2, t, t, scratch) \
	VFADD_S4(scratch, t, t)   \
	VFADDP_S4(t, t, t)

// FOLD16 adds sixteen lanes, low and high, in the order of foldLanes, into lane
// 0 of low. Low and high may be exchanged: neither their sum nor that of the
// two registers depends on it.
#define FOLD16(low, high, scratch) \
	FADD8(high, low, low)         \
	VFADD_S4((low)+1, low, low)   \
	FOLD4(low, scratch)
