//go:build !noasm

#include "textflag.h"
#include "pairs_neon_arm64.h"

// Registers:
//	DST, A, B   the destination and the sources
//	LEFT        values to go
//	X, Y        eight of A and of B
//	FACTOR      eight copies of the factor
//	MEAN        and of the mean
#define DST R0
#define A R1
#define B R2
#define LEFT R3
#define X 0
#define Y 2
#define FACTOR 4
#define MEAN 6

// func AddNEON(dst, a, b []float32)
TEXT ·AddNEON(SB), NOSPLIT, $0-72
	MOVD dst_base+0(FP), DST
	MOVD dst_len+8(FP), LEFT
	MOVD a_base+24(FP), A
	MOVD b_base+48(FP), B

loop:
	SUBS $8, LEFT
	BLT  tail
	LOAD_NEXT(A, X)
	LOAD_NEXT(B, Y)
	FADD8(Y, X, X)
	STORE_NEXT(X, DST)
	JMP  loop

tail:
	ADDS $8, LEFT
	BEQ  done
	TAIL_OFFSETS(LEFT)
	LOAD_TAIL(A, X)
	LOAD_TAIL(B, Y)
	FADD8(Y, X, X)
	STORE_TAIL(X, DST)

done:
	RET

// func ScaleNEON(dst, src []float32, factor float32)
TEXT ·ScaleNEON(SB), NOSPLIT, $0-52
	MOVD dst_base+0(FP), DST
	MOVD dst_len+8(FP), LEFT
	MOVD src_base+24(FP), A
	SPREAD(factor+48(FP), FACTOR)

loop:
	SUBS $8, LEFT
	BLT  tail
	LOAD_NEXT(A, X)
	FMUL8(FACTOR, X, X)
	STORE_NEXT(X, DST)
	JMP  loop

tail:
	ADDS $8, LEFT
	BEQ  done
	TAIL_OFFSETS(LEFT)
	LOAD_TAIL(A, X)
	FMUL8(FACTOR, X, X)
	STORE_TAIL(X, DST)

done:
	RET

// func AddScaledNEON(dst, src []float32, factor float32)
TEXT ·AddScaledNEON(SB), NOSPLIT, $0-52
	MOVD dst_base+0(FP), DST
	MOVD dst_len+8(FP), LEFT
	MOVD src_base+24(FP), A
	SPREAD(factor+48(FP), FACTOR)

loop:
	SUBS $8, LEFT
	BLT  tail
	LOAD_NEXT(A, X)
	LOAD(DST, Y)
	FMUL8(FACTOR, X, X)
	FADD8(Y, X, X)
	STORE_NEXT(X, DST)
	JMP  loop

tail:
	ADDS $8, LEFT
	BEQ  done
	TAIL_OFFSETS(LEFT)
	LOAD_TAIL(A, X)
	LOAD_TAIL(DST, Y)
	FMUL8(FACTOR, X, X)
	FADD8(Y, X, X)
	STORE_TAIL(X, DST)

done:
	RET

// func StandardizeNEON(dst, src []float32, mean, factor float32)
TEXT ·StandardizeNEON(SB), NOSPLIT, $0-56
	MOVD dst_base+0(FP), DST
	MOVD dst_len+8(FP), LEFT
	MOVD src_base+24(FP), A
	SPREAD(mean+48(FP), MEAN)
	SPREAD(factor+52(FP), FACTOR)

loop:
	SUBS $8, LEFT
	BLT  tail
	LOAD_NEXT(A, X)
	FSUB8(MEAN, X, X)
	FMUL8(FACTOR, X, X)
	STORE_NEXT(X, DST)
	JMP  loop

tail:
	ADDS $8, LEFT
	BEQ  done
	TAIL_OFFSETS(LEFT)
	LOAD_TAIL(A, X)
	FSUB8(MEAN, X, X)
	FMUL8(FACTOR, X, X)
	STORE_TAIL(X, DST)

done:
	RET
