package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-192fdf7a/nf/bench"
	"github.com/seed-192fdf7a/nf/bench/roofline"
	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/kernels"
)

// workloadShapes are the layers of the models that nf is measured on beside
// the square ones: first and last layers of couplings and of autoregressive
// networks, for affine maps (2 parameters a feature) and splines (23).
var workloadShapes = []string{"3x128", "128x6", "6x64", "64x12", "21x128", "63x512", "512x126", "63x256", "256x1449"}

func gemmCommand(out *printer, o *bench.Options) *cobra.Command {
	widths, rows := []int{16, 32, 64, 128, 256, 512}, []int{1, 2, 4, 8, 16, 32, 64, 128, 256, 1024, 4096}
	shapes := workloadShapes
	run := bench.GemmRun{}
	c := &cobra.Command{
		Use:   "gemm",
		Short: "Measure the matmul of a linear layer: built-in, OpenBLAS where linked, gonum; one core",
		Long: `gemm measures y = relu(x·w + bias) with the weights set once, as a model has them, on the built-in backend (on the
active tier, see NF_KERNELS), on OpenBLAS (if this program was built with -tags openblas; OPENBLAS_CORETYPE chooses its
kernels) and on gonum's Sgemm, in turns, so that a change of the machine's speed meets all of them alike. Figures are
GFLOP/s; "latency" is what one chain of multiply-adds for each output allows, where that is less than the peak. For one
row, "GB/s" is the speed at which the built-in product goes through its weights, and "of read" its share of a plain read
of as many bytes.

The whole table takes about 3 minutes, with --backward 9. --widths, --shapes, --rows and --time narrow it.`,
		RunE: func(c *cobra.Command, _ []string) error {
			for _, n := range append(append([]int{}, widths...), rows...) {
				if n < 1 || n > 1<<16 {
					return usageError{fmt.Errorf("%d: want sizes from 1 to 65536", n)}
				}
			}
			if c.Flags().Changed("widths") && !c.Flags().Changed("shapes") {
				shapes = nil
			} else if c.Flags().Changed("shapes") && !c.Flags().Changed("widths") {
				widths = nil
			}
			run.Rows, run.Shapes = rows, nil
			for _, in := range widths {
				for _, out := range widths {
					run.Shapes = append(run.Shapes, [2]int{in, out})
				}
			}
			for _, s := range shapes {
				shape, err := parseShape(s)
				if err != nil {
					return usageError{err}
				}
				run.Shapes = append(run.Shapes, shape)
			}
			if !c.Flags().Changed("time") {
				o.Time = 100 * time.Millisecond
			}
			return gemm(out, *o, run)
		},
	}
	c.Flags().IntSliceVar(&widths, "widths", widths, "inputs and outputs of the layers, every pair of them")
	c.Flags().StringSliceVar(&shapes, "shapes", shapes, "further layers, as INPUTSxOUTPUTS; alone, it replaces the widths, and they it")
	c.Flags().IntSliceVar(&rows, "rows", rows, "rows of a batch")
	c.Flags().BoolVar(&run.Backward, "backward", false, "measure the two products of a backward pass as well")
	c.Flags().BoolVar(&o.Fastest, "fastest", false, "the least of many timings instead of the median, for a machine that others use too")
	return c
}

// parseShape reads INPUTSxOUTPUTS.
func parseShape(s string) (shape [2]int, err error) {
	in, out, ok := strings.Cut(s, "x")
	for i, part := range []string{in, out} {
		n, err := strconv.Atoi(part)
		if !ok || err != nil || n < 1 || n > 1<<16 {
			return shape, fmt.Errorf("shape %q: want INPUTSxOUTPUTS, such as 3x128, each from 1 to 65536", s)
		}
		shape[i] = n
	}
	return shape, nil
}

// gemm measures and prints in the chosen form.
func gemm(out *printer, o bench.Options, run bench.GemmRun) error {
	var products []bench.Product
	table := !out.json && !out.benchfmt
	if table {
		for _, b := range blas.Linked() {
			fmt.Printf("%-10s %s\n", b.Name(), b.Description())
		}
		fmt.Printf("%-10s %s\n\n", "processor", kernels.Processor())
	}
	bound := bench.Gemm(o, run, func(p bench.Product) {
		if table {
			if len(products) == 0 {
				fmt.Println(gemmHeader(p))
			}
			fmt.Println(gemmLine(p))
		} else {
			for _, t := range p.Timings {
				out.result(gemmResult(p, t))
			}
		}
		products = append(products, p)
		_ = os.Stdout.Sync()
	})
	switch {
	case out.json:
		return gemmSummaryJSON(products, bound)
	case table:
		fmt.Println()
		for _, line := range gemmSummary(products, bound) {
			fmt.Println(line)
		}
	}
	return nil
}

// gemmResult is one backend's part of a product, as --json and --benchfmt have
// it.
func gemmResult(p bench.Product, t bench.Timing) bench.Result {
	r := bench.Result{
		Name: fmt.Sprintf("gemm/%s/%s/rows=%d/%dx%d", p.What, t.Name, p.Rows, p.In, p.Out), Runs: t.Calls, Ns: t.Ns,
		Figures: []bench.Figure{{Unit: "GFLOP/s", Value: p.GFLOPs(t)}},
	}
	if t.Name != p.Timings[0].Name {
		return r
	}
	for _, f := range []bench.Figure{{Unit: "latency-GFLOP/s", Value: p.LatencyGFLOPs}, {Unit: "weights-GB/s", Value: p.WeightGBs}, {Unit: "read-GB/s", Value: p.ReadGBs}} {
		if f.Value > 0 {
			r.Figures = append(r.Figures, f)
		}
	}
	return r
}

