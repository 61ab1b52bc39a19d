//go:build !noasm

package roofline

import "github.com/seed-192fdf7a/nf/kernels/asm"

func probesOf(tier string) (probes, bool) {
	switch tier {
	case "avx2":
		return probes{8, asm.ProbeClock, asm.ProbeLatencyAVX2, asm.ProbeThroughputAVX2, 12, asm.ProbeReadAVX2}, true
	case "avx512":
		return probes{16, asm.ProbeClock, asm.ProbeLatencyAVX512, asm.ProbeThroughputAVX512, 12, asm.ProbeReadAVX512}, true
	}
	return probes{}, false
}
