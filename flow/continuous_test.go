package flow_test

import (
	"math"
	"slices"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/transform"
	"github.com/seed-192fdf7a/nf/internal/random"
)

// solved returns a continuous flow of 4 columns with random values.
func solved(t *testing.T, o flow.Options) *flow.Flow {
	t.Helper()
	c, err := flow.FFJORD(names("x", 4), names("c", 1), o)
	must(t, err)
	f, err := flow.New(c, 1)
	must(t, err)
	for _, p := range f.Model().Parameters().All() {
		random.Uniform(p.Values(), 7, random.Initialization, uint64(p.Offset()), 0.7)
	}
	return f
}

// TestReportSolver compares what is reported of a solver with what is known: the
// number of evaluations, errors that fall with the order of the method, and the
// standard error of probes, which falls with the root of their number.
func TestReportSolver(t *testing.T) {
	by := flow.ScorerOptions{Workers: 2, BLAS: blas.Builtin()}
	x, context := rows(4*40, 1), rows(40, 2)
	report := func(o flow.Options) flow.SolverReport {
		r, err := solved(t, o).ReportSolver(x, context, by)
		must(t, err)
		return r
	}
	coarse, fine := report(flow.Options{Hidden: []int{9}, Steps: 4}), report(flow.Options{Hidden: []int{9}, Steps: 8})
	if coarse.Evaluations != 16 || fine.Evaluations != 32 {
		t.Errorf("%v and %v evaluations, want 16 and 32", coarse.Evaluations, fine.Evaluations)
	}
	if !(coarse.MeanError > 4*fine.MeanError && coarse.LargestError >= coarse.MeanError && fine.MeanError > 0) {
		t.Errorf("errors of 4 steps %+v, of 8 %+v", coarse, fine)
	}
	if r := report(flow.Options{Hidden: []int{9}, Tolerance: 1e-4}); r.LargestError > 1e-2 || r.StandardError != 0 {
		t.Errorf("with a tolerance of 1e-4: %+v", r)
	}
	few, many := report(flow.Options{Hidden: []int{9}, Steps: 2, Probes: 1}), report(flow.Options{Hidden: []int{9}, Steps: 2, Probes: 16})
	if ratio := few.StandardError / many.StandardError; !(ratio > 2 && ratio < 8) {
		t.Errorf("the standard errors of 1 and 16 probes are %v and %v", few.StandardError, many.StandardError)
	}
	c, err := flow.RealNVP(names("x", 4), nil, flow.Options{})
	must(t, err)
	f, err := flow.New(c, 1)
	must(t, err)
	if _, err := f.ReportSolver(x, nil, by); err == nil || f.Continuous() {
		t.Error("couplings have a solver")
	}
}

// TestReportSeries compares what is reported of a residual flow with what is known:
// the error of its series is below its bound, D·L^(Terms+1)/((Terms+1)·(1−L)), and
// falls with the terms, the standard error with the root of the number of probes.
func TestReportSeries(t *testing.T) {
	const columns, count = 130, 8
	by := flow.ScorerOptions{Workers: 2, BLAS: blas.Builtin()}
	x := rows(columns*count, 1)
	report := func(columns, probes, terms int) flow.SolverReport {
		c, err := flow.ResidualFlow(names("x", columns), nil, flow.Options{Layers: 1, Hidden: []int{9}, Probes: probes})
		must(t, err)
		block := c.Transforms[0].(*transform.ChainSpec).Transforms[0].(*transform.ResidualNetworkSpec)
		block.Terms = terms
		f, err := flow.New(c, 1)
		must(t, err)
		for _, p := range f.Model().Parameters().All() {
			random.Uniform(p.Values(), 7, random.Initialization, uint64(p.Offset()), 0.7)
		}
		r, err := f.ReportSolver(x[:columns*count], nil, by)
		if f.Series() != (columns > 128) || f.Series() != (err == nil) {
			t.Errorf("of %d columns: %v, series %v", columns, err, f.Series())
		}
		return r
	}
	few, many, longer := report(columns, 2, 2), report(columns, 32, 2), report(columns, 2, 8)
	if bound := columns * math.Pow(0.9, 3) / (3 * 0.1); !(few.SeriesError > 4*longer.SeriesError && longer.SeriesError > 0 && few.LargestSeriesError < bound) {
		t.Errorf("errors of 2 terms %+v, of 8 %+v", few, longer)
	}
	if ratio := few.StandardError / many.StandardError; !(ratio > 2 && ratio < 8) {
		t.Errorf("the standard errors of 2 and 32 probes are %v and %v", few.StandardError, many.StandardError)
	}
	if few.Evaluations != 0 || few.MeanError != 0 || few.Unestimated != 0 {
		t.Errorf("of no solver: %+v", few)
	}
	report(128, 2, 2)
}

