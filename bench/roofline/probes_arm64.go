//go:build !noasm

package roofline

import "github.com/seed-192fdf7a/nf/kernels/asm"

func probesOf(tier string) (probes, bool) {
	if tier != "neon" {
		return probes{}, false
	}
	return probes{4, asm.ProbeClock, asm.ProbeLatencyNEON, asm.ProbeThroughputNEON, 24, asm.ProbeReadNEON}, true
}
