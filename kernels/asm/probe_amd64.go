//go:build !noasm

package asm

// The probes measure the processor that they run on; their results are times.

// ProbeClock runs 16·n integer additions, each of which waits for the one
// before: 16·n cycles. n is at least 1, here as below.
//
//go:noescape
func ProbeClock(n int)

// ProbeLatencyAVX2 runs 16·n vector multiply-adds, each of which waits for the
// one before.
//
//go:noescape
func ProbeLatencyAVX2(n int)

// ProbeThroughputAVX2 runs 12·n vector multiply-adds in 12 independent chains.
//
//go:noescape
func ProbeThroughputAVX2(n int)

// ProbeReadAVX2 reads 128·n values of src from the first on.
//
//go:noescape
func ProbeReadAVX2(src *float32, n int)

// ProbeLatencyAVX512 runs 16·n vector multiply-adds, each of which waits for
// the one before.
//
//go:noescape
func ProbeLatencyAVX512(n int)

// ProbeThroughputAVX512 runs 12·n vector multiply-adds in 12 independent chains.
//
//go:noescape
func ProbeThroughputAVX512(n int)

// ProbeReadAVX512 reads 128·n values of src from the first on.
//
//go:noescape
func ProbeReadAVX512(src *float32, n int)
