//go:build !noasm

#include "textflag.h"
#include "pairs_neon_arm64.h"

// Registers:
//	DST, SRC, GRADIENT   what is written, what is compared, what is scaled
//	LEFT                 values to go
//	SKIP, START, BIAS, ROWS, FULL, TAIL   as in bias_neon_arm64.s
//	X, G                 eight of SRC and of GRADIENT
//	SLOPE                eight slopes
//	SCALE, SCALED        ones where X <= 0, which NaN is not, and G times SLOPE
#define DST R0
#define SRC R1
#define GRADIENT R2
#define LEFT R3
#define ROWS R4
#define SKIP R5
#define START R6
#define BIAS R7
#define FULL R8
#define TAIL R9
#define X 0
#define G 2
#define SLOPE 4
#define SCALE 6
#define SCALED 8

// LEAK multiplies g by the slope where x <= 0.
#define LEAK(x, g) \
	FCMLE0_8(x, SCALE)      \
	FMUL8(SLOPE, g, SCALED) \
	BIT8(SCALE, SCALED, g)

// func LeakyReLUNEON(dst, src []float32, slope float32)
TEXT ·LeakyReLUNEON(SB), NOSPLIT, $0-52
	MOVD dst_base+0(FP), DST
	MOVD dst_len+8(FP), LEFT
	MOVD src_base+24(FP), SRC
	SPREAD(slope+48(FP), SLOPE)

loop:
	SUBS $8, LEFT
	BLT  tail
	LOAD_NEXT(SRC, X)
	LEAK(X, X)
	STORE_NEXT(X, DST)
	JMP  loop

tail:
	ADDS $8, LEFT
	BEQ  done
	TAIL_OFFSETS(LEFT)
	LOAD_TAIL(SRC, X)
	LEAK(X, X)
	STORE_TAIL(X, DST)

done:
	RET

// func LeakyReLUBackwardNEON(dx, y, dy []float32, slope float32)
TEXT ·LeakyReLUBackwardNEON(SB), NOSPLIT, $0-76
	MOVD dx_base+0(FP), DST
	MOVD dx_len+8(FP), LEFT
	MOVD y_base+24(FP), SRC
	MOVD dy_base+48(FP), GRADIENT
	SPREAD(slope+72(FP), SLOPE)

loop:
	SUBS $8, LEFT
	BLT  tail
	LOAD_NEXT(SRC, X)
	LOAD_NEXT(GRADIENT, G)
	LEAK(X, G)
	STORE_NEXT(G, DST)
	JMP  loop

tail:
	ADDS $8, LEFT
	BEQ  done
	TAIL_OFFSETS(LEFT)
	LOAD_TAIL(SRC, X)
	LOAD_TAIL(GRADIENT, G)
	LEAK(X, G)
	STORE_TAIL(G, DST)

done:
	RET

// func AddBiasLeakyReLUNEON(y, bias []float32, rows, stride int, slope float32)
TEXT ·AddBiasLeakyReLUNEON(SB), NOSPLIT, $0-68
	MOVD y_base+0(FP), DST
	MOVD bias_base+24(FP), START
	MOVD bias_len+32(FP), FULL
	MOVD rows+48(FP), ROWS
	MOVD stride+56(FP), SKIP
	AND  $7, FULL, TAIL
	SUB  TAIL, FULL
	SUB  FULL, SKIP
	LSL  $2, SKIP
	TAIL_OFFSETS(TAIL)
	SPREAD(slope+64(FP), SLOPE)

row:
	SUBS $1, ROWS
	BLT  done
	MOVD START, BIAS
	MOVD FULL, LEFT
	CBZ  LEFT, tail

loop:
	LOAD(DST, X)
	LOAD_NEXT(BIAS, G)
	FADD8(G, X, X)
	LEAK(X, X)
	STORE_NEXT(X, DST)
	SUBS $8, LEFT
	BNE  loop

tail:
	CBZ  TAIL, next
	LOAD_TAIL(DST, X)
	LOAD_TAIL(BIAS, G)
	FADD8(G, X, X)
	LEAK(X, X)
	STORE_TAIL(X, DST)

next:
	ADD SKIP, DST
	JMP row

done:
	RET
