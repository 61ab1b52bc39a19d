package train

import (
	"errors"
	"fmt"
	"math"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/internal/parallel"
)

// Diagnostics tell how near a flow q is to a target p̃, by draws of the flow with
// the weights w = p̃/q.
type Diagnostics struct {
	Draws int
	// ELBO is the mean of log w, a lower bound of the log of the target's
	// integral, and ELBOError its standard error.
	ELBO, ELBOError float64
	// LogEvidence is log mean w, an estimate of the log of the target's integral,
	// and LogEvidenceError the standard error of mean w relative to it.
	LogEvidence, LogEvidenceError float64
	// ESS is the effective number of draws (Σw)²/Σw².
	ESS float64
	// Shape is k̂, that of the Pareto distribution of the largest weights: see
	// [Diagnostics.Warning].
	Shape float64
	// Outside is the number of draws where the target is zero.
	Outside int
	// Moments are those of the parameters, in the order of the flow's columns.
	Moments []Moment
}

// Moment is the mean and the standard deviation of a parameter: of the flow's
// draws as they are, and with importance weights, the largest of which are
// smoothed, which corrects what the flow lacks as long as Shape is low.
type Moment struct {
	Name                      string
	Mean, Std                 float64
	WeightedMean, WeightedStd float64
}

// Warning says what is wrong with the approximation, or "".
func (d Diagnostics) Warning() string {
	switch {
	case d.Outside == d.Draws:
		return "the target is zero at every draw: give the flow the support of the parameters, or a start nearer to the target"
	case d.Shape > maxShape:
		return fmt.Sprintf("k̂ is %.2f, above %v: a few draws carry most of the weight, so the flow is too narrow somewhere, and neither the evidence nor weighted moments can be trusted; train longer, with more layers, with annealing, or with a bound of several draws", d.Shape, maxShape)
	case d.Outside > 0:
		return fmt.Sprintf("the target is zero at %d of %d draws, so that the ELBO is −Inf: give the flow the support of the parameters", d.Outside, d.Draws)
	}
	return ""
}

// firstDiagnosed is the number of the first sample that diagnostics are of: others
// than training and validation draw.
const firstDiagnosed = 1 << 39

// Diagnose draws n samples of a flow without context and compares its density
// with the target's. The result depends on seed, not on the workers.
func Diagnose(f *flow.Flow, t Target, n int, seed uint64, workers int) (Diagnostics, error) {
	d := Diagnostics{Draws: n}
	if f.ContextFeatures() > 0 {
		return d, errors.New("train: diagnostics are of a flow without context")
	}
	if n < 2 || n > maxDraws {
		return d, fmt.Errorf("train: %d draws for diagnostics, want at least 2", n)
	}
	f, err := continuous(f)
	if err != nil {
		return d, err
	}
	s, err := f.NewScorer(flow.ScorerOptions{Workers: workers})
	if err != nil {
		return d, err
	}
	width := f.Dim()
	x, logQ, logP := make([]float64, n*width), make([]float64, n), make([]float64, n)
	if err := s.Sample(x, logQ, firstDiagnosed, flow.SampleOptions{Seed: seed}, nil); err != nil {
		return d, err
	}
	w, err := newTarget(f, t)
	if err != nil {
		return d, err
	}
	w.inside(x)
	const tile = flow.TileRows
	errs := make([]error, (n+tile-1)/tile)
	parallel.For(len(errs), max(1, workers), func(_, i int) {
		from, to := i*tile, min(n, (i+1)*tile)
		errs[i] = w.logProb(logP[from:to], x[from*width:to*width], nil)
	})
	if err := errors.Join(errs...); err != nil {
		return d, err
	}
	for i, v := range logP {
		if v != v || v > math.MaxFloat64 {
			return d, &TargetError{f.Config().Features, x[i*width : (i+1)*width], v}
		}
	}
	d.weigh(f, x, logP, logQ)
	return d, nil
}

// weigh computes everything from the draws and their log-densities, which it
// rewrites.
func (d *Diagnostics) weigh(f *flow.Flow, x, logP, logQ []float64) {
	n, logW := float64(d.Draws), logP
	for i := range logW {
		logW[i] -= logQ[i]
		if !(logW[i] > math.Inf(-1)) {
			logW[i] = math.Inf(-1)
			d.Outside++
		}
	}
	d.ELBO, d.ELBOError = meanAndError(logW)
	d.LogEvidence, d.ESS = math.Inf(-1), 0
	d.Shape = math.Inf(1)
	weights := make([]float64, d.Draws)
	for i := range weights {
		weights[i] = 1 / n
	}
	if d.Outside < d.Draws {
		copy(weights, logW)
		d.LogEvidence = generalizedMean(weights, 1)
		var squares float64
		for _, v := range weights {
			squares += float64(v * v)
		}
		d.ESS = 1 / squares
		d.LogEvidenceError = math.Sqrt(max(0, squares-1/n) * n / (n - 1))
		d.Shape = smoothWeights(logW)
		copy(weights, logW)
		generalizedMean(weights, 1)
	}
	names, width := f.Config().Features, f.Dim()
	for c := range width {
		m := Moment{Name: names[c%len(names)]}
		if width > len(names) {
			m.Name = fmt.Sprintf("%s[%d]", m.Name, c/len(names))
		}
		m.Mean, m.Std = moments(x[c:], width, func(int) float64 { return 1 / n })
		m.WeightedMean, m.WeightedStd = moments(x[c:], width, func(i int) float64 { return weights[i] })
		d.Moments = append(d.Moments, m)
	}
}

// meanAndError returns the mean and its standard error.
func meanAndError(v []float64) (mean, err float64) {
	n := float64(len(v))
	mean = sum(v) / n
	var squares float64
	for _, x := range v {
		squares += float64((x - mean) * (x - mean))
	}
	return mean, math.Sqrt(squares / (n - 1) / n)
}

// moments returns the mean and the standard deviation of every width-th value.
func moments(x []float64, width int, weight func(i int) float64) (mean, std float64) {
	first := x[0]
	var square float64
	for i := 0; i*width < len(x); i++ {
		mean += float64(weight(i) * (x[i*width] - first))
	}
	for i := 0; i*width < len(x); i++ {
		d := x[i*width] - first - mean
		square += float64(weight(i) * float64(d*d))
	}
	return first + mean, math.Sqrt(square)
}
