//go:build !noasm

#include "textflag.h"
#include "math_avx512_amd64.h"
#include "math_normal_avx512_amd64.h"

// Registers:
//	DST, SRC  the next elements
//	LEFT      elements to go
//	X0, X1    sixteen elements
//	MASK      the lanes of the tail
#define DST DI
#define SRC SI
#define COS DX
#define LEFT CX
#define SCRATCH AX
#define MASK K1

// TAIL sets MASK to the first LEFT lanes, 0 < LEFT < 16.
#define TAIL \
	MOVL  $1, SCRATCH    \
	SHLL  LEFT, SCRATCH  \
	DECL  SCRATCH        \
	KMOVW SCRATCH, MASK

// UNARY is the body of an elementwise function.
#define UNARY(OPERATION) \
	MOVQ    dst_base+0(FP), DST  \
	MOVQ    dst_len+8(FP), LEFT  \
	MOVQ    src_base+24(FP), SRC \
	SUBQ    $16, LEFT            \
	JLT     tail                 \
	PCALIGN $32                  \
loop: \
	VMOVUPS (SRC), Z0            \
	OPERATION(Z0, Z0)            \
	VMOVUPS Z0, (DST)            \
	ADDQ    $64, SRC             \
	ADDQ    $64, DST             \
	SUBQ    $16, LEFT            \
	JGE     loop                 \
tail: \
	ADDQ    $16, LEFT            \
	JEQ     done                 \
	TAIL                         \
	VMOVUPS.Z (SRC), MASK, Z0    \
	OPERATION(Z0, Z0)            \
	VMOVUPS Z0, MASK, (DST)      \
done: \
	VZEROUPPER                   \
	RET

// func ExpAVX512(dst, src []float32)
TEXT ·ExpAVX512(SB), NOSPLIT, $0-48
	UNARY(EXP)

// func LogAVX512(dst, src []float32)
TEXT ·LogAVX512(SB), NOSPLIT, $0-48
	UNARY(LOG)

// func TanhAVX512(dst, src []float32)
TEXT ·TanhAVX512(SB), NOSPLIT, $0-48
	MATH_CONSTANTS
	UNARY(TANH)

// func ErfAVX512(dst, src []float32)
TEXT ·ErfAVX512(SB), NOSPLIT, $0-48
	ERF_CONSTANTS
	UNARY(ERF)

// func NormalCDFAVX512(dst, src []float32)
TEXT ·NormalCDFAVX512(SB), NOSPLIT, $0-48
	TAIL_CONSTANTS
	UNARY(NORMAL_CDF)

// func NormalQuantileAVX512(dst, src []float32)
TEXT ·NormalQuantileAVX512(SB), NOSPLIT, $0-48
	QUANTILE_CONSTANTS
	UNARY(NORMAL_QUANTILE)

// func GELUAVX512(dst, src []float32)
TEXT ·GELUAVX512(SB), NOSPLIT, $0-48
	TAIL_CONSTANTS
	UNARY(GELU)

// func SinCos2PiAVX512(sin, cos, src []float32)
TEXT ·SinCos2PiAVX512(SB), NOSPLIT, $0-72
	MOVQ sin_base+0(FP), DST
	MOVQ cos_base+24(FP), COS
	MOVQ src_base+48(FP), SRC
	MOVQ src_len+56(FP), LEFT
	SUBQ $16, LEFT
	JLT  tail

loop:
	VMOVUPS (SRC), Z0
	SINCOS2PI(Z0, Z0, Z1)
	VMOVUPS Z0, (DST)
	VMOVUPS Z1, (COS)
	ADDQ    $64, SRC
	ADDQ    $64, DST
	ADDQ    $64, COS
	SUBQ    $16, LEFT
	JGE     loop

tail:
	ADDQ      $16, LEFT
	JEQ       done
	TAIL
	VMOVUPS.Z (SRC), MASK, Z0
	SINCOS2PI(Z0, Z0, Z1)
	VMOVUPS   Z0, MASK, (DST)
	VMOVUPS   Z1, MASK, (COS)

done:
	VZEROUPPER
	RET
