//go:build !noasm

package asm

// The probes measure the processor that they run on; their results are times.

// ProbeClock runs 16·n integer additions, each of which waits for the one
// before: 16·n cycles. n is at least 1, here as below.
//
//go:noescape
func ProbeClock(n int)

// ProbeLatencyNEON runs 16·n vector multiply-adds, each of which waits for the
// one before in the register that it adds to.
//
//go:noescape
func ProbeLatencyNEON(n int)

// ProbeThroughputNEON runs 24·n vector multiply-adds in 24 independent chains.
//
//go:noescape
func ProbeThroughputNEON(n int)

// ProbeReadNEON reads 128·n values of src from the first on.
//
//go:noescape
func ProbeReadNEON(src *float32, n int)
