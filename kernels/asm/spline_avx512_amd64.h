// The spline kernels' instructions and rows on AVX-512: see spline_bin.h.
//
// Up to four columns go four rows at a time, and up to eight two rows, as in
// affine_avx512_amd64.h. Whichever it is, blocks of parameters are first moved
// to slots, one register each.
#define SLOT 64
#define SLOT_SHIFT 6
#define FRAME 43968 // SLOT_COUNT slots and the alignment, rounded up

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
#define P0 Z0
#define P0_Y Y0
#define P0_X X0
#define P1 Z1
#define P1_Y Y1
#define P1_X X1
#define P2 Z2
#define P3 Z3
#define P4 Z4
#define P5 Z5
#define P6 Z6
#define T0 Z17
#define T1 Z18
#define T2 Z19
#define T3 Z20
#define T4 Z21
#define T5 Z22
#define T6 Z23
#define T7 Z24
#define Q Z25

// POWERF is EXP for values that are not above 0, or NaN, with its constants in
// registers: loads are what EXP waits for. POWER_CONSTANTS fills T0 to T7, Q and
// Z26, Z27.
#define POWER_CONSTANTS \
	LDC(·expSmallest, Z26) \
	LDC(·roundMagic, Z27)  \
	LDC(·log2E, T0)        \
	LDC(·ln2High, T1)      \
	LDC(·ln2Low, T2)       \
	LDC(·exp6, T3)         \
	LDC(·exp5, T4)         \
	LDC(·exp4, T5)         \
	LDC(·exp3, T6)         \
	LDC(·exp2, T7)         \
	LDC(·one, Q)
#define POWERF(v) \
	VMAXPS       v, Z26, Z9   \
	VMOVAPS      T0, Z10      \
	VFMADD213PS  Z27, Z9, Z10 \
	VSUBPS       Z27, Z10, Z10 \
	VFNMADD231PS T1, Z10, Z9  \
	VFNMADD231PS T2, Z10, Z9  \
	VMOVAPS      T3, v        \
	VFMADD213PS  T4, Z9, v    \
	VFMADD213PS  T5, Z9, v    \
	VFMADD213PS  T6, Z9, v    \
	VFMADD213PS  T7, Z9, v    \
	VFMADD213PS  Q, Z9, v     \
	VFMADD213PS  Q, Z9, v     \
	VSCALEFPS    Z10, v, v
#define GET(slot, d) VMOVUPS (slot*SLOT)(SLOTS), d
#define PUT(a, slot) VMOVUPS a, (slot*SLOT)(SLOTS)
#define FETCH(pointer, d) VMOVUPS (pointer), d
#define KEEP(a, pointer) VMOVUPS a, (pointer)
#define ADD_FETCH(pointer, d) VADDPS (pointer), d, d
#define FMA_GET(a, slot, d) VFMADD231PS (slot*SLOT)(SLOTS), a, d
#define BLEND_FETCH(at, pointer, d) VMOVUPS at(pointer), M, d

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
	VBROADCASTSS memory, Z0 \
	PUT(Z0, slot)

// ALIGN_SLOTS sets SLOTS to the first cache line of the frame.
#define ALIGN_SLOTS \
	LEAQ scratch-FRAME(SP), SLOTS \
	ADDQ $63, SLOTS               \
	ANDQ $-64, SLOTS

// PASS moves a pointer argument past 2^log rows.
#define PASS(pointer, stride, log) \
	MOVQ stride, SCRATCH      \
	SHLQ $(log+2), SCRATCH    \
	ADDQ SCRATCH, pointer

// STAGE_… moves the blocks at A1, COLS apart, to the slots from A0 on;
// UNSTAGE_… moves them back. n blocks are in N.
#define STAGE_COLUMNS(loop, last, staged) \
	SUBQ $2, N                            \
	JLT  last                             \
