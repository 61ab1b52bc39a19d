//go:build !noasm

#include "textflag.h"
#include "vector_avx2_amd64.h"
#include "log.h"
#include "sincos.h"

// Philox4x32-10, see Counters: a group of sixteen blocks is two halves of eight
// lanes.
//
// A 32-bit product with both its halves takes 64 bits, so eight blocks are two
// sets of four, the even and the odd lanes of the counters, one in each low
// half of 64 bits. What the high halves hold does not matter: no operation
// carries it down.
//
// Registers:
//	Y0 to Y3  the counters of the even lanes, at the end the words of all lanes
//	Y4 to Y7  those of the odd lanes
//	Y8, Y9    the multipliers
//	Y10, Y11  the key of the round
//	Y12, Y13  scratch, then the products
//	STATE     the counters of all lanes: block numbers, low and high halves of
//	          the indexes, 32 bytes each, for one half after the other
//	COUNTERS  where the argument lies
#define DST DI
#define LEFT CX
#define COUNTERS SI
#define STATE DX

// Offsets in Counters.
#define COUNTERS_BLOCK 0
#define COUNTERS_INDEX_LOW 64
#define COUNTERS_INDEX_HIGH 128
#define COUNTERS_BLOCK_STEP 192
#define COUNTERS_INDEX_STEP 196
#define COUNTERS_BLOCKS 200
#define COUNTERS_STREAM 204
#define COUNTERS_KEY_LOW 208
#define COUNTERS_KEY_HIGH 212

// The block in each lane: transposing four words of eight lanes within halves
// of the registers then leaves consecutive blocks in each register.
DATA philoxOrder<>+0(SB)/8, $0x0000000200000000
DATA philoxOrder<>+8(SB)/8, $0x0000000600000004
DATA philoxOrder<>+16(SB)/8, $0x0000000300000001
DATA philoxOrder<>+24(SB)/8, $0x0000000700000005
GLOBL philoxOrder<>(SB), RODATA|NOPTR, $32

#define SETUP \
	MOVQ    dst_base+0(FP), DST                       \
	MOVQ    dst_len+8(FP), LEFT                       \
	LEAQ    start_Block_0+24(FP), COUNTERS            \
	LEAQ    state-192(SP), STATE                      \
	VMOVDQU philoxOrder<>(SB), Y0                     \
	VPERMD  COUNTERS_BLOCK(COUNTERS), Y0, Y1          \
	VPERMD  COUNTERS_INDEX_LOW(COUNTERS), Y0, Y2      \
	VPERMD  COUNTERS_INDEX_HIGH(COUNTERS), Y0, Y3     \
	VMOVDQU Y1, (STATE)                               \
	VMOVDQU Y2, 32(STATE)                             \
	VMOVDQU Y3, 64(STATE)                             \
	VPERMD  (COUNTERS_BLOCK+32)(COUNTERS), Y0, Y1      \
	VPERMD  (COUNTERS_INDEX_LOW+32)(COUNTERS), Y0, Y2  \
	VPERMD  (COUNTERS_INDEX_HIGH+32)(COUNTERS), Y0, Y3 \
	VMOVDQU Y1, 96(STATE)                             \
	VMOVDQU Y2, 128(STATE)                            \
	VMOVDQU Y3, 160(STATE)

// PERMUTE is a round on one set, with the key of the round.
#define PERMUTE(c0, c1, c2, c3) \
	VPMULUDQ Y8, c0, Y12   \
	VPMULUDQ Y9, c2, Y13   \
	VPSRLQ   $32, Y13, c0  \
	VPXOR    c1, Y10, c1   \
	VPXOR    c1, c0, c0    \
	VPSRLQ   $32, Y12, c2  \
	VPXOR    c3, Y11, c3   \
	VPXOR    c3, c2, c2    \
	VMOVDQA  Y13, c1       \
	VMOVDQA  Y12, c3

#define PERMUTE_BOTH \
	PERMUTE(Y0, Y1, Y2, Y3) \
	PERMUTE(Y4, Y5, Y6, Y7)

#define PHILOX_ROUND \
	VPADDD ·philoxKeyStep0(SB), Y10, Y10 \
	VPADDD ·philoxKeyStep1(SB), Y11, Y11 \
	PERMUTE_BOTH

// NEXT moves the counters of one half to the next group. Without an unsigned
// comparison, a >= b is max(a, b) = a.
#define NEXT(at) \
	VMOVDQU      at(STATE), Y4                            \
	VPBROADCASTD COUNTERS_BLOCK_STEP(COUNTERS), Y5        \
	VPADDD       Y5, Y4, Y4                               \
	VPBROADCASTD COUNTERS_BLOCKS(COUNTERS), Y5            \
	VPMAXUD      Y5, Y4, Y6                               \
	VPCMPEQD     Y6, Y4, Y6                               \
	VPAND        Y6, Y5, Y5                               \
	VPSUBD       Y5, Y4, Y4                               \
	VMOVDQU      Y4, at(STATE)                            \
	VPBROADCASTD COUNTERS_INDEX_STEP(COUNTERS), Y5        \
	VPSUBD       Y6, Y5, Y5                               \
	VPADDD       (at+32)(STATE), Y5, Y4                   \
	VMOVDQU      Y4, (at+32)(STATE)                       \
	VPMAXUD      Y5, Y4, Y6                               \
	VPCMPEQD     Y6, Y4, Y6                               \
	VPADDD       ·integerOne(SB), Y6, Y6                  \
	VPADDD       (at+64)(STATE), Y6, Y6                   \
	VMOVDQU      Y6, (at+64)(STATE)

