package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
)

// Fit trains f on the training rows and leaves in it the values of the epoch
// with the lowest nll on the validation rows. It sets the flow's
// standardization from the training rows; f's present values are where it
// begins, and stay where it ends unless an epoch is better than they are on
// the validation rows. Where the data have weights, the standardization and all
// nlls are weighted means, and an event of weight 0 is as if it were not there.
//
// The rows of discrete columns (see [flow.Discrete]) get uniform noise of one step,
// anew for each row and epoch, and the same in each epoch for validation rows. The
// nlls are those of the noisy rows: less Σ log step they are upper bounds, in the
// mean, of −log of the probability of a row's cell.
//
// When ctx ends, Fit returns its error, at most one tile of rows later; when
// the nll is no longer finite, an error that says where; and when no epoch was
// better than the start, a [*NoBetterEpochError]. In all cases f holds the best
// finished epoch, or if Result.BestEpoch is 0 the values that it came with,
// behind the standardization by which Result.StartValidNLL is theirs.
//
// It holds in memory: the rows as float32 beside the caller's own; of each
// parameter what [Bytes] counts; and for each worker the values of one tile
// of 64 rows on their way through all layers.
func Fit(ctx context.Context, f *flow.Flow, training, validation Data, o Options) (Result, error) {
	return fit(ctx, f, training, validation, o, func(s Source, learn bool) (Objective, error) {
		l := &likelihood{flow: f, source: s}
		if learn {
			l.penalties = autograd.Penalties{Kinetic: o.Kinetic, Jacobian: o.Jacobian}
		}
		return l, l.checkPenalties()
	})
}

