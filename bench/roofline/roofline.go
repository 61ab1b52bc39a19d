// Package roofline measures what one core of this processor can do at most:
// the bounds that kernels are held against.
package roofline

import (
	"time"
	"unsafe"

	"github.com/seed-192fdf7a/nf/kernels"
)

// FMA is what the fused multiply-adds of one tier can reach on one core.
type FMA struct {
	ClockGHz      float64 // at which the core ran meanwhile
	LatencyNs     float64 // of one multiply-add that waits for the one before
	LatencyCycles float64
	PeakGFLOPs    float64 // of many independent multiply-adds
}

// probes are the measuring kernels of a tier.
type probes struct {
	lanes      int         // of a vector
	clock      func(n int) // 16n cycles
	latency    func(n int) // 16n dependent multiply-adds
	throughput func(n int) // chains·n independent ones
	chains     int
	read       func(src *float32, n int) // 128n values
}

// MeasureFMA measures the multiply-adds of a tier; ok is false where it has no
// vectors of its own, as the reference has none.
func MeasureFMA(tier *kernels.Tier) (f FMA, ok bool) {
	p, ok := probesOf(tier.Name())
	if !ok {
		return FMA{}, false
	}
	const n = 20_000
	for start := time.Now(); time.Since(start) < 20*time.Millisecond; {
		p.throughput(n) // until the clock has settled
	}
	cycle := fastest(func() { p.clock(n) }) / (16 * n)
	f.LatencyNs = fastest(func() { p.latency(n) }) / (16 * n)
	f.PeakGFLOPs = 2 * float64(p.chains*p.lanes*n) / fastest(func() { p.throughput(n) })
	f.ClockGHz = 1 / cycle
	f.LatencyCycles = f.LatencyNs / cycle
	return f, true
}

// MeasureRead returns the GB/s at which a tier's vectors read the given number
// of bytes again and again, so from the cache that holds them; ok is as for
// MeasureFMA. A byte count is rounded up to a multiple of 512.
func MeasureRead(tier *kernels.Tier, bytes int) (gigabytes float64, ok bool) {
	p, ok := probesOf(tier.Name())
	if !ok || bytes < 1 {
		return 0, false
	}
	blocks := (bytes + 511) / 512
	data := make([]float32, blocks*128+16)
	for i := range data {
		data[i] = 1 // pages never written to would all be one page
	}
	first := &data[0]
	for uintptr(unsafe.Pointer(first))%64 != 0 {
		first = (*float32)(unsafe.Add(unsafe.Pointer(first), 4))
	}
	times := max(1, (1<<20)/(blocks*512)) // so that the clock's own time does not count
	const slice = 1 << 10                 // blocks of one call, which cannot be preempted
	ns := fastest(func() {
		for range times {
			for done := 0; done < blocks; done += slice {
				p.read((*float32)(unsafe.Add(unsafe.Pointer(first), done*512)), min(slice, blocks-done))
			}
		}
	})
	return float64(times*blocks*512) / ns, true
}

// fastest returns the least time of several calls, in nanoseconds: a bound is
// what the machine can do when nothing disturbs it.
func fastest(do func()) float64 {
	do()
	least := time.Duration(1<<63 - 1)
	for range 15 {
		start := time.Now()
		do()
		least = min(least, time.Since(start))
	}
	return float64(max(least, 1))
}
