package transform

import (
	"fmt"
	"math"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/internal/freelist"
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
)

// ProbesSpec describes the estimate of a trace tr J as the mean of εᵀJε over random
// directions ε (Hutchinson, 1990), the same along the whole way. In scoring they
// depend on Seed alone, so that the density is a smooth function; in training
// every event has its own in every epoch.
type ProbesSpec struct {
	// Count is the number of directions; 0 makes the trace exact.
	Count int `json:"count,omitempty"`
	// Normal directions are of the standard normal distribution; otherwise each
	// value is ±1 (Rademacher), which never has the larger variance.
	Normal bool `json:"normal,omitempty"`
	// Seed draws those of scoring.
	Seed uint64 `json:"seed,omitempty"`
}

// MaxProbes bounds [ProbesSpec.Count].
const MaxProbes = 1 << 10

// check tells what is wrong with the description.
func (s *ProbesSpec) check() error {
	switch {
	case s.Count < 0 || s.Count > MaxProbes:
		return fmt.Errorf("%d probes, want 1 to %d, or 0 for the exact trace", s.Count, MaxProbes)
	case s.Count == 0 && (s.Normal || s.Seed != 0):
		return fmt.Errorf("the trace is exact, but it has a distribution or a seed of probes")
	}
	return nil
}

// share returns the factor of each direction.
func (s *ProbesSpec) share() float64 {
	if s.Count > 0 {
		return 1 / float64(s.Count)
	}
	return 1
}

// directions returns Count of them for each row of x, or without a count all unit
// vectors. Maps of a flow have different ones by their offsets among the parameters.
func (s *ProbesSpec) directions(p *autograd.Pass, x autograd.Value, offset int) autograd.Value {
	n, c := s.Count, x.Cols
	if n == 0 {
		e := p.Input(x.Rows*c, c, false)
		for r := range e.Rows {
			for k := range c {
				v := 0.0
				if k == r%c {
					v = 1
				}
				e.Set(r, k, v)
			}
		}
		return e
	}
	return p.Wrap(s.drawAll(p, x.Rows*n*c, offset), c)
}

// fields returns Count directions of whole events, each with a row for each row of x,
// or without a count all unit vectors.
func (s *ProbesSpec) fields(p *autograd.Pass, x autograd.Value, offset int) []autograd.Value {
	events, n := len(p.LogDet.Values), s.Count
	each := x.Rows / max(1, events) * x.Cols
	var drawn []float32
	if n == 0 {
		n = each
	} else {
		drawn = s.drawAll(p, events*n*each, offset)
	}
	fields := make([]autograd.Value, n)
	for k := range fields {
		values := p.Floats(events * each)
		for e := range events {
			own := values[e*each : (e+1)*each]
			if drawn != nil {
				copy(own, drawn[(e*n+k)*each:])
				continue
			}
			clear(own)
			own[k] = 1
		}
		fields[k] = p.Wrap(values, x.Cols)
	}
	return fields
}

// drawAll draws so many values, as many for each event.
func (s *ProbesSpec) drawAll(p *autograd.Pass, count, offset int) []float32 {
	events := len(p.LogDet.Values)
	each := count / max(1, events)
	values := p.Floats(count)
	for e := range events {
		own := values[e*each : (e+1)*each]
		switch {
		case drawsAnew(p):
			s.draw(own, p.Seed+uint64(offset), eventIndex(p, e))
		case e == 0:
			s.draw(own, s.Seed+uint64(offset), 0)
		default:
			copy(own, values[:each])
		}
	}
	return values
}

// drawsAnew tells whether every event has draws of its own, as in training.
func drawsAnew(p *autograd.Pass) bool { return p.Events != nil && p.Epoch > 0 }

// eventIndex is that of an event of such a pass in its streams.
func eventIndex(p *autograd.Pass, e int) uint64 { return p.Epoch<<40 + uint64(p.Events[e]) }

// probeWords recycles random words.
var probeWords freelist.Slices[uint32]

// draw draws the probes of an event.
func (s *ProbesSpec) draw(values []float32, seed, index uint64) {
	if s.Normal {
		kernels.NormalRows(values, 1, len(values), seed, random.Probe, index)
		return
	}
	words := probeWords.Borrow(len(values))
	defer probeWords.Return(words)
	kernels.PhiloxWords((*words)[:len(values)], seed, random.Probe, index)
	for i, w := range (*words)[:len(values)] {
		values[i] = math.Float32frombits(w&(1<<31) | math.Float32bits(1))
	}
}
