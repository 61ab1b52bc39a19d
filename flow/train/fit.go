package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/transform"
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
)

// Fit trains f on the training rows and leaves in it the values of the epoch
// with the lowest nll on the validation rows. It sets the flow's
// standardization from the training rows; f's present values are where it
// begins.
//
// When ctx ends, Fit returns its error; when the nll is no longer finite, an
// error that says where. In both cases f holds the best finished epoch, or the
// values it came with if Result.BestEpoch is 0.
func Fit(ctx context.Context, f *flow.Flow, training, validation Data, o Options) (Result, error) {
	var result Result
	if err := o.check(); err != nil {
		return result, err
	}
	if n := len(training.Rows) / f.Features(); n < 2 {
		return result, fmt.Errorf("train: %d training row(s); at least 2 are needed", n)
	}
	if len(validation.Rows) == 0 {
		return result, errors.New("train: no validation rows")
	}
	for _, d := range []struct {
		name string
		Data
	}{{"training", training}, {"validation", validation}} {
		if err := d.check(f, d.name); err != nil {
			return result, err
		}
	}
	r, err := newRunner(f, o)
	if err != nil {
		return result, err
	}
	if err := standardize(f, training); err != nil {
		return result, err
	}
	for _, d := range []struct {
		name string
		Data
	}{{"training", training}, {"validation", validation}} {
		if err := d.checkSupport(f.Config(), d.name); err != nil {
			return result, err
		}
	}
	defer f.Changed()
	noisy := newSet(training, f)
	noisy.noise = newNoise(f, o)
	return r.fit(ctx, noisy, newSet(validation, f))
}

func standardize(f *flow.Flow, d Data) error {
	c := f.Config()
	rows, err := standardization(d.Rows, c.Features)
	if err != nil {
		return err
	}
	for i := range c.Features {
		if c.Support(i) != nil {
			rows.Mean[i], rows.Std[i] = c.Standardize.Mean[i], c.Standardize.Std[i]
		}
	}
	contexts, err := standardization(d.Context, c.Context)
	if err != nil {
		return err
	}
	return f.SetStandardization(rows, contexts)
}

func (r *runner) fit(ctx context.Context, training, validation set) (result Result, err error) {
	o := r.options
	start := time.Now()
	batch := min(o.Batch, training.events)
	perEpoch := (training.events + batch - 1) / batch
	order := make([]int, training.events)
	// Whatever ends training, the flow is left with its best epoch, or with the
	// values it came with.
	best := slices.Clone(r.adam.values)
	defer func() { copy(r.adam.values, best) }()
	places, err := transform.Uninitialized(r.flow.Chain())
	if err != nil {
		return result, fmt.Errorf("train: %w", err)
	}
	if len(places) > 0 {
		random.Permutation(order, o.Seed, random.Shuffle, 1)
		r.initializeFromData(training, order[:r.cut(0, batch, training.events)], places)
	}
	sinceBest := 0
	for epoch := 1; epoch <= o.Epochs; epoch++ {
		began := time.Now()
		if training.noise != nil {
			training.noise.epoch = uint64(epoch)
		}
		random.Permutation(order, o.Seed, random.Shuffle, uint64(epoch))
		var sum, rate float64
		for from, to := 0, 0; from < training.events; from = to {
			to = r.cut(from, batch, training.events)
			if err := ctx.Err(); err != nil {
				result.Stopped = "interrupted"
				return result, err
			}
			chosen := order[from:to]
			nll, norm := r.gradient(training, chosen)
			if math.IsNaN(nll) || math.IsInf(nll, 0) || math.IsNaN(norm) || math.IsInf(norm, 0) {
				result.Stopped = "diverged"
				if c := r.flow.Config(); math.IsInf(nll, 1) && c.Base.Type == flow.Uniform {
					return result, fmt.Errorf("train: at epoch %d, step %d of %d, a row's noise lies outside the box of the uniform base, [-%v, %v] in standard deviations, where there is no density: widen the box (bound), or take another base",
						epoch, from/batch+1, perEpoch, c.Base.Bound, c.Base.Bound)
				}
				return result, fmt.Errorf("train: diverged at epoch %d, step %d of %d (nll %v, gradient norm %v): try a lower learning rate than %v, or a lower clip",
					epoch, from/batch+1, perEpoch, nll, norm, o.LearningRate)
			}
			rate = o.rate(float64(result.Steps) / (float64(perEpoch) * float64(o.Epochs)))
			scale := 1.0
			if o.Clip > 0 && norm > o.Clip {
				scale = o.Clip / norm
			}
			r.adam.step(rate, scale)
			r.binding.Refresh(o.Workers)
			result.Steps++
			sum += float64(nll * float64(len(chosen)))
			if o.Progress != nil {
				o.Progress(to, training.events)
			}
		}
		trained := time.Since(began).Seconds()
		e := Epoch{
			Epoch: epoch, TrainNLL: sum / float64(training.events), ValidNLL: r.evaluate(validation),
			LearningRate: rate, RowsPerSecond: float64(training.events) / trained, Seconds: time.Since(start).Seconds(),
		}
		result.History = append(result.History, e)
		if o.Report != nil {
			o.Report(e)
		}
		sinceBest++
		if !math.IsNaN(e.ValidNLL) && !math.IsInf(e.ValidNLL, 0) && (result.BestEpoch == 0 || e.ValidNLL < result.BestValidNLL) {
			result.BestEpoch, result.BestValidNLL = epoch, e.ValidNLL
			copy(best, r.adam.values)
			sinceBest = 0
		}
		if o.Patience > 0 && sinceBest >= o.Patience {
			result.Stopped = "patience"
			break
		}
	}
	if result.BestEpoch == 0 {
		return result, errors.New("train: no epoch has a finite validation nll: look at the validation rows for values far outside the training rows")
	}
	return result, nil
}

// cut returns where the minibatch that begins at from ends. With barriers, whose
// statistics need rows, a last one below half the batch joins the one before.
func (r *runner) cut(from, batch, events int) int {
	to := min(from+batch, events)
	if len(r.barriers) > 0 && events-to < (batch+1)/2 {
		return events
	}
	return to
}

// rate returns the learning rate when a part of all steps, from 0 to 1, is
// done.
func (o *Options) rate(done float64) float64 {
	if o.Schedule == Constant {
		return o.LearningRate
	}
	_, cos := kernels.SinCos2Pi64(done / 2)
	return float64(o.LearningRate * float64(0.5*(1+cos)))
}
