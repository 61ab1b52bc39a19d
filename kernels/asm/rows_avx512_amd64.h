// What the AVX-512 kernels over rows and columns share.

// TAIL_MASK sets mask to ones in the first CX lanes, 0 <= CX <= 16.
#define TAIL_MASK(scratch, mask) \
	MOVL $1, scratch \
	SHLL CX, scratch \
	DECL scratch     \
	KMOVW scratch, mask

// FOLD16 adds the sixteen lanes of z, whose low parts are y and x, in the order
// of foldLanes, into lane 0 of x. yScratch and xScratch are one register.
#define FOLD16(z, y, x, yScratch, xScratch) \
	VEXTRACTF64X4 $1, z, yScratch \
	VADDPS        yScratch, y, y  \
	VEXTRACTF128  $1, y, xScratch \
	VADDPS        xScratch, x, x  \
	VMOVHLPS      x, x, xScratch  \
	VADDPS        xScratch, x, x  \
	VMOVSHDUP     x, xScratch     \
	VADDSS        xScratch, x, x
