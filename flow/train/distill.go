package train

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/seed-192fdf7a/nf/flow"
)

// DistillOptions say how [Distill] trains. [DistillDefaults] is what to start
// from.
type DistillOptions struct {
	// Options has Batch draws a step, and Epochs of Steps steps; Noise is not used.
	Options
	Steps int
	// Likelihood is the number of epochs, before those, in which the student learns
	// by the likelihood of the teacher's draws ([ForwardKL]).
	Likelihood int
	// Coverage, 0 to 1, is the share that KL(teacher‖student) by the teacher's draws has
	// in the part behind them, beside KL(student‖teacher). Without it a student
	// may leave out what costs it least, and give draws of the teacher next to no density.
	// [SiteKL] has none.
	Coverage float64
	// Validation is the number of draws, always the same, by which epochs are
	// compared; Measured that of those which the result is of.
	Validation, Measured int
	// Draws is that of [SiteKL], and Power a loss beside it.
	Draws int
	Power Power
	// Context holds rows of context, for flows that are conditional, in units of
	// the data.
	Context []float64
	// ByLikelihood says that Resume is a state of the part by likelihood.
	ByLikelihood bool
	// Begun, if set, is called before each of the two parts, to which what Report,
	// Improved and Finished then get belongs.
	Begun func(byLikelihood bool)
}

// DistillDefaults returns 20 epochs by likelihood and 30 by the divergence of 200
// steps of 256 draws, with Adam at 1e-3 on a cosine in each, clipping at 5 and
// seed 1, with both divergences alike in the second, measured by 20,000 draws.
func DistillDefaults() DistillOptions {
	return DistillOptions{
		Options: Options{Epochs: 30, Batch: 256, LearningRate: 1e-3, Schedule: Cosine, Clip: 5, Seed: 1},
		Steps:   200, Likelihood: 20, Coverage: 0.5, Validation: 4096, Measured: 20000,
	}
}

// Distillation is what a distillation came to. Where Result says nll, it is the
// divergence of the second part.
type Distillation struct {
	Result
	Divergence
}

// Distill trains the student to be the density of the teacher, so that what is
// slow for the one, such as drawing from a masked autoregressive flow, is fast for
// the other (probability density distillation: van den Oord et al., 2018): first
// by the likelihood of the teacher's draws, which covers all of it, and then by
// KL(student‖teacher) of the student's own draws, by [SiteKL] where the two are
// sequences that it can compare, else by [ReverseKL], [Mixed] with [ForwardKL] as
// Coverage says. Both flows have the same columns and standardization: see [flow.Config.Follow]. The teacher does not change.
//
// The student is left with the values of the epoch of the lowest divergence, which
// are those that it came with if none was better (BestEpoch 0). Errors are those of
// [Fit].
func Distill(ctx context.Context, student, teacher *flow.Flow, o DistillOptions) (Distillation, error) {
	var d Distillation
	if err := o.check(); err != nil {
		return d, err
	}
	if err := alike(student, teacher); err != nil {
		return d, err
	}
	kl, judge := KL{Events: o.Steps * o.Batch, Context: o.Context}, KL{Events: o.Validation, Context: o.Context}
	validation, err := o.divergence(student, teacher, judge)
	if err != nil {
		return d, err
	}
	if o.Likelihood > 0 && (o.Resume == nil || o.ByLikelihood) {
		training, err := ForwardKL(student, teacher, kl, o.BLAS)
		if err != nil {
			return d, err
		}
		likelihood, err := ForwardKL(student, teacher, judge, o.BLAS)
		if err != nil {
			return d, err
		}
		first := o.Options
		first.Epochs, first.Patience = o.Likelihood, 0
		o.begin(true)
		if d.Result, err = minimizeFromStart(ctx, student, training, likelihood, first); err != nil {
			return d, fmt.Errorf("%w (in the epochs by likelihood)", err)
		}
		o.Resume = nil
	}
	training, err := o.divergence(student, teacher, kl)
	if err != nil {
		return d, err
	}
	o.begin(false)
	if d.Result, err = minimizeFromStart(ctx, student, training, validation, o.Options); err != nil {
		return d, err
	}
	d.Divergence, err = Measure(student, teacher, o.Measured, o.Seed, o.Context, o.Options)
	return d, err
}

// divergence is KL(student‖teacher): site by site where it can be, with the loss of
// power if that is asked for, and else mixed with KL(teacher‖student) as Coverage says.
func (o *DistillOptions) divergence(student, teacher *flow.Flow, kl KL) (Objective, error) {
	if why := SiteBySite(student, teacher); why != nil {
		if o.Power.Weight != 0 {
			return nil, fmt.Errorf("%w; the loss of power is a part of that", why)
		}
		own, err := ReverseKL(student, teacher, kl)
		if err != nil || o.Coverage == 0 {
			return own, err
		}
		others, err := ForwardKL(student, teacher, kl, o.BLAS)
		if err != nil {
			return nil, err
		}
		return Mixed(own, others, o.Coverage)
	}
	kl.Draws = o.Draws
	objective, err := SiteKL(student, teacher, kl, o.BLAS)
	if err != nil || o.Power.Weight == 0 {
		return objective, err
	}
	return o.Power.with(objective.(*siteKL), o.BLAS, o.Seed)
}

