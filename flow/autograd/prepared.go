package autograd

import (
	"sync"
	"sync/atomic"
)

// RowConstants computes what an operation on rows needs of its parameters,
// once for all rows.
type RowConstants interface {
	// Prepared is the number of values that Prepare fills.
	Prepared() int
	// Prepare computes what is the same for all rows from the parameters p.
	Prepare(prepared, p []float64)
}

// prepared is where the bindings of a parameter, which may be nil, keep what
// RowConstants make of it.
type prepared struct {
	constants RowConstants
	parameter *Parameter
	place
}

func (s Scope) newPrepared(c RowConstants, p *Parameter) prepared {
	q := prepared{constants: c, parameter: p}
	s.add(q, &q.place)
	s.reserve(2 * c.Prepared()) // float64
	return q
}

// preparedValues are computed at first use after a refresh.
type preparedValues struct {
	lock   sync.Mutex
	valid  atomic.Bool
	values []float64
}

func (prepared) bind(*Binding) bound { return &preparedValues{} }

func (s *preparedValues) refresh() { s.valid.Store(false) }

// need returns the constants, which the caller does not change.
func (s *preparedValues) need(g *Graph, q prepared) []float64 {
	if s.valid.Load() {
		return s.values
	}
	s.lock.Lock()
	defer s.lock.Unlock()
	if !s.valid.Load() {
		if s.values == nil {
			s.values = make([]float64, q.constants.Prepared())
		}
		mark := g.Mark()
		q.constants.Prepare(s.values, g.widen(q.parameter))
		g.Release(mark)
		s.valid.Store(true)
	}
	return s.values
}

// widen returns the values of p in float64; none for nil.
func (g *Graph) widen(p *Parameter) []float64 {
	if p == nil {
		return nil
	}
	values := g.do.values(p)
	if values.wide != nil {
		return values.wide
	}
	out := g.doubles.take(p.Size())
	for i, v := range values.narrow {
		out[i] = float64(v)
	}
	return out
}
