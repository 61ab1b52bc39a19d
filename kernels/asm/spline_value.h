// splineValue of package kernels after splineBin.find, for all processors: it leaves
// the result in OUT and the log of the slope in LOG_SLOPE. spline_bin.h goes
// before.
//	T0  ξ    T1  s    T2  ω    T3  ξω    T4  ξ²    Q  q    P5  the result

	DIVF(P2, P1, T1)
	BY_HEIGHT(solve)
	SUBF(P0, P6, T0)
	DIVF(T0, P1, T0)
	CLIP_UNIT(T0, T2)
	JUMP(evaluate)

	// T0 is η.
	//	T2  the linear coefficient    T3  the quadratic one    T4  sη
	//	T5  the discriminant, then the sum with its root
solve:
	GET(LOWER, T2)
	SUBF(P0, T2, T0)
	DIVF(T0, P2, T0)
	CLIP_UNIT(T0, T2)
	ADDF(P3, P4, T2)
	ADDF(T1, T1, T3)
	SUBF(T2, T3, T2)
	MULF(T0, T2, T2)
	SUBF(P3, T2, T2)
	SUBF(T1, T2, T3)
	MULF(T1, T0, T4)
	MULF(T2, T2, T5)
	LDC(·four, T7)
	MULF(T3, T7, T7)
	FMAF(T7, T4, T5)
	ZERO(T0)
	GT(T0, T5)
	BLEND(T0, T5)
	SQRTF(T5, T5)
	ABSF(T2, T7)
	ADDF(T7, T5, T5)
	ADDF(T4, T4, T4)
	ADDF(T3, T3, T7)
	MOVE_F(T5, Q)
	GE(T2, T0)
	BLEND(T4, Q)
	BLEND(T5, T7)
	DIVF(Q, T7, T0)
	CLIP_UNIT(T0, T2)

evaluate:
	LDC(·one, T2)
	SUBF(T2, T0, T2)
	MULF(T0, T2, T3)
	MULF(T0, T0, T4)
	ADDF(T1, T1, T5)
	ADDF(P3, P4, T7)
	SUBF(T7, T5, T7)
	MOVE_F(T1, Q)
	FMAF(T7, T3, Q)
	DIVF(T1, Q, Q)
	BY_HEIGHT(solution)
	MULF(P3, T3, T7)
	FMAF(T1, T4, T7)
	MULF(T7, P1, T7)
	GET(LOWER, P5)
	FMAF(T7, Q, P5)
	JUMP(slope)

solution:
	MOVE_F(P6, P5)
	FMAF(T0, P1, P5)

slope:
	MULF(T2, T2, T2)
	MULF(P3, T2, T2)
	FMAF(T5, T3, T2)
	FMAF(P4, T4, T2)
	MULF(T2, Q, T2)
	MULF(T2, Q, P1)
	LOG(P1, P1)

	// The result stays in the box, and outside it the map is the identity.
	GET(BOUND, T0)
	GET(MINUS_BOUND, T1)
	ZERO(T2)
	GT(P5, T0)
	BLEND(T0, P5)
	GT(T1, P0)
	BLEND(P0, P5)
	BLEND(T2, P1)
	GT(P0, T0)
	BLEND(T2, P1)
	GE(P0, T0)
	BLEND(P0, P5)
	PUT(P5, OUT)
	PUT(P1, LOG_SLOPE)