// HALF sets Y0 to Y3 to the words of eight blocks and moves their counters on.
#define HALF(at) \
	VMOVDQU      at(STATE), Y0       \
	VMOVDQU      (at+32)(STATE), Y1  \
	VMOVDQU      (at+64)(STATE), Y2  \
	VPBROADCASTD COUNTERS_STREAM(COUNTERS), Y3 \
	VPSRLQ       $32, Y0, Y4         \
	VPSRLQ       $32, Y1, Y5         \
	VPSRLQ       $32, Y2, Y6         \
	VMOVDQA      Y3, Y7              \
	VPBROADCASTQ ·philoxMultiplier0(SB), Y8       \
	VPBROADCASTQ ·philoxMultiplier1(SB), Y9       \
	VPBROADCASTD COUNTERS_KEY_LOW(COUNTERS), Y10  \
	VPBROADCASTD COUNTERS_KEY_HIGH(COUNTERS), Y11 \
	PERMUTE_BOTH \
	PHILOX_ROUND \
	PHILOX_ROUND \
	PHILOX_ROUND \
	PHILOX_ROUND \
	PHILOX_ROUND \
	PHILOX_ROUND \
	PHILOX_ROUND \
	PHILOX_ROUND \
	PHILOX_ROUND \
	VMOVSLDUP    Y4, Y4 \
	VMOVSLDUP    Y5, Y5 \
	VMOVSLDUP    Y6, Y6 \
	VMOVSLDUP    Y7, Y7 \
	VBLENDPS     $0xAA, Y4, Y0, Y0 \
	VBLENDPS     $0xAA, Y5, Y1, Y1 \
	VBLENDPS     $0xAA, Y6, Y2, Y2 \
	VBLENDPS     $0xAA, Y7, Y3, Y3 \
	NEXT(at)

// STORE_BLOCKS stores Y0 to Y3, one word of all lanes each, block by block. It
// overwrites Y4 to Y8.
#define STORE_BLOCKS(at) \
	VPUNPCKLDQ  Y1, Y0, Y4       \
	VPUNPCKHDQ  Y1, Y0, Y5       \
	VPUNPCKLDQ  Y3, Y2, Y6       \
	VPUNPCKHDQ  Y3, Y2, Y7       \
	VPUNPCKLQDQ Y6, Y4, Y8       \
	VMOVDQU     Y8, at(DST)      \
	VPUNPCKHQDQ Y6, Y4, Y8       \
	VMOVDQU     Y8, (at+32)(DST) \
	VPUNPCKLQDQ Y7, Y5, Y8       \
	VMOVDQU     Y8, (at+64)(DST) \
	VPUNPCKHQDQ Y7, Y5, Y8       \
	VMOVDQU     Y8, (at+96)(DST)

// func PhiloxAVX2(dst []uint32, start Counters)
TEXT ·PhiloxAVX2(SB), NOSPLIT, $192-240
	SETUP

group:
	SUBQ $64, LEFT
	JLT  done
	HALF(0)
	STORE_BLOCKS(0)
	HALF(96)
	STORE_BLOCKS(128)
	ADDQ $256, DST
	JMP  group

done:
	VZEROUPPER
	RET

// NORMAL_PAIR replaces two words of all lanes by two normals of all lanes. It
// overwrites Y4 to Y9 and Y12.
#define NORMAL_PAIR(w0, w1) \
	VPSRLD    $8, w0, w0              \
	VPADDD    ·integerOne(SB), w0, w0 \
	VCVTDQ2PS w0, w0                  \
	VMULPS    ·wordScale(SB), w0, w0  \
	LOG_NORMAL(w0, w0)                \
	VMULPS    ·minusTwo(SB), w0, w0   \
	VSQRTPS   w0, w0                  \
	VPSRLD    $8, w1, w1              \
	VCVTDQ2PS w1, w1                  \
	VMULPS    ·wordScale(SB), w1, w1  \
	SINCOS2PI(w1, w1, Y12)            \
	VMULPS    w0, w1, w1              \
	VMULPS    w0, Y12, w0

// func NormalAVX2(dst []float32, start Counters)
TEXT ·NormalAVX2(SB), NOSPLIT, $192-240
	SETUP

group:
	SUBQ $64, LEFT
	JLT  done
	HALF(0)
	NORMAL_PAIR(Y0, Y1)
	NORMAL_PAIR(Y2, Y3)
	STORE_BLOCKS(0)
	HALF(96)
	NORMAL_PAIR(Y0, Y1)
	NORMAL_PAIR(Y2, Y3)
	STORE_BLOCKS(128)
	ADDQ $256, DST
	JMP  group

done:
	VZEROUPPER
	RET
