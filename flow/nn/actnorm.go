package nn

import (
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/kernels"
)

// actNorm is a learned scale and shift of each column of a layer's sums, y =
// x·exp(l) + t, that begin as those which give the first minibatch mean 0 and
// variance 1 (Kingma and Dhariwal, 2018, whose hidden layers have it).
type actNorm struct {
	logScale, shift, initialized *autograd.Parameter
}

func newActNorm(columns int, scope autograd.Scope) *actNorm {
	n := &actNorm{scope.New("log_scale", 1, columns), scope.New("shift", 1, columns), scope.New("initialized", 1, 1)}
	n.initialized.Frozen = true
	scope.MeetUntil(n.hasBegun)
	return n
}

// hasBegun tells whether the first values are there.
func (n *actNorm) hasBegun() bool { return n.initialized.Values()[0] != 0 }

func (n *actNorm) apply(p *autograd.Pass, x autograd.Value) autograd.Value {
	if p.Meets() && !n.hasBegun() {
		var sums autograd.Sums
		p.Still(func() { sums = p.Fold(p.ColumnMoments(x)) })
		p.Once(func() { n.begin(sums.Values, p.BatchRows(x)) })
	}
	return p.Add(p.ScaleColumns(x, n.logScale, 1), p.Repeat(n.shift, x.Rows))
}

// begin sets the first values from the folded moments of a minibatch of so many
// rows.
func (n *actNorm) begin(sums []float64, rows int) {
	for c := range n.shift.Cols {
		mean, s := autograd.Normalizing(sums, rows, c)
		n.logScale.Values()[c] = float32(s)
		n.shift.Values()[c] = float32(-float64(mean * kernels.Exp64(s)))
	}
	n.initialized.Values()[0] = 1
}

// initialize leaves the identity, to be replaced by what the first minibatch asks for.
func (n *actNorm) initialize() {
	for _, p := range []*autograd.Parameter{n.logScale, n.shift, n.initialized} {
		clear(p.Values())
	}
}
