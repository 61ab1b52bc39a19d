package train

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/autograd"
)

// Target is a log-density, known up to a constant, with its gradient. Several
// goroutines call it at once. A [flow.Flow] is one; [LogDensity] makes one of a
// function.
type Target interface {
	// LogProbGrad sets the log-density of each event of x, D values each, and
	// the gradients of each by its values and by its context. Each of the three
	// may be nil, and context is where the flow has none. A method LogProb, where
	// there is one, is asked instead if log-densities alone are wanted.
	LogProbGrad(logProb, gradX, gradContext, x, context []float64) error
}

// LogDensity is a [Target] without context as a function of a batch of rows. x
// holds one row after another, in units of the data; logProb has an entry for
// each row, and is to be set; so is grad, of the shape of x, to the derivatives
// of each row's log-density by its values, unless it is nil. The function keeps
// none of the three, and may be called by several goroutines at once.
//
// A log-density of −Inf, or one that is not a number, means that the flow must
// not draw such rows: [flow.Config.SetSupport] keeps it from that.
type LogDensity func(logProb, grad, x []float64)

// LogProbGrad implements [Target].
func (f LogDensity) LogProbGrad(logProb, gradX, _, x, _ []float64) error {
	f(logProb, gradX, x)
	return nil
}

// target is a Target of a flow's standardized values.
type target struct {
	Target
	flow     *flow.Flow
	supports []*autograd.Support // of each column; nil where it has none

	mutex   sync.Mutex
	trouble error // see note
	epoch   uint64
	number  uint64
}

func newTarget(f *flow.Flow, t Target) (*target, error) {
	c := f.Config()
	if other, ok := t.(*flow.Flow); ok {
		var err error
		if t, err = continuous(other); err != nil {
			return nil, err
		}
	}
	w := &target{Target: t, flow: f}
	for i := range c.Features {
		w.supports = append(w.supports, c.Support(i))
	}
	return w, nil
}

// continuous returns f, or where it has discrete columns or pixels the density that
// stands behind them, of values between those of the grid.
func continuous(f *flow.Flow) (*flow.Flow, error) {
	c := f.Config()
	if len(c.Discrete) == 0 && c.Pixels == nil {
		return f, nil
	}
	c.Discrete, c.Pixels = nil, nil
	behind, err := flow.New(c, 0)
	if err != nil {
		return nil, err
	}
	copy(behind.Model().Parameters().Values(), f.Model().Parameters().Values())
	return behind, nil
}

// restore makes data of standardized values.
func (t *target) restore(x []float64) {
	if st := t.flow.Config().Standardize; len(st.Mean) > 0 {
		for i, v := range x {
			column := i % len(st.Mean)
			x[i] = float64(v*st.Std[column]) + st.Mean[column]
		}
	}
	t.inside(x)
}

// inside moves what rounding put on the end of a support, or its margin beyond
// it, to the nearest number inside.
func (t *target) inside(x []float64) {
	st := t.flow.Config().Standardize
	for column, s := range t.supports {
		if s == nil {
			continue
		}
		lower, upper := s.Lower, s.Upper
		if len(st.Mean) > 0 {
			lower, upper = float64(lower*st.Std[column])+st.Mean[column], float64(upper*st.Std[column])+st.Mean[column]
		}
		lower, upper = math.Nextafter(lower, upper), math.Nextafter(upper, lower)
		for i := column; i < len(x); i += len(t.supports) {
			x[i] = min(max(x[i], lower), upper)
		}
	}
}

// logProb asks the target for log-densities alone.
func (t *target) logProb(dst, x, context []float64) error {
	if prober, ok := t.Target.(interface {
		LogProb(dst, x, context []float64) error
	}); ok {
		return prober.LogProb(dst, x, context)
	}
	return t.LogProbGrad(dst, nil, nil, x, context)
}

// evaluate is what [autograd.Graph.External] wants, for the draws of the given
// numbers in an epoch. grad may be nil, and context is in units of the data.
func (t *target) evaluate(logProb, grad, x, context []float64, epoch uint64, numbers []uint64) {
	x = slices.Clone(x)
	t.restore(x)
	var err error
	if grad == nil {
		err = t.logProb(logProb, x, context)
	} else {
		err = t.LogProbGrad(logProb, grad, nil, x, context)
	}
	if err != nil {
		t.note(epoch, numbers[0], err)
		for e := range logProb {
			logProb[e] = math.NaN()
		}
		clear(grad)
		return
	}
	c, width := t.flow.Config(), t.flow.Dim()
	for e, v := range logProb {
		var of []float64
		if grad != nil {
			of = grad[e*width : (e+1)*width]
		}
		if v-v != 0 {
			t.note(epoch, numbers[e], &TargetError{c.Features, slices.Clone(x[e*width : (e+1)*width]), v})
			clear(of)
			continue
		}
		if slices.ContainsFunc(of, func(d float64) bool { return d-d != 0 }) {
			t.note(epoch, numbers[e], &TargetError{c.Features, slices.Clone(x[e*width : (e+1)*width]), math.NaN()})
		}
		if st := c.Standardize; len(st.Std) > 0 {
			for i := range of {
				of[i] = float64(of[i] * st.Std[i%len(st.Std)])
			}
		}
	}
}

// note keeps the first trouble of the latest epoch that had one.
func (t *target) note(epoch, number uint64, err error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.trouble == nil || epoch > t.epoch || epoch == t.epoch && number < t.number {
		t.trouble, t.epoch, t.number = err, epoch, number
	}
}

func (t *target) noted() error {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return t.trouble
}

// TargetError says where a target has no finite log-density, or no finite
// gradient of it, though the flow draws such rows.
type TargetError struct {
	Columns    []string
	Values     []float64 // of the row
	LogDensity float64   // NaN also if it is the gradient that is not finite
}

func (e *TargetError) Error() string {
	const most = 12 // columns that a message shows
	var at []string
	for i, v := range e.Values {
		if i == most {
			at = append(at, "…")
			break
		}
		at = append(at, fmt.Sprintf("%s=%.6g", e.Columns[i%len(e.Columns)], v))
	}
	what := fmt.Sprintf("its log-density is %v", e.LogDensity)
	if math.IsNaN(e.LogDensity) {
		what = "its log-density or the gradient is not a number"
	}
	return fmt.Sprintf("the target has a row that the flow draws and %s: %s; where parameters are bounded, give the flow their support (Config.SetSupport)", what, strings.Join(at, " "))
}
