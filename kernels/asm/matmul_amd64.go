//go:build !noasm

package asm

// The matmul kernels compute one group of panels. For i < rows and j < cols,
// with strides counted in float32,
//
//	acc := init[i*initStride+j]
//	for k := 0; k < depth; k++ {
//		acc = fma(a[i*aRowStride+k*aColumnStride], b[j/16*panelStride+k*bStride+j%16], acc)
//	}
//	if relu && acc <= 0 {
//		acc = 0
//	}
//	c[i*cStride+j] = acc
//
// Rows of b are read in whole panels of 16, unless a kernel says otherwise; of
// init and c, only the elements named are touched. init may be c with c's
// stride. rows and cols are at least 1; depth may be 0, and a and b are not read
// then.

// MatmulTileAVX2 takes any rows and cols; an init of nil is zeros.
//
//go:noescape
func MatmulTileAVX2(c *float32, cStride int, init *float32, initStride int, a *float32, aRowStride, aColumnStride int,
	b *float32, bStride, panelStride int, rows, cols, depth int, relu bool)

// MatmulRowAVX2 takes one row and groups of 64 cols, of which the last may have
// 49 and more; an init of nil is zeros.
//
//go:noescape
func MatmulRowAVX2(c *float32, cStride int, init *float32, initStride int, a *float32, aRowStride, aColumnStride int,
	b *float32, bStride, panelStride int, rows, cols, depth int, relu bool)

// MatmulNarrowAVX2 takes a multiple of 4 rows and up to 6 cols; the rows of a are
// contiguous (aRowStride is 1). Of b, only the cols are read. An init of nil is
// zeros.
//
//go:noescape
func MatmulNarrowAVX2(c *float32, cStride int, init *float32, initStride int, a *float32, aRowStride, aColumnStride int,
	b *float32, bStride, panelStride int, rows, cols, depth int, relu bool)

// MatmulTileAVX512 takes any rows and cols; an init of nil is zeros. Of b, up to
// 16 cols are read as they are, without the rest of their panel.
//
//go:noescape
func MatmulTileAVX512(c *float32, cStride int, init *float32, initStride int, a *float32, aRowStride, aColumnStride int,
	b *float32, bStride, panelStride int, rows, cols, depth int, relu bool)

// MatmulRowAVX512 takes one row and any cols; an init of nil is zeros.
//
//go:noescape
func MatmulRowAVX512(c *float32, cStride int, init *float32, initStride int, a *float32, aRowStride, aColumnStride int,
	b *float32, bStride, panelStride int, rows, cols, depth int, relu bool)

// MatmulPairAVX512 takes two rows and a multiple of 64 cols; an init of nil is
// zeros.
//
//go:noescape
func MatmulPairAVX512(c *float32, cStride int, init *float32, initStride int, a *float32, aRowStride, aColumnStride int,
	b *float32, bStride, panelStride int, rows, cols, depth int, relu bool)

// MatmulNarrowAVX512 takes a multiple of 4 rows and up to 8 cols; a has contiguous
// rows or contiguous columns (a stride of 1). Of b, only the cols are read. An
// init of nil, with a stride of 0, is zeros.
//
//go:noescape
func MatmulNarrowAVX512(c *float32, cStride int, init *float32, initStride int, a *float32, aRowStride, aColumnStride int,
	b *float32, bStride, panelStride int, rows, cols, depth int, relu bool)

// TransposeBlocksAVX2 transposes count blocks of 16 by 16; count is at least 1.
// Blocks begin dstStep and srcStep after each other:
//
//	dst[n*dstStep+j*dstStride+i] = src[n*srcStep+i*srcStride+j]
//
//go:noescape
func TransposeBlocksAVX2(dst *float32, dstStride, dstStep int, src *float32, srcStride, srcStep, count int)

// CopyBlockAVX2 packs one panel: it copies 16 columns of a matrix; rows is at
// least 1.
//
//	dst[r*16+c] = src[r*srcStride+c]
//
//go:noescape
func CopyBlockAVX2(dst, src *float32, srcStride, rows int)
