package flow

import (
	"errors"
	"math"
	"slices"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow/transform"
)

// Continuous tells whether the flow solves differential equations, so that its
// results have the error of a solver.
func (f *Flow) Continuous() bool { return transform.AnyContinuous(f.chain) }

// Resolve returns a flow of the same values, copied, whose differential equations
// are solved otherwise: change is given each map along one, to rewrite its solver
// or its probes. Fewer steps make faster and coarser samples.
func (f *Flow) Resolve(change func(*transform.ContinuousSpec)) (*Flow, error) {
	c := f.config
	c.Transforms = changed(c.Transforms, change)
	g, err := build(c, 0)
	if err != nil {
		return nil, err
	}
	g.parameters.Edit(func(values []float32) { copy(values, f.parameters.Values()) })
	g.provenance = f.provenance
	return g, nil
}

func changed(specs []transform.Spec, change func(*transform.ContinuousSpec)) []transform.Spec {
	specs = slices.Clone(specs)
	for i, s := range specs {
		switch s := s.(type) {
		case *transform.ContinuousSpec:
			c := *s
			change(&c)
			specs[i] = &c
		case *transform.ChainSpec:
			specs[i] = &transform.ChainSpec{Transforms: changed(s.Transforms, change)}
		case *transform.InvertSpec:
			specs[i] = &transform.InvertSpec{Transform: changed([]transform.Spec{s.Transform}, change)[0]}
		}
	}
	return specs
}

// SolverReport says how good the log-densities of a flow along differential
// equations are.
type SolverReport struct {
	// Evaluations of the velocity a row took, in the mean, of all maps together.
	Evaluations float64
	// MeanError and LargestError are of log p, in nats, estimated by solving again
	// with twice the steps, or a 32nd of the tolerance.
	MeanError, LargestError float64
	// StandardError is that of log p because traces are estimated by probes, in the
	// root mean square over the rows; 0 where they are exact. It is measured with
	// probes of other seeds. As all rows have the same probes, so have their errors
	// much in common.
	StandardError float64
}

// reportSeeds is the number of other seeds that StandardError is measured with.
const reportSeeds = 8

var errNotContinuous = errors.New("flow: the flow solves no differential equations, so that there is nothing to report of a solver")

// ReportSolver estimates the errors of the log-densities of some rows, where that
// is finite; a few hundred are enough. It takes some ten times as long as scoring
// them.
func (f *Flow) ReportSolver(x, context []float64, o ScorerOptions) (SolverReport, error) {
	var report SolverReport
	if !f.Continuous() {
		return report, errNotContinuous
	}
	n := len(x) / f.Dim()
	score := func(f *Flow) (logProb []float64, evaluations int, err error) {
		s, err := f.NewScorer(o)
		if err != nil {
			return nil, 0, err
		}
		logProb = make([]float64, n)
		err = s.LogProb(logProb, x, context)
		return logProb, s.Evaluations(), err
	}
	own, evaluations, err := score(f)
	if err != nil || n == 0 {
		return report, err
	}
	report.Evaluations = float64(evaluations) / float64(n)
	finer, err := f.Resolve(refine)
	if err != nil {
		return report, err
	}
	better, _, err := score(finer)
	if err != nil {
		return report, err
	}
	count := 0
	for i, v := range better {
		if d := math.Abs(v - own[i]); d-d == 0 {
			report.MeanError += d
			report.LargestError = max(report.LargestError, d)
			count++
		}
	}
	report.MeanError /= float64(max(1, count))
	return report, f.reportProbes(&report, own, score)
}

// refine takes steps of half the size, or a 32nd of the tolerance, which halves
// those of a method of order 5.
func refine(s *transform.ContinuousSpec) {
	if s.Solver.Tolerance > 0 {
		s.Solver.Tolerance = max(s.Solver.Tolerance/32, transform.MinTolerance)
		return
	}
	s.Solver.Steps = min(2*s.Solver.Steps, transform.MaxSteps)
}

func (f *Flow) reportProbes(report *SolverReport, own []float64, score func(*Flow) ([]float64, int, error)) error {
	probes := false
	if _, err := f.Resolve(func(s *transform.ContinuousSpec) { probes = probes || s.Probes.Count > 0 }); err != nil || !probes {
		return err
	}
	means, squares := make([]float64, len(own)), make([]float64, len(own))
	for k := range reportSeeds {
		other, err := f.Resolve(func(s *transform.ContinuousSpec) {
			if s.Probes.Count > 0 {
				s.Probes.Seed += uint64(k+1) << 32
			}
		})
		if err != nil {
			return err
		}
		logProb, _, err := score(other)
		if err != nil {
			return err
		}
		for i, v := range logProb {
			means[i] += float64((v - own[i]) / reportSeeds)
			squares[i] += float64(float64((v-own[i])*(v-own[i])) / reportSeeds)
		}
	}
	var sum float64
	count := 0
	for i, m := range means {
		if variance := float64(squares[i]-float64(m*m)) * reportSeeds / (reportSeeds - 1); variance-variance == 0 {
			sum += max(variance, 0)
			count++
		}
	}
	report.StandardError = math.Sqrt(sum / float64(max(1, count)))
	return nil
}

// Evaluations returns how many evaluations of velocities, each of one event, the
// scorer has made.
func (s *Scorer) Evaluations() (n int) {
	for _, g := range s.graphs {
		n += g.Evaluations()
	}
	return n
}

// Continuous tells whether its flow is [Flow.Continuous].
func (s *Scorer) Continuous() bool { return s.flow.Continuous() }

// Backend returns the matmul that the scorer computes by.
func (s *Scorer) Backend() blas.Backend { return s.binding.Backend() }

// FewStepError returns how far the first draws of f are from those of other, which
// has the same values and another solver: the root mean square over draws and
// columns, in standard deviations of the columns. A conditional flow takes the
// context of each draw.
func (f *Flow) FewStepError(other *Flow, draws int, o SampleOptions, context []float64, by ScorerOptions) (float64, error) {
	d := f.Dim()
	var x [2][]float64
	for i, g := range []*Flow{f, other} {
		s, err := g.NewScorer(by)
		if err != nil {
			return 0, err
		}
		x[i] = make([]float64, draws*d)
		if err := s.Sample(x[i], nil, 0, o, context); err != nil {
			return 0, err
		}
	}
	var sum float64
	columns, std := len(f.config.Features), f.config.Standardize.Std
	for i, v := range x[0] {
		off := v - x[1][i]
		if len(std) > 0 {
			off /= std[i%columns]
		}
		sum += float64(off * off)
	}
	return math.Sqrt(sum / float64(max(1, len(x[0])))), nil
}
