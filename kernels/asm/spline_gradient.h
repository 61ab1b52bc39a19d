// splineGradient of package kernels after splineBin.find, for all processors: it
// leaves the gradient of the input in OUT and those of the parameters in RAW,
// in their place. spline_bin.h goes before.
//	P0  1/denominator    P1  ξ²    P5  ω²    P6  1/the slope's numerator
//	T1  s    T2  ξ    T3  ω    T4  ξω    T5  curvature    T7  1

// SLOPE_FACTOR multiplies slope by the derivative of its softclipped logarithm.
#define SLOPE_FACTOR(raw, slope) \
	GET(raw, T0)         \
	ABSF(T0, T0)         \
	LDC(·one, T1)        \
	LDC(·one, T3)        \
	GET(CLIP_SLOPE, T2)  \
	FMAF(T0, T2, T1)     \
	DIVF(T3, T1, T1)     \
	MULF(slope, T1, slope) \
	MULF(slope, T1, slope)

// SOFTMAX_GRADIENT is softmaxGradient of the bins at A0 and A2: the labels are
// of its loop.
//	P3  the index of the bin    P4, P5, P6  the gradients before and at it, the mean
//	T0  k    T1  d    T5  the scale    P2  ones inside the box
#define SOFTMAX_GRADIENT(loop, plain, before, at, mean, scale) \
	GET(before, P4)         \
	GET(at, P5)             \
	GET(mean, P6)           \
	GET(scale, T5)          \
	ZERO(T0)                \
	MOVE(BINS, N)           \
loop:                           \
	ZERO(T1)                \
	GT(P3, T0)              \
	BLEND(P4, T1)           \
	EQ(T0, P3)              \
	BLEND(P5, T1)           \
	FETCH(A2, T2)           \
	MULF(T2, T5, T2)        \
	SUBF(T1, P6, T1)        \
	MULF(T2, T1, T1)        \
	LDC(·one, T4)           \
	IF_ZERO(SOFTCLIP, plain) \
	FETCH(A0, T2)           \
	ABSF(T2, T2)            \
	MOVE_F(T4, T3)          \
	GET(CLIP_SIZE, T7)      \
	FMAF(T2, T7, T3)        \
	DIVF(T4, T3, T3)        \
	MULF(T1, T3, T1)        \
	MULF(T1, T3, T1)        \
plain:                          \
	ANDF(P2, T1, T1)        \
	KEEP(T1, A0)            \
	ADDF(T4, T0, T0)        \
	STEP(A0)                \
	STEP(A2)                \
	LOOP_NEXT(N, loop)

	LDC(·one, T7)
	DIVF(T7, P1, T0)
	PUT(T0, PER_WIDTH)
	DIVF(T7, P2, T1)
	PUT(T1, PER_HEIGHT)
	MULF(P2, T0, T1)
	SUBF(P0, P6, T2)
	MULF(T2, T0, T2)
	CLIP_UNIT(T2, T3)
	SUBF(T7, T2, T3)
	MULF(T2, T3, T4)
	ADDF(P3, P4, T5)
	ADDF(T1, T1, Q)
	SUBF(T5, Q, T5)
	MOVE_F(T1, P0)
	FMAF(T5, T4, P0)
	DIVF(T7, P0, P0)
	MULF(T2, T2, P1)
	MULF(T3, T3, P5)
	MULF(P5, P3, P6)
	FMAF(Q, T4, P6)
	FMAF(P4, P1, P6)
	MULF(T1, P0, T0)
	MULF(P6, T0, Q)
	MULF(Q, T0, Q)
	PUT(Q, SLOPE)
	DIVF(T7, P6, P6)
	MULF(P3, T4, Q)
	FMAF(T1, P1, Q)
	PUT(Q, NUMERATOR)
	MULF(T4, P0, T0)
	PUT(T0, SHARE)
	MULF(P2, P0, Q)
	MULF(Q, T0, Q)
	PUT(Q, SCALE)

	// Q is ∂l/∂x.
	SUBF(T3, T2, T0)
	MULF(P4, T2, Q)
	FMAF(T1, T0, Q)
	FMSF(P3, T3, Q)
	MULF(Q, P6, Q)
	MULF(T5, T0, T0)
	MULF(T0, P0, T0)
	SUBF(Q, T0, Q)
	ADDF(Q, Q, Q)
	GET(PER_WIDTH, T0)
	MULF(Q, T0, Q)

	// T0 is the gradient of x, T5 that of the forward map's value, T3 that of
	// its log-det.
	GET(D_LOG, T3)
	GET(D_OUT, T5)
	GET(SLOPE, T0)
	IF_NOT_ZERO(INVERSE, inverse)
	MULF(T5, T0, T0)
	FMAF(T3, Q, T0)
	PUT(T0, OUT)
	JUMP(sizes)

inverse:
	NEGF(T3, T3)
	MOVE_F(T5, T7)
	FMAF(T3, Q, T7)
	DIVF(T7, T0, T7)
	PUT(T7, OUT)
	NEGF(T5, T0)
	NEGF(T7, T5)

	// T7 is the gradient of log s.
