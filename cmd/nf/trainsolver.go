package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/train"
	"github.com/seed-192fdf7a/nf/flow/transform"
)

// largestSolverError is the mean error of log p, in nats, from which on a model
// along differential equations is warned of: training may have raised the
// likelihood by what the solver gets wrong.
const largestSolverError = 0.05

// reportSolver tells how good the log-densities of the first validation rows are,
// where they are estimates.
func reportSolver(command *cobra.Command, out io.Writer, f *flow.Flow, data train.Data, o *trainOptions) error {
	if !f.Continuous() && !f.Series() {
		return nil
	}
	unit := "rows"
	if f.Config().Grid != nil {
		unit = "images"
	}
	n := min(reportRows, len(data.Rows)/f.Dim())
	r, err := f.ReportSolver(data.Rows[:n*f.Dim()], data.Context[:n*f.ContextFeatures()], flow.ScorerOptions{Workers: o.fit.Workers, BLAS: o.fit.BLAS})
	if err != nil {
		return err
	}
	if !o.quiet && f.Series() {
		fmt.Fprintf(out, "series: series_error=%.2g largest_series_error=%.2g probe_standard_error=%.2g%s, in nats, over %d validation %s\n",
			r.SeriesError, r.LargestSeriesError, r.StandardError, solverTroubles(r.ForcedSteps, r.Unestimated), n, unit)
	}
	if !o.quiet && f.Continuous() {
		fmt.Fprintf(out, "solver: evaluations=%.1f solver_error=%.2g largest_solver_error=%.2g probe_standard_error=%.2g%s, in nats, over %d validation %s\n",
			r.Evaluations, r.MeanError, r.LargestError, r.StandardError, solverTroubles(r.ForcedSteps, r.Unestimated), n, unit)
	}
	if r.MeanError > largestSolverError {
		complain(command, "the log-densities are off by %.2g nats in the mean, by what the solver gets wrong: they are not those of a density. Take --tolerance, or more --solver-steps with --kinetic and --jacobian", r.MeanError)
	}
	return nil
}

// solverTroubles follows the errors of a solver in a summary, where there is any.
func solverTroubles(forcedSteps, unestimatedRows int) (s string) {
	if forcedSteps > 0 {
		s += fmt.Sprintf(" forced_steps=%d", forcedSteps)
	}
	if unestimatedRows > 0 {
		s += fmt.Sprintf(" unestimated_rows=%d", unestimatedRows)
	}
	return s
}

// warnForced tells of steps that a scorer's solver took at the smallest size.
func warnForced(command *cobra.Command, s *flow.Scorer) {
	if n := s.ForcedSteps(); n > 0 {
		complain(command, "the solver took %d step(s) of its smallest size, 1/%d of the way, with an error over the tolerance (forced_steps)", n, transform.MaxSteps)
	}
}
