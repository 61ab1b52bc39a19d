package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/train"
	"github.com/seed-192fdf7a/nf/internal/atomicfile"
	"github.com/seed-192fdf7a/nf/internal/printable"
)

// steadyOutput takes all that is written to it, whether it arrives or not: a
// reader that has left must not cost a training.
type steadyOutput struct {
	out     io.Writer
	mutex   sync.Mutex
	failure error // the first
}

func (s *steadyOutput) Write(p []byte) (int, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.failure == nil {
		_, s.failure = s.out.Write(p)
	}
	return len(p), nil
}

// err tells that something did not arrive.
func (s *steadyOutput) err() error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.failure
}

func runTrain(command *cobra.Command, o *trainOptions) error {
	ctx, out := command.Context(), &steadyOutput{out: command.OutOrStdout()}
	signal.Ignore(syscall.SIGPIPE)
	backend, err := chosenBackend()
	if err != nil {
		return err
	}
	if o.fit.Workers, err = workerCount(o.fit.Workers, backend); err != nil {
		return err
	}
	o.fit.BLAS, o.model.Seed = backend, o.fit.Seed
	for _, path := range []string{o.out, logPath(o.out), o.plot} {
		if path == "" {
			continue
		}
		if err := checkWritable(path); err != nil {
			return err
		}
	}
	// Two columns and one row are the least there is; too large for them is known
	// before the table is read.
	if err := o.checkMemory([]string{"a", "b"}, o.leastContext(), 1); err != nil {
		return err
	}
	started := time.Now()
	var data *trainingData
	err = orInterrupted(ctx, func() (err error) {
		data, err = readTrainingData(command, o)
		return err
	})
	if err != nil {
		return err
	}
	if o.fit.Batch == 0 {
		o.fit.Batch = train.BatchFor(data.trainRows)
	}
	if err := o.checkMemory(data.features, data.context, data.trainRows); err != nil {
		return err
	}
	config, err := o.config(data.features, data.context)
	if err != nil {
		return err
	}
	config.Categories, config.Discrete = data.categories, data.discrete
	if err := config.SetSupport(o.intervals...); err != nil {
		return usage("--support: %s", oneLine(err))
	}
	if err := o.setCircular(&config); err != nil {
		return err
	}
	var f *flow.Flow
	work := fitting{
		events: data.trainRows, unit: "rows", loss: "nll",
		fit: func(ctx context.Context, options train.Options) (train.Result, error) {
			if o.flow == flow.PresetFlowMatching {
				return train.FitMatching(ctx, f, data.train, data.valid, o.pairing, options)
			}
			return train.Fit(ctx, f, data.train, data.valid, options)
		},
		describe: func(r train.Result) (json.RawMessage, error) { return describeTraining(o, data, r) },
		explain: func(err error) error {
			return explainTails(explainRow(explainConstant(err, data, o), data, o), f, data, o)
		},
		units:  func(float64) string { return "" },
		solver: func(command *cobra.Command, out io.Writer) error { return reportSolver(command, out, f, data.valid, o) },
	}
	if o.flow == flow.PresetFlowMatching {
		work.loss, work.exact = "loss", func() (float64, error) { return meanNLL(f, data.valid.Present(), o.fit) }
	}
	err = orInterrupted(ctx, func() (err error) {
		if f, err = flow.New(config, o.fit.Seed); err != nil {
			return err
		}
		return tryWriting(o, f, work.describe)
	})
	if err != nil {
		return err
	}
	if !o.quiet {
		fmt.Fprintf(out, "training on %d rows, validating on %d: %d columns, %s, %d parameters, batches of %d; %s, workers %d\n",
			data.trainRows, data.validRows, len(data.features), o.flow, f.Model().Parameters().Len(), o.fit.Batch, computing(backend), o.fit.Workers)
	}
	if !o.quiet && o.rowWeights != "" {
		fmt.Fprintf(out, "rows weighed by %q: the %d training rows count as %.0f equal ones; %d of weight 0 left out\n",
			printable.Short(o.rowWeights), data.trainRows, effectiveRows(data.train.Weights), data.zeroRows)
	}
	if !o.quiet && len(data.discrete) > 0 {
		fmt.Fprintln(out, data.describeDiscrete())
	}
	if !o.quiet && len(o.circles) > 0 {
		fmt.Fprintln(out, o.describeCircles())
	}
	o.advise(command, adviceBefore(o, data)...)
	return work.run(command, out, f, o, started)
}

