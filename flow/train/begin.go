package train

import (
	"context"
	"errors"

	"github.com/seed-192fdf7a/nf/internal/random"
)

var errNothingBegins = errors.New("train: 0 epochs learn only what layers begin from data with, and no layer of this flow does: gaussianization does; or take at least 1 epoch")

// fitBeginning is a fit of no epochs: layers take their first values, each from what
// those before it make of the rows. best is what the model is left with.
func (r *runner) fitBeginning(ctx context.Context, training, validation Objective, result Result, best []float32) (Result, error) {
	o, events := r.options, training.Events()
	interrupted := func() (Result, error) {
		result.Stopped = "interrupted"
		return result, ctx.Err()
	}
	if !r.parameters.AwaitsData() {
		return result, errNothingBegins
	}
	order := make([]int, events)
	random.Permutation(order, o.Seed, random.Shuffle, 1)
	if !r.initializeFromData(ctx, training, order[:min(BeginRows, events)]) {
		return interrupted()
	}
	var whole bool
	if result.BestValidNLL, whole = r.evaluate(ctx, validation); !whole {
		return interrupted()
	}
	if !(result.BestValidNLL < result.StartValidNLL) {
		return result, &NoBetterEpochError{Start: result.StartValidNLL, Lowest: result.BestValidNLL}
	}
	copy(best, r.optimizer.values)
	if o.Improved != nil {
		o.Improved(result)
	}
	return result, nil
}
