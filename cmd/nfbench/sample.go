package main

import (
	"fmt"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-192fdf7a/nf/bench"
	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow"
)

func sampleCommand(out *printer, o *bench.Options) *cobra.Command {
	var (
		model, preset = "", flow.PresetMAF
		features      = 63
		options       = flow.Options{Layers: 5, Hidden: []int{512, 512}}
		rows          = []int{1, 128, 10000}
		workers       = runtime.GOMAXPROCS(0)
	)
	c := &cobra.Command{
		Use:   "sample",
		Short: "Measure sampling beside scoring the same rows: rows/s, and how many times scoring sampling takes",
		RunE: func(*cobra.Command, []string) error {
			var f *flow.Flow
			var err error
			if model != "" {
				f, err = flow.Load(model)
			} else if f, err = bench.Preset(preset, features, options); err != nil {
				return usageError{err}
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
				if workers > 1 && n*f.Model().Sites() > flow.TileRows {
					counts = append(counts, workers)
				}
				for _, w := range counts {
					results, err := bench.Sample(*o, f, backend, n, w)
					if err != nil {
						return err
					}
					for _, r := range results {
						out.result(r)
					}
				}
			}
			return nil
		},
	}
	c.Flags().StringVar(&model, "model", "", "a model file, instead of a preset with random values")
	c.Flags().StringVar((*string)(&preset), "flow", string(preset), "preset of the random model: "+strings.Join(flow.PresetNames(), ", "))
	c.Flags().IntVar(&features, "features", features, "columns of the random model")
	c.Flags().IntVar(&options.Layers, "layers", options.Layers, "layers of the random model")
	c.Flags().IntSliceVar(&options.Hidden, "hidden", options.Hidden, "hidden widths of the random model")
	c.Flags().BoolVar(&options.Residual, "residual", false, "residual networks in the random model")
	c.Flags().IntSliceVar(&rows, "rows", rows, "rows of a call")
	c.Flags().IntVar(&workers, "workers", workers, "goroutines, beside one")
	return c
}