// fitting is a fit with what differs between tables and images.
type fitting struct {
	events int // of an epoch
	unit   string
	fit    func(ctx context.Context, o train.Options) (train.Result, error)
	// describe makes the model's provenance, explain says what a user can do about
	// an error, and units follows an nll with what else it is called.
	describe describeFit
	explain  func(error) error
	units    func(nll float64) string
	// loss names what is minimized; exact, unless nil, returns the validation nll of
	// what was learned by another loss.
	loss  string
	exact func() (float64, error)
	// solver, unless nil, tells what a solver makes of the validation rows.
	solver func(*cobra.Command, io.Writer) error
}

// run trains f, and writes the best epoch.
func (w *fitting) run(command *cobra.Command, out *steadyOutput, f *flow.Flow, o *trainOptions, started time.Time) error {
	best := newBestEpoch(o, f, w.describe, started, command.ErrOrStderr())
	result, err := w.show(command, out, o, best)
	switch {
	case err != nil && result.BestEpoch > 0:
		return w.keepBest(best, result, err)
	case errors.Is(err, context.Canceled) && len(result.History) > 0:
		return errors.New("interrupted when no epoch was better than the start; nothing was written")
	case errors.Is(err, context.Canceled):
		return errors.New("interrupted before an epoch was finished; nothing was written")
	case err != nil && result.Stopped == "diverged" && len(result.History) > 0:
		return fmt.Errorf("%w; no epoch before was better than the start (valid_%s=%.6f), so nothing was written", err, w.loss, result.StartValidNLL)
	case err != nil && result.Stopped == "diverged":
		return fmt.Errorf("%w; nothing was written", err)
	case errors.As(err, new(*train.NoBetterEpochError)):
		return fmt.Errorf("%w; nothing was written", w.explain(err))
	case err != nil:
		return w.explain(err)
	}
	if err := best.finish(result); err != nil {
		return err
	}
	if !o.quiet && result.Stopped == "patience" {
		fmt.Fprintf(out, "stopped after epoch %d: no better epoch in %d\n", len(result.History), o.fit.Patience)
	}
	if !o.quiet && o.fit.Memory != train.Stored {
		mebibytes := func(n int) float64 { return float64(n) / (1 << 20) }
		fmt.Fprintf(out, "memory %s: %.1f MiB of tapes and activations, and %.1f MiB of kept inputs of layers, on %d workers%s\n",
			o.fit.Memory, mebibytes(result.TapeBytes-result.InputBytes), mebibytes(result.InputBytes), o.fit.Workers, keptEvery(result.Kept))
	}
	exact := ""
	if w.exact != nil {
		nll, err := w.exact()
		if err != nil {
			return err
		}
		exact = fmt.Sprintf(" valid_nll=%.6f", nll)
	}
	fmt.Fprintf(out, "best epoch=%d valid_%s=%.6f%s%s\n", result.BestEpoch, w.loss, result.BestValidNLL, w.units(result.BestValidNLL), exact)
	if w.solver != nil {
		if err := w.solver(command, out); err != nil {
			return err
		}
	}
	o.advise(command, adviceAfter(o, result)...)
	if err := out.err(); err != nil {
		return fmt.Errorf("standard output broke off (%w); %s is complete: best epoch=%d valid_%s=%.6f", err, o.out, result.BestEpoch, w.loss, result.BestValidNLL)
	}
	return nil
}

// keptEvery says how many maps lie between the inputs that a reversible training
// kept.
func keptEvery(maps int) string {
	if maps == 0 {
		return ""
	}
	return fmt.Sprintf(", an input kept every %d maps, since rounding added up", maps)
}