loop: \
	VMOVUPS.Z (A1), MASK, P0              \
	VMOVUPS.Z (A1)(COLS*4), MASK, P1      \
	VMOVUPS P0, (A0)                      \
	VMOVUPS P1, SLOT(A0)                  \
	LEAQ (A1)(COLS*8), A1                 \
	ADDQ $(2*SLOT), A0                    \
	SUBQ $2, N                            \
	JGE  loop                             \
last: \
	CMPQ N, $-2                           \
	JEQ  staged                           \
	VMOVUPS.Z (A1), MASK, P0              \
	VMOVUPS P0, (A0)                      \
staged:
#define UNSTAGE_COLUMNS(loop) \
loop: \
	FETCH(A0, P0)          \
	VMOVUPS P0, MASK, (A1) \
	STEP(A0)               \
	LEAQ (A1)(COLS*4), A1  \
	LOOP_NEXT(N, loop)
#define STAGE_ROWS(loop, load, stride) \
loop: \
	MOVQ A1, A2           \
	load(A2, stride, P0)  \
	KEEP(P0, A0)          \
	STEP(A0)              \
	LEAQ (A1)(COLS*4), A1 \
	LOOP_NEXT(N, loop)
#define UNSTAGE_QUADS(loop, stride) \
loop: \
	FETCH(A0, P0)         \
	MOVQ A1, A2           \
	STORE_QUAD(P0, P0_X, A2, stride, P1_X) \
	STEP(A0)              \
	LEAQ (A1)(COLS*4), A1 \
	LOOP_NEXT(N, loop)
#define UNSTAGE_PAIRS(loop, stride) \
loop: \
	FETCH(A0, P0)         \
	MOVQ A1, A2           \
	STORE_PAIR(P0, P0_Y, A2, stride, P1_Y) \
	STEP(A0)              \
	LEAQ (A1)(COLS*4), A1 \
	LOOP_NEXT(N, loop)

// RAW_BLOCKS prepares STAGE_…, COLUMN columns into the row.
#define RAW_BLOCKS(pointer) \
	SLOTS_AT(RAW, A0)        \
	MOVQ pointer, A1         \
	LEAQ (A1)(COLUMN*4), A1  \
	MOVQ BLOCKS, N
#define LOAD_COLUMNS(pointer, slot) \
	MOVQ pointer, A1                    \
	VMOVUPS.Z (A1)(COLUMN*4), MASK, P0  \
	PUT(P0, slot)
#define STORE_COLUMNS(slot, pointer) \
	MOVQ pointer, A1               \
	GET(slot, P0)                  \
	VMOVUPS P0, MASK, (A1)(COLUMN*4)
#define LOAD_ROWS(load, pointer, stride, slot) \
	MOVQ pointer, A1     \
	load(A1, stride, P0) \
	MOVQ A1, pointer     \
	PUT(P0, slot)

// NEGATE_IF_INVERSE negates log-dets.
#define NEGATE_IF_INVERSE(x, label) \
	IF_ZERO(INVERSE, label)    \
	VXORPS ·signBit(SB), x, x  \
label:

// CHOOSE_ROWS branches to how the next rows are taken, or to done.
#define CHOOSE_ROWS(wide, quad, pair, done) \
	MOVQ  ROWS_ARG, W    \
	MOVQ  COLS_ARG, COLS \
	XORQ  COLUMN, COLUMN \
	TESTQ W, W           \
	JEQ   done           \
	CMPQ  COLS, $8       \
	JGT   wide           \
	CMPQ  W, $2          \
	JLT   wide           \
	CMPQ  COLS, $4       \
	JGT   pair           \
	CMPQ  W, $4          \
	JGE   quad           \
	JMP   wide

// NEXT_MASK sets MASK to the columns from COLUMN on, at most sixteen.
#define NEXT_MASK \
	MOVQ    COLS, CX           \
	SUBQ    COLUMN, CX         \
	MOVL    $16, SCRATCH       \
	CMPQ    CX, $16            \
	CMOVQGT SCRATCH, CX        \
	MOVL    $1, SCRATCH        \
	SHLL    CX, SCRATCH        \
	DECL    SCRATCH            \
	KMOVW   SCRATCH, MASK
