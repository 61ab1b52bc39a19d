//go:build !noasm

#include "textflag.h"
#include "vector_avx512_amd64.h"
#include "exp.h"
#include "rows_avx512_amd64.h"
#include "logistic_mixture.h"

// Registers beside those of logistic_mixture.h:
//	LEFT     elements to go
//	MASK     the lanes of the tail
#define LEFT CX
#define AT SI
#define XS DI
#define N DX
#define OFFSET BX
#define STRIDE R8
#define GRADIENTS_STRIDE R9
#define TO R10
#define TO_WIDTHS R11
#define TO_WEIGHTS R12
#define DENSITY R13
#define SCRATCH AX
#define V0 Z0
#define V1 Z1
#define V2 Z2
#define V3 Z3
#define MASK K1

// The words for addresses.
#define ARGUMENT(memory, d) \
	MOVQ memory, d \
	ADDQ OFFSET, d
#define COUNT_OF(memory, d) MOVQ memory, d
#define BYTES_OF(memory, d) \
	MOVQ memory, d \
	SHLQ $2, d
#define COPY_WORD(a, d) MOVQ a, d
#define TIMES_WORD(a, d) IMULQ a, d
#define CHANGE(by, pointer) ADDQ by, pointer
#define LOOP_NEXT(n, label) \
	DECQ n \
	JGT  label
#define IF_ZERO(memory, label) \
	CMPQ memory, $0 \
	JEQ  label

#define LOAD_WHOLE(pointer, d) VMOVUPS (pointer), d
#define STORE_WHOLE(a, pointer) VMOVUPS a, (pointer)
#define LOAD_PART(pointer, d) VMOVUPS.Z (pointer), MASK, d
#define STORE_PART(a, pointer) VMOVUPS a, MASK, (pointer)

// MIXTURE_LOOP is a whole kernel: BODY is its body.
#define MIXTURE_LOOP(count, BODY) \
	MOVQ count, LEFT     \
	XORQ OFFSET, OFFSET  \
loop: \
	SUBQ $16, LEFT \
	JLT  tail            \
	BODY(LOAD_WHOLE, STORE_WHOLE, term, next) \
	ADDQ $64, OFFSET \
	JMP  loop            \
tail: \
	ADDQ $16, LEFT \
	JEQ  done            \
	TAIL_MASK(SCRATCH, MASK) \
	BODY(LOAD_PART, STORE_PART, lastTerm, lastNext) \
done: \
	VZEROUPPER           \
	RET

// func LogisticMixtureAVX512(sums, x, constants []float32, sumsStride, stride, components int)
TEXT ·LogisticMixtureAVX512(SB), NOSPLIT, $0-96
	BYTES_OF(stride+80(FP), STRIDE)
	MIXTURE_LOOP(x_len+32(FP), MIXTURE_SUMS)

// func LogisticMixtureBracketAVX512(low, high, logit, constants []float32, stride, components int)
TEXT ·LogisticMixtureBracketAVX512(SB), NOSPLIT, $0-112
	BYTES_OF(stride+96(FP), STRIDE)
	MIXTURE_LOOP(logit_len+56(FP), MIXTURE_BRACKET)

// func LogisticMixtureBackwardAVX512(gradients, x, constants, sums, pulls []float32, gradientsStride, stride, sumsStride, pullsStride, components, weights int)
TEXT ·LogisticMixtureBackwardAVX512(SB), NOSPLIT, $0-168
	BYTES_OF(gradientsStride+120(FP), GRADIENTS_STRIDE)
	BYTES_OF(stride+128(FP), STRIDE)
	MIXTURE_LOOP(x_len+32(FP), MIXTURE_GRADIENTS)
