//go:build !noasm

#include "textflag.h"
#include "rows_avx512_amd64.h"

// Registers:
//	P, M, V, G                 the four slices, at byte AT
//	LEFT                       elements to go
//	MASK                       ones in the lanes of the tail
//	GRADIENT, FIRST, SECOND    sixteen of g', m and v
//	T, PARAMETER               scratch, and sixteen of p
//	the rest                   the constants of the call
#define P DI
#define M SI
#define V DX
#define G BX
#define AT R8
#define LEFT CX
#define SCRATCH AX
#define GRADIENT_SCALE Z0
#define BETA1 Z1
#define REST1 Z2
#define BETA2 Z3
#define REST2 Z4
#define RATE Z5
#define ROOT Z6
#define EPSILON Z7
#define GRADIENT Z8
#define FIRST Z9
#define SECOND Z10
#define T Z11
#define PARAMETER Z12
#define MASK K1
#define DECAY Z14

// MOMENTS updates FIRST and SECOND from the raw GRADIENT, and sets T to what
// Adam subtracts from the parameter.
#define MOMENTS \
	VMULPS      GRADIENT_SCALE, GRADIENT, GRADIENT \
	VMULPS      REST1, GRADIENT, T                 \
	VFMADD132PS BETA1, T, FIRST                    \
	VMULPS      REST2, GRADIENT, T                 \
	VMULPS      GRADIENT, T, T                     \
	VFMADD132PS BETA2, T, SECOND                   \
	VSQRTPS     SECOND, T                          \
	VFMADD132PS ROOT, EPSILON, T                   \
	VMULPS      RATE, FIRST, GRADIENT              \
	VDIVPS      T, GRADIENT, T

// STEP and STEP_DECAY update FIRST, SECOND and PARAMETER from the raw GRADIENT,
// without and with weight decay.
#define STEP \
	MOMENTS                        \
	VSUBPS T, PARAMETER, PARAMETER
#define STEP_DECAY \
	MOMENTS                             \
	VFMADD231PS DECAY, PARAMETER, T     \
	VSUBPS      T, PARAMETER, PARAMETER

// UPDATE is the whole kernel: step is STEP or STEP_DECAY. Its labels are those
// of the function that uses it.
#define UPDATE(step) \
	MOVQ         p_base+0(FP), P                      \
	MOVQ         p_len+8(FP), LEFT                    \
	MOVQ         m_base+24(FP), M                     \
	MOVQ         v_base+48(FP), V                     \
	MOVQ         g_base+72(FP), G                     \
	VBROADCASTSS gradientScale+96(FP), GRADIENT_SCALE \
	VBROADCASTSS beta1+100(FP), BETA1                 \
	VBROADCASTSS rest1+104(FP), REST1                 \
	VBROADCASTSS beta2+108(FP), BETA2                 \
	VBROADCASTSS rest2+112(FP), REST2                 \
	VBROADCASTSS rate+116(FP), RATE                   \
	VBROADCASTSS root+120(FP), ROOT                   \
	VBROADCASTSS epsilon+124(FP), EPSILON             \
	XORQ         AT, AT                               \
loop:                                                 \
	CMPQ    LEFT, $16                                 \
	JLT     tail                                      \
	VMOVUPS (G)(AT*1), GRADIENT                       \
	VMOVUPS (M)(AT*1), FIRST                          \
	VMOVUPS (V)(AT*1), SECOND                         \
	VMOVUPS (P)(AT*1), PARAMETER                      \
	step                                              \
	VMOVUPS FIRST, (M)(AT*1)                          \
	VMOVUPS SECOND, (V)(AT*1)                         \
	VMOVUPS PARAMETER, (P)(AT*1)                      \
	ADDQ    $64, AT                                   \
	SUBQ    $16, LEFT                                 \
	JMP     loop                                      \
tail:                                                 \
	TESTQ     LEFT, LEFT                              \
	JEQ       done                                    \
	TAIL_MASK(SCRATCH, MASK)                          \
	VMOVUPS.Z (G)(AT*1), MASK, GRADIENT               \
	VMOVUPS.Z (M)(AT*1), MASK, FIRST                  \
	VMOVUPS.Z (V)(AT*1), MASK, SECOND                 \
	VMOVUPS.Z (P)(AT*1), MASK, PARAMETER              \
	step                                              \
	VMOVUPS   FIRST, MASK, (M)(AT*1)                  \
	VMOVUPS   SECOND, MASK, (V)(AT*1)                 \
	VMOVUPS   PARAMETER, MASK, (P)(AT*1)              \
done:                                                 \
	VZEROUPPER                                        \
	RET

// func AdamAVX512(p, m, v, g []float32, gradientScale, beta1, rest1, beta2, rest2, rate, root, epsilon float32)
TEXT ·AdamAVX512(SB), NOSPLIT, $0-128
	UPDATE(STEP)

// func AdamWAVX512(p, m, v, g []float32, gradientScale, beta1, rest1, beta2, rest2, rate, root, epsilon, decay float32)
TEXT ·AdamWAVX512(SB), NOSPLIT, $0-132
	VBROADCASTSS decay+128(FP), DECAY
	UPDATE(STEP_DECAY)
