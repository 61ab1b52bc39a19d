// The bin of a value: splineBin.find of package kernels, operation by operation, for
// all processors. The instructions are macros of spline_PROCESSOR.h, and
// BY_HEIGHT jumps to its label where the bin is that of y.
//
// Registers: P0 to P6 are kept by EXP, LOG, SOFTPLUS and SIGMOID, which take
// no others; T0 to T7 and Q are not. M, the mask of the last comparison, may be
// T6, and ADD_FETCH, FMA_GET and BLEND_FETCH may overwrite Q. A0 to A3 are addresses, N a count.
//
// Scratch memory is slots of one register: those that have names, then RAW, the
// raw parameters by blocks, then POWERS, the exponentials of the widths and of
// the heights. After it
//	P0      the value           P1, P2  width and height
//	P3, P4  slopes at its ends  P6      left knot

	// The largest of the raw sizes, and of those that are clipped into POWERS. A0
	// and A1 are where they are.
	SLOTS_AT(RAW, A0)
	SLOTS_AT(RAW, A1)
	SLOTS_AT(POWERS, A2)
	SLOTS_AT(POWERS, A3)
	ADD_BINS(A1)
	ADD_BINS(A3)
	LDC(·minusInfinity, P2)
	LDC(·minusInfinity, P3)
	MOVE(BINS, N)
	IF_NOT_ZERO(SOFTCLIP, softclip)

largest:
	FETCH(A0, P0)
	FETCH(A1, P1)
	MAXF(P0, P2)
	MAXF(P1, P3)
	STEP(A0)
	STEP(A1)
	LOOP_NEXT(N, largest)
	SLOTS_AT(RAW, A0)
	SLOTS_AT(RAW, A1)
	ADD_BINS(A1)
	JUMP(powers)

softclip:
	GET(CLIP_SIZE, P6)

clip:
	FETCH(A0, P0)
	FETCH(A1, P1)
	ABSF(P0, T0)
	LDC(·one, T1)
	FMAF(T0, P6, T1)
	DIVF(P0, T1, P0)
	ABSF(P1, T0)
	LDC(·one, T1)
	FMAF(T0, P6, T1)
	DIVF(P1, T1, P1)
	KEEP(P0, A2)
	KEEP(P1, A3)
	MAXF(P0, P2)
	MAXF(P1, P3)
	STEP(A0)
	STEP(A1)
	STEP(A2)
	STEP(A3)
	LOOP_NEXT(N, clip)
	SLOTS_AT(POWERS, A2)
	SLOTS_AT(POWERS, A3)
	ADD_BINS(A3)
	COPY(A2, A0)
	COPY(A3, A1)

	// Exponentials and their sums.
powers:
	ZERO(P4)
	ZERO(P5)
	MOVE(BINS, N)
	POWER_CONSTANTS

power:
	FETCH(A0, P0)
	FETCH(A1, P1)
	SUBF(P0, P2, P0)
	SUBF(P1, P3, P1)
	POWERF(P0)
	POWERF(P1)
	KEEP(P0, A2)
	KEEP(P1, A3)
	ADDF(P0, P4, P4)
	ADDF(P1, P5, P5)
	STEP(A0)
	STEP(A1)
	STEP(A2)
	STEP(A3)
	LOOP_NEXT(N, power)
	PUT(P4, WIDTH_SUM)
	PUT(P5, HEIGHT_SUM)
	GET(WIDTH_FREE, P1)
	GET(HEIGHT_FREE, P2)
	DIVF(P1, P4, P1)
	DIVF(P2, P5, P2)
	PUT(P1, WIDTH_SCALE)
	PUT(P2, HEIGHT_SCALE)

	// Slopes begin with that of knot 0, which linear tails do not have: what
	// stands in its place and behind the last is replaced below.
	SLOTS_AT(RAW, A0)
	ADD_BINS(A0)
	ADD_BINS(A0)
	IF_ZERO(CIRCULAR, linear)
	FETCH(A0, T0)
	COPY(A0, A1)
	ADD_BINS(A1)
	KEEP(T0, A1)
	JUMP(search)

