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
// Rows of b are read in whole panels of 16; of init and c, only the elements
// named are touched. init may be c with c's stride. rows and cols are at least
// 1; depth may be 0, and a and b are not read then.

// MatmulTileNEON takes any rows and cols; an init of nil is zeros.
//
//go:noescape
func MatmulTileNEON(c *float32, cStride int, init *float32, initStride int, a *float32, aRowStride, aColumnStride int,
	b *float32, bStride, panelStride int, rows, cols, depth int, relu bool)

// MatmulRowNEON takes one row and groups of 64 cols, of which the last may have
// 49 and more; an init of nil is zeros.
//
//go:noescape
func MatmulRowNEON(c *float32, cStride int, init *float32, initStride int, a *float32, aRowStride, aColumnStride int,
	b *float32, bStride, panelStride int, rows, cols, depth int, relu bool)

// TransposeBlocksNEON transposes count blocks of 16 by 16; count is at least 1.
// Blocks begin dstStep and srcStep after each other:
//
//	dst[n*dstStep+j*dstStride+i] = src[n*srcStep+i*srcStride+j]
//
//go:noescape
func TransposeBlocksNEON(dst *float32, dstStride, dstStep int, src *float32, srcStride, srcStep, count int)

// CopyBlockNEON packs one panel: it copies 16 columns of a matrix; rows is at
// least 1.
//
//	dst[r*16+c] = src[r*srcStride+c]
//
//go:noescape
func CopyBlockNEON(dst, src *float32, srcStride, rows int)

// MatmulNarrowNEON takes a multiple of 4 rows and up to 6 cols; the rows of a are
// contiguous (aRowStride is 1). Of b, only the cols are read. An init of nil is
// zeros.
//
//go:noescape
func MatmulNarrowNEON(c *float32, cStride int, init *float32, initStride int, a *float32, aRowStride, aColumnStride int,
	b *float32, bStride, panelStride int, rows, cols, depth int, relu bool)
