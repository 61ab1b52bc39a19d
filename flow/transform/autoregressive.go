package transform

import (
	"fmt"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/nn"
)

// AutoregressiveSpec describes a masked autoregressive layer: each feature is
// changed by a univariate whose parameters a [nn.MADE] computes from the
// features before it in an order, and from the context (MAF: Papamakarios et
// al., 2017; its inverse is IAF: Kingma et al., 2016). The Jacobian is
// triangular in that order.
//
// Forward costs one pass of the network. Inverse computes each hidden unit as
// soon as the features that it sees are known, which costs about one pass too.
//
// What looks at several features takes them in this order, not in ascending
// data column: the network's inputs and the lanes of a log-det. So its results
// do not depend on whether an order is said here or by permutations around it.
type AutoregressiveSpec struct {
	// Order lists the features, the one that depends on no other first.
	Order       []int               `json:"order"`
	Univariate  autograd.Univariate `json:"univariate"`
	Conditioner nn.MADESpec         `json:"conditioner"`
}

// Check implements [Spec].
func (s *AutoregressiveSpec) Check(shape Shape, context int) error {
	if err := checkOrder(s.Order, shape.Features); err != nil {
		return fmt.Errorf("autoregressive: %w", err)
	}
	if err := autograd.CheckUnivariate(s.Univariate); err != nil {
		return fmt.Errorf("autoregressive: %w", err)
	}
	if err := s.Conditioner.Check(shape.Features, context); err != nil {
		return fmt.Errorf("autoregressive: conditioner: %w", err)
	}
	if n := s.Univariate.ParametersPerElement(); s.Conditioner.Constants < 0 || s.Conditioner.Constants >= n && s.Conditioner.Constants > 0 {
		return fmt.Errorf("autoregressive: conditioner: %d of the %d parameters of a feature are constants, want fewer than all", s.Conditioner.Constants, n)
	}
	return nil
}

// Output implements [Spec].
func (s *AutoregressiveSpec) Output(in Shape, _ bool) Shape { return in }

// Build implements [Spec].
func (s *AutoregressiveSpec) Build(shape Shape, context int, scope autograd.Scope) Transform {
	t := &autoregressive{order: s.Order, univariate: s.Univariate}
	t.made = s.Conditioner.Build(shape.Features, context, t.univariate.ParametersPerElement(), scope.At("conditioner"))
	return t
}

type autoregressive struct {
	order      []int
	univariate autograd.Univariate
	made       *nn.MADE

	columns []int // the data column of each feature, in the order
}

func (t *autoregressive) Bind(columns []int, _ bool) []int {
	t.columns = make([]int, len(t.order))
	for i, feature := range t.order {
		t.columns[i] = columns[feature]
	}
	return columns
}

func (t *autoregressive) Initialize(seed uint64) { t.made.Initialize(seed) }

func (t *autoregressive) Forward(p *autograd.Pass, x autograd.Value) autograd.Value {
	mark := p.Mark()
	z := p.Apply(t.univariate, false, x, t.parameters(p, x), autograd.Columns(t.columns), p.LogDet)
	p.Release(mark)
	return z
}

// parameters returns the parameters of all features of x.
func (t *autoregressive) parameters(p *autograd.Pass, x autograd.Value) autograd.Value {
	return t.made.Compute(p, p.Columns(x, t.columns))
}

func (t *autoregressive) Inverse(p *autograd.Pass, z autograd.Value) autograd.Value {
	return t.made.Invert(p, t.univariate, z, t.columns)
}