func (o *DistillOptions) begin(byLikelihood bool) {
	if o.Begun != nil {
		o.Begun(byLikelihood)
	}
}

func (o *DistillOptions) check() error {
	if err := o.Options.complete(); err != nil {
		return err
	}
	switch {
	case o.Options.Noise != 0:
		return fmt.Errorf("train: noise of %v is for rows of data, and a distillation has none", o.Options.Noise)
	case o.Batch < 1 || o.Steps < 1 || o.Steps > maxDraws/o.Batch:
		return fmt.Errorf("train: %d steps an epoch of batches of %d, want at least 1 of each", o.Steps, o.Batch)
	case o.Draws < 0 || o.Draws > 1<<16 || o.Draws%2 == 1:
		return fmt.Errorf("train: %d draws of a site, want an even number, or 0 for 16", o.Draws)
	case o.ByLikelihood && (o.Resume == nil || o.Likelihood == 0):
		return fmt.Errorf("train: a state of the epochs by likelihood is resumed, of %d, and is there: %v", o.Likelihood, o.Resume != nil)
	case !(o.Coverage >= 0 && o.Coverage <= 1):
		return fmt.Errorf("train: a coverage of %v, want 0 to 1", o.Coverage)
	case o.Likelihood < 0:
		return fmt.Errorf("train: %d epochs by likelihood, want at least 0", o.Likelihood)
	case o.Validation < 1 || o.Measured < 2:
		return fmt.Errorf("train: %d draws to compare epochs by and %d to measure, want at least 1 and 2", o.Validation, o.Measured)
	}
	return nil
}

// minimizeFromStart is Minimize for a start that may be the optimum: that nothing
// is better is no error if its loss is finite.
func minimizeFromStart(ctx context.Context, f *flow.Flow, training, validation Objective, o Options) (Result, error) {
	result, err := Minimize(ctx, f.Model(), training, validation, o)
	var none *NoBetterEpochError
	if errors.As(err, &none) {
		if finite(none.Start) {
			return result, nil
		}
		if e, ok := validation.(Explainer); ok {
			if trouble := e.Explain(none.Start); trouble != nil {
				return result, fmt.Errorf("train: no epoch has a finite loss: %w", trouble)
			}
		}
	}
	return result, err
}

// Divergence is how far a student q is from a teacher p, in nats, each with its
// standard error.
type Divergence struct {
	// StudentKL is KL(q‖p), the mean of log q − log p of the student's draws: what
	// the student draws that the teacher would not.
	StudentKL, StudentKLError float64
	// TeacherKL is KL(p‖q) by the teacher's draws: what the student misses.
	TeacherKL, TeacherKLError float64
	// TeacherLogProb and StudentLogProb are the mean log-densities of the teacher's
	// draws under either.
	TeacherLogProb, StudentLogProb float64
	// Missed is how many of the teacher's draws have no density under the student that
	// float32 holds; TeacherKL and its error are then +Inf.
	Missed int
}

// Measure compares two flows of the same columns by n draws of each. context
// holds rows of context, of which draw i takes row i modulo their number, or is
// nil. Of o, Workers and BLAS count.
func Measure(student, teacher *flow.Flow, n int, seed uint64, context []float64, o Options) (Divergence, error) {
	var d Divergence
	kl := KL{Events: n, Context: context}
	if err := kl.checkEvents(student); err != nil {
		return d, err
	}
	if columns := student.ContextFeatures(); columns > 0 {
		rows := len(context) / columns
		context = make([]float64, 0, n*columns)
		for i := range n {
			context = append(context, kl.Context[i%rows*columns:][:columns]...)
		}
	}
	for _, f := range []**flow.Flow{&student, &teacher} {
		var err error
		if *f, err = continuous(*f); err != nil {
			return d, err
		}
	}
	scorer := flow.ScorerOptions{Workers: o.Workers, BLAS: o.BLAS}
	q, err := student.NewScorer(scorer)
	if err != nil {
		return d, err
	}
	p, err := teacher.NewScorer(scorer)
	if err != nil {
		return d, err
	}
	x, own, other := make([]float64, n*student.Dim()), make([]float64, n), make([]float64, n)
	// compare returns the mean of log a − log b of a's draws.
	compare := func(a, b *flow.Scorer) (mean, deviation float64, err error) {
		if err = a.Sample(x, own, firstDiagnosed, flow.SampleOptions{Seed: seed}, context); err != nil {
			return 0, 0, err
		}
		if err = b.LogProb(other, x, context); err != nil {
			return 0, 0, err
		}
		difference := make([]float64, n)
		for i := range difference {
			difference[i] = own[i] - other[i]
		}
		if mean, deviation = meanAndError(difference); math.IsInf(mean, 0) {
			deviation = math.Inf(1)
		}
		return mean, deviation, nil
	}
	if d.StudentKL, d.StudentKLError, err = compare(q, p); err != nil {
		return d, err
	}
	if d.TeacherKL, d.TeacherKLError, err = compare(p, q); err != nil {
		return d, err
	}
	d.TeacherLogProb, d.StudentLogProb = sum(own)/float64(n), sum(other)/float64(n)
	for _, v := range other {
		if math.IsInf(v, -1) {
			d.Missed++
		}
	}
	return d, nil
}
