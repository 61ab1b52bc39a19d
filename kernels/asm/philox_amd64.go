//go:build !noasm

package asm

// PhiloxAVX2 fills dst, a multiple of 64 words, with groups of blocks of
// Philox4x32-10 as Counters says: block by block, four words each.
//
//go:noescape
func PhiloxAVX2(dst []uint32, start Counters)

// PhiloxAVX512 computes what PhiloxAVX2 does.
//
//go:noescape
func PhiloxAVX512(dst []uint32, start Counters)

// NormalAVX2 fills dst, a multiple of 64, with the words of PhiloxAVX2 turned
// into normals: words 0 and 1 of a block, and likewise 2 and 3, become
//
//	u1, u2 := float32(w0>>8+1)*0x1p-24, float32(w1>>8)*0x1p-24
//	radius := sqrt(-2 * log(u1))
//	radius * cos(2*pi*u2), radius * sin(2*pi*u2)
//
//go:noescape
func NormalAVX2(dst []float32, start Counters)

// NormalAVX512 computes what NormalAVX2 does.
//
//go:noescape
func NormalAVX512(dst []float32, start Counters)