// patienceWithFit is how long an interruption waits for the fit to look at its
// context, before it is left behind in the middle of something long.
const patienceWithFit = 300 * time.Millisecond

// show trains with a line for each epoch and a bar over all of them.
func (w *fitting) show(command *cobra.Command, out io.Writer, o *trainOptions, best *bestEpoch) (train.Result, error) {
	var done, epochs atomic.Int64
	total := int64(max(1, o.fit.Epochs)) * int64(w.events)
	bar := startProgress(command, "training", o.quiet, func() (int64, int64) { return done.Load(), total })
	defer bar.stop()
	options := o.fit
	options.Progress = func(rows, _ int) { done.Store(epochs.Load()*int64(w.events) + int64(rows)) }
	options.Report = func(e train.Epoch) {
		epochs.Add(1)
		best.finished(e)
		if !o.quiet {
			bar.pause(func() {
				fmt.Fprintf(out, "epoch=%d train_%s=%.6f valid_%s=%.6f%s %s_per_second=%.0f\n",
					e.Epoch, w.loss, e.TrainNLL, w.loss, e.ValidNLL, w.units(e.ValidNLL), w.unit, e.RowsPerSecond)
			})
		}
	}
	options.Improved = best.improved
	result, err := orLeave(command.Context(), func() (train.Result, error) { return w.fit(command.Context(), options) })
	if errors.Is(err, errLeft) {
		return best.leave(), command.Context().Err()
	}
	return result, err
}

// errLeft is what orLeave returns of what it did not wait for.
var errLeft = fmt.Errorf("left behind: %w", context.Canceled)

// orLeave does something that ends soon after its context, and leaves it behind
// when it does not.
func orLeave[T any](ctx context.Context, do func() (T, error)) (T, error) {
	type outcome struct {
		result T
		err    error
	}
	ended := make(chan outcome, 1)
	go func() {
		result, err := do()
		ended <- outcome{result, err}
	}()
	select {
	case e := <-ended:
		return e.result, e.err
	case <-ctx.Done():
	}
	select {
	case e := <-ended:
		return e.result, e.err
	case <-time.After(patienceWithFit):
		var none T
		return none, errLeft
	}
}

// keepBest writes the best epoch of a training that did not reach its end, and
// returns the error that says so.
func (w *fitting) keepBest(best *bestEpoch, result train.Result, cause error) error {
	if err := best.finish(result); err != nil {
		return err
	}
	what := oneLine(cause)
	if errors.Is(cause, context.Canceled) {
		what = "interrupted"
	}
	return fmt.Errorf("%s; %s keeps the best finished epoch: best epoch=%d valid_%s=%.6f%s", what, best.options.out, result.BestEpoch, w.loss, result.BestValidNLL, w.units(result.BestValidNLL))
}

// meanNLL returns the mean of −log p of validation rows, with their weights.
func meanNLL(f *flow.Flow, data train.Data, o train.Options) (float64, error) {
	s, err := f.NewScorer(flow.ScorerOptions{Workers: o.Workers, BLAS: o.BLAS})
	if err != nil {
		return 0, err
	}
	logProb := make([]float64, len(data.Rows)/f.Dim())
	if err := s.LogProb(logProb, data.Rows, data.Context); err != nil {
		return 0, err
	}
	var sum, total float64
	for i, v := range logProb {
		weight := 1.0
		if data.Weights != nil {
			weight = data.Weights[i]
		}
		sum -= float64(weight * v)
		total += weight
	}
	return sum / total, nil
}

// tryWriting writes the untrained model, its provenance included, to a file
// that vanishes: what fails in that, such as a full disk, should be known
// before hours of training, not after.
func tryWriting(o *trainOptions, f *flow.Flow, describe describeFit) error {
	file, err := atomicfile.Probe(o.out)
	if err != nil || file == nil {
		return err
	}
	defer file.Abort()
	text, err := describe(train.Result{})
	if err != nil {
		return err
	}
	f.SetProvenance(text)
	return f.Write(file)
}
