//go:build !noasm

#include "textflag.h"
#include "vector_neon_arm64.h"
#include "exp.h"
#include "log.h"
#include "tanh.h"
#include "sincos.h"
#include "unary_neon_arm64.h"

// Registers:
//	DST, SRC   where the next values go to and come from
//	SIN, COS   the two destinations of SinCos2Pi
//	LEFT       values to go
//	X, Y       eight of them
#define DST R0
#define SRC R1
#define LEFT R2
#define SIN DST
#define COS R3
#define X 0
#define Y 2

// func ExpNEON(dst, src []float32)
TEXT ·ExpNEON(SB), NOSPLIT, $0-48
	UNARY(EXP)

// func LogNEON(dst, src []float32)
TEXT ·LogNEON(SB), NOSPLIT, $0-48
	UNARY(LOG)

// func TanhNEON(dst, src []float32)
TEXT ·TanhNEON(SB), NOSPLIT, $0-48
	UNARY(TANH)

// func SinCos2PiNEON(sin, cos, src []float32)
TEXT ·SinCos2PiNEON(SB), NOSPLIT, $0-72
	MOVD sin_base+0(FP), SIN
	MOVD sin_len+8(FP), LEFT
	MOVD cos_base+24(FP), COS
	MOVD src_base+48(FP), SRC

loop:
	SUBS $8, LEFT
	BLT  tail
	LOAD_NEXT(SRC, X)
	SINCOS2PI(X, X, Y)
	STORE_NEXT(X, SIN)
	STORE_NEXT(Y, COS)
	JMP  loop

tail:
	ADDS $8, LEFT
	BEQ  done
	TAIL_OFFSETS(LEFT)
	LOAD_TAIL(SRC, X)
	SINCOS2PI(X, X, Y)
	STORE_TAIL(X, SIN)
	STORE_TAIL(Y, COS)

done:
	RET
