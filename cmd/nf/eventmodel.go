package main

import (
	"fmt"
	"math"

	"github.com/spf13/cobra"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow"
)

// eventModel is a model of images or of sound, ready to compute.
type eventModel struct {
	flow    *flow.Flow
	scorer  *flow.Scorer
	backend blas.Backend
}

// loadEventModel reads a model, which accept takes as it is, or for other sites, or
// refuses, and prepares it for the chosen backend.
func loadEventModel(command *cobra.Command, path string, workers int, accept func(*flow.Flow) (*flow.Flow, error)) (m eventModel, err error) {
	err = orInterrupted(command.Context(), func() error {
		if m.backend, err = chosenBackend(); err != nil {
			return err
		}
		if workers, err = workerCount(workers, m.backend); err != nil {
			return err
		}
		f, err := flow.Load(path)
		if err != nil {
			return err
		}
		if m.flow, err = accept(f); err != nil {
			return err
		}
		m.scorer, err = m.flow.NewScorer(flow.ScorerOptions{Workers: workers, BLAS: m.backend})
		return err
	})
	return m, err
}

// checkNumbers is an error if one of the values, width of each event, of which so
// many came before, is no number: what a model of values that overflow makes.
func checkNumbers(values []float64, width int, unit string, before int64) error {
	for i, v := range values {
		if math.IsNaN(v) {
			return fmt.Errorf("%s %d comes out as NaN: the model's values are so large that computing with them overflows; its training may have diverged", unit, before+int64(i/width))
		}
	}
	return nil
}
