package roofline

import (
	"testing"

	"github.com/seed-192fdf7a/nf/kernels"
)

// TestMeasure checks that every tier but the reference is measured and that
// the figures are possible: a multiply-add takes 2 cycles or more, as far as
// clock and load allow to tell, and the units work on several at once.
func TestMeasure(t *testing.T) {
	for _, tier := range kernels.Tiers() {
		f, ok := MeasureFMA(tier)
		if ok != (tier.Name() != "reference") {
			t.Fatalf("%s: measured is %v", tier.Name(), ok)
		}
		read, okRead := MeasureRead(tier, 10_000)
		if okRead != ok {
			t.Fatalf("%s: read is measured: %v", tier.Name(), okRead)
		}
		if !ok {
			continue
		}
		t.Logf("%s: %.2f GHz, latency %.2f cycles, peak %.1f GFLOP/s, reads %.0f GB/s from the first cache", tier.Name(), f.ClockGHz, f.LatencyCycles, f.PeakGFLOPs, read)
		if !(f.ClockGHz > 0 && f.LatencyNs > 0 && f.LatencyCycles > 0 && f.PeakGFLOPs > 0 && read > 0) {
			t.Errorf("%s: %+v, read %v", tier.Name(), f, read)
		}
	}
}
