//go:build !noasm

#include "textflag.h"
#include "math_normal_avx2_amd64.h"
#include "rows_avx2_amd64.h"

// Registers:
//	DST, SRC  the next elements
//	LEFT      elements to go
//	Y0        eight elements
//	MASK      ones in the lanes of the tail
#define DST DI
#define SRC SI
#define LEFT CX
#define SCRATCH AX
#define MASK Y15

// UNARY is the body of an elementwise function.
#define UNARY(OPERATION) \
	MOVQ    dst_base+0(FP), DST  \
	MOVQ    dst_len+8(FP), LEFT  \
	MOVQ    src_base+24(FP), SRC \
	SUBQ    $8, LEFT             \
	JLT     tail                 \
loop: \
	VMOVUPS (SRC), Y0            \
	OPERATION(Y0, Y0)            \
	VMOVUPS Y0, (DST)            \
	ADDQ    $32, SRC             \
	ADDQ    $32, DST             \
	SUBQ    $8, LEFT             \
	JGE     loop                 \
tail: \
	ADDQ    $8, LEFT             \
	JEQ     done                 \
	TAIL_MASK(LEFT, SCRATCH, MASK) \
	VMASKMOVPS (SRC), MASK, Y0   \
	OPERATION(Y0, Y0)            \
	VMASKMOVPS Y0, MASK, (DST)   \
done: \
	VZEROUPPER                   \
	RET

// func ErfAVX2(dst, src []float32)
TEXT ·ErfAVX2(SB), NOSPLIT, $0-48
	UNARY(ERF)

// func NormalCDFAVX2(dst, src []float32)
TEXT ·NormalCDFAVX2(SB), NOSPLIT, $0-48
	UNARY(NORMAL_CDF)

// func NormalQuantileAVX2(dst, src []float32)
TEXT ·NormalQuantileAVX2(SB), NOSPLIT, $0-48
	UNARY(NORMAL_QUANTILE)

// func GELUAVX2(dst, src []float32)
TEXT ·GELUAVX2(SB), NOSPLIT, $0-48
	UNARY(GELU)