sizes:
	ADDF(T4, T4, T6)
	LDC(·one, T7)
	SUBF(T7, T6, T6)
	MULF(T4, P6, Q)
	FMSF(T6, P0, Q)
	FMAF(T1, Q, T7)
	ADDF(T7, T7, T7)
	MULF(P4, P1, Q)
	FMSF(P3, P5, Q)
	MULF(Q, T1, Q)
	GET(SCALE, T6)
	MULF(Q, T6, Q)
	MULF(T3, T7, T7)
	FMAF(T5, Q, T7)

	// The width.
	MULF(T0, T2, Q)
	GET(PER_WIDTH, T6)
	FMAF(T7, T6, Q)
	NEGF(Q, Q)
	PUT(Q, AT_WIDTH)
	NEGF(T0, T0)
	PUT(T0, BEFORE_WIDTH)
	GET(WIDTH_POWER, T6)
	MULF(Q, T6, Q)
	GET(WIDTHS_BEFORE, T6)
	FMAF(T0, T6, Q)
	GET(WIDTH_SUM, T6)
	DIVF(Q, T6, Q)
	PUT(Q, WIDTH_MEAN)

	// The height.
	GET(NUMERATOR, Q)
	MULF(Q, P0, T6)
	MULF(T5, T6, T6)
	GET(PER_HEIGHT, T0)
	FMAF(T7, T0, T6)
	PUT(T6, AT_HEIGHT)
	PUT(T5, BEFORE_HEIGHT)
	GET(HEIGHT_POWER, T0)
	MULF(T6, T0, T6)
	GET(HEIGHTS_BEFORE, T0)
	FMAF(T5, T0, T6)
	GET(HEIGHT_SUM, T0)
	DIVF(T6, T0, T6)
	PUT(T6, HEIGHT_MEAN)

	// The slopes: P0 and P1.
	GET(SCALE, T0)
	MULF(Q, T0, T2)
	MULF(T1, P5, T6)
	FMAF(P4, T4, T6)
	MULF(T6, T0, T6)
	GET(SHARE, T0)
	ADDF(T0, T0, T0)
	MULF(P5, P6, T7)
	SUBF(T7, T0, T7)
	MULF(T3, T7, T7)
	FMAF(T5, T6, T7)
	MULF(P1, P6, T6)
	SUBF(T6, T0, T6)
	MULF(T3, T6, T6)
	FMSF(T5, T2, T6)
	MOVE_F(T7, P0)
	MOVE_F(T6, P1)
	IF_ZERO(SOFTCLIP, logistic)
	SLOPE_FACTOR(RAW0, P3)
	SLOPE_FACTOR(RAW1, P4)
	JUMP(box)

logistic:
	GET(SLOPE_BETA, T0)
	GET(RAW0, P3)
	GET(RAW1, P4)
	MULF(T0, P3, P3)
	MULF(T0, P4, P4)
	SIGMOID(P3, P3)
	SIGMOID(P4, P4)

	// P2 is ones inside the box.
box:
	MULF(P3, P0, P0)
	MULF(P4, P1, P1)
	GET(IN, T0)
	GET(D_OUT, T1)
	GET(OUT, T2)
	ZERO(T3)
	ONES(P2)
	GET(MINUS_BOUND, T4)
	GT(T4, T0)
	BLEND(T1, T2)
	BLEND(T3, P2)
	GET(BOUND, T4)
	GT(T0, T4)
	BLEND(T1, T2)
	BLEND(T3, P2)
	PUT(T2, OUT)
	ANDF(P2, P0, P0)
	ANDF(P2, P1, P1)

	// The raw widths, then the heights.
	SLOTS_AT(RAW, A0)
	SLOTS_AT(POWERS, A2)
	GET(INDEX, P3)
	SOFTMAX_GRADIENT(width, widthPlain, BEFORE_WIDTH, AT_WIDTH, WIDTH_MEAN, WIDTH_SCALE)
	SOFTMAX_GRADIENT(height, heightPlain, BEFORE_HEIGHT, AT_HEIGHT, HEIGHT_MEAN, HEIGHT_SCALE)

	// The raw slopes: T0 is the knot.
	LDC(·one, T3)
	MOVE(BINS, N)
	MOVE_F(T3, T0)
	IF_ZERO(CIRCULAR, nextSlope)
	ADD_TWO(N)
	ZERO(T0)
	COPY(A0, A1)
	JUMP(nextSlope)

slopes:
	ZERO(T1)
	EQ(T0, P3)
	BLEND(P0, T1)
	SUBF(T0, T3, T2)
	EQ(T2, P3)
	BLEND(P1, T1)
	KEEP(T1, A0)
	STEP(A0)
	ADDF(T3, T0, T0)

nextSlope:
	LOOP_NEXT(N, slopes)
	IF_ZERO(CIRCULAR, finished)
	FETCH(A1, T2)
	ADDF(T1, T2, T2)
	KEEP(T2, A1)

finished:
