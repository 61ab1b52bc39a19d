//go:build !noasm

#include "textflag.h"
#include "pairs_neon_arm64.h"

// Registers:
//	P, M, V, G                          where the next values of the slices are
//	LEFT                                values to go
//	GRADIENT, FIRST, SECOND, PARAMETER  eight of g', m, v and p
//	T, W                                scratch
//	the rest                            the constants of the call
#define P R0
#define M R1
#define V R2
#define G R3
#define LEFT R4
#define GRADIENT 0
#define FIRST 2
#define SECOND 4
#define PARAMETER 6
#define GRADIENT_SCALE 8
#define BETA1 10
#define REST1 12
#define BETA2 14
#define T 16
#define W 18
#define REST2 24
#define RATE 26
#define ROOT 28
#define EPSILON 30

// MOMENTS updates FIRST and SECOND from the raw GRADIENT, and sets T to what
// Adam subtracts from the parameter.
#define MOMENTS \
	FMUL8(GRADIENT_SCALE, GRADIENT, GRADIENT) \
	FMUL8(REST1, GRADIENT, T)                 \
	FMLA8(BETA1, FIRST, T)                    \
	MOVE8(T, FIRST)                           \
	FMUL8(REST2, GRADIENT, T)                 \
	FMUL8(GRADIENT, T, T)                     \
	FMLA8(BETA2, SECOND, T)                   \
	MOVE8(T, SECOND)                          \
	FSQRT8(SECOND, T)                         \
	MOVE8(EPSILON, W)                         \
	FMLA8(ROOT, T, W)                         \
	FMUL8(RATE, FIRST, T)                     \
	FDIV8(W, T, T)

// STEP and STEP_DECAY update FIRST, SECOND and PARAMETER from the raw GRADIENT,
// without and with weight decay.
#define STEP \
	MOMENTS                        \
	FSUB8(T, PARAMETER, PARAMETER)
#define STEP_DECAY \
	MOMENTS                         \
	SPREAD(decay+128(FP), W)        \
	FMLA8(W, PARAMETER, T)          \
	FSUB8(T, PARAMETER, PARAMETER)

// UPDATE is the whole kernel: step is STEP or STEP_DECAY. Its labels are those
// of the function that uses it.
#define UPDATE(step) \
	MOVD p_base+0(FP), P                         \
	MOVD p_len+8(FP), LEFT                       \
	MOVD m_base+24(FP), M                        \
	MOVD v_base+48(FP), V                        \
	MOVD g_base+72(FP), G                        \
	SPREAD(gradientScale+96(FP), GRADIENT_SCALE) \
	SPREAD(beta1+100(FP), BETA1)                 \
	SPREAD(rest1+104(FP), REST1)                 \
	SPREAD(beta2+108(FP), BETA2)                 \
	SPREAD(rest2+112(FP), REST2)                 \
	SPREAD(rate+116(FP), RATE)                   \
	SPREAD(root+120(FP), ROOT)                   \
	SPREAD(epsilon+124(FP), EPSILON)             \
loop:                                            \
	SUBS $8, LEFT                                \
	BLT  tail                                    \
	LOAD_NEXT(G, GRADIENT)                       \
	LOAD(M, FIRST)                               \
	LOAD(V, SECOND)                              \
	LOAD(P, PARAMETER)                           \
	step                                         \
	STORE_NEXT(FIRST, M)                         \
	STORE_NEXT(SECOND, V)                        \
	STORE_NEXT(PARAMETER, P)                     \
	JMP  loop                                    \
tail:                                            \
	ADDS $8, LEFT                                \
	BEQ  done                                    \
	TAIL_OFFSETS(LEFT)                           \
	LOAD_TAIL(G, GRADIENT)                       \
	LOAD_TAIL(M, FIRST)                          \
	LOAD_TAIL(V, SECOND)                         \
	LOAD_TAIL(P, PARAMETER)                      \
	step                                         \
	STORE_TAIL(FIRST, M)                         \
	STORE_TAIL(SECOND, V)                        \
	STORE_TAIL(PARAMETER, P)                     \
done:                                            \
	RET

// func AdamNEON(p, m, v, g []float32, gradientScale, beta1, rest1, beta2, rest2, rate, root, epsilon float32)
TEXT ·AdamNEON(SB), NOSPLIT, $0-128
	UPDATE(STEP)

// func AdamWNEON(p, m, v, g []float32, gradientScale, beta1, rest1, beta2, rest2, rate, root, epsilon, decay float32)
TEXT ·AdamWNEON(SB), NOSPLIT, $0-132
	UPDATE(STEP_DECAY)
