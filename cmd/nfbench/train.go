package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/seed-192fdf7a/nf/bench"
	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow"
)

func trainCommand(out *printer) *cobra.Command {
	var model string
	rows, workers := 64, runtime.GOMAXPROCS(0)
	c := &cobra.Command{
		Use:   "train --model MODEL",
		Short: "Measure steps of training a model file further, on made-up events: rows/s",
		RunE: func(*cobra.Command, []string) error {
			if model == "" || rows < 1 || workers < 1 {
				return usageError{fmt.Errorf("--model is required, and --rows and --workers are at least 1")}
			}
			f, err := flow.Load(model)
			if err != nil {
				return err
			}
			backend, err := blas.Default()
			if err != nil {
				return err
			}
			r, err := bench.Train(f, backend, rows, workers)
			if err != nil {
				return err
			}
			out.result(r)
			return nil
		},
	}
	c.Flags().StringVar(&model, "model", "", "a model file (required)")
	c.Flags().IntVar(&rows, "rows", rows, "events of a minibatch")
	c.Flags().IntVar(&workers, "workers", workers, "goroutines")
	return c
}
