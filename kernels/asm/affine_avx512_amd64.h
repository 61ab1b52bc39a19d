// What the forward and the backward affine kernels share; other kernels use its
// QUAD and PAIR macros for narrow rows.
//
// Three loops go over the rows. Wide rows take a register for sixteen columns.
// Narrow ones would leave most of a register empty, so that up to four columns
// go four rows at a time, one in each quarter of a register (QUAD), and up to
// eight columns two rows at a time, one in each half (PAIR). A load of a row
// into its place is a broadcast to every place under a mask of that place's
// columns.
//
// Mask registers:
//	MASK            the lanes in use
//	ROW0 .. ROW3    of QUAD and PAIR: the lanes of each row
//	FIRST           of FIRST_OF_QUAD and FIRST_OF_PAIR: the first lane of each row's place
#define MASK K1
#define ROW0 K2
#define ROW1 K3
#define ROW2 K4
#define ROW3 K5
#define FIRST K6

// QUAD_MASKS sets the masks for four rows of COLS <= 4 columns.
#define QUAD_MASKS \
	MOVQ  COLS, CX           \
	MOVL  $1, SCRATCH        \
	SHLL  CX, SCRATCH        \
	DECL  SCRATCH            \
	KMOVW SCRATCH, ROW0      \
	KSHIFTLW $4, ROW0, ROW1  \
	KSHIFTLW $8, ROW0, ROW2  \
	KSHIFTLW $12, ROW0, ROW3 \
	KORW  ROW0, ROW1, MASK   \
	KORW  ROW2, MASK, MASK   \
	KORW  ROW3, MASK, MASK

// PAIR_MASKS sets the masks for two rows of COLS <= 8 columns.
#define PAIR_MASKS \
	MOVQ  COLS, CX          \
	MOVL  $1, SCRATCH       \
	SHLL  CX, SCRATCH       \
	DECL  SCRATCH           \
	KMOVW SCRATCH, ROW0     \
	KSHIFTLW $8, ROW0, ROW1 \
	KORW  ROW0, ROW1, MASK

// LOAD_QUAD loads the next four rows of a matrix, and advances its pointer past
// them.
#define LOAD_QUAD(pointer, stride, z) \
	MOVQ              stride, SCRATCH               \
	VBROADCASTF32X4.Z (pointer), ROW0, z            \
	VBROADCASTF32X4   (pointer)(SCRATCH*4), ROW1, z \
	LEAQ              (pointer)(SCRATCH*8), pointer \
	VBROADCASTF32X4   (pointer), ROW2, z            \
	VBROADCASTF32X4   (pointer)(SCRATCH*4), ROW3, z \
	LEAQ              (pointer)(SCRATCH*8), pointer

// STORE_QUAD stores the next four rows of a matrix, and advances its pointer
// past them. x is the low quarter of z. The stores are moves because a masked
// extract to memory touches the whole quarter.
#define STORE_QUAD(z, x, pointer, stride, scratch) \
	MOVQ          stride, SCRATCH                     \
	VMOVUPS       x, ROW0, (pointer)                  \
	VEXTRACTF32X4 $1, z, scratch                      \
	VMOVUPS       scratch, ROW0, (pointer)(SCRATCH*4) \
	LEAQ          (pointer)(SCRATCH*8), pointer       \
	VEXTRACTF32X4 $2, z, scratch                      \
	VMOVUPS       scratch, ROW0, (pointer)            \
	VEXTRACTF32X4 $3, z, scratch                      \
	VMOVUPS       scratch, ROW0, (pointer)(SCRATCH*4) \
	LEAQ          (pointer)(SCRATCH*8), pointer

// LOAD_PAIR and STORE_PAIR are the same for the next two rows.
#define LOAD_PAIR(pointer, stride, z) \
	MOVQ              stride, SCRATCH               \
	VBROADCASTF32X8.Z (pointer), ROW0, z            \
	VBROADCASTF32X8   (pointer)(SCRATCH*4), ROW1, z \
	LEAQ              (pointer)(SCRATCH*8), pointer

#define STORE_PAIR(z, y, pointer, stride, scratch) \
	MOVQ          stride, SCRATCH                     \
	VMOVUPS       y, ROW0, (pointer)                  \
	VEXTRACTF32X8 $1, z, scratch                      \
	VMOVUPS       scratch, ROW0, (pointer)(SCRATCH*4) \
	LEAQ          (pointer)(SCRATCH*8), pointer

// SPREAD_QUAD gives each row's lanes that row's value of the vector at pointer,
// and advances it; SPREAD_PAIR likewise.
#define SPREAD_QUAD(pointer, z) \
	VBROADCASTSS.Z (pointer), ROW0, z   \
	VBROADCASTSS   4(pointer), ROW1, z  \
	VBROADCASTSS   8(pointer), ROW2, z  \
	VBROADCASTSS   12(pointer), ROW3, z \
	ADDQ           $16, pointer

#define SPREAD_PAIR(pointer, z) \
	VBROADCASTSS.Z (pointer), ROW0, z  \
	VBROADCASTSS   4(pointer), ROW1, z \
	ADDQ           $8, pointer

// FIRST_OF_QUAD and FIRST_OF_PAIR set FIRST.
#define FIRST_OF_QUAD \
	MOVL  $0x1111, SCRATCH \
	KMOVW SCRATCH, FIRST

#define FIRST_OF_PAIR \
	MOVL  $0x0101, SCRATCH \
	KMOVW SCRATCH, FIRST

// SUM_QUAD moves the sums of the four rows of z to its first four lanes, in the
// order of foldLanes: its steps of 8 and 4 would add +0 to lanes that started
// at +0. It sets FIRST.
#define SUM_QUAD(z, scratch) \
	FIRST_OF_QUAD                         \
	VPXORD      scratch, scratch, scratch \
	VADDPS.Z    z, scratch, MASK, z       \
	SUM4(z, scratch)                      \
	VCOMPRESSPS z, FIRST, z

// SUM_PAIR moves the sums of the two rows of z to its first two lanes, in the
// order of foldLanes. It sets FIRST.
#define SUM_PAIR(z, scratch) \
	FIRST_OF_PAIR                         \
	VPXORD      scratch, scratch, scratch \
	VADDPS.Z    z, scratch, MASK, z       \
	VSHUFF32X4  $0xB1, z, z, scratch      \
	VADDPS      scratch, z, z             \
	SUM4(z, scratch)                      \
	VCOMPRESSPS z, FIRST, z

// SUM4 adds up each quarter of z.
#define SUM4(z, scratch) \
	VPERMILPS $0x4E, z, scratch \
	VADDPS    scratch, z, z     \
	VPERMILPS $0xB1, z, scratch \
	VADDPS    scratch, z, z

// COLUMN_MASK sets MASK to the columns from COLUMN on, at most sixteen; FULL is
// the number of columns in whole registers, TAIL_BITS the mask of the rest.
#define COLUMN_MASK \
	MOVL    $0xFFFF, SCRATCH   \
	CMPQ    COLUMN, FULL       \
	CMOVLGE TAIL_BITS, SCRATCH \
	KMOVW   SCRATCH, MASK

// COLUMN_COUNTS sets FULL and TAIL_BITS; it overwrites CX.
#define COLUMN_COUNTS \
	MOVQ COLS, FULL  \
	ANDQ $-16, FULL  \
	MOVQ COLS, CX    \
	ANDQ $15, CX     \
	MOVL $1, SCRATCH \
	SHLL CX, SCRATCH \
	DECL SCRATCH     \
	MOVL SCRATCH, TAIL_BITS