linear:
	STEP_BACK(A0)

	// The bin is the last whose left knot is not above the value.
	//	P3, P4  sums of exponentials up to knot k        P5  k
	//	P6, T0  the same sums of the bin found           T5  its index
	//	T1, T2  its exponentials                         T3, T4  its raw slopes
	//	T7      knot k
search:
	GET(IN, P0)
	SLOTS_AT(POWERS, A2)
	SLOTS_AT(POWERS, A3)
	ADD_BINS(A3)
	ZERO(P3)
	ZERO(P4)
	ZERO(P5)
	ZERO(P6)
	ZERO(T0)
	ZERO(T5)
	FETCH(A2, T1)
	FETCH(A3, T2)
	FETCH(A0, T3)
	STEP(A0)
	FETCH(A0, T4)
	MOVE(BINS, N)
	JUMP(nextKnot)

knot:
	LDC(·one, T6)
	ADDF(T6, P5, P5)
	ADD_FETCH(A2, P3)
	ADD_FETCH(A3, P4)
	STEP(A2)
	STEP(A3)
	STEP(A0)
	GET(MINUS_BOUND, T7)
	BY_HEIGHT(knotHeight)
	FMA_GET(P5, WIDTH_STEP, T7)
	FMAF(P3, P1, T7)
	JUMP(compare)

knotHeight:
	FMA_GET(P5, HEIGHT_STEP, T7)
	FMAF(P4, P2, T7)

compare:
	GE(P0, T7)
	BLEND(P3, P6)
	BLEND(P4, T0)
	BLEND(P5, T5)
	BLEND_FETCH(0, A2, T1)
	BLEND_FETCH(0, A3, T2)
	BLEND_FETCH(-SLOT, A0, T3)
	BLEND_FETCH(0, A0, T4)

nextKnot:
	LOOP_NEXT(N, knot)
	PUT(P6, WIDTHS_BEFORE)
	PUT(T0, HEIGHTS_BEFORE)
	PUT(T1, WIDTH_POWER)
	PUT(T2, HEIGHT_POWER)
	PUT(T3, RAW0)
	PUT(T4, RAW1)
	PUT(T5, INDEX)

	// Its knot, width and height.
	GET(MINUS_BOUND, T7)
	GET(HEIGHT_STEP, Q)
	FMAF(T5, Q, T7)
	FMAF(T0, P2, T7)
	PUT(T7, LOWER)
	FMAF(T2, P2, Q)
	MOVE_F(Q, P2)
	GET(MINUS_BOUND, T7)
	GET(WIDTH_STEP, Q)
	FMAF(T5, Q, T7)
	FMAF(P6, P1, T7)
	MOVE_F(T7, P6)
	FMAF(T1, P1, Q)
	MOVE_F(Q, P1)

	// Its slopes.
	MOVE_F(T3, P3)
	MOVE_F(T4, P4)
	IF_ZERO(SOFTCLIP, softplus)
	GET(CLIP_SLOPE, T2)
	ABSF(P3, T0)
	LDC(·one, T1)
	FMAF(T0, T2, T1)
	DIVF(P3, T1, P3)
	ABSF(P4, T0)
	LDC(·one, T1)
	FMAF(T0, T2, T1)
	DIVF(P4, T1, P4)
	EXP(P3, P3)
	EXP(P4, P4)
	JUMP(ends)

softplus:
	GET(SLOPE_BETA, T0)
	MULF(T0, P3, P3)
	MULF(T0, P4, P4)
	SOFTPLUS(P3, P3)
	SOFTPLUS(P4, P4)
	GET(SLOPE_SCALE, T0)
	GET(SLOPE_MIN, T1)
	GET(SLOPE_MIN, T2)
	FMAF(P3, T0, T1)
	FMAF(P4, T0, T2)
	MOVE_F(T1, P3)
	MOVE_F(T2, P4)

ends:
	IF_NOT_ZERO(CIRCULAR, found)
	GET(INDEX, T0)
	LDC(·one, T1)
	ZERO(T2)
	EQ(T0, T2)
	BLEND(T1, P3)
	GET(LAST_BIN, T2)
	EQ(T0, T2)
	BLEND(T1, P4)

found:
