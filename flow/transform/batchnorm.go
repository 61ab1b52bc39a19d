package transform

import (
	"fmt"

	"github.com/seed-192fdf7a/nf/flow/autograd"
)

// BatchNormSpec describes normalization of each column by its minibatch's mean
// and variance in training, and by running ones otherwise: z = (x − mean)/
// √(variance + Epsilon), log-det −½ Σ log(variance + Epsilon) (Dinh et al.,
// 2017, §3.7). It has no learned scale; an elementwise map can follow.
type BatchNormSpec struct {
	Epsilon float64 `json:"epsilon"`
	// Momentum is the weight of a new minibatch in the running moments.
	Momentum float64 `json:"momentum"`
}

// Check implements [Spec].
func (s *BatchNormSpec) Check(Shape, int) error {
	if !(s.Epsilon > 0 && s.Epsilon < 1 && autograd.Holds(s.Epsilon)) {
		return fmt.Errorf("batchnorm: epsilon is %v, want a number between 0 and 1 that float32 holds", s.Epsilon)
	}
	if !(s.Momentum > 0 && s.Momentum <= 1 && autograd.Holds(s.Momentum)) {
		return fmt.Errorf("batchnorm: momentum is %v, want a number above 0 and at most 1 that float32 holds", s.Momentum)
	}
	return nil
}

// Output implements [Spec].
func (s *BatchNormSpec) Output(in Shape, _ bool) Shape { return in }

// Build implements [Spec].
func (s *BatchNormSpec) Build(shape Shape, _ int, scope autograd.Scope) Transform {
	t := &batchNorm{spec: *s}
	t.mean = scope.New("running_mean", 1, shape.Features)
	t.variance = scope.New("running_variance", 1, shape.Features)
	t.mean.Frozen, t.variance.Frozen = true, true
	t.variance.NonNegative = true
	scope.MeetAlways()
	return t
}

type batchNorm struct {
	spec           BatchNormSpec
	mean, variance *autograd.Parameter
}

func (t *batchNorm) Bind(columns []int, _ bool) []int { return columns }

// Initialize sets the running moments to mean 0 and variance 1.
func (t *batchNorm) Initialize(uint64) {
	clear(t.mean.Values())
	for i := range t.variance.Values() {
		t.variance.Values()[i] = 1
	}
}

func (t *batchNorm) Forward(p *autograd.Pass, x autograd.Value) autograd.Value {
	if !p.Meets() {
		return p.Normalize(x, p.FixedMoments(t.mean, t.variance, t.spec.Epsilon), false, p.LogDet)
	}
	rows := p.BatchRows(x)
	sums := p.Fold(p.ColumnMoments(x))
	if p.Learns() {
		p.Once(func() { t.observe(sums.Values, rows) })
	}
	return p.NormalizeShared(x, sums, float64(rows), t.spec.Epsilon, p.LogDet)
}

func (t *batchNorm) Inverse(p *autograd.Pass, z autograd.Value) autograd.Value {
	return p.Normalize(z, p.FixedMoments(t.mean, t.variance, t.spec.Epsilon), true, p.LogDet)
}

// observe learns from the folded moments of a minibatch of so many rows.
func (t *batchNorm) observe(statistics []float64, rows int) {
	n := len(statistics) / 2
	mix := func(p *autograd.Parameter, c int, observed float64) {
		v := &p.Values()[c]
		*v = float32(float64((1-t.spec.Momentum)*float64(*v)) + float64(t.spec.Momentum*observed))
	}
	for c := range n {
		mean := statistics[c] / float64(rows)
		mix(t.mean, c, mean)
		mix(t.variance, c, max(0, statistics[n+c]/float64(rows)-float64(mean*mean)))
	}
}
