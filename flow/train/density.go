package train

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/base"
)

// DensityOptions say how [FitDensity] trains. [DensityDefaults] is what to start
// from.
type DensityOptions struct {
	// Options has Batch estimates of the bound a step, each of KL.Draws draws.
	// Epochs are of Steps steps; after each the bound is computed anew, and the
	// best values are kept. Noise is not used.
	Options
	// KL is the bound and its estimator. Its Events are Steps·Batch.
	KL
	// Steps is the number of steps of an epoch.
	Steps int
	// Normal is the number of epochs in which the flow learns a normal alone, at
	// NormalRate, before the rest of it joins: the start from which the others
	// are learned. It is for flows with [flow.Config.SetFullRank].
	Normal     int
	NormalRate float64
	// Validation is the number of draws, always the same, by which epochs are
	// compared; Diagnostics that of those which the result is of.
	Validation, Diagnostics int
}

// DensityDefaults returns 50 epochs of 100 steps of 256 draws with Adam at 2e-3
// on a cosine, clipping at 5, 10 epochs at 2e-2 of a normal first where the flow
// has one, the ELBO with the path derivative, no annealing, seed 1, and
// diagnostics of 20,000 draws.
func DensityDefaults() DensityOptions {
	return DensityOptions{
		Options: Options{Epochs: 50, Batch: 256, LearningRate: 2e-3, Schedule: Cosine, Clip: 5, Seed: 1},
		Steps:   100, Normal: 10, NormalRate: 2e-2, Validation: 4096, Diagnostics: 20000,
	}
}

// DensityResult is what a fit to a density came to. Where Result says nll, it is
// the negative bound in nats.
type DensityResult struct {
	Result
	Diagnostics
}

func (o *DensityOptions) check() error {
	if err := o.Options.complete(); err != nil {
		return err
	}
	switch {
	case o.Options.Noise != 0:
		return fmt.Errorf("train: noise of %v is for rows of data, and a density has none", o.Options.Noise)
	case o.Batch < 1 || o.Steps < 1 || o.Steps > maxDraws/o.Batch:
		return fmt.Errorf("train: %d steps an epoch of batches of %d, want at least 1 of each", o.Steps, o.Batch)
	case o.Normal < 0 || !(o.NormalRate > 0 || o.Normal == 0):
		return fmt.Errorf("train: %d epochs of a normal at the learning rate %v, want at least 0, and a positive rate", o.Normal, o.NormalRate)
	case o.Validation < 1 || o.Diagnostics < 2:
		return fmt.Errorf("train: %d draws to compare epochs by and %d for diagnostics, want at least 1 and 2", o.Validation, o.Diagnostics)
	}
	return nil
}

// FitDensity trains f to draw from a density that is known up to a constant, by
// its log-density and gradient alone: variational inference (Rezende and Mohamed,
// 2015). The flow learns from its own draws, so those families are fastest whose
// inverse is: iaf, realnvp, nsf. It begins at f's present values, and is left
// with those of the epoch of the highest bound, which are the present ones if
// none was better (BestEpoch 0).
//
// Draws must lie where the target has a density: [flow.Config.SetSupport] says
// which parameters are bounded or positive. The target's parameters should be of
// the order of 1, or the flow given a Standardize of about their location and
// scale, for steps have the size of the learning rate.
//
// The result does not depend on the workers, as long as the target computes each
// row alone. Errors are those of [Fit], and a [*TargetError] where the flow draws
// what the target has no density for. Context is not supported here; [ReverseKL]
// takes it.
func FitDensity(ctx context.Context, f *flow.Flow, t Target, o DensityOptions) (DensityResult, error) {
	var result DensityResult
	if err := o.check(); err != nil {
		return result, err
	}
	if f.ContextFeatures() > 0 {
		return result, errors.New("train: a flow with context learns a density by ReverseKL and Minimize, which take contexts")
	}
	if c := f.Config(); o.Normal > 0 && c.FullRank() > 0 {
		if err := fitNormal(ctx, f, t, o); err != nil {
			return result, err
		}
	}
	var err error
	if result.Result, err = o.minimize(ctx, f, t); err != nil {
		return result, err
	}
	result.Diagnostics, err = Diagnose(f, t, o.Diagnostics, o.Seed, o.Workers)
	return result, err
}

// minimize fits f.
func (o DensityOptions) minimize(ctx context.Context, f *flow.Flow, t Target) (Result, error) {
	train := o.KL
	train.Events = o.Steps * o.Batch
	training, err := ReverseKL(f, t, train)
	if err != nil {
		return Result{}, err
	}
	o.KL.Anneal, o.KL.Events = 0, max(1, o.Validation/max(1, o.Draws))
	validation, err := ReverseKL(f, t, o.KL)
	if err != nil {
		return Result{}, err
	}
	return minimizeFromStart(ctx, f, training, validation, o.Options)
}

// fitNormal trains the maps of f that alone are a normal, and gives f their
// values.
func fitNormal(ctx context.Context, f *flow.Flow, t Target, o DensityOptions) error {
	c := f.Config()
	maps := c.FullRank()
	c.Transforms, c.Base = c.Transforms[:maps], &base.StandardNormalSpec{}
	normal, err := flow.New(c, 0)
	if err != nil {
		return err
	}
	own := map[string][]float32{}
	for _, p := range f.Model().Parameters().All() {
		own[p.Name] = p.Values()
	}
	for _, p := range normal.Model().Parameters().All() {
		copy(p.Values(), own[p.Name])
	}
	o.Epochs, o.LearningRate, o.Patience, o.Improved = o.Normal, o.NormalRate, 0, nil
	if _, err := o.minimize(ctx, normal, t); err != nil {
		return fmt.Errorf("%w (in the epochs of a normal)", err)
	}
	f.Model().Parameters().Edit(func([]float32) {
		for _, p := range normal.Model().Parameters().All() {
			copy(own[p.Name], p.Values())
		}
	})
	return nil
}

// String returns the diagnostics as lines of text, each a name and a figure, and
// a table of the parameters.
func (d Diagnostics) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "elbo           %.4f ± %.4f\n", d.ELBO, d.ELBOError)
	fmt.Fprintf(&b, "log_evidence   %.4f ± %.4f\n", d.LogEvidence, d.LogEvidenceError)
	fmt.Fprintf(&b, "ess            %.0f of %d draws\n", d.ESS, d.Draws)
	fmt.Fprintf(&b, "k̂              %.2f\n", d.Shape)
	fmt.Fprintf(&b, "%-14s %12s %12s %14s %14s\n", "parameter", "mean", "std", "weighted mean", "weighted std")
	for _, m := range d.Moments {
		fmt.Fprintf(&b, "%-14s %12.5g %12.5g %14.5g %14.5g\n", m.Name, m.Mean, m.Std, m.WeightedMean, m.WeightedStd)
	}
	if w := d.Warning(); w != "" {
		fmt.Fprintf(&b, "warning: %s\n", w)
	}
	return b.String()
}
