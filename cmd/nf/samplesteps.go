package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/transform"
)

// checkSteps finds what is wrong with the flags of few-step sampling.
func (o *sampleOptions) checkSteps(command *cobra.Command) error {
	if !command.Flags().Changed("solver-steps") {
		if command.Flags().Changed("solver") {
			return usage("--solver is for --solver-steps, and that is not given")
		}
		return nil
	}
	s := transform.SolverSpec{Method: transform.RK4, Steps: o.steps}
	if o.solver != "" {
		s.Method = o.solver
	}
	if o.steps < 1 || s.Check() != nil {
		return usage("--solver-steps is %d and --solver %q; steps must be 1 to %d, and the solver one of %s", o.steps, o.solver, transform.MaxSteps, strings.Join(transform.Methods, ", "))
	}
	if o.logProb {
		return usage("--log-prob is that of the model's own solver; leave out --solver-steps")
	}
	return nil
}

// fewSteps returns the flow whose draws are asked for, f itself unless the flags
// choose another solver, with a scorer.
func (o *sampleOptions) fewSteps(f *flow.Flow, scorer *flow.Scorer) (*flow.Flow, *flow.Scorer, error) {
	if o.steps == 0 {
		return f, scorer, nil
	}
	if !f.Continuous() {
		return nil, nil, fmt.Errorf("%s solves no differential equation, so that there are no steps to choose; leave out --solver-steps", shownPath(o.model))
	}
	few, err := f.Resolve(func(s *transform.ContinuousSpec) {
		method := s.Solver.Method
		if o.solver != "" {
			method = o.solver
		}
		s.Solver = transform.SolverSpec{Method: method, Steps: o.steps}
	})
	if err != nil {
		return nil, nil, err
	}
	scorer, err = few.NewScorer(flow.ScorerOptions{Workers: o.workers, BLAS: scorer.Backend()})
	return few, scorer, err
}

// comparedDraws is how many draws the error of few steps is measured by.
const comparedDraws = 256

// reportFewSteps tells how far draws of few steps are from those of the model's own
// solver.
func (o *sampleOptions) reportFewSteps(command *cobra.Command, f, few *flow.Flow, s *sampler) error {
	n := int(min(comparedDraws, s.done.Load()))
	var context []float64
	if s.contextWidth > 0 {
		n = min(n, len(s.firstContext)/s.contextWidth)
		context = s.expander.expand(s.firstContext[:n*s.contextWidth])
	}
	off, err := few.FewStepError(f, n, o.sample, context, flow.ScorerOptions{Workers: o.workers, BLAS: s.scorer.Backend()})
	if err != nil {
		return err
	}
	complain(command, "with %d steps, draws are %.2g standard deviations from those of the model's own solver, in the root mean square over %d", o.steps, off, n)
	return nil
}

// comparedImages is how many images the error of few steps is measured by.
const comparedImages = 16

// reportFewImages tells how far draws of few steps are from those of the model's own
// solver, with the contexts in turn.
func (o *sampleOptions) reportFewImages(command *cobra.Command, f *flow.Flow, m *imageModel, contexts [][]float64) error {
	n := int(min(comparedImages, o.count))
	var context []float64
	for i := 0; len(contexts) > 0 && i < n; i++ {
		context = append(context, contexts[i%len(contexts)]...)
	}
	off, err := m.flow.FewStepError(f, n, o.sample, context, flow.ScorerOptions{Workers: o.workers, BLAS: m.scorer.Backend()})
	if err != nil {
		return err
	}
	complain(command, "with %d steps, draws are %.2g standard deviations from those of the model's own solver, in the root mean square over %d", o.steps, off, n)
	return nil
}
