//go:build !noasm

#include "textflag.h"
#include "pairs_neon_arm64.h"

// Registers:
//	DST, SRC, GRADIENT   what is written, what is compared, what is kept
//	LEFT                 values to go
//	X, G                 eight of SRC and of GRADIENT
//	CLEAR                ones where X <= 0, which NaN is not
#define DST R0
#define SRC R1
#define GRADIENT R2
#define LEFT R3
#define X 0
#define G 2
#define CLEAR 4

// func ReLUNEON(dst, src []float32)
TEXT ·ReLUNEON(SB), NOSPLIT, $0-48
	MOVD dst_base+0(FP), DST
	MOVD dst_len+8(FP), LEFT
	MOVD src_base+24(FP), SRC

loop:
	SUBS $8, LEFT
	BLT  tail
	LOAD_NEXT(SRC, X)
	FCMLE0_8(X, CLEAR)
	BIC8(CLEAR, X, X)
	STORE_NEXT(X, DST)
	JMP  loop

tail:
	ADDS $8, LEFT
	BEQ  done
	TAIL_OFFSETS(LEFT)
	LOAD_TAIL(SRC, X)
	FCMLE0_8(X, CLEAR)
	BIC8(CLEAR, X, X)
	STORE_TAIL(X, DST)

done:
	RET

// func ReLUBackwardNEON(dx, y, dy []float32)
TEXT ·ReLUBackwardNEON(SB), NOSPLIT, $0-72
	MOVD dx_base+0(FP), DST
	MOVD dx_len+8(FP), LEFT
	MOVD y_base+24(FP), SRC
	MOVD dy_base+48(FP), GRADIENT

loop:
	SUBS $8, LEFT
	BLT  tail
	LOAD_NEXT(SRC, X)
	LOAD_NEXT(GRADIENT, G)
	FCMLE0_8(X, CLEAR)
	BIC8(CLEAR, G, G)
	STORE_NEXT(G, DST)
	JMP  loop

tail:
	ADDS $8, LEFT
	BEQ  done
	TAIL_OFFSETS(LEFT)
	LOAD_TAIL(SRC, X)
	LOAD_TAIL(GRADIENT, G)
	FCMLE0_8(X, CLEAR)
	BIC8(CLEAR, G, G)
	STORE_TAIL(G, DST)

done:
	RET
