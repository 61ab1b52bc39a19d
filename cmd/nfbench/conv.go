package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-192fdf7a/nf/bench"
	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/kernels"
)

// convLayers are layers of flows of images: of Glow and RealNVP on 28 x 28 and
// 32 x 32 pixels, small and as in the papers.
var convLayers = []string{"14x14:2x64", "14x14:64x4", "7x7:64x64", "14x14:64x64", "32x32:64x64", "16x16:128x128", "8x8:512x24"}

func convCommand(out *printer, o *bench.Options) *cobra.Command {
	layers, kernel, rows := convLayers, 3, 1024
	c := &cobra.Command{
		Use:   "conv",
		Short: "Measure convolutions beside the bare matmul of as many operations; one core",
		Long: `conv measures the products of convolutions, forward with ReLU and the gradients of the input and of the weights, on the
built-in backend and on OpenBLAS (if this program was built with -tags openblas), each beside the bare product of matrices
of as many operations, in turns, so that a change of the machine's speed meets all of them alike. Figures are GFLOP/s,
where what lies outside the grid counts as work.

Forward products of 64 columns and more are held to 0.8 of the bare product, gradients of weights at 1,024 sites and more
to OpenBLAS. The whole table takes about 20 seconds for each backend; --layers, --rows and --time narrow it.`,
		Example: `  nfbench conv
  nfbench conv --layers 16x16:96x96,8x8:192x192 --rows 4096`,
		RunE: func(c *cobra.Command, _ []string) error {
			if rows < 1 || rows > 1<<20 {
				return usageError{fmt.Errorf("--rows %d: want 1 to %d", rows, 1<<20)}
			}
			var parsed []bench.ConvLayer
			for _, text := range layers {
				l, err := parseConvLayer(text, kernel)
				if err != nil {
					return usageError{err}
				}
				if values := (rows + l.Grid[0]*l.Grid[1]) * kernel * kernel * max(l.In, l.Out); values > 1<<28 {
					return usageError{fmt.Errorf("layer %q with --rows %d: the bare product has more than 2^28 values", text, rows)}
				}
				parsed = append(parsed, l)
			}
			if !c.Flags().Changed("time") {
				o.Time = 100 * time.Millisecond
			}
			conv(out, *o, parsed, rows)
			return nil
		},
	}
	c.Flags().StringSliceVar(&layers, "layers", layers, "layers, as LINESxSITES:INPUTSxOUTPUTS")
	c.Flags().IntVar(&kernel, "kernel", kernel, "sites of a side of the window, odd")
	c.Flags().IntVar(&rows, "rows", rows, "sites of a batch, at least; whole events are taken")
	c.Flags().BoolVar(&o.Fastest, "fastest", false, "the least of many timings instead of the median, for a machine that others use too")
	return c
}

// parseConvLayer reads LINESxSITES:INPUTSxOUTPUTS.
func parseConvLayer(text string, kernel int) (l bench.ConvLayer, err error) {
	grid, columns, ok := strings.Cut(text, ":")
	if !ok {
		return l, fmt.Errorf("layer %q: want LINESxSITES:INPUTSxOUTPUTS, such as 14x14:64x64", text)
	}
	if kernel < 1 || kernel > 31 || kernel%2 == 0 {
		return l, fmt.Errorf("--kernel %d: want an odd number from 1 to 31", kernel)
	}
	l.Kernel = kernel
	if l.Grid, err = parseShape(grid); err != nil {
		return l, fmt.Errorf("layer %q: the grid: %w", text, err)
	}
	shape, err := parseShape(columns)
	if err != nil {
		return l, fmt.Errorf("layer %q: the columns: %w", text, err)
	}
	l.In, l.Out = shape[0], shape[1]
	const most = 1 << 12
	if l.Grid[0] > most || l.Grid[1] > most || l.In > most || l.Out > most {
		return l, fmt.Errorf("layer %q: want sizes of at most %d", text, most)
	}
	return l, nil
}

// conv measures and prints in the chosen form.
func conv(out *printer, o bench.Options, layers []bench.ConvLayer, rows int) {
	table, barred, met := !out.json && !out.benchfmt, 0, 0
	if table {
		for _, b := range blas.Linked() {
			fmt.Printf("%-10s %s\n", b.Name(), b.Description())
		}
		fmt.Printf("%-10s %s\n\n", "processor", kernels.Processor())
	}
	first := true
	bench.Conv(o, layers, rows, func(p bench.ConvProduct) {
		if !table {
			for _, t := range p.Timings {
				out.result(convResult(p, t))
			}
			return
		}
		if first {
			fmt.Println(convHeader(p))
			first = false
		}
		fmt.Println(convLine(p))
		if share, _, ok := p.Share(); ok {
			barred++
			if bench.Meets(share) {
				met++
			}
		}
		_ = os.Stdout.Sync()
	})
	if table && barred > 0 {
		fmt.Printf("\n%d of %d products meet the bar: 0.8 of the bare product forward with 64 columns or more, OpenBLAS's speed in weights' gradients\n", met, barred)
	}
}

// convResult is one timing of a product, as --json and --benchfmt have it.
func convResult(p bench.ConvProduct, t bench.Timing) bench.Result {
	r := bench.Result{
		Name: fmt.Sprintf("conv/%s/%s/rows=%d/kernel=%d/%dx%d/%dx%d", p.What, strings.ReplaceAll(t.Name, " ", "-"), p.Rows, p.Kernel, p.Grid[0], p.Grid[1], p.In, p.Out),
		Runs: t.Calls, Ns: t.Ns, Figures: []bench.Figure{{Unit: "GFLOP/s", Value: p.GFLOPs(t)}},
	}
	if t.Name != p.Timings[0].Name {
		return r
	}
	r.Figures = append(r.Figures, bench.Figure{Unit: "of-bare", Value: p.OfBare()})
	if share, ok := p.OfOpenBLAS(); ok {
		r.Figures = append(r.Figures, bench.Figure{Unit: "of-openblas", Value: share})
	}
	return r
}

func convHeader(p bench.ConvProduct) string {
	line := fmt.Sprintf("%-8s %5s %-7s %-9s", "product", "rows", "grid", "columns")
	for _, t := range p.Timings {
		line += fmt.Sprintf(" %14s", t.Name)
	}
	return line + fmt.Sprintf(" %8s %9s", "of bare", "/openblas")
}

func convLine(p bench.ConvProduct) string {
	line := fmt.Sprintf("%-8s %5d %-7s %-9s", p.What, p.Rows, fmt.Sprintf("%dx%d", p.Grid[0], p.Grid[1]), fmt.Sprintf("%dx%d", p.In, p.Out))
	for _, t := range p.Timings {
		line += fmt.Sprintf(" %14.4g", p.GFLOPs(t))
	}
	ratio := ""
	if share, ok := p.OfOpenBLAS(); ok {
		ratio = fmt.Sprintf("%.2f", share)
	}
	line += fmt.Sprintf(" %8.2f %9s", p.OfBare(), ratio)
	if share, bar, ok := p.Share(); ok && !bench.Meets(share) {
		line += fmt.Sprintf("  %.2f of the bar, %s", share, bar)
	}
	return strings.TrimRight(line, " ")
}
