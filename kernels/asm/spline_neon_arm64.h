// The spline kernels' instructions and rows on NEON: see spline_bin.h. A
// register is a pair of eight lanes.
//
// Up to four columns go two rows at a time, as in affine_neon_arm64.h.
// Whichever it is, blocks of parameters are first moved to slots, one pair
// each.
#define SLOT 32
#define SLOT_SHIFT 5
#define FRAME 22024

#define SLOTS R0
#define A0 R1
#define A1 R2
#define A2 R3
#define A3 R4
#define N R5
#define MODE R6
#define COLUMN R7
#define COLS R8
#define COUNT R9 // columns in this pair
#define SCRATCH R10
#define P0 0
#define P1 2
#define P2 4
#define P3 6
#define P4 8
#define P5 10
#define P6 12
#define Q 14
#define T0 16
#define T1 18
#define T2 20
#define T3 22
#define T4 24
#define T5 26
#define T6 28
#define T7 30

#define POWER_CONSTANTS
#define POWERF(v) EXP(v, v)
#define GET(slot, d) \
	ADD $(slot*SLOT), SLOTS, R26 \
	VLD1_2_S4(26, d)
#define PUT(a, slot) \
	ADD $(slot*SLOT), SLOTS, R26 \
	VST1_2_S4(a, 26)
#define FETCH(pointer, d) LOAD(pointer, d)
#define KEEP(a, pointer) STORE(a, pointer)
#define ADD_FETCH(pointer, d) \
	FETCH(pointer, Q) \
	ADDF(Q, d, d)
#define FMA_GET(a, slot, d) \
	GET(slot, Q) \
	FMAF(a, Q, d)
#define BLEND_FETCH(at, pointer, d) \
	ADD $(at), pointer, R26 \
	VLD1_2_S4(26, Q) \
	BLEND(Q, d)

#define COPY(a, d) MOVD a, d
#define MOVE(argument, d) MOVD argument, d
#define STEP(pointer) ADD $SLOT, pointer
#define STEP_BACK(pointer) SUB $SLOT, pointer
#define ADD_TWO(n) ADD $2, n
#define SLOTS_AT(slot, d) \
	MOVD $(slot*SLOT), d \
	ADD  SLOTS, d
#define ADD_BINS(d) \
	MOVD BINS, SCRATCH \
	ADD  SCRATCH<<SLOT_SHIFT, d
#define LOOP_NEXT(n, label) \
	SUBS $1, n \
	BGT  label
#define JUMP(label) JMP label
#define IF_ZERO(flag, label) \
	MOVWU flag, SCRATCH \
	CBZ   SCRATCH, label
#define IF_NOT_ZERO(flag, label) \
	MOVWU flag, SCRATCH \
	CBNZ  SCRATCH, label

// SPREAD_SLOT fills a slot with one float32.
#define SPREAD_SLOT(memory, slot) \
	SPREAD(memory, P0) \
	PUT(P0, slot)

// PASS moves a pointer argument past 2^log rows.
#define PASS(pointer, stride, log) \
	MOVD stride, SCRATCH         \
	MOVD pointer, A1             \
	ADD  SCRATCH<<(log+2), A1    \
	MOVD A1, pointer
#define PASS_LOG(rows) \
	MOVD LOG_ARG, A1    \
	ADD  $(4*rows), A1  \
	MOVD A1, LOG_ARG    \
	MOVD ROWS_ARG, A1   \
	SUB  $rows, A1      \
	MOVD A1, ROWS_ARG

// LOAD_COLUMNS and STORE_COLUMNS move the COUNT columns at a pointer,
// LOAD_ROWS and STORE_ROWS those of two rows; their label is one of their own.
#define LOAD_COLUMNS(pointer, x, tail, loaded) \
	CMP  $8, COUNT        \
	BNE  tail             \
	LOAD(pointer, x)      \
	JMP  loaded           \
tail: \
	LOAD_TAIL(pointer, x) \
loaded:
#define STORE_COLUMNS(x, pointer, tail, stored) \
	CMP  $8, COUNT         \
	BNE  tail              \
	STORE(x, pointer)      \
	JMP  stored            \
tail: \
	STORE_TAIL(x, pointer) \
stored:
#define LOAD_ROWS(pointer, stride, x) \
	MOVD stride, SCRATCH            \
	LOAD_TAIL4(pointer, x)          \
	ADD  SCRATCH<<2, pointer, A2    \
	LOAD_TAIL4(A2, (x)+1)
#define STORE_ROWS(x, pointer, stride) \
	MOVD stride, SCRATCH            \
	STORE_TAIL4(x, pointer)         \
	ADD  SCRATCH<<2, pointer, A2    \
	STORE_TAIL4((x)+1, A2)

// GROUP sets A1 to where a group of columns begins.
#define GROUP(pointer) \
	MOVD pointer, A1 \
	ADD  COLUMN<<2, A1

// STAGE_… moves the blocks at A1, COLS apart, to the slots from A0 on;
// UNSTAGE_… moves them back. RAW_BLOCKS goes before.
#define RAW_BLOCKS(pointer) \
	SLOTS_AT(RAW, A0) \
	GROUP(pointer)    \
	MOVD BLOCKS, N
#define NEXT_BLOCK(loop) \
	STEP(A0)          \
	ADD COLS<<2, A1   \
	LOOP_NEXT(N, loop)
#define STAGE_COLUMNS(loop, tail, loaded) \
loop: \
	LOAD_COLUMNS(A1, P0, tail, loaded) \
	KEEP(P0, A0)      \
	NEXT_BLOCK(loop)
#define UNSTAGE_COLUMNS(loop, tail, stored) \
loop: \
	FETCH(A0, P0)     \
	STORE_COLUMNS(P0, A1, tail, stored) \
	NEXT_BLOCK(loop)
#define STAGE_ROWS(loop, stride) \
loop: \
	LOAD_ROWS(A1, stride, P0) \
	KEEP(P0, A0)      \
	NEXT_BLOCK(loop)
#define UNSTAGE_ROWS(loop, stride) \
loop: \
	FETCH(A0, P0)     \
	STORE_ROWS(P0, A1, stride) \
	NEXT_BLOCK(loop)

// CHOOSE_ROWS branches to how the next rows are taken, or to done.
#define CHOOSE_ROWS(wide, pair, done) \
	MOVD ROWS_ARG, SCRATCH \
	MOVD COLS_ARG, COLS    \
	MOVD ZR, COLUMN        \
	CBZ  SCRATCH, done     \
	CMP  $4, COLS          \
	BGT  wide              \
	CMP  $2, SCRATCH       \
	BLT  wide              \
	TAIL_OFFSETS(COLS)     \
	JMP  pair

// NEXT_COUNT sets COUNT to the columns from COLUMN on, at most eight, and
// prepares the macros of tails.
#define NEXT_COUNT \
	SUB  COLUMN, COLS, COUNT     \
	MOVD $8, SCRATCH             \
	CMP  SCRATCH, COUNT          \
	CSEL LT, COUNT, SCRATCH, COUNT \
	TAIL_OFFSETS(COUNT)
