package bench

import (
	"math"
	"testing"
	"time"
)

// TestShare pins the bars: OpenBLAS's speed to 64 rows, 0.9 of it beyond,
// relieved by 0.8 of the latency bound, and for one row of 128 outputs half the
// speed of a plain read.
func TestShare(t *testing.T) {
	product := func(rows, out int, builtin, openblas float64) Product {
		p := Product{What: "forward", Rows: rows, In: 100, Out: out, Timings: []Timing{{Name: "builtin", Ns: builtin}}}
		if openblas > 0 {
			p.Timings = append(p.Timings, Timing{Name: "openblas", Ns: openblas})
		}
		return p
	}
	latency := product(4, 16, 100, 50)
	latency.LatencyGFLOPs = latency.GFLOPs(latency.Timings[0]) / 0.9
	slow := product(1, 128, 100, 200)
	slow.WeightGBs, slow.ReadGBs = 20, 100
	narrow := slow
	narrow.Out = 64
	for name, test := range map[string]struct {
		p     Product
		share float64
		bar   string
	}{
		"few rows":                  {product(64, 16, 100, 80), 0.8, "OpenBLAS"},
		"many rows":                 {product(128, 16, 100, 81), 0.9, "0.9 OpenBLAS"},
		"latency relieves":          {latency, 0.9 / 0.8, "0.8 latency bound"},
		"weights stream too slowly": {slow, 0.4, "0.5 read speed"},
		"few outputs need not":      {narrow, 2, "OpenBLAS"},
	} {
		share, bar, ok := test.p.Share()
		if !ok || math.Abs(share-test.share) > 1e-9 || bar != test.bar {
			t.Errorf("%s: %v of %s, %v, want %v of %s", name, share, bar, ok, test.share, test.bar)
		}
	}
	if _, _, ok := product(4, 16, 100, 0).Share(); ok {
		t.Error("a product without OpenBLAS and bound has a bar")
	}
}

// TestGemm runs every product once on shapes that gonum's part is cut for and
// that it is not.
func TestGemm(t *testing.T) {
	var seen int
	Gemm(Options{Time: time.Microsecond}, GemmRun{Shapes: [][2]int{{512, 512}, {3, 20}}, Rows: []int{1, 70}, Backward: true}, func(p Product) {
		seen++
		last := p.Timings[len(p.Timings)-1]
		if last.Name != "gonum" || p.Timings[0].Name != "builtin" {
			t.Fatalf("%+v: built-in is to be first and gonum last", p)
		}
		if cut := p.Rows == 70 && p.In == 512; (last.Fraction < 1) != cut {
			t.Errorf("%s of %d rows, %dx%d: gonum did %v of the work", p.What, p.Rows, p.In, p.Out, last.Fraction)
		}
		for _, timing := range p.Timings {
			if !(timing.Ns > 0 && timing.Calls > 0) {
				t.Errorf("%+v", timing)
			}
		}
	})
	if seen != 12 {
		t.Errorf("%d products, want 12", seen)
	}
}
