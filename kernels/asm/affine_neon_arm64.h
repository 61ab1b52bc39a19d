// What the forward and the backward affine kernels share.
//
// Wide rows are taken by pairs of eight columns. Up to four columns would leave
// half of a pair empty, so that they go two rows at a time, one in each register.
//
// A skip is the bytes from the end of the whole pairs of a row to the next row.

// ROW_COUNTS sets FULL and TAIL, the columns in whole pairs and those after
// them.
#define ROW_COUNTS(cols) \
	MOVD cols, FULL      \
	AND  $7, FULL, TAIL  \
	SUB  TAIL, FULL      \
	TAIL_OFFSETS(TAIL)

// SKIP turns a stride into a skip.
#define SKIP(stride, skip) \
	MOVD stride, skip \
	SUB  FULL, skip   \
	LSL  $2, skip

// BRANCH_IF_WIDE branches for rows of more than four columns.
#define BRANCH_IF_WIDE(label) \
	CBNZ FULL, label \
	CMP  $4, TAIL    \
	BGT  label

// LOAD_ROWS and STORE_ROWS move two rows of up to four columns, and the pointer
// past them.
#define LOAD_ROWS(pointer, skip, x) \
	LOAD_TAIL4(pointer, x)     \
	ADD skip, pointer          \
	LOAD_TAIL4(pointer, (x)+1) \
	ADD skip, pointer
#define STORE_ROWS(x, pointer, skip) \
	STORE_TAIL4(x, pointer)     \
	ADD skip, pointer           \
	STORE_TAIL4((x)+1, pointer) \
	ADD skip, pointer
