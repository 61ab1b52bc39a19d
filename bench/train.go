package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/train"
)

// trainEpochs are those that Train measures, behind one that takes memory.
const trainEpochs = 5

// Train measures steps of maximum likelihood with AdamW, of minibatches of so many
// events that each make an epoch; the time is the median's. Events of a flow without
// pixels are standard normal.
func Train(f *flow.Flow, backend blas.Backend, rows, workers int) (Result, error) {
	events := func(count int) *train.Images {
		return &train.Images{
			Flow: f, Count: count,
			Read: func(dst []float64, event int) error {
				if f.Config().Pixels == nil {
					normalRow(dst, event)
					return nil
				}
				for i := range dst {
					dst[i] = float64((event*31 + i*7) % 200)
				}
				return nil
			},
			Context: func(dst []float64, event int) {
				clear(dst)
				if len(dst) > 0 {
					dst[event%len(dst)] = 1
				}
			},
		}
	}
	o := train.Defaults()
	o.Epochs, o.Batch, o.LearningRate, o.Patience, o.Optimizer, o.Workers, o.BLAS = trainEpochs+1, rows, 1e-6, 0, train.AdamW, workers, backend
	var rates []float64
	o.Report = func(e train.Epoch) { rates = append(rates, e.RowsPerSecond) }
	_, err := train.Minimize(context.Background(), f.Model(), train.MaximumLikelihood(f, events(rows)), train.MaximumLikelihood(f, events(1)), o)
	var worse *train.NoBetterEpochError
	if err != nil && !errors.As(err, &worse) {
		return Result{}, err
	}
	measured := rates[1:]
	slices.Sort(measured)
	rate := measured[len(measured)/2]
	return Result{
		Name: fmt.Sprintf("train/%s/batch=%d/workers=%d", backend.Name(), rows, workers), Runs: len(measured), Ns: float64(rows) / rate * 1e9,
		Figures: []Figure{{"rows/s", rate}, {"us/row", 1e6 / rate}},
	}, nil
}
