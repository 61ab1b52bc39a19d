//go:build !noasm

#include "textflag.h"
#include "vector_neon_arm64.h"
#include "log.h"
#include "sincos.h"

// Philox4x32-10, see Counters: a group of sixteen blocks is two halves of eight
// lanes, a pair for each word.
//
// Registers:
//	DST, LEFT       where the next words go, words to go
//	COUNTERS        the argument, a copy that is the kernel's own
//	HALF            0 or 32: the bytes from COUNTERS to the half to do
//	LANES           the counters of the half
//	pairs 0 to 6    the counters, in places that each round moves by one
//	pairs 8, 10     the multipliers
//	pairs 12, 14    the key of the round
//	pairs 16 to 22  scratch; 16, 18 the high halves of the products
//	pairs 24, 26    the steps of the key
#define DST R0
#define LEFT R1
#define COUNTERS R2
#define HALF R3
#define LANES R4

// Offsets in Counters.
#define INDEX_LOW 64
#define INDEX_HIGH 128
#define BLOCK_STEP 192
#define INDEX_STEP 196
#define BLOCKS 200
#define STREAM 204
#define KEY_LOW 208
#define KEY_HIGH 212

// Where the words are after ten rounds.
#define WORD0 4
#define WORD1 6
#define WORD2 0
#define WORD3 2

#define SETUP \
	MOVD dst_base+0(FP), DST             \
	MOVD dst_len+8(FP), LEFT             \
	MOVD $start_Block_0+24(FP), COUNTERS \
	MOVD $0, HALF

// LOAD_COUNTERS loads the counters of eight blocks and moves them on to the
// next group.
#define LOAD_COUNTERS \
	ADD    HALF, COUNTERS, LANES      \
	EOR    $32, HALF                  \
	LOAD(LANES, 0)                    \
	SPREAD(BLOCK_STEP(COUNTERS), 16)  \
	ADD8(0, 16, 16)                   \
	SPREAD(BLOCKS(COUNTERS), 18)      \
	CMHS8(18, 16, 20)                 \
	AND8(20, 18, 18)                  \
	SUB8(18, 16, 16)                  \
	STORE(16, LANES)                  \
	ADD    $INDEX_LOW, LANES          \
	LOAD(LANES, 2)                    \
	SPREAD(INDEX_STEP(COUNTERS), 18)  \
	SUB8(20, 18, 18)                  \
	ADD8(2, 18, 16)                   \
	CMHI8(16, 18, 20)                 \
	STORE(16, LANES)                  \
	ADD    $(INDEX_HIGH-INDEX_LOW), LANES \
	LOAD(LANES, 4)                    \
	SUB8(20, 4, 16)                   \
	STORE(16, LANES)                  \
	SPREAD(STREAM(COUNTERS), 6)

// MULTIPLY sets high to the high halves of the products m·x and x to the low
// ones.
#define MULTIPLY(m, x, high) \
	VUMULL_S2(m, x, 20)           \
	VUMULL2_S4(m, x, 21)          \
	VUMULL_S2(m, (x)+1, 22)       \
	VUMULL2_S4(m, (x)+1, 23)      \
	VUZP2_S4(21, 20, high)        \
	VUZP2_S4(23, 22, (high)+1)    \
	VUZP1_S4(21, 20, x)           \
	VUZP1_S4(23, 22, (x)+1)

// PHILOX_ROUND leaves counters 0 to 3 in b, c, d and a.
#define PHILOX_ROUND(a, b, c, d) \
	MULTIPLY(8, a, 16)  \
	MULTIPLY(10, c, 18) \
	EOR8(12, b, b)      \
	EOR8(18, b, b)      \
	EOR8(14, d, d)      \
	EOR8(16, d, d)

// NEXT_ROUND also moves the key on before.
#define NEXT_ROUND(a, b, c, d) \
	ADD8(24, 12, 12) \
	ADD8(26, 14, 14) \
	PHILOX_ROUND(a, b, c, d)

// RANDOM_WORDS sets WORD0 to WORD3 to the words of the next eight blocks.
#define RANDOM_WORDS \
	LOAD_COUNTERS                    \
	CONSTANT(·philoxMultiplier0, 16) \
	VDUP_S4(0, 16, 8)                \
	CONSTANT(·philoxMultiplier1, 16) \
	VDUP_S4(0, 16, 10)               \
	SPREAD(KEY_LOW(COUNTERS), 12)    \
	SPREAD(KEY_HIGH(COUNTERS), 14)   \
	CONSTANT(·philoxKeyStep0, 24)    \
	CONSTANT(·philoxKeyStep1, 26)    \
	PHILOX_ROUND(0, 2, 4, 6)                \
	NEXT_ROUND(2, 4, 6, 0)           \
	NEXT_ROUND(4, 6, 0, 2)           \
	NEXT_ROUND(6, 0, 2, 4)           \
	NEXT_ROUND(0, 2, 4, 6)           \
	NEXT_ROUND(2, 4, 6, 0)           \
	NEXT_ROUND(4, 6, 0, 2)           \
	NEXT_ROUND(6, 0, 2, 4)           \
	NEXT_ROUND(0, 2, 4, 6)           \
	NEXT_ROUND(2, 4, 6, 0)

// GATHER copies register x to V(to): VST4 takes consecutive registers.
#define GATHER(x, to) VORR_B16(x, x, to)

// STORE_BLOCKS stores four words of eight lanes, block by block.
#define STORE_BLOCKS \
	GATHER(WORD0, 16)                                \
	GATHER(WORD1, 17)                                \
	GATHER(WORD2, 18)                                \
	GATHER(WORD3, 19)                                \
	GATHER(WORD0+1, 20)                              \
	GATHER(WORD1+1, 21)                              \
	GATHER(WORD2+1, 22)                              \
	GATHER(WORD3+1, 23)                              \
	VST4.P [V16.S4, V17.S4, V18.S4, V19.S4], 64(DST) \
	VST4.P [V20.S4, V21.S4, V22.S4, V23.S4], 64(DST)

// func PhiloxNEON(dst []uint32, start Counters)
TEXT ·PhiloxNEON(SB), NOSPLIT, $0-240
	SETUP

half:
	SUBS $32, LEFT
	BLT  done
	RANDOM_WORDS
	STORE_BLOCKS
	JMP  half

done:
	RET

// NORMALS turns two words of each lane into two normals. It overwrites pair 8.
#define NORMALS(w0, w1) \
	USHR8(8, w0, w0)          \
	CONSTANT(·integerOne, 16) \
	ADD8(16, w0, w0)          \
	UCVTF8(w0, w0)            \
	CONSTANT(·wordScale, 16)  \
	FMUL8(16, w0, w0)         \
	LOG_NORMAL(w0, w0)            \
	CONSTANT(·minusTwo, 16)   \
	FMUL8(16, w0, w0)         \
	FSQRT8(w0, w0)            \
	USHR8(8, w1, w1)          \
	UCVTF8(w1, w1)            \
	CONSTANT(·wordScale, 16)  \
	FMUL8(16, w1, w1)         \
	SINCOS2PI(w1, w1, 8)          \
	FMUL8(w0, w1, w1)         \
	FMUL8(8, w0, w0)

// func NormalNEON(dst []float32, start Counters)
TEXT ·NormalNEON(SB), NOSPLIT, $0-240
	SETUP

half:
	SUBS $32, LEFT
	BLT  done
	RANDOM_WORDS
	NORMALS(WORD0, WORD1)
	NORMALS(WORD2, WORD3)
	STORE_BLOCKS
	JMP  half

done:
	RET
