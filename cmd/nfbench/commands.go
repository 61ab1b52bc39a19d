package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-192fdf7a/nf/bench"
	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/kernels"
)

func infoCommand(out *printer) *cobra.Command {
	return &cobra.Command{
		Use:   "info",
		Short: "Say what nf runs on here, what was chosen and why",
		RunE: func(*cobra.Command, []string) error {
			backend, err := blas.Default()
			if err != nil {
				return err
			}
			var tiers []string
			for _, t := range kernels.Tiers() {
				tiers = append(tiers, t.Name())
			}
			info := [][2]string{
				{"processor", kernels.Processor().String()},
				{"cores", fmt.Sprint(runtime.GOMAXPROCS(0))},
				{"go", runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH},
				{"tiers", strings.Join(tiers, " ")},
				{"tier", kernels.Active().Name() + because("NF_KERNELS", "the best this processor runs")},
				{"matmuls", strings.Join(names(blas.Linked()), " ")},
				{"matmul", backend.Name() + because("NF_BLAS", reason(backend))},
				{"", backend.Description()},
			}
			if out.json {
				fields := map[string]string{}
				for _, line := range info {
					if line[0] != "" {
						fields[line[0]] = line[1]
					}
				}
				fields["matmul_description"] = backend.Description()
				line, err := json.Marshal(fields)
				if err != nil {
					return err
				}
				fmt.Println(string(line))
				return nil
			}
			for _, line := range info {
				fmt.Printf("%-10s %s\n", line[0], line[1])
			}
			return nil
		},
	}
}

func names(backends []blas.Backend) []string {
	var out []string
	for _, b := range backends {
		out = append(out, b.Name())
	}
	return out
}

func because(variable, otherwise string) string {
	if v := os.Getenv(variable); v != "" {
		return fmt.Sprintf(" (%s=%s)", variable, v)
	}
	return " (" + otherwise + ")"
}

func reason(b blas.Backend) string {
	if b.Name() == "builtin" {
		return "OpenBLAS is not linked; build with -tags openblas"
	}
	return "it is linked"
}

func scoreCommand(out *printer, o *bench.Options) *cobra.Command {
	var (
		model            string
		features, layers = 6, 8
		hidden, rows     = []int{128, 128}, []int{1, 64, 4096, 65536}
		workers          = runtime.GOMAXPROCS(0)
	)
	c := &cobra.Command{
		Use:   "score",
		Short: "Measure log-densities: rows/s, GFLOP/s, and the share of a bare matmul of the same shapes",
		RunE: func(*cobra.Command, []string) error {
			var f *flow.Flow
			var err error
			if model != "" {
				f, err = flow.Load(model)
			} else {
				f, err = bench.Model(features, layers, hidden)
			}
			if err != nil {
				return err
			}
			backend, err := blas.Default()
			if err != nil {
				return err
			}
			for _, n := range rows {
				if n < 1 {
					return usageError{fmt.Errorf("--rows %d: want at least 1", n)}
				}
				counts := []int{1}
				if workers > 1 && n > flow.TileRows {
					counts = append(counts, workers)
				}
				for _, w := range counts {
					r, err := bench.Score(*o, f, backend, n, w)
					if err != nil {
						return err
					}
					out.result(r)
				}
			}
			return nil
		},
	}
	c.Flags().StringVar(&model, "model", "", "a model file, instead of a RealNVP with random values")
	c.Flags().IntVar(&features, "features", features, "columns of the random model")
	c.Flags().IntVar(&layers, "layers", layers, "coupling layers of the random model")
	c.Flags().IntSliceVar(&hidden, "hidden", hidden, "hidden widths of the random model")
	c.Flags().IntSliceVar(&rows, "rows", rows, "rows of a call")
	c.Flags().IntVar(&workers, "workers", workers, "goroutines, beside one")
	return c
}
