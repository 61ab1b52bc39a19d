//go:build !noasm

#include "textflag.h"

// TIMES16(step, x) is step(x) sixteen times.
#define TIMES4(step, x) step(x) step(x) step(x) step(x)
#define TIMES16(step, x) TIMES4(step, x) TIMES4(step, x) TIMES4(step, x) TIMES4(step, x)

#define CYCLE(x) ADD R1, x, x;
#define ZERO(x) VEOR x.B16, x.B16, x.B16;
#define TERM(x) VFMLA V31.S4, V31.S4, x.S4;

// func ProbeClock(n int)
TEXT ·ProbeClock(SB), NOSPLIT, $0-8
	MOVD n+0(FP), R0
	MOVD $1, R1

loop:
	TIMES16(CYCLE, R2)
	SUB  $1, R0
	CBNZ R0, loop
	RET

// func ProbeLatencyNEON(n int)
TEXT ·ProbeLatencyNEON(SB), NOSPLIT, $0-8
	MOVD n+0(FP), R0
	ZERO(V0)
	ZERO(V31)

loop:
	TIMES16(TERM, V0)
	SUB  $1, R0
	CBNZ R0, loop
	RET

#define EACH24(step) \
	step(V0) step(V1) step(V2) step(V3) step(V4) step(V5) step(V6) step(V7) \
	step(V8) step(V9) step(V10) step(V11) step(V12) step(V13) step(V14) step(V15) \
	step(V16) step(V17) step(V18) step(V19) step(V20) step(V21) step(V22) step(V23)

// func ProbeThroughputNEON(n int)
TEXT ·ProbeThroughputNEON(SB), NOSPLIT, $0-8
	MOVD n+0(FP), R0
	EACH24(ZERO)
	ZERO(V31)

loop:
	EACH24(TERM)
	SUB  $1, R0
	CBNZ R0, loop
	RET

// func ProbeReadNEON(src *float32, n int)
TEXT ·ProbeReadNEON(SB), NOSPLIT, $0-16
	MOVD src+0(FP), R1
	MOVD n+8(FP), R0

loop:
	VLD1.P 64(R1), [V0.S4, V1.S4, V2.S4, V3.S4]
	VLD1.P 64(R1), [V4.S4, V5.S4, V6.S4, V7.S4]
	VLD1.P 64(R1), [V0.S4, V1.S4, V2.S4, V3.S4]
	VLD1.P 64(R1), [V4.S4, V5.S4, V6.S4, V7.S4]
	VLD1.P 64(R1), [V0.S4, V1.S4, V2.S4, V3.S4]
	VLD1.P 64(R1), [V4.S4, V5.S4, V6.S4, V7.S4]
	VLD1.P 64(R1), [V0.S4, V1.S4, V2.S4, V3.S4]
	VLD1.P 64(R1), [V4.S4, V5.S4, V6.S4, V7.S4]
	SUB    $1, R0
	CBNZ   R0, loop
	RET
