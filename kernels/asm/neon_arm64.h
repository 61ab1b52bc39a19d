// NEON instructions that the assembler of Go 1.26 does not know, and a few that
// it knows but only for registers written as V4.S4. Here registers are numbers,
// which can have names of their own and be computed:
//
//	#define SUM 4
//	VFADD_S4(SUM+1, SUM, SUM)    // V4 += V5
//
// The name is that of the instruction behind V, with the type of the lanes: S4
// is four words, B16 the whole register. Operands are in the order of Go, d,
// the destination, last: FSUB, FDIV and comparisons are n - m, n / m, n > m.
// i is the number of a lane, s a number of bits. neon_test.go disassembles every
// macro of this file.

// Arithmetic on float32. FMLA and FMLS add and subtract n*m, fused.
#define VFADD_S4(m, n, d) WORD $(0x4E20D400 | (m)<<16 | (n)<<5 | (d))
#define VFSUB_S4(m, n, d) WORD $(0x4EA0D400 | (m)<<16 | (n)<<5 | (d))
#define VFMUL_S4(m, n, d) WORD $(0x6E20DC00 | (m)<<16 | (n)<<5 | (d))
#define VFDIV_S4(m, n, d) WORD $(0x6E20FC00 | (m)<<16 | (n)<<5 | (d))
#define VFMLA_S4(m, n, d) WORD $(0x4E20CC00 | (m)<<16 | (n)<<5 | (d))
#define VFMLS_S4(m, n, d) WORD $(0x4EA0CC00 | (m)<<16 | (n)<<5 | (d))
#define VFNEG_S4(n, d)    WORD $(0x6EA0F800 | (n)<<5 | (d))
#define VFSQRT_S4(n, d)   WORD $(0x6EA1F800 | (n)<<5 | (d))
#define VFRINTN_S4(n, d)  WORD $(0x4E218800 | (n)<<5 | (d)) // to the nearest integer, ties to even

// The same on two float64.
#define VFADD_D2(m, n, d) WORD $(0x4E60D400 | (m)<<16 | (n)<<5 | (d))
#define VFMUL_D2(m, n, d) WORD $(0x6E60DC00 | (m)<<16 | (n)<<5 | (d))
#define VFMLA_D2(m, n, d) WORD $(0x4E60CC00 | (m)<<16 | (n)<<5 | (d))

// FMLA by an element: d += n*m[i].
#define VFMLA_LANE_S4(i, m, n, d) WORD $(0x4F801000 | ((i)&1)<<21 | ((i)>>1)<<11 | (m)<<16 | (n)<<5 | (d))

// FADDP adds neighbours: lanes 0 and 1 of d are n[0]+n[1] and n[2]+n[3], then m.
#define VFADDP_S4(m, n, d) WORD $(0x6E20D400 | (m)<<16 | (n)<<5 | (d))

// FMIN and FMAX give NaN if either operand is NaN; +0 is above -0.
#define VFMIN_S4(m, n, d) WORD $(0x4EA0F400 | (m)<<16 | (n)<<5 | (d))
#define VFMAX_S4(m, n, d) WORD $(0x4E20F400 | (m)<<16 | (n)<<5 | (d))

// Comparisons of float32: ones where true, and NaN is false.
#define VFCMGT_S4(m, n, d) WORD $(0x6EA0E400 | (m)<<16 | (n)<<5 | (d))
#define VFCMEQ0_S4(n, d)   WORD $(0x4EA0D800 | (n)<<5 | (d))
#define VFCMLE0_S4(n, d)   WORD $(0x6EA0D800 | (n)<<5 | (d))
#define VFCMLT0_S4(n, d)   WORD $(0x4EA0E800 | (n)<<5 | (d))

#define VFABS_S4(n, d)     WORD $(0x4EA0F800 | (n)<<5 | (d))
#define VFCMGE_S4(m, n, d) WORD $(0x6E20E400 | (m)<<16 | (n)<<5 | (d))
#define VFCMEQ_S4(m, n, d) WORD $(0x4E20E400 | (m)<<16 | (n)<<5 | (d))

// Integers to float32, to the nearest.
#define VSCVTF_S4(n, d) WORD $(0x4E21D800 | (n)<<5 | (d))
#define VUCVTF_S4(n, d) WORD $(0x6E21D800 | (n)<<5 | (d))

