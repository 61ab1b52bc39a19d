//go:build !noasm

#include "textflag.h"
#include "vector_avx512_amd64.h"
#include "log.h"
#include "sincos.h"
#include "philox_avx512_amd64.h"

#define DST DI
#define LEFT CX
#define COUNTERS SI

// func PhiloxAVX512(dst []uint32, start Counters)
TEXT ·PhiloxAVX512(SB), NOSPLIT, $0-240
	MOVQ dst_base+0(FP), DST
	MOVQ dst_len+8(FP), LEFT
	LEAQ start_Block_0+24(FP), COUNTERS
	PHILOX_SETUP

group:
	SUBQ $64, LEFT
	JLT  done
	PHILOX_GROUP
	STORE_BLOCKS(DST)
	ADDQ $256, DST
	JMP  group

done:
	VZEROUPPER
	RET

// NORMAL_PAIR replaces two words of all lanes by two normals of all lanes. It
// overwrites scratch and Z9 to Z13.
#define NORMAL_PAIR(w0, w1, scratch) \
	VPSRLD      $8, w0, w0               \
	VPADDD.BCST ·integerOne(SB), w0, w0  \
	VCVTDQ2PS   w0, w0                   \
	VMULPS.BCST ·wordScale(SB), w0, w0   \
	LOG_NORMAL(w0, w0)                   \
	VMULPS.BCST ·minusTwo(SB), w0, w0    \
	VSQRTPS     w0, w0                   \
	VPSRLD      $8, w1, w1               \
	VCVTDQ2PS   w1, w1                   \
	VMULPS.BCST ·wordScale(SB), w1, w1   \
	SINCOS2PI(w1, w1, scratch)           \
	VMULPS      w0, w1, w1               \
	VMULPS      w0, scratch, w0

// func NormalAVX512(dst []float32, start Counters)
TEXT ·NormalAVX512(SB), NOSPLIT, $0-240
	MOVQ dst_base+0(FP), DST
	MOVQ dst_len+8(FP), LEFT
	LEAQ start_Block_0+24(FP), COUNTERS
	PHILOX_SETUP

group:
	SUBQ $64, LEFT
	JLT  done
	PHILOX_GROUP
	NORMAL_PAIR(Z0, Z1, Z4)
	NORMAL_PAIR(Z2, Z3, Z5)
	STORE_BLOCKS(DST)
	ADDQ $256, DST
	JMP  group

done:
	VZEROUPPER
	RET