// TestReportSolverAtLimits finds an error that is not 0 where no finer solution may
// be, the steps that are over the tolerance, and the rows without a difference.
func TestReportSolverAtLimits(t *testing.T) {
	by := flow.ScorerOptions{Workers: 2, BLAS: blas.Builtin()}
	x, context := rows(4*2, 1), rows(2, 2)
	limit := func(change func(*transform.ContinuousSpec)) *flow.Flow {
		f, err := solved(t, flow.Options{Hidden: []int{9}, Tolerance: 1e-3}).Resolve(change)
		must(t, err)
		return f
	}
	for name, solver := range map[string]transform.SolverSpec{
		"steps":     {Method: transform.Euler, Steps: transform.MaxSteps},
		"tolerance": {Method: transform.Dopri5, Tolerance: transform.MinTolerance},
	} {
		r, err := limit(func(s *transform.ContinuousSpec) { s.Solver = solver }).ReportSolver(x, context, by)
		must(t, err)
		if !(r.MeanError > 0 && r.LargestError < 1e-2) || r.Unestimated != 0 {
			t.Errorf("at the limit of %s: %+v", name, r)
		}
	}

	// A velocity that changes faster than the smallest steps can follow.
	wild := solved(t, flow.Options{Hidden: []int{9}, Tolerance: 1e-6})
	values := wild.Model().Parameters()
	values.Edit(func(values []float32) {
		for i := range values {
			values[i] *= 40
		}
	})
	far := append(slices.Clone(x), math.MaxFloat32, 0, 0, 0)
	r, err := wild.ReportSolver(far, append(slices.Clone(context), 0), by)
	must(t, err)
	if r.ForcedSteps == 0 || r.Unestimated != 1 || !(r.MeanError > 0) {
		t.Errorf("of a wild velocity: %+v", r)
	}
}

// TestResolve draws with another solver: the draws come near with more steps, the
// values are the same, and the flow itself is left alone.
func TestResolve(t *testing.T) {
	by := flow.ScorerOptions{Workers: 1, BLAS: blas.Builtin()}
	f := solved(t, flow.Options{Hidden: []int{9}, Steps: 16})
	last := math.Inf(1)
	for _, steps := range []int{1, 2, 4} {
		few, err := f.Resolve(func(s *transform.ContinuousSpec) {
			s.Solver = transform.SolverSpec{Method: transform.Midpoint, Steps: steps}
		})
		must(t, err)
		if !slices.Equal(few.Model().Parameters().Values(), f.Model().Parameters().Values()) {
			t.Error("the values are others")
		}
		off, err := few.FewStepError(f, 30, flow.SampleOptions{Seed: 1}, rows(30, 3), by)
		must(t, err)
		if !(off > 0 && off < last/2) {
			t.Errorf("with %d steps draws are off by %v, with half as many by %v", steps, off, last)
		}
		last = off
	}
	if s := f.Config().Transforms[0].(*transform.ContinuousSpec).Solver; s.Steps != 16 || s.Method != transform.RK4 {
		t.Errorf("the flow's own solver has become %+v", s)
	}
}
