package transform

import (
	"fmt"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/kernels"
)

// ActNormSpec describes a learned scale and shift of each column (Kingma and
// Dhariwal, 2018), z = x·eˢ + t with s = b·tanh(u/b), log-det Σ s, that begin
// as those which give the first minibatch mean 0 and variance 1.
type ActNormSpec struct {
	// Bound is b.
	Bound float64 `json:"bound"`
}

// Check implements [Spec].
func (s *ActNormSpec) Check(Shape, int) error {
	if err := autograd.CheckBound(s.Bound); err != nil {
		return fmt.Errorf("actnorm: %w", err)
	}
	return nil
}

// Output implements [Spec].
func (s *ActNormSpec) Output(in Shape, _ bool) Shape { return in }

// Build implements [Spec].
func (s *ActNormSpec) Build(shape Shape, _ int, scope autograd.Scope) Transform {
	t := &actNorm{scaling: &autograd.Affine{Bound: s.Bound}, features: shape.Features}
	t.constant, t.initialized = scope.New("constant", 1, 2*shape.Features), scope.New("initialized", 1, 1)
	t.initialized.Frozen = true
	scope.MeetUntil(t.hasBegun)
	return t
}

type actNorm struct {
	scaling               *autograd.Affine
	features              int
	constant, initialized *autograd.Parameter // [u | t], and 1 once they are set
}

func (t *actNorm) Bind(columns []int, _ bool) []int { return columns }

// Initialize leaves the identity, to be replaced by what the first minibatch asks for.
func (t *actNorm) Initialize(uint64) {
	clear(t.constant.Values())
	clear(t.initialized.Values())
}

func (t *actNorm) Forward(p *autograd.Pass, x autograd.Value) autograd.Value {
	if p.Meets() && !t.hasBegun() {
		var sums autograd.Sums
		p.Still(func() { sums = p.Fold(p.ColumnMoments(x)) })
		p.Once(func() { t.begin(sums.Values, p.BatchRows(x)) })
	}
	return p.Apply(t.scaling, false, x, p.Repeat(t.constant, x.Rows), autograd.Part{}, p.LogDet)
}

func (t *actNorm) Inverse(p *autograd.Pass, z autograd.Value) autograd.Value {
	return p.Apply(t.scaling, true, z, p.Repeat(t.constant, z.Rows), autograd.Part{}, p.LogDet)
}

// hasBegun tells whether the first values are there.
func (t *actNorm) hasBegun() bool { return t.initialized.Values()[0] != 0 }

// begin sets the first values from the folded moments of a minibatch of so many
// rows. It keeps a standard deviation within what the bound can undo; a column
// that never changes is left unscaled.
func (t *actNorm) begin(statistics []float64, rows int) {
	n, values, bound := t.features, t.constant.Values(), t.scaling.Bound
	for c := range n {
		mean, s := autograd.Normalizing(statistics, rows, c)
		// The inverse of s = b·tanh(u/b), as log((1+y)/(1−y))/2.
		y := min(max(s/bound, -0.999), 0.999)
		values[c] = float32(0.5 * float64(bound*kernels.Log64((1+y)/(1-y))))
		values[n+c] = float32(-float64(mean * kernels.Exp64(float64(bound*y))))
	}
	t.initialized.Values()[0] = 1
}

// Reversible implements [Reversible].
func (*actNorm) Reversible() bool { return true }
