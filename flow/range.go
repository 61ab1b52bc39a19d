package flow

import (
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/seed-192fdf7a/nf/flow/autograd"
)

// RangeError says that a context, or a noise to be mapped to data, has a value
// that float32 cannot hold, so that nothing can be computed of it. What the
// call wrote is undefined.
type RangeError struct {
	Event  int    // the event among those of the call, from 0
	Column string // of a context its name, of a noise "z0", "z1", …
	Value  float64
}

func (e *RangeError) Error() string {
	return fmt.Sprintf("flow: event %d, column %q: %v is beyond float32's range once standardized, so nothing can be computed of it", e.Event, e.Column, e.Value)
}

// refusal is the first value of a call that is to be a RangeError.
type refusal struct {
	mutex         sync.Mutex
	found         bool
	event, column int
	value         float64
	noise         bool
}

// refuse notes a value; those of an event are noted in ascending order.
func (r *refusal) refuse(event, column int, value float64, noise bool) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if !r.found || event < r.event {
		r.found, r.event, r.column, r.value, r.noise = true, event, column, value, noise
	}
}

// checkContext refuses what float32 cannot hold of the contexts of the events
// from a number on. NaN passes.
func (s *Scorer) checkContext(j *job, context autograd.Value, from int) {
	for r := range context.Rows {
		for c, v := range context.Row32(r) {
			if v-v != 0 && v == v {
				s.refusal.refuse(from+r, c, j.context[(from+r)*context.Cols+c], false)
			}
		}
	}
}

// checkNoise is the same for noise that is to be mapped to data.
func (s *Scorer) checkNoise(j *job, from, to int) {
	d := s.flow.Dim()
	for i, v := range j.z[from*d : to*d] {
		if narrow := float32(v); narrow-narrow != 0 && narrow == narrow {
			s.refusal.refuse(from+i/d, i%d, v, true)
		}
	}
}

// refused returns the error of the first value that was refused, or nil.
func (s *Scorer) refused() error {
	r := &s.refusal
	if !r.found {
		return nil
	}
	r.found = false
	if r.noise {
		return &RangeError{r.event, fmt.Sprint("z", r.column), r.value}
	}
	return &RangeError{r.event, s.flow.config.Context[r.column], r.value}
}

// known tells whether all inputs of an event are numbers, the infinities
// included. in holds the events beside their context, and is nil for samples.
func (s *Scorer) known(j *job, in []float64, event int) bool {
	number := func(values []float64, width int) bool {
		return len(values) == 0 || !slices.ContainsFunc(values[event*width:(event+1)*width], math.IsNaN)
	}
	return number(in, s.flow.Dim()) && number(j.context, s.flow.ContextFeatures())
}

// logDensity returns v, the log-density computed of an event, or −Inf where the
// computation left float32's range: there v is NaN, as Inf − Inf is.
func (s *Scorer) logDensity(j *job, in []float64, event int, v float64) float64 {
	if v <= math.MaxFloat64 || !s.known(j, in, event) {
		return v
	}
	return math.Inf(-1)
}

// logDet is the same for a log-det, which is far where it is not a number.
func (s *Scorer) logDet(j *job, in []float64, event int, v, far float64) float64 {
	if v == v || !s.known(j, in, event) {
		return v
	}
	return far
}

// settle makes +Inf of every NaN in the results v of the events [from, to),
// unless the event's inputs hold one.
func (s *Scorer) settle(j *job, in []float64, v autograd.Value, from, to int) {
	sites := v.Rows / max(1, to-from)
	for r := range v.Rows {
		row := v.Row32(r)
		for c, x := range row {
			if x != x && s.known(j, in, from+r/sites) {
				row[c] = float32(math.Inf(1))
			}
		}
	}
}

// settleGradient makes zeros of the gradient of an event of the given width if
// one of its values is NaN, or if its log-density was none.
func (s *Scorer) settleGradient(j *job, gradient []float64, width, event int, none bool) {
	if gradient == nil || !none && !slices.ContainsFunc(gradient[event*width:(event+1)*width], math.IsNaN) || !s.known(j, j.x, event) {
		return
	}
	clear(gradient[event*width : (event+1)*width])
}
