// What the forward and the backward affine kernels share.
//
// Two loops go over the rows. Wide rows take a register for eight columns.
// Narrow ones would leave most of a register empty, so that up to four columns
// go two rows at a time, one in each half of a register (PAIR).
//
// MASK and MASK_X, its low half, are ones in the lanes in use.

// PAIR_MASK sets MASK for two rows of CX <= 4 columns; it overwrites CX.
#define PAIR_MASK \
	TAIL_MASK(CX, SCRATCH, MASK) \
	VINSERTF128 $1, MASK_X, MASK, MASK

// LOAD_PAIR loads the next two rows of a matrix, and advances its pointer past
// them. x is the low half of y.
#define LOAD_PAIR(pointer, stride, y, x, scratch) \
	MOVQ        stride, SCRATCH                       \
	VMASKMOVPS  (pointer), MASK_X, x                  \
	VMASKMOVPS  (pointer)(SCRATCH*4), MASK_X, scratch \
	VINSERTF128 $1, scratch, y, y                     \
	LEAQ        (pointer)(SCRATCH*8), pointer

// STORE_PAIR stores the next two rows of a matrix, and advances its pointer
// past them. x is the low half of y.
#define STORE_PAIR(y, x, pointer, stride, scratch) \
	MOVQ         stride, SCRATCH                       \
	VMASKMOVPS   x, MASK_X, (pointer)                  \
	VEXTRACTF128 $1, y, scratch                        \
	VMASKMOVPS   scratch, MASK_X, (pointer)(SCRATCH*4) \
	LEAQ         (pointer)(SCRATCH*8), pointer

// COLUMN_MASK sets MASK to the columns from COLUMN on, at most eight; FULL is
// the number of columns in whole registers, TAIL_AT the address of the mask of
// the rest.
#define COLUMN_MASK \
	LEAQ    tailMasks<>(SB), SCRATCH \
	CMPQ    COLUMN, FULL             \
	CMOVQGE TAIL_AT, SCRATCH         \
	VMOVUPS (SCRATCH), MASK

// COLUMN_COUNTS sets FULL and TAIL_AT for CX columns; it overwrites CX, which
// may be TAIL_AT.
#define COLUMN_COUNTS \
	MOVQ CX, FULL                    \
	ANDQ $-8, FULL                   \
	ANDQ $7, CX                      \
	NEGQ CX                          \
	LEAQ tailMasks<>+32(SB), SCRATCH \
	LEAQ (SCRATCH)(CX*4), TAIL_AT
