// UNARY is the body of an elementwise function on NEON: it applies a macro
// operation(src, dst) to all of src. Its labels are those of the function that uses
// it. pairs_neon_arm64.h goes before.
//	R0, R1    where the next values go to and come from
//	R2        values to go
//	pair 0    eight of them
#define UNARY(operation) \
	MOVD dst_base+0(FP), R0  \
	MOVD dst_len+8(FP), R2   \
	MOVD src_base+24(FP), R1 \
loop:                        \
	SUBS $8, R2              \
	BLT  tail                \
	LOAD_NEXT(R1, 0)         \
	operation(0, 0)          \
	STORE_NEXT(0, R0)        \
	JMP  loop                \
tail:                        \
	ADDS $8, R2              \
	BEQ  done                \
	TAIL_OFFSETS(R2)         \
	LOAD_TAIL(R1, 0)         \
	operation(0, 0)          \
	STORE_TAIL(0, R0)        \
done:                        \
	RET
