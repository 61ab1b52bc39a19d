// UNARY is the body of an elementwise function on AVX-512: it applies a macro
// OPERATION(src, dst) to all of src. Its labels are those of the function that
// uses it.
//	DI, SI    the next elements
//	CX        elements to go
//	Z0        sixteen elements
//	K1        the lanes of the tail
#define UNARY(OPERATION) \
	MOVQ      dst_base+0(FP), DI  \
	MOVQ      dst_len+8(FP), CX   \
	MOVQ      src_base+24(FP), SI \
	SUBQ      $16, CX             \
	JLT       tail                \
	PCALIGN   $32                 \
loop: \
	VMOVUPS   (SI), Z0            \
	OPERATION(Z0, Z0)             \
	VMOVUPS   Z0, (DI)            \
	ADDQ      $64, SI             \
	ADDQ      $64, DI             \
	SUBQ      $16, CX             \
	JGE       loop                \
tail: \
	ADDQ      $16, CX             \
	JEQ       done                \
	MOVL      $1, AX              \
	SHLL      CX, AX              \
	DECL      AX                  \
	KMOVW     AX, K1              \
	VMOVUPS.Z (SI), K1, Z0        \
	OPERATION(Z0, Z0)             \
	VMOVUPS   Z0, K1, (DI)        \
done: \
	VZEROUPPER                    \
	RET

// UNARY_BOUNDED is UNARY with a second macro BOUNDED(src, dst), of the same
// bits and fewer operations, for registers that pass a test. OUTSIDE(src) is
// that test: it sets the flags to "equal" if BOUNDED may be used, and may
// overwrite Z9 to Z14 and K7.
#define UNARY_BOUNDED(OPERATION, BOUNDED, OUTSIDE) \
	MOVQ      dst_base+0(FP), DI  \
	MOVQ      dst_len+8(FP), CX   \
	MOVQ      src_base+24(FP), SI \
	SUBQ      $16, CX             \
	JLT       tail                \
	PCALIGN   $32                 \
loop: \
	VMOVUPS   (SI), Z0            \
	OUTSIDE(Z0)                   \
	JNE       outside             \
	BOUNDED(Z0, Z0)               \
store: \
	VMOVUPS   Z0, (DI)            \
	ADDQ      $64, SI             \
	ADDQ      $64, DI             \
	SUBQ      $16, CX             \
	JGE       loop                \
tail: \
	ADDQ      $16, CX             \
	JEQ       done                \
	MOVL      $1, AX              \
	SHLL      CX, AX              \
	DECL      AX                  \
	KMOVW     AX, K1              \
	VMOVUPS.Z (SI), K1, Z0        \
	OPERATION(Z0, Z0)             \
	VMOVUPS   Z0, K1, (DI)        \
done: \
	VZEROUPPER                    \
	RET                           \
outside: \
	OPERATION(Z0, Z0)             \
	JMP       store
