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

// UNARY_PAIRS is UNARY with a second macro BOUNDED(src, dst), of the same bits
// and fewer operations, for sixteen elements at a time that pass a test.
// OUTSIDE(first, second) is that test: it sets the flags to "equal" if BOUNDED
// may be used for both registers, and may overwrite Y2, Y3 and AX.
//	Y1        eight more elements
#define UNARY_PAIRS(OPERATION, BOUNDED, OUTSIDE) \
	MOVQ       dst_base+0(FP), DI  \
	MOVQ       dst_len+8(FP), CX   \
	MOVQ       src_base+24(FP), SI \
	SUBQ       $16, CX             \
	JLT        pairsDone           \
	PCALIGN    $32                 \
pair: \
	VMOVUPS    (SI), Y0            \
	VMOVUPS    32(SI), Y1          \
	OUTSIDE(Y0, Y1)                \
	JNE        outside             \
	BOUNDED(Y0, Y0)                \
	BOUNDED(Y1, Y1)                \
store: \
	VMOVUPS    Y0, (DI)            \
	VMOVUPS    Y1, 32(DI)          \
	ADDQ       $64, SI             \
	ADDQ       $64, DI             \
	SUBQ       $16, CX             \
	JGE        pair                \
pairsDone: \
	ADDQ       $8, CX              \
	JLT        tail                \
	VMOVUPS    (SI), Y0            \
	OPERATION(Y0, Y0)              \
	VMOVUPS    Y0, (DI)            \
	ADDQ       $32, SI             \
	ADDQ       $32, DI             \
	SUBQ       $8, CX              \
tail: \
	ADDQ       $8, CX              \
	JEQ        done                \
	TAIL_MASK(CX, AX, Y15)         \
	VMASKMOVPS (SI), Y15, Y0       \
	OPERATION(Y0, Y0)              \
	VMASKMOVPS Y0, Y15, (DI)       \
done: \
	VZEROUPPER                     \
	RET                            \
outside: \
	OPERATION(Y0, Y0)              \
	OPERATION(Y1, Y1)              \
	JMP        store
