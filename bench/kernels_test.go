package bench

import (
	"math"
	"reflect"
	"regexp"
	"runtime/metrics"
	"strings"
	"testing"
	"time"

	"github.com/seed-192fdf7a/nf/kernels"
)

// TestWorkloadsAreComplete checks that each elementwise function and each
// method of a tier is measured, under a name of its own.
func TestWorkloadsAreComplete(t *testing.T) {
	// What packs weights and multiplies is measured by nfbench gemm.
	measured := map[string]bool{"Name": true, "Matmul": true, "MatmulReferences": true, "PackPanels": true, "PanelsInPlace": true, "TransposePanels": true}
	names := map[string]bool{}
	for _, w := range workloads() {
		if names[w.name] {
			t.Errorf("there are two workloads %s", w.name)
		}
		names[w.name] = true
		method, _, _ := strings.Cut(w.name, "-")
		measured[method] = true
	}
	for _, f := range kernels.Functions() {
		if !names[f.Name] {
			t.Errorf("%s is not measured", f.Name)
		}
	}
	for method := range reflect.TypeFor[*kernels.Tier]().Methods() {
		if !measured[method.Name] {
			t.Errorf("kernels.Tier.%s is not measured: it needs a line in the table others", method.Name)
		}
	}
}

func TestWorkloadsRun(t *testing.T) {
	for _, w := range workloads() {
		for _, n := range []int{64, 1000} {
			run, elements := w.prepare(n)
			if elements > n || elements <= n-wide {
				t.Errorf("%s has %d elements of %d", w.name, elements, n)
			}
			for _, tier := range kernels.Tiers() {
				run(tier)
			}
		}
		if w.bytes <= 0 {
			t.Errorf("%s moves no bytes", w.name)
		}
	}
}

// TestKernelsSamplesTheReference checks that a time that was scaled up says so.
func TestKernelsSamplesTheReference(t *testing.T) {
	only := regexp.MustCompile("^kernels/ReLU/")
	seen := map[string]bool{}
	Kernels(Options{Time: time.Millisecond}, []int{1 << 10, 2 * sampleSize}, only, func(r Result) {
		seen[r.Name] = true
		sampled := r.Figures[len(r.Figures)-1].Unit == "sampled"
		if want := r.Name == "kernels/ReLU/tier=reference/n=131072"; sampled != want {
			t.Errorf("%s: sampled is %v, want %v", r.Name, sampled, want)
		}
	})
	if len(seen) != 2*len(kernels.Tiers()) {
		t.Errorf("measured %v", seen)
	}
}

func TestRatioMet(t *testing.T) {
	for _, c := range []struct {
		ratio Ratio
		met   bool
	}{
		{Ratio{Value: 2, Goal: 2, AtMost: true}, true},
		{Ratio{Value: 2.1, Goal: 2, AtMost: true}, false},
		{Ratio{Value: 30, Goal: 30}, true},
		{Ratio{Value: 29, Goal: 30}, false},
		{Ratio{Value: 29}, true},
		{Ratio{Absent: "Softplus", Goal: 4, AtMost: true}, false},
	} {
		if c.ratio.Met() != c.met {
			t.Errorf("%+v: met is %v", c.ratio, !c.met)
		}
	}
}

func TestSummarizePauses(t *testing.T) {
	buckets := []float64{math.Inf(-1), 0, 1e-6, 1e-3, math.Inf(1)}
	before := &metrics.Float64Histogram{Counts: []uint64{0, 5, 9, 0}, Buckets: buckets}
	after := &metrics.Float64Histogram{Counts: []uint64{0, 8, 10, 0}, Buckets: buckets}
	if p := summarize("x", before, after); p != (Pause{Name: "x", Collections: 4, Median: time.Microsecond, Worst: time.Millisecond}) {
		t.Errorf("got %+v", p)
	}
	after.Counts[3] = 1
	if p := summarize("x", before, after); p.Worst != time.Millisecond || p.Collections != 5 {
		t.Errorf("beyond the last bucket: %+v", p)
	}
	if p := summarize("x", after, after); p != (Pause{Name: "x"}) {
		t.Errorf("without a collection: %+v", p)
	}
}
