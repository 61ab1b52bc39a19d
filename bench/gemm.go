package bench

import (
	"runtime"

	"github.com/seed-192fdf7a/nf/bench/roofline"
	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/kernels"
)

// GemmRun says which products Gemm measures.
type GemmRun struct {
	Shapes   [][2]int // inputs and outputs of the layers
	Rows     []int
	Backward bool // the two products of a backward pass as well
}

// Product is one line of the table of Gemm: one matrix product on every
// backend.
type Product struct {
	What          string // "forward", "input" (gradient) or "weights" (gradient)
	Rows, In, Out int
	Timings       []Timing // the built-in backend first
	// LatencyGFLOPs bounds a product whose every output is one chain of
	// multiply-adds, in the order of k: no chain takes less than its terms times
	// the latency of one. It is 0 where it does not bind, being above the peak.
	LatencyGFLOPs float64
	// WeightGBs is the speed at which the built-in forward product of one row
	// goes through its weights, and ReadGBs the speed of a plain read of as many
	// bytes, so from the same cache. They are 0 for all other products.
	WeightGBs, ReadGBs float64
}

// flops are those of the whole product.
func (p Product) flops() float64 { return 2 * float64(p.Rows) * float64(p.In) * float64(p.Out) }

// GFLOPs returns the speed of one backend.
func (p Product) GFLOPs(t Timing) float64 { return p.flops() / t.Ns }

// Against returns how many times as fast the built-in backend is as the one
// named; ok is false where that was not measured.
func (p Product) Against(name string) (ratio float64, ok bool) {
	for _, t := range p.Timings[1:] {
		if t.Name == name {
			return t.Ns / p.Timings[0].Ns, true
		}
	}
	return 0, false
}

// The bars that a built-in product is held to.
const (
	shortRows    = 64   // up to here it is to be as fast as OpenBLAS
	longBar      = 0.9  // of OpenBLAS, beyond
	latencyBar   = 0.8  // of the latency bound is enough
	streamBar    = 0.5  // of a plain read, for one row
	streamColumn = 128  // outputs from which that counts
	sureOfABar   = 0.98 // what a median of a few timings can tell
)

// Share returns the built-in backend's speed as a share of the bar that the
// product is held to (OpenBLAS where that was measured, relieved where latency
// binds) and what the bar is; without OpenBLAS and without a bound, ok is
// false.
func (p Product) Share() (share float64, bar string, ok bool) {
	if ratio, found := p.Against("openblas"); found {
		share, bar, ok = ratio, "OpenBLAS", true
		if p.Rows > shortRows {
			share, bar = ratio/longBar, "0.9 OpenBLAS"
		}
	}
	if p.LatencyGFLOPs > 0 {
		if s := p.GFLOPs(p.Timings[0]) / (latencyBar * p.LatencyGFLOPs); s > share {
			share, bar, ok = s, "0.8 latency bound", true
		}
	}
	if p.ReadGBs > 0 && p.Out >= streamColumn {
		if s := p.WeightGBs / (streamBar * p.ReadGBs); !ok || s < share {
			share, bar, ok = s, "0.5 read speed", true
		}
	}
	return share, bar, ok
}

// Meets tells whether a share of a bar is met as far as the timings can tell.
func Meets(share float64) bool { return share >= sureOfABar }

// slowWork bounds the multiply-adds of one call of gonum's Sgemm: what goes
// beyond is measured on fewer rows, as its speed does not depend on them then.
const slowWork = 1 << 24

// Gemm measures the forward product of a linear layer, y = relu(x·w + bias),
// and perhaps both products of its backward, on the built-in backend, on every
// other that is linked and on gonum's Sgemm, on one core. Weights are set once,
// as a model has them. It returns the bounds of the active tier's multiply-adds
// (zero on the reference).
func Gemm(o Options, run GemmRun, report func(Product)) roofline.FMA {
	// gonum would use all cores, and OpenBLAS none but the caller's.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	backends := []multiplier{blas.Builtin()}
	for _, b := range blas.Linked() {
		if b.Name() != blas.Builtin().Name() {
			backends = append(backends, b)
		}
	}
	backends = append(backends, gonumBackend{})
	bound, _ := roofline.MeasureFMA(kernels.Active())
	reads := map[int]float64{} // GB/s by bytes
	for _, s := range run.Shapes {
		in, out := s[0], s[1]
		w, bias := fill(in*out, 1, 0.5), fill(out, 2, 0.5)
		weights := make([]blas.Weights, len(backends))
		for i, b := range backends {
			weights[i] = b.NewWeights(in, out)
			weights[i].Set(w, bias)
		}
		for _, rows := range run.Rows {
			l := gemmLayer{rows, in, out, fill(rows*in, 3, 1), fill(rows*out, 4, 1),
				make([]float32, rows*out), make([]float32, rows*in), make([]float32, in*out)}
			products := []string{"forward"}
			if run.Backward {
				products = append(products, "input", "weights")
			}
			for _, what := range products {
				var contenders []contender
				for i, b := range backends {
					contenders = append(contenders, l.contender(what, b, weights[i]))
				}
				p := Product{What: what, Rows: rows, In: in, Out: out, Timings: o.interleaved(contenders)}
				outputs := map[string]int{"forward": rows * out, "input": rows * in, "weights": in * out}[what]
				if bound.LatencyNs > 0 {
					if limit := 2 * float64(outputs) / bound.LatencyNs; limit < bound.PeakGFLOPs {
						p.LatencyGFLOPs = limit
					}
				}
				if bytes := 4 * in * out; rows == 1 && what == "forward" && bound.LatencyNs > 0 {
					if _, found := reads[bytes]; !found {
						reads[bytes], _ = roofline.MeasureRead(kernels.Active(), bytes)
					}
					p.WeightGBs, p.ReadGBs = float64(bytes)/p.Timings[0].Ns, reads[bytes]
				}
				report(p)
			}
		}
	}
	return bound
}

// gemmLayer holds the operands and results of a layer's products.
type gemmLayer struct {
	rows, in, out    int
	x, dy, y, dx, dw []float32
}

// contender is one product of the layer on one backend.
func (l gemmLayer) contender(what string, b multiplier, w blas.Weights) contender {
	rows, fraction := l.rows, 1.0
	if _, slow := b.(gonumBackend); slow {
		rows = max(1, min(rows, slowWork/(l.in*l.out)))
		fraction = float64(rows) / float64(l.rows)
	}
	x, y := kernels.Dense(l.x[:rows*l.in], rows, l.in), kernels.Dense(l.y[:rows*l.out], rows, l.out)
	dx, dy := kernels.Dense(l.dx[:rows*l.in], rows, l.in), kernels.Dense(l.dy[:rows*l.out], rows, l.out)
	c := contender{b.Name(), nil, fraction}
	switch what {
	case "forward":
		c.do = func() { w.Forward(y, x, blas.ReLU) }
	case "input":
		c.do = func() { w.BackwardInput(dx, dy, false) }
	case "weights":
		c.do = func() { blas.GradientWeights(b, l.dw, x, dy, false) }
	}
	return c
}
