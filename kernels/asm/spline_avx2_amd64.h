// The spline kernels' instructions and rows on AVX2: see spline_bin.h.
//
// Up to four columns go two rows at a time, as in affine_avx2_amd64.h.
// Whichever it is, blocks of parameters are first moved to slots, one register
// each. The mask of the lanes in use is the slot MASKS.
#define SLOT 32
#define SLOT_SHIFT 5
#define FRAME 22016 // SLOT_COUNT slots and the alignment, rounded up

#define SCRATCH AX
#define N CX
#define SLOTS DI
#define A0 SI
#define A1 R8
#define A2 R9
#define A3 R10
#define MODE R11
#define COLUMN BX
#define COLS R12
#define W R13
#define P0 Y0
#define P0_X X0
#define P1 Y1
#define P1_X X1
#define P2 Y2
#define P3 Y3
#define P4 Y13
#define P5 Y14
#define P6 Y15
#define T0 Y4
#define T1 Y5
#define T2 Y6
#define T3 Y7
#define T4 Y8
#define T5 Y9
#define T6 Y10
#define T7 Y11
#define Q Y12
#define MASK Y2
#define MASK_X X2

#define POWER_CONSTANTS
#define POWERF(v) EXP(v, v)
#define GET(slot, d) VMOVUPS (slot*SLOT)(SLOTS), d
#define PUT(a, slot) VMOVUPS a, (slot*SLOT)(SLOTS)
#define FETCH(pointer, d) VMOVUPS (pointer), d
#define KEEP(a, pointer) VMOVUPS a, (pointer)
#define ADD_FETCH(pointer, d) VADDPS (pointer), d, d
#define FMA_GET(a, slot, d) VFMADD231PS (slot*SLOT)(SLOTS), a, d
#define BLEND_FETCH(at, pointer, d) VBLENDVPS M, at(pointer), d, d

#define COPY(a, d) MOVQ a, d
#define MOVE(argument, d) MOVQ argument, d
#define STEP(pointer) ADDQ $SLOT, pointer
#define STEP_BACK(pointer) SUBQ $SLOT, pointer
#define ADD_TWO(n) ADDQ $2, n
#define SLOTS_AT(slot, d) LEAQ (slot*SLOT)(SLOTS), d
#define ADD_BINS(d) \
	MOVQ BINS, SCRATCH        \
	SHLQ $SLOT_SHIFT, SCRATCH \
	ADDQ SCRATCH, d
#define LOOP_NEXT(n, label) \
	DECQ n \
	JGT  label
#define JUMP(label) JMP label
#define IF_ZERO(flag, label) \
	CMPL flag, $0 \
	JEQ  label
#define IF_NOT_ZERO(flag, label) \
	CMPL flag, $0 \
	JNE  label

// SPREAD_SLOT fills a slot with one float32.
#define SPREAD_SLOT(memory, slot) \
	VBROADCASTSS memory, Y0 \
	PUT(Y0, slot)

// ALIGN_SLOTS sets SLOTS to the first aligned slot of the frame.
#define ALIGN_SLOTS \
	LEAQ scratch-FRAME(SP), SLOTS \
	ADDQ $31, SLOTS               \
	ANDQ $-32, SLOTS

// PASS moves a pointer argument past 2^log rows.
#define PASS(pointer, stride, log) \
	MOVQ stride, SCRATCH      \
	SHLQ $(log+2), SCRATCH    \
	ADDQ SCRATCH, pointer

// STAGE_… moves the blocks at A1, COLS apart, to the slots from A0 on;
// UNSTAGE_… moves them back. n blocks are in N.
#define STAGE_COLUMNS(loop) \
	GET(MASKS, MASK)           \
loop: \
	VMASKMOVPS (A1), MASK, P0  \
	KEEP(P0, A0)               \
	STEP(A0)                   \
	LEAQ (A1)(COLS*4), A1      \
	LOOP_NEXT(N, loop)
