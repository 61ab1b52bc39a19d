// What the AVX2 kernels over rows and columns share. A file that includes this
// header gets its own copy of the table.

// Eight words of ones, then eight of zeros.
DATA tailMasks<>+0(SB)/8, $-1
DATA tailMasks<>+8(SB)/8, $-1
DATA tailMasks<>+16(SB)/8, $-1
DATA tailMasks<>+24(SB)/8, $-1
DATA tailMasks<>+32(SB)/8, $0
DATA tailMasks<>+40(SB)/8, $0
DATA tailMasks<>+48(SB)/8, $0
DATA tailMasks<>+56(SB)/8, $0
GLOBL tailMasks<>(SB), RODATA|NOPTR, $64

// TAIL_MASK sets mask to ones in the first count lanes, 0 <= count <= 8. It
// overwrites count and scratch.
#define TAIL_MASK(count, scratch, mask) \
	LEAQ tailMasks<>+32(SB), scratch \
	SHLQ $2, count                   \
	SUBQ count, scratch              \
	VMOVUPS (scratch), mask

// FOLD8 adds the eight lanes of y, whose low half is x, in the order of
// foldLanes, into lane 0 of x.
#define FOLD8(y, x, scratch) \
	VEXTRACTF128 $1, y, scratch \
	VADDPS       scratch, x, x  \
	VMOVHLPS     x, x, scratch  \
	VADDPS       scratch, x, x  \
	VMOVSHDUP    x, scratch     \
	VADDSS       scratch, x, x