func gemmHeader(p bench.Product) string {
	line := fmt.Sprintf("%-8s %5s %-9s", "product", "rows", "shape")
	for _, t := range p.Timings {
		line += fmt.Sprintf(" %9s", t.Name)
	}
	return line + fmt.Sprintf(" %9s %8s %7s %8s", "/openblas", "latency", "GB/s", "of read")
}

func gemmLine(p bench.Product) string {
	line := fmt.Sprintf("%-8s %5d %-9s", p.What, p.Rows, fmt.Sprintf("%dx%d", p.In, p.Out))
	for _, t := range p.Timings {
		line += fmt.Sprintf(" %9.4g", p.GFLOPs(t))
	}
	ratio, latency, weights, read := "", "", "", ""
	if r, ok := p.Against("openblas"); ok {
		ratio = fmt.Sprintf("%.2f", r)
	}
	if p.LatencyGFLOPs > 0 {
		latency = fmt.Sprintf("%.4g", p.LatencyGFLOPs)
	}
	if p.ReadGBs > 0 {
		weights, read = fmt.Sprintf("%.0f", p.WeightGBs), fmt.Sprintf("%.2f", p.WeightGBs/p.ReadGBs)
	}
	line += fmt.Sprintf(" %9s %8s %7s %8s", ratio, latency, weights, read)
	if share, bar, ok := p.Share(); ok && !bench.Meets(share) {
		line += fmt.Sprintf("  %.2f of the bar, %s", share, bar)
	}
	return strings.TrimRight(line, " ")
}

// below returns the products that miss their bars, worst first, and how many
// have one.
func below(products []bench.Product) (missed []bench.Product, barred int) {
	for _, p := range products {
		if share, _, ok := p.Share(); ok {
			barred++
			if !bench.Meets(share) {
				missed = append(missed, p)
			}
		}
	}
	slices.SortStableFunc(missed, func(a, b bench.Product) int {
		x, _, _ := a.Share()
		y, _, _ := b.Share()
		return int(math.Copysign(1, x-y))
	})
	return missed, barred
}

// gemmSummary says what the measured products come to: how many meet the bar,
// the worst, and which backend to take for what.
func gemmSummary(products []bench.Product, bound roofline.FMA) []string {
	var lines []string
	if bound.PeakGFLOPs > 0 {
		lines = append(lines, fmt.Sprintf("%s: %.2f GHz, a multiply-add takes %.1f cycles, peak %.1f GFLOP/s",
			kernels.Active().Name(), bound.ClockGHz, bound.LatencyCycles, bound.PeakGFLOPs))
	}
	missed, barred := below(products)
	if barred == 0 {
		return append(lines, gemmAdvice(products)...)
	}
	lines = append(lines, fmt.Sprintf("%d of %d products meet the bar: 1.0 of OpenBLAS's speed to 64 rows, 0.9 beyond, or 0.8 of the latency bound;", barred-len(missed), barred),
		"and for one row with 128 outputs or more, 0.5 of the speed of a plain read")
	for _, p := range missed[:min(20, len(missed))] {
		share, bar, _ := p.Share()
		lines = append(lines, fmt.Sprintf("  %.2f of %s: %s, %d rows, %dx%d", share, bar, p.What, p.Rows, p.In, p.Out))
	}
	if len(missed) > 20 {
		lines = append(lines, fmt.Sprintf("  and %d more", len(missed)-20))
	}
	return append(lines, gemmAdvice(products)...)
}

// rowClasses are the uses that the advice tells apart.
var rowClasses = []struct {
	name     string
	from, to int
}{
	{"one row (a service)", 1, 1},
	{"2 to 8 rows", 2, 8},
	{"16 to 64 rows (a tile of a scorer)", 9, 64},
	{"128 rows and more", 65, 1 << 30},
}

// gemmAdvice compares the built-in backend with each other one, by use.
func gemmAdvice(products []bench.Product) []string {
	var lines []string
	if len(products) == 0 {
		return nil
	}
	for _, other := range products[0].Timings[1:] {
		for _, what := range []string{"forward", "input", "weights"} {
			for _, class := range rowClasses {
				var sum float64
				var ratios []float64
				for _, p := range products {
					if p.What == what && p.Rows >= class.from && p.Rows <= class.to {
						r, _ := p.Against(other.Name)
						ratios = append(ratios, r)
						sum += math.Log(r)
					}
				}
				if len(ratios) == 0 {
					continue
				}
				mean := math.Exp(sum / float64(len(ratios)))
				advice := "take the built-in one"
				switch {
				case mean < 0.95:
					advice = "take " + other.Name
				case mean < 1.05:
					advice = "much the same; the built-in one keeps the bits"
				}
				lines = append(lines, fmt.Sprintf("%s, %s: built-in is %.2f times as fast as %s (from %.2f to %.2f): %s",
					what, class.name, mean, other.Name, slices.Min(ratios), slices.Max(ratios), advice))
			}
		}
	}
	return lines
}

// gemmSummaryJSON prints the summary as the last object of --json.
func gemmSummaryJSON(products []bench.Product, bound roofline.FMA) error {
	missed, barred := below(products)
	names := []string{}
	for _, p := range missed {
		names = append(names, fmt.Sprintf("%s/rows=%d/%dx%d", p.What, p.Rows, p.In, p.Out))
	}
	line, err := json.Marshal(map[string]any{
		"name": "gemm/summary", "tier": kernels.Active().Name(), "clock_ghz": bound.ClockGHz, "fma_latency_cycles": bound.LatencyCycles,
		"peak_gflops": bound.PeakGFLOPs, "barred": barred, "met": barred - len(missed), "missed": names, "advice": gemmAdvice(products),
	})
	if err == nil {
		fmt.Println(string(line))
	}
	return err
}
