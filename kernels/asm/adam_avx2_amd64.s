//go:build !noasm

#include "textflag.h"
#include "rows_avx2_amd64.h"

// Registers:
//	P, M, V, G                 the four slices, at byte AT
//	LEFT                       elements to go
//	MASK                       ones in the lanes of the tail
//	GRADIENT, FIRST, SECOND    eight of g', m and v
//	T, PARAMETER               scratch, and eight of p
//	the rest                   the constants of the call
#define P DI
#define M SI
#define V DX
#define G BX
#define AT R8
#define LEFT CX
#define SCRATCH AX
#define GRADIENT_SCALE Y0
#define BETA1 Y1
#define REST1 Y2
#define BETA2 Y3
#define REST2 Y4
#define RATE Y5
#define ROOT Y6
#define EPSILON Y7
#define GRADIENT Y8
#define FIRST Y9
#define SECOND Y10
#define T Y11
#define PARAMETER Y12
#define MASK Y13
#define DECAY Y14

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
	CMPQ    LEFT, $8                                  \
	JLT     tail                                      \
	VMOVUPS (G)(AT*1), GRADIENT                       \
	VMOVUPS (M)(AT*1), FIRST                          \
	VMOVUPS (V)(AT*1), SECOND                         \
	VMOVUPS (P)(AT*1), PARAMETER                      \
	step                                              \
	VMOVUPS FIRST, (M)(AT*1)                          \
	VMOVUPS SECOND, (V)(AT*1)                         \
	VMOVUPS PARAMETER, (P)(AT*1)                      \
	ADDQ    $32, AT                                   \
	SUBQ    $8, LEFT                                  \
	JMP     loop                                      \
tail:                                                 \
	TESTQ      LEFT, LEFT                             \
	JEQ        done                                   \
	TAIL_MASK(LEFT, SCRATCH, MASK)                    \
	VMASKMOVPS (G)(AT*1), MASK, GRADIENT              \
	VMASKMOVPS (M)(AT*1), MASK, FIRST                 \
	VMASKMOVPS (V)(AT*1), MASK, SECOND                \
	VMASKMOVPS (P)(AT*1), MASK, PARAMETER             \
	step                                              \
	VMASKMOVPS FIRST, MASK, (M)(AT*1)                 \
	VMASKMOVPS SECOND, MASK, (V)(AT*1)                \
	VMASKMOVPS PARAMETER, MASK, (P)(AT*1)             \
done:                                                 \
	VZEROUPPER                                        \
	RET

// func AdamAVX2(p, m, v, g []float32, gradientScale, beta1, rest1, beta2, rest2, rate, root, epsilon float32)
TEXT ·AdamAVX2(SB), NOSPLIT, $0-128
	UPDATE(STEP)

// func AdamWAVX2(p, m, v, g []float32, gradientScale, beta1, rest1, beta2, rest2, rate, root, epsilon, decay float32)
TEXT ·AdamWAVX2(SB), NOSPLIT, $0-132
	VBROADCASTSS decay+128(FP), DECAY
	UPDATE(STEP_DECAY)
