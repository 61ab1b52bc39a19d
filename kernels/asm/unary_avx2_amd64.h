// UNARY is the body of an elementwise function on AVX2: it applies a macro
// OPERATION(src, dst) to all of src. Its labels are those of the function that
// uses it. rows_avx2_amd64.h goes before.
//	DI, SI    the next elements
//	CX        elements to go
//	Y0        eight elements
//	Y15       ones in the lanes of the tail
#define UNARY(OPERATION) \
	MOVQ       dst_base+0(FP), DI  \
	MOVQ       dst_len+8(FP), CX   \
	MOVQ       src_base+24(FP), SI \
	SUBQ       $8, CX              \
	JLT        tail                \
	PCALIGN    $32                 \
loop: \
	VMOVUPS    (SI), Y0            \
	OPERATION(Y0, Y0)              \
	VMOVUPS    Y0, (DI)            \
	ADDQ       $32, SI             \
	ADDQ       $32, DI             \
	SUBQ       $8, CX              \
	JGE        loop                \
tail: \
	ADDQ       $8, CX              \
	JEQ        done                \
	TAIL_MASK(CX, AX, Y15)         \
	VMASKMOVPS (SI), Y15, Y0       \
	OPERATION(Y0, Y0)              \
	VMASKMOVPS Y0, Y15, (DI)       \
done: \
	VZEROUPPER                     \
	RET