// Arithmetic on words. UQSUB is n - m, or 0 where that is negative.
#define VADD_S4(m, n, d)   WORD $(0x4EA08400 | (m)<<16 | (n)<<5 | (d))
#define VSUB_S4(m, n, d)   WORD $(0x6EA08400 | (m)<<16 | (n)<<5 | (d))
#define VMUL_S4(m, n, d)   WORD $(0x4EA09C00 | (m)<<16 | (n)<<5 | (d))
#define VUQSUB_S4(m, n, d) WORD $(0x6EA02C00 | (m)<<16 | (n)<<5 | (d))

// UMULL multiplies words 0 and 1 to two double words, UMULL2 words 2 and 3.
#define VUMULL_S2(m, n, d)  WORD $(0x2EA0C000 | (m)<<16 | (n)<<5 | (d))
#define VUMULL2_S4(m, n, d) WORD $(0x6EA0C000 | (m)<<16 | (n)<<5 | (d))

// Comparisons of unsigned words: n > m and n >= m; and n = 0.
#define VCMHI_S4(m, n, d) WORD $(0x6EA03400 | (m)<<16 | (n)<<5 | (d))
#define VCMHS_S4(m, n, d) WORD $(0x6EA03C00 | (m)<<16 | (n)<<5 | (d))
#define VCMEQ0_S4(n, d)   WORD $(0x4EA09800 | (n)<<5 | (d))

// Shifts of words: left by 0 to 31, right by 1 to 32, SSHR with the sign.
#define VSHL_S4(s, n, d)  WORD $(0x4F005400 | (32+(s))<<16 | (n)<<5 | (d))
#define VSSHR_S4(s, n, d) WORD $(0x4F000400 | (64-(s))<<16 | (n)<<5 | (d))
#define VUSHR_S4(s, n, d) WORD $(0x6F000400 | (64-(s))<<16 | (n)<<5 | (d))

// Bits. BIC is n and not m. BIT copies to d the bits of n where m is one, BIF
// where m is zero.
#define VAND_B16(m, n, d) WORD $(0x4E201C00 | (m)<<16 | (n)<<5 | (d))
#define VBIC_B16(m, n, d) WORD $(0x4E601C00 | (m)<<16 | (n)<<5 | (d))
#define VORR_B16(m, n, d) WORD $(0x4EA01C00 | (m)<<16 | (n)<<5 | (d))
#define VEOR_B16(m, n, d) WORD $(0x6E201C00 | (m)<<16 | (n)<<5 | (d))
#define VBIT_B16(m, n, d) WORD $(0x6EA01C00 | (m)<<16 | (n)<<5 | (d))
#define VBIF_B16(m, n, d) WORD $(0x6EE01C00 | (m)<<16 | (n)<<5 | (d))

// Moves between lanes: DUP copies lane i of n to every lane of d, MOVS to lane 0
// and clears the others. EXT is lanes i, i+1, ... of n, then of m. ZIP1
// interleaves the lower halves of n and m. UZP1 and UZP2 are the even and the
// odd lanes of n, then of m.
#define VDUP_S4(i, n, d)    WORD $(0x4E040400 | (i)<<19 | (n)<<5 | (d))
#define VMOVS_S4(i, n, d)   WORD $(0x5E040400 | (i)<<19 | (n)<<5 | (d))
#define VEXT_S4(i, m, n, d) WORD $(0x6E000000 | (m)<<16 | (i)<<13 | (n)<<5 | (d))
#define VZIP1_S4(m, n, d)   WORD $(0x4E803800 | (m)<<16 | (n)<<5 | (d))
#define VUZP1_S4(m, n, d)   WORD $(0x4E801800 | (m)<<16 | (n)<<5 | (d))
#define VUZP2_S4(m, n, d)   WORD $(0x4E805800 | (m)<<16 | (n)<<5 | (d))

// TBL looks up 16 bytes in the 32 of registers n and n+1, at the indices m.
#define VTBL2_B16(m, n, d) WORD $(0x4E002000 | (m)<<16 | (n)<<5 | (d))

// LD1 and ST1 of the registers t and t+1; a is the number of the address
// register.
#define VLD1_2_S4(a, t) WORD $(0x4C40A800 | (a)<<5 | (t))
#define VST1_2_S4(t, a) WORD $(0x4C00A800 | (a)<<5 | (t))
