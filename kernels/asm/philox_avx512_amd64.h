// Sixteen blocks of Philox4x32-10, see Counters.
//
// A 32-bit product with both its halves takes 64 bits, so the sixteen blocks
// are two sets of eight, the even and the odd lanes of the counters, one in
// each low half of 64 bits. What the high halves hold does not matter: no
// operation carries it down.
//
// Registers:
//	Z16  block numbers
//	Z17  low half of the indexes
//	Z18  high half
//	Z19  the stream
//	Z20, Z21  the multipliers
//	K6   the odd lanes
//	Z0 to Z3  the counters of the even lanes, at the end the words of all lanes
//	Z4 to Z7  those of the odd lanes
//	Z8, Z9    scratch, then the products
//	Z10, Z11  the key of the round
//	COUNTERS  where the argument lies

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

// The block in each lane: transposing four words of sixteen lanes within
// quarters of the registers then leaves consecutive blocks in each register.
DATA philoxOrder<>+0(SB)/8, $0x0000000400000000
DATA philoxOrder<>+8(SB)/8, $0x0000000C00000008
DATA philoxOrder<>+16(SB)/8, $0x0000000500000001
DATA philoxOrder<>+24(SB)/8, $0x0000000D00000009
DATA philoxOrder<>+32(SB)/8, $0x0000000600000002
DATA philoxOrder<>+40(SB)/8, $0x0000000E0000000A
DATA philoxOrder<>+48(SB)/8, $0x0000000700000003
DATA philoxOrder<>+56(SB)/8, $0x0000000F0000000B
GLOBL philoxOrder<>(SB), RODATA|NOPTR, $64

#define PHILOX_SETUP \
	VMOVDQU32    philoxOrder<>(SB), Z0                   \
	VPERMD       COUNTERS_BLOCK(COUNTERS), Z0, Z16       \
	VPERMD       COUNTERS_INDEX_LOW(COUNTERS), Z0, Z17   \
	VPERMD       COUNTERS_INDEX_HIGH(COUNTERS), Z0, Z18  \
	VPBROADCASTD COUNTERS_STREAM(COUNTERS), Z19          \
	VPBROADCASTQ ·philoxMultiplier0(SB), Z20             \
	VPBROADCASTQ ·philoxMultiplier1(SB), Z21             \
	MOVL         $0xAAAA, AX                             \
	KMOVW        AX, K6

// PHILOX_PERMUTE is a round on one set, with the key of the round.
#define PHILOX_PERMUTE(c0, c1, c2, c3) \
	VPMULUDQ   Z20, c0, Z8         \
	VPMULUDQ   Z21, c2, Z9         \
	VPSRLQ     $32, Z9, c0         \
	VPTERNLOGQ $0x96, c1, Z10, c0  \
	VPSRLQ     $32, Z8, c2         \
	VPTERNLOGQ $0x96, c3, Z11, c2  \
	VMOVDQA64  Z9, c1              \
	VMOVDQA64  Z8, c3

#define PHILOX_PERMUTE_BOTH \
	PHILOX_PERMUTE(Z0, Z1, Z2, Z3) \
	PHILOX_PERMUTE(Z4, Z5, Z6, Z7)

#define PHILOX_ROUND \
	VPADDD.BCST ·philoxKeyStep0(SB), Z10, Z10 \
	VPADDD.BCST ·philoxKeyStep1(SB), Z11, Z11 \
	PHILOX_PERMUTE_BOTH

// PHILOX_GROUP sets Z0 to Z3 to the words of the next sixteen blocks and moves
// the counters on.
#define PHILOX_GROUP \
	VMOVDQA64    Z16, Z0       \
	VMOVDQA64    Z17, Z1       \
	VMOVDQA64    Z18, Z2       \
	VMOVDQA64    Z19, Z3       \
	VPSRLQ       $32, Z16, Z4  \
	VPSRLQ       $32, Z17, Z5  \
	VPSRLQ       $32, Z18, Z6  \
	VMOVDQA64    Z19, Z7       \
	VPBROADCASTD COUNTERS_KEY_LOW(COUNTERS), Z10  \
	VPBROADCASTD COUNTERS_KEY_HIGH(COUNTERS), Z11 \
	PHILOX_PERMUTE_BOTH \
	PHILOX_ROUND \
	PHILOX_ROUND \
	PHILOX_ROUND \
	PHILOX_ROUND \
	PHILOX_ROUND \
	PHILOX_ROUND \
	PHILOX_ROUND \
	PHILOX_ROUND \
	PHILOX_ROUND \
	VMOVSLDUP    Z4, K6, Z0 \
	VMOVSLDUP    Z5, K6, Z1 \
	VMOVSLDUP    Z6, K6, Z2 \
	VMOVSLDUP    Z7, K6, Z3 \
	VPADDD.BCST  COUNTERS_BLOCK_STEP(COUNTERS), Z16, Z16   \
	VPCMPUD.BCST $5, COUNTERS_BLOCKS(COUNTERS), Z16, K7    \
	VPSUBD.BCST  COUNTERS_BLOCKS(COUNTERS), Z16, K7, Z16   \
	VPBROADCASTD COUNTERS_INDEX_STEP(COUNTERS), Z8         \
	VPADDD.BCST  ·integerOne(SB), Z8, K7, Z8               \
	VPADDD       Z8, Z17, Z17                              \
	VPCMPUD      $1, Z8, Z17, K7                           \
	VPADDD.BCST  ·integerOne(SB), Z18, K7, Z18

// STORE_BLOCKS stores Z0 to Z3, one word of all lanes each, block by block. It
// overwrites Z4 to Z8.
#define STORE_BLOCKS(dst) \
	VPUNPCKLDQ  Z1, Z0, Z4 \
	VPUNPCKHDQ  Z1, Z0, Z5 \
	VPUNPCKLDQ  Z3, Z2, Z6 \
	VPUNPCKHDQ  Z3, Z2, Z7 \
	VPUNPCKLQDQ Z6, Z4, Z8 \
	VMOVDQU32   Z8, (dst)  \
	VPUNPCKHQDQ Z6, Z4, Z8 \
	VMOVDQU32   Z8, 64(dst)  \
	VPUNPCKLQDQ Z7, Z5, Z8   \
	VMOVDQU32   Z8, 128(dst) \
	VPUNPCKHQDQ Z7, Z5, Z8   \
	VMOVDQU32   Z8, 192(dst)