#define UNSTAGE_COLUMNS(loop) \
	GET(MASKS, MASK)           \
loop: \
	FETCH(A0, P0)              \
	VMASKMOVPS P0, MASK, (A1)  \
	STEP(A0)                   \
	LEAQ (A1)(COLS*4), A1      \
	LOOP_NEXT(N, loop)
#define STAGE_PAIRS(loop, stride) \
	GET(MASKS, MASK)           \
loop: \
	MOVQ A1, A2                \
	LOAD_PAIR(A2, stride, P0, P0_X, P1_X) \
	KEEP(P0, A0)               \
	STEP(A0)                   \
	LEAQ (A1)(COLS*4), A1      \
	LOOP_NEXT(N, loop)
#define UNSTAGE_PAIRS(loop, stride) \
	GET(MASKS, MASK)           \
loop: \
	FETCH(A0, P0)              \
	MOVQ A1, A2                \
	STORE_PAIR(P0, P0_X, A2, stride, P1_X) \
	STEP(A0)                   \
	LEAQ (A1)(COLS*4), A1      \
	LOOP_NEXT(N, loop)

// RAW_BLOCKS prepares STAGE_…, COLUMN columns into the row.
#define RAW_BLOCKS(pointer) \
	SLOTS_AT(RAW, A0)        \
	MOVQ pointer, A1         \
	LEAQ (A1)(COLUMN*4), A1  \
	MOVQ BLOCKS, N
#define LOAD_COLUMNS(pointer, slot) \
	MOVQ pointer, A1                     \
	GET(MASKS, MASK)                     \
	VMASKMOVPS (A1)(COLUMN*4), MASK, P0  \
	PUT(P0, slot)
#define STORE_COLUMNS(slot, pointer) \
	MOVQ pointer, A1                     \
	GET(slot, P0)                        \
	GET(MASKS, MASK)                     \
	VMASKMOVPS P0, MASK, (A1)(COLUMN*4)
#define LOAD_ROWS(pointer, stride, slot) \
	MOVQ pointer, A1                       \
	GET(MASKS, MASK)                       \
	LOAD_PAIR(A1, stride, P0, P0_X, P1_X)  \
	MOVQ A1, pointer                       \
	PUT(P0, slot)
#define STORE_ROWS(slot, pointer, stride) \
	MOVQ pointer, A1                       \
	GET(slot, P0)                          \
	GET(MASKS, MASK)                       \
	STORE_PAIR(P0, P0_X, A1, stride, P1_X) \
	MOVQ A1, pointer

// NEGATE_IF_INVERSE negates log-dets.
#define NEGATE_IF_INVERSE(y, label) \
	IF_ZERO(INVERSE, label)    \
	VXORPS ·signBit(SB), y, y  \
label:

// CHOOSE_ROWS branches to how the next rows are taken, or to done.
#define CHOOSE_ROWS(wide, pair, done) \
	MOVQ  ROWS_ARG, W    \
	MOVQ  COLS_ARG, COLS \
	XORQ  COLUMN, COLUMN \
	TESTQ W, W           \
	JEQ   done           \
	CMPQ  COLS, $4       \
	JGT   wide           \
	CMPQ  W, $2          \
	JGE   pair           \
	JMP   wide

// NEXT_MASK sets the mask to the columns from COLUMN on, at most eight.
#define NEXT_MASK \
	MOVQ    COLS, CX                 \
	SUBQ    COLUMN, CX               \
	MOVL    $8, SCRATCH              \
	CMPQ    CX, $8                   \
	CMOVQGT SCRATCH, CX              \
	TAIL_MASK(CX, SCRATCH, MASK)     \
	PUT(MASK, MASKS)
#define NEXT_PAIR_MASK \
	MOVQ    COLS, CX                 \
	PAIR_MASK                        \
	PUT(MASK, MASKS)
