//go:build !noasm

#include "textflag.h"
#include "vector_neon_arm64.h"
#include "exp.h"
#include "logistic_mixture.h"

// Registers beside those of logistic_mixture.h:
//	LEFT     elements to go
#define LEFT R0
#define AT R1
#define XS R2
#define N R3
#define OFFSET R4
#define STRIDE R5
#define GRADIENTS_STRIDE R6
#define TO R7
#define TO_WIDTHS R8
#define TO_WEIGHTS R9
#define DENSITY R10
#define V0 0
#define V1 2
#define V2 4
#define V3 6

// The words for addresses.
#define ARGUMENT(memory, d) \
	MOVD memory, d \
	ADD  OFFSET, d
#define COUNT_OF(memory, d) MOVD memory, d
#define BYTES_OF(memory, d) \
	MOVD memory, d \
	LSL  $2, d
#define COPY_WORD(a, d) MOVD a, d
#define TIMES_WORD(a, d) MUL a, d
#define CHANGE(by, pointer) ADD by, pointer
#define LOOP_NEXT(n, label) \
	SUBS $1, n \
	BGT  label
#define IF_ZERO(memory, label) \
	MOVD memory, R11 \
	CBZ  R11, label

// MIXTURE_LOOP is a whole kernel: BODY is its body.
#define MIXTURE_LOOP(count, BODY) \
	MOVD count, LEFT   \
	MOVD $0, OFFSET    \
loop: \
	SUBS $8, LEFT      \
	BLT  tail          \
	BODY(LOAD, STORE, term, next) \
	ADD  $32, OFFSET   \
	JMP  loop          \
tail: \
	ADDS $8, LEFT      \
	BEQ  done          \
	TAIL_OFFSETS(LEFT) \
	BODY(LOAD_TAIL, STORE_TAIL, lastTerm, lastNext) \
done: \
	RET

// func LogisticMixtureNEON(sums, x, constants []float32, sumsStride, stride, components int)
TEXT ·LogisticMixtureNEON(SB), NOSPLIT, $0-96
	BYTES_OF(stride+80(FP), STRIDE)
	MIXTURE_LOOP(x_len+32(FP), MIXTURE_SUMS)

// func LogisticMixtureBracketNEON(low, high, logit, constants []float32, stride, components int)
TEXT ·LogisticMixtureBracketNEON(SB), NOSPLIT, $0-112
	BYTES_OF(stride+96(FP), STRIDE)
	MIXTURE_LOOP(logit_len+56(FP), MIXTURE_BRACKET)

// func LogisticMixtureBackwardNEON(gradients, x, constants, sums, pulls []float32, gradientsStride, stride, sumsStride, pullsStride, components, weights int)
TEXT ·LogisticMixtureBackwardNEON(SB), NOSPLIT, $0-168
	BYTES_OF(gradientsStride+120(FP), GRADIENTS_STRIDE)
	BYTES_OF(stride+128(FP), STRIDE)
	MIXTURE_LOOP(x_len+32(FP), MIXTURE_GRADIENTS)