// fit trains f on the objective that is made of a source of rows; learn tells the
// one that is learned from the one that judges.
func fit(ctx context.Context, f *flow.Flow, training, validation Data, o Options, objective func(s Source, learn bool) (Objective, error)) (Result, error) {
	var result Result
	if err := o.complete(); err != nil {
		return result, err
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
	training, validation = training.Present(), validation.Present()
	named := []struct {
		name string
		Data
	}{{"training", training}, {"validation", validation}}
	for _, d := range named {
		if err := d.checkValues(f.Config(), false, d.name == "validation"); err != nil {
			return result, err
		}
	}
	n := len(training.Rows) / f.Dim()
	if n < 2 {
		return result, fmt.Errorf("train: %d training row(s); at least 2 are needed", n)
	}
	if o.Batch == 0 {
		o.Batch = BatchFor(n)
	}
	if err := standardize(f, training); err != nil {
		return result, err
	}
	for _, d := range named {
		if err := d.checkValues(f.Config(), true, d.name == "validation"); err != nil {
			return result, err
		}
		if err := d.checkSupport(f.Config(), d.name); err != nil {
			return result, err
		}
	}
	learned, err := objective(newNoisy(newRows(training, f), f, o), true)
	if err != nil {
		return result, err
	}
	if learned, err = Weighted(learned, training.Weights); err != nil {
		return result, err
	}
	judged, err := objective(newValidation(newRows(validation, f), f, o), false)
	if err != nil {
		return result, err
	}
	if judged, err = Weighted(judged, validation.Weights); err != nil {
		return result, err
	}
	return Minimize(ctx, f.Model(), learned, judged, o)
}

func standardize(f *flow.Flow, d Data) error {
	c := f.Config()
	rows, err := standardization(d.Rows, d.Weights, c.Features, nil)
	if err != nil {
		return err
	}
	for i := range c.Features {
		if c.Support(i) != nil || c.CircularFeature(i) != nil {
			rows.Mean[i], rows.Std[i] = c.Standardize.Mean[i], c.Standardize.Std[i]
		}
		if grid := c.DiscreteFeature(i); grid != nil && c.CircularFeature(i) == nil {
			// Uniform noise of a step has the mean step/2 and the variance step²/12.
			rows.Mean[i] += float64(0.5 * grid.Step)
			rows.Std[i] = math.Sqrt(float64(rows.Std[i]*rows.Std[i]) + float64(grid.Step*grid.Step)/12)
		}
	}
	contexts, err := standardization(d.Context, d.Weights, c.Context, c.OneHot)
	if err != nil {
		return err
	}
	return f.Model().SetStandardization(rows, contexts)
}

// Minimize trains m on the training objective and leaves in it the values of the
// epoch with the lowest mean loss on the validation objective. Its results and
// errors are those of [Fit], where "nll" stands for the loss.
func Minimize(ctx context.Context, m Model, training, validation Objective, o Options) (result Result, err error) {
	if err := o.complete(); err != nil {
		return result, err
	}
	events := training.Events()
	if events < 1 || validation.Events() < 1 {
		return result, fmt.Errorf("train: %d events for training and %d for validation; both need one", events, validation.Events())
	}
	if o.Batch == 0 {
		o.Batch = BatchFor(events)
	}
	r, err := newRunner(m, training.Sites(), o)
	if err != nil {
		return result, err
	}
	return r.fit(ctx, training, validation)
}

func (r *runner) fit(ctx context.Context, training, validation Objective) (result Result, err error) {
	o, events := r.options, training.Events()
	start := time.Now()
	batch := min(o.Batch, events)
	perEpoch := (events + batch - 1) / batch
	order := make([]int, events)
	// Whatever ends training, the flow is left with its best epoch, or with the
	// values it came with.
	at := progress{best: slices.Clone(r.optimizer.values), lowest: math.Inf(1)}
	defer r.parameters.Edit(func(values []float32) { copy(values, at.best) })
	interrupted := func() (Result, error) {
		result.Stopped = "interrupted"
		return result, ctx.Err()
	}
	var whole bool
	first := 1
	if o.Resume != nil {
		resumed, progress, err := r.resume(o.Resume, batch, events)
		if err != nil {
			return result, err
		}
		result, at, first = resumed, progress, o.Resume.Epoch+1
	} else if result.StartValidNLL, whole = r.evaluate(ctx, validation); !whole {
		return interrupted()
	}
	if o.Epochs == 0 {
		return r.fitBeginning(ctx, training, validation, result, at.best)
	}
	if r.parameters.AwaitsData() {
		random.Permutation(order, o.Seed, random.Shuffle, 1)
		if !r.initializeFromData(ctx, training, order[:r.cut(0, batch, events)]) {
			return interrupted()
		}
	}
	impatient := func() string {
		if o.Patience > 0 && at.sinceLowest >= o.Patience {
			return "patience"
		}
		return ""
	}
	result.Stopped = impatient()
	for epoch := first; epoch <= o.Epochs && result.Stopped == ""; epoch++ {
		began := time.Now()
		r.epoch = uint64(epoch)
		random.Permutation(order, o.Seed, random.Shuffle, uint64(epoch))
		var sum, rate float64
		for from, to := 0, 0; from < events; from = to {
			to = r.cut(from, batch, events)
			chosen := order[from:to]
			nll, norm, whole := r.gradient(ctx, training, chosen)
			drift := r.drift(len(chosen))
			for whole && !(drift <= maxDrift) && r.keepMore() {
				nll, norm, whole = r.gradient(ctx, training, chosen)
				drift = r.drift(len(chosen))
			}
			result.Kept = r.every
			result.TapeBytes, result.InputBytes = r.bytes()
			if !whole || ctx.Err() != nil {
				return interrupted()
			}
			if !(drift <= maxDrift) {
				result.Stopped = "diverged"
				return result, fmt.Errorf("train: at epoch %d, step %d of %d, values rebuilt from outputs are off by %.2g of their size, more than %v: the gradient would be wrong; take memory %s, which keeps inputs",
					epoch, from/batch+1, perEpoch, drift, float64(maxDrift), Replay)
			}
			if !finite(nll) || !finite(norm) {
				result.Stopped = "diverged"
				return result, r.diverged(training, nll, norm, fmt.Sprintf("epoch %d, step %d of %d", epoch, from/batch+1, perEpoch), result.Steps)
			}
			rate = o.rate(result.Steps, perEpoch*o.Epochs)
			scale := 1.0
			if o.Clip > 0 && norm > o.Clip {
				scale = o.Clip / norm
			}
			r.optimizer.step(rate, scale)
			r.binding.Refresh(o.Workers)
			result.Steps++
			sum += float64(nll * float64(len(chosen)))
			if o.Progress != nil {
				o.Progress(to, events)
			}
		}
		trained := time.Since(began).Seconds()
		e := Epoch{
			Epoch: epoch, TrainNLL: sum / float64(events),
			LearningRate: rate, RowsPerSecond: float64(events) / trained,
		}
		// The average of the values, where there is one, is what is judged and
		// kept.
		r.average()
		e.ValidNLL, whole = r.evaluate(ctx, validation)
		if !whole {
			return interrupted()
		}
		e.Seconds = time.Since(start).Seconds()
		result.History = append(result.History, e)
		if o.Report != nil {
			o.Report(e)
		}
		at.sinceLowest++
		if finite(e.ValidNLL) && e.ValidNLL < at.lowest {
			at.lowest, at.sinceLowest = e.ValidNLL, 0
			// A start that cannot be evaluated is worse than any number.
			if !(e.ValidNLL >= result.StartValidNLL) {
				result.BestEpoch, result.BestValidNLL = epoch, e.ValidNLL
				copy(at.best, r.optimizer.values)
				if o.Improved != nil {
					o.Improved(result)
				}
			}
		}
		r.average()
		if o.Finished != nil {
			o.Finished(r.state(epoch, result, at))
		}
		result.Stopped = impatient()
	}
	if result.BestEpoch == 0 {
		return result, &NoBetterEpochError{Start: result.StartValidNLL, Lowest: at.lowest}
	}
	return result, nil
}

// average exchanges the values with their running average, if one is kept.
func (r *runner) average() {
	if r.options.Average > 0 {
		r.optimizer.swap()
		r.binding.Refresh(r.options.Workers)
	}
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// diverged says what may help when the nll or the gradient of a minibatch is
// not finite.
func (r *runner) diverged(training Objective, nll, norm float64, where string, steps int) error {
	o := r.options
	if e, ok := training.(Explainer); ok {
		if err := e.Explain(nll); err != nil {
			return fmt.Errorf("train: at %s, %w", where, err)
		}
	}
	advice := fmt.Sprintf("try a learning rate below %v", o.LearningRate)
	switch {
	case steps == 0:
		advice = "nothing was learned yet, so that it is the rows: look for values far from all others"
	case o.Clip == 0:
		advice += ", or a bound on the gradient (clip), such as 5"
	}
	return fmt.Errorf("train: diverged at %s (nll %v, gradient norm %v): %s", where, nll, norm, advice)
}

// NoBetterEpochError says that no epoch was better on the validation rows than
// what training began with, which the flow then holds.
type NoBetterEpochError struct {
	Start  float64 // validation nll before the first step
	Lowest float64 // of an epoch; +Inf if none was finite
}

func (e *NoBetterEpochError) Error() string {
	if math.IsInf(e.Lowest, 1) {
		return "train: no epoch has a finite validation nll: look at the validation rows for values far outside the training rows"
	}
	return fmt.Sprintf("train: no epoch was better than the start, whose validation nll is %v (the lowest of an epoch is %v): try a lower learning rate, or more rows", e.Start, e.Lowest)
}

// cut returns where the minibatch that begins at from ends. Where its statistics
// enter the model they need rows: a last one below half the batch joins the one
// before.
func (r *runner) cut(from, batch, events int) int {
	to := min(from+batch, events)
	if r.meets() && events-to < (batch+1)/2 {
		return events
	}
	return to
}

// rate returns the learning rate of step number done, from 0, of so many.
func (o *Options) rate(done, steps int) float64 {
	rate := o.LearningRate
	if o.Schedule == Cosine {
		_, cos := kernels.SinCos2Pi64(float64(done) / float64(steps) / 2)
		rate = float64(rate * float64(0.5*(1+cos)))
	}
	if done < o.Warmup {
		rate = float64(rate * (float64(done+1) / float64(o.Warmup)))
	}
	return rate
}
