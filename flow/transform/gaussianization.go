package transform

import (
	"fmt"
	"math"
	"slices"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/kernels"
)

// GaussianizationSpec describes a map of each column by itself to about a
// standard normal one (Meng, Song, Song and Ermon, 2020): the distribution
// function of a mixture of logistic densities of equal weights, and behind it
// the quantile function of the normal distribution. Its formula is that of
// [autograd.LogisticMixture]. With rotations between them, such layers turn any
// continuous density into a normal one (Chen and Gopinath, 2000).
//
// It begins from the first minibatch: the means are the quantiles of a column,
// and h is σ·(4√π/(π⁴·K))^(1/5), with its standard deviation σ. From rows that are
// at least 32 for each component, as in a fit of no epochs, h is 0.6 of the
// distance between the means, which follows every bend of a density.
type GaussianizationSpec struct {
	// Components is K.
	Components int `json:"components"`
	// Bound is b of h = exp(b·tanh(u/b)).
	Bound float64 `json:"bound"`
}

func (s *GaussianizationSpec) mixture() *autograd.LogisticMixture {
	return &autograd.LogisticMixture{Components: s.Components, Bound: s.Bound}
}

// Check implements [Spec].
func (s *GaussianizationSpec) Check(Shape, int) error {
	if err := s.mixture().Check(); err != nil {
		return fmt.Errorf("gaussianization: %w", err)
	}
	return nil
}

// Output implements [Spec].
func (s *GaussianizationSpec) Output(in Shape, _ bool) Shape { return in }

// Build implements [Spec]: the parameter constant [1, 2·K·D] is blocks of D, over
// data columns: the means of all first components, of all second ones, …, then
// the u alike.
func (s *GaussianizationSpec) Build(shape Shape, _ int, scope autograd.Scope) Transform {
	t := &gaussianization{mixture: s.mixture(), features: shape.Features}
	t.constant = scope.New("constant", 1, shape.Features*t.mixture.ParametersPerElement())
	t.initialized = scope.New("initialized", 1, 1)
	t.initialized.Frozen = true
	scope.MeetUntil(t.hasBegun)
	return t
}

type gaussianization struct {
	mixture               *autograd.LogisticMixture
	features              int
	constant, initialized *autograd.Parameter // blocks, and 1 once they are set
}

func (t *gaussianization) Bind(columns []int, _ bool) []int { return columns }

// Initialize leaves the values for normal columns, to be replaced by those that
// the first minibatch asks for.
func (t *gaussianization) Initialize(uint64) {
	clear(t.initialized.Values())
	k := t.mixture.Components
	for j := range k {
		mean := kernels.NormalQuantileLog64(kernels.Log64((float64(j) + 0.5) / float64(k)))
		for c := range t.features {
			t.constant.Values()[j*t.features+c] = float32(mean)
			t.constant.Values()[(k+j)*t.features+c] = float32(t.raw(t.normalWidth()))
		}
	}
}

func (t *gaussianization) Forward(p *autograd.Pass, x autograd.Value) autograd.Value {
	if p.Meets() && !t.hasBegun() {
		p.GatherOnce(x, t.begin)
	}
	return t.apply(p, x, false)
}

func (t *gaussianization) Inverse(p *autograd.Pass, z autograd.Value) autograd.Value {
	return t.apply(p, z, true)
}

func (t *gaussianization) apply(p *autograd.Pass, x autograd.Value, inverse bool) autograd.Value {
	return p.Apply(t.mixture, inverse, x, p.Repeat(t.constant, x.Rows), autograd.Part{}, p.LogDet)
}

// hasBegun tells whether the first values are there.
func (t *gaussianization) hasBegun() bool { return t.initialized.Values()[0] != 0 }

// From manyRows for each component on, its first h is startWidth of the distance
// to the means beside it, but at least leastWidth of the range of the column.
const (
	manyRows   = 32
	startWidth = 0.6
	leastWidth = 1e-4
)

// begin sets the first values from the rows of a minibatch.
func (t *gaussianization) begin(x autograd.Value) {
	n, k, values := t.features, t.mixture.Components, t.constant.Values()
	column, means := make([]float64, x.Rows), make([]float64, k)
	for c := range n {
		for r := range column {
			column[r] = x.At(r, c)
		}
		slices.Sort(column)
		for j := range means {
			means[j] = quantile(column, (float64(j)+0.5)/float64(k))
			values[j*n+c] = float32(means[j])
		}
		for j, h := range t.widths(column, means) {
			values[(k+j)*n+c] = float32(t.raw(h))
		}
	}
	t.initialized.Values()[0] = 1
}

// widths returns the first h of the components of a sorted column.
func (t *gaussianization) widths(column, means []float64) []float64 {
	k := t.mixture.Components
	out := make([]float64, k)
	if len(column) < manyRows*k {
		var mean, square float64
		for _, v := range column {
			mean += v / float64(len(column))
		}
		for _, v := range column {
			square += float64((v - mean) * (v - mean))
		}
		h := float64(t.normalWidth() * math.Sqrt(square/float64(len(column))))
		for j := range out {
			out[j] = h
		}
		return out
	}
	least := float64(leastWidth * (column[len(column)-1] - column[0]))
	for j := range out {
		low, high := max(j-1, 0), min(j+1, k-1)
		out[j] = max(float64(startWidth*(means[high]-means[low]))/float64(max(high-low, 1)), least)
	}
	return out
}

// normalWidth returns the best h of kernels at K draws of a normal density
// (Meng et al., 2020).
func (t *gaussianization) normalWidth() float64 {
	const factor = 4 * math.SqrtPi / (math.Pi * math.Pi * math.Pi * math.Pi)
	return kernels.Exp64(0.2 * kernels.Log64(factor/float64(t.mixture.Components)))
}

// raw returns the u of a width h, as near to it as the bound allows.
func (t *gaussianization) raw(h float64) float64 {
	b := t.mixture.Bound
	y := -0.999
	if h > 0 {
		y = min(max(kernels.Log64(h)/b, -0.999), 0.999)
	}
	return 0.5 * float64(b*kernels.Log64((1+y)/(1-y)))
}

// quantile returns the value of sorted ones that has so many of them below it,
// as a part of 1, on the line between the two beside it.
func quantile(sorted []float64, part float64) float64 {
	at := min(max(float64(part*float64(len(sorted)))-0.5, 0), float64(len(sorted)-1))
	i := int(at)
	if i == len(sorted)-1 {
		return sorted[i]
	}
	return sorted[i] + float64((sorted[i+1]-sorted[i])*(at-float64(i)))
}
