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
	return f.rebuilt(func(s transform.Spec) transform.Spec {
		if c, ok := s.(*transform.ContinuousSpec); ok {
			own := *c
			change(&own)
			return &own
		}
		return s
	})
}

// rebuilt returns a flow of the same values, copied, with other specs of its maps.
func (f *Flow) rebuilt(change func(transform.Spec) transform.Spec) (*Flow, error) {
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

func changed(specs []transform.Spec, change func(transform.Spec) transform.Spec) []transform.Spec {
	specs = slices.Clone(specs)
	for i, s := range specs {
		switch s := s.(type) {
		case *transform.ChainSpec:
			specs[i] = &transform.ChainSpec{Transforms: changed(s.Transforms, change)}
		case *transform.InvertSpec:
			specs[i] = &transform.InvertSpec{Transform: changed([]transform.Spec{s.Transform}, change)[0]}
		default:
			specs[i] = change(s)
		}
	}
	return specs
}

// Series tells whether log-dets of the flow are sums of series, estimated by probes
// in scoring too: those of a [transform.ResidualNetworkSpec] of many features.
func (f *Flow) Series() bool { return transform.AnySeries(f.chain) }

// SolverReport says how good the log-densities of a flow along differential
// equations are, or of one whose log-dets are sums of [Flow.Series].
type SolverReport struct {
	// Evaluations of the velocity a row took, in the mean, of all maps together.
	Evaluations float64
	// MeanError and LargestError are of log p, in nats, estimated by solving again
	// with twice the steps, or a 32nd of the tolerance. At the limits of these it is
	// half the steps or 32 times the tolerance, and rows that need ForcedSteps with
	// either tolerance are compared with half as many steps of the smallest size:
	// then the estimate is one of the coarser solution's error, and bounds that of
	// the flow's own.
	MeanError, LargestError float64
	// ForcedSteps is how many adaptive steps the rows took at the smallest size,
	// 1/[transform.MaxSteps] of the way, with an error over the tolerance.
	ForcedSteps int
	// Unestimated is the number of rows whose log p is not finite by one of the
	// solutions that are compared, which have no part in the errors.
	Unestimated int
	// SeriesError and LargestSeriesError are of log p because series end, estimated
	// with twice the terms, or with half of those that are more than half of
	// [transform.MaxResidualTerms].
	SeriesError, LargestSeriesError float64
	// StandardError is that of log p because traces are estimated by probes, in the
	// root mean square over the rows; 0 where they are exact. It is measured with
	// probes of other seeds. As all rows have the same probes, so have their errors
	// much in common.
	StandardError float64
}

// reportSeeds is the number of other seeds that StandardError is measured with.
const reportSeeds = 8

var errNotContinuous = errors.New("flow: the flow solves no differential equations and sums no series, so that there is nothing to report")

// ReportSolver estimates the errors of the log-densities of some rows, where that
// is finite; a few hundred are enough. It takes some ten times as long as scoring
// them.
func (f *Flow) ReportSolver(x, context []float64, o ScorerOptions) (SolverReport, error) {
	var report SolverReport
	if !f.Continuous() && !f.Series() {
		return report, errNotContinuous
	}
	n := len(x) / f.Dim()
	score := func(f *Flow, err error) (*Scorer, []float64, error) {
		if err != nil {
			return nil, nil, err
		}
		s, err := f.NewScorer(o)
		if err != nil {
			return nil, nil, err
		}
		logProb := make([]float64, n)
		return s, logProb, s.LogProb(logProb, x, context)
	}
	scorer, own, err := score(f, nil)
	if err != nil || n == 0 {
		return report, err
	}
	unestimated := make([]bool, n)
	compare := func(with []float64) (mean, largest float64) {
		count := 0
		for i, v := range with {
			d := math.Abs(v - own[i])
			if d-d != 0 {
				unestimated[i] = true
				continue
			}
			mean += d
			largest = max(largest, d)
			count++
		}
		return mean / float64(max(1, count)), largest
	}
	if f.Continuous() {
		report.Evaluations, report.ForcedSteps = float64(scorer.Evaluations())/float64(n), scorer.ForcedSteps()
		other, compared, err := score(f.Resolve(refine))
		if err != nil {
			return report, err
		}
		if report.ForcedSteps+other.ForcedSteps() > 0 {
			if err := f.compareForced(compared, x, context, scorer, other, o); err != nil {
				return report, err
			}
		}
		report.MeanError, report.LargestError = compare(compared)
	}
	if f.Series() {
		_, compared, err := score(f.rebuilt(lengthen))
		if err != nil {
			return report, err
		}
		report.SeriesError, report.LargestSeriesError = compare(compared)
	}
	if err := f.reportProbes(&report, own, unestimated, score); err != nil {
		return report, err
	}
	for _, u := range unestimated {
		if u {
			report.Unestimated++
		}
	}
	return report, nil
}

// lengthen takes twice the terms of a series, or half where twice are too many.
func lengthen(s transform.Spec) transform.Spec {
	r, ok := s.(*transform.ResidualNetworkSpec)
	if !ok || r.Terms == 0 {
		return s
	}
	own := *r
	if own.Terms *= 2; own.Terms > transform.MaxResidualTerms {
		own.Terms /= 4
	}
	return &own
}

// refine takes steps of half the size, or a 32nd of the tolerance, which halves
// those of a method of order 5; where that is beyond the limits, the opposite.
func refine(s *transform.ContinuousSpec) {
	switch solver := &s.Solver; {
	case solver.Tolerance/32 >= transform.MinTolerance:
		solver.Tolerance /= 32
	case solver.Tolerance > 0:
		solver.Tolerance *= 32
	case 2*solver.Steps <= transform.MaxSteps:
		solver.Steps *= 2
	default:
		solver.Steps /= 2
	}
}

// compareForced replaces the log-densities, to compare with, of rows that take
// forced steps by one of two scorers, which then have these steps in common: by
// those of equal steps of twice the smallest size.
func (f *Flow) compareForced(compared, x, context []float64, a, b *Scorer, o ScorerOptions) error {
	equal, err := f.Resolve(func(s *transform.ContinuousSpec) {
		if s.Solver.Tolerance > 0 {
			s.Solver.Tolerance, s.Solver.Steps = 0, transform.MaxSteps/2
		} else {
			refine(s)
		}
	})
	if err != nil {
		return err
	}
	coarser, err := equal.NewScorer(o)
	if err != nil {
		return err
	}
	d, each := f.Dim(), len(context)/len(compared)
	for i := range compared {
		row, own := x[i*d:(i+1)*d], context[i*each:(i+1)*each]
		before := a.ForcedSteps() + b.ForcedSteps()
		var logProb [1]float64
		for _, s := range []*Scorer{a, b} {
			if err := s.LogProb(logProb[:], row, own); err != nil {
				return err
			}
		}
		if a.ForcedSteps()+b.ForcedSteps() == before {
			continue
		}
		if err := coarser.LogProb(compared[i:i+1], row, own); err != nil {
			return err
		}
	}
	return nil
}

func (f *Flow) reportProbes(report *SolverReport, own []float64, unestimated []bool, score func(*Flow, error) (*Scorer, []float64, error)) error {
	estimated := false
	reseeded := func(add uint64) (*Flow, error) {
		return f.rebuilt(func(s transform.Spec) transform.Spec {
			switch s := s.(type) {
			case *transform.ContinuousSpec:
				if c := *s; c.Probes.Count > 0 {
					c.Probes.Seed += add
					estimated = true
					return &c
				}
			case *transform.ResidualNetworkSpec:
				if c := *s; c.Probes.Count > 0 && f.Series() {
					c.Probes.Seed += add
					estimated = true
					return &c
				}
			}
			return s
		})
	}
	means, squares := make([]float64, len(own)), make([]float64, len(own))
	for k := range reportSeeds {
		other, err := reseeded(uint64(k+1) << 32)
		if err != nil || !estimated {
			return err
		}
		_, logProb, err := score(other, nil)
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
		} else {
			unestimated[i] = true
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

// ForcedSteps returns how many adaptive steps, each of one event, the scorer has
// taken at the smallest size with an error over the tolerance.
func (s *Scorer) ForcedSteps() (n int) {
	for _, g := range s.graphs {
		n += g.ForcedSteps()
	}
	return n
}

// Continuous tells whether its flow is [Flow.Continuous].
func (s *Scorer) Continuous() bool { return s.flow.Continuous() }

// Series tells whether its flow is one of [Flow.Series].
func (s *Scorer) Series() bool { return s.flow.Series() }

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
