package autograd

import (
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/seed-192fdf7a/nf/internal/limits"
)

// Parameters is every learned value of a model in one flat float32 vector, so
// that an optimizer step, a gradient norm or a snapshot is one operation. Its
// order is the order of creation and never changes.
type Parameters struct {
	list     []*Parameter
	names    map[string]bool
	layers   []layer
	values   []float32
	limit    int // on len(values); 0 is none
	counting bool
	counted  float64
	cells    int // see reserve
	err      error

	edition atomic.Uint64 // see Edit

	meetsAlways bool
	meetsUntil  []func() bool
}

// reserve counts float32 cells that a binding needs beside the values: it holds
// some matrices in a form that is larger than what describes them, and a small
// file must not ask for much memory.
func (s Scope) reserve(cells int) {
	p := s.owner
	if p.err != nil || p.counting {
		return
	}
	p.cells += cells
	if most := limits.FreeCells + limits.CellsPerValue*len(p.values); p.cells > most {
		p.err = fmt.Errorf("%s: the matrices up to here would take %d cells of memory, at most %d are supported for so few values", s.prefix, p.cells, most)
	}
}

// NewParameters returns an empty set that refuses to grow beyond limit values,
// as a file's reader wants it; 0 sets no limit.
func NewParameters(limit int) *Parameters {
	return &Parameters{names: map[string]bool{}, limit: limit}
}

// CountParameters returns the number of values of the parameters that create
// makes below a scope, without taking memory for them: a network that is too
// large for a machine can be refused before it is made. What create builds
// cannot be used. Beyond 2^53 the number is rounded.
func CountParameters(create func(Scope)) float64 {
	p := NewParameters(0)
	p.counting = true
	create(p.Root())
	return p.counted
}

// Reserve makes room for n more values, so that creating them moves none and
// takes no time.
func (p *Parameters) Reserve(n int) {
	p.values = append(make([]float32, 0, len(p.values)+n), p.values...)
}

// Err tells that a parameter did not fit the limit, or that matrices take too
// much memory for their parameters; the set is then useless.
func (p *Parameters) Err() error { return p.err }

// MeetAlways says that what is built below the scope depends on the whole
// minibatch in training: see [Pass.Fold].
func (s Scope) MeetAlways() { s.owner.meetsAlways = true }

// MeetUntil says the same of the first minibatch alone: what is built below the
// scope takes its first values from data, until done tells that it has.
func (s Scope) MeetUntil(done func() bool) { s.owner.meetsUntil = append(s.owner.meetsUntil, done) }

// MeetsAlways tells whether the tiles of every minibatch must meet in training.
func (p *Parameters) MeetsAlways() bool { return p.meetsAlways }

// AwaitsData tells whether something has yet to take its first values from a
// minibatch whose tiles meet.
func (p *Parameters) AwaitsData() bool {
	for _, done := range p.meetsUntil {
		if !done() {
			return true
		}
	}
	return false
}

// Parameter is one named rows x cols matrix inside [Parameters].
type Parameter struct {
	// Name reads like a path: transforms.3.conditioner.layers.0.weight.
	Name       string
	Rows, Cols int
	// Frozen says that no operation gives these values a gradient: they belong
	// to the model but are not learned by it.
	Frozen bool
	// NonNegative says that a value below zero means nothing, such as that of a
	// variance.
	NonNegative bool

	owner  *Parameters
	offset int
	layer  int // whose weight it is, counted from 1; 0 for none
}

// Size returns the number of values.
func (p *Parameter) Size() int { return p.Rows * p.Cols }

// Offset returns where the parameter begins in the flat vector.
func (p *Parameter) Offset() int { return p.offset }

// Values returns the parameter's part of the flat vector, row-major. Once there
// is a binding it is to be written in an [Parameters.Edit].
func (p *Parameter) Values() []float32 {
	return p.owner.values[p.offset : p.offset+p.Size() : p.offset+p.Size()]
}

// All returns the parameters in order of creation.
func (p *Parameters) All() []*Parameter { return p.list }

// Len returns the number of values.
func (p *Parameters) Len() int { return len(p.values) }

// Values returns the flat vector itself, not a copy.
func (p *Parameters) Values() []float32 { return p.values }

// Edit is the way to change values once a model is in use: it lets change write
// the flat vector, or the parameters' parts of it, and makes every binding of it
// stale. Nothing may compute with the values meanwhile.
func (p *Parameters) Edit(change func(values []float32)) {
	change(p.values)
	p.edition.Add(1)
}

// Root returns the scope of all names.
func (p *Parameters) Root() Scope { return Scope{owner: p} }

// Scope is a place in the tree of parameter names.
type Scope struct {
	owner  *Parameters
	prefix string
}

// Err is that of the set.
func (s Scope) Err() error { return s.owner.err }

// Begin returns where the next parameter begins in the flat vector of the model.
func (s Scope) Begin() int { return len(s.owner.values) }

// At returns the scope below this one, its path elements joined by dots.
func (s Scope) At(elements ...any) Scope {
	words := make([]string, 0, len(elements)+1)
	if s.prefix != "" {
		words = append(words, s.prefix)
	}
	for _, e := range elements {
		words = append(words, fmt.Sprint(e))
	}
	return Scope{owner: s.owner, prefix: strings.Join(words, ".")}
}

// New creates a parameter of zeros. A name that exists is a programmer's
// error and panics.
func (s Scope) New(name string, rows, cols int) *Parameter {
	full, owner := s.At(name).prefix, s.owner
	if owner.names[full] {
		panic("autograd: two parameters are named " + full)
	}
	p := &Parameter{Name: full, Rows: rows, Cols: cols, owner: owner, offset: len(owner.values)}
	if owner.counting {
		owner.names[full] = true
		owner.counted += float64(float64(rows) * float64(cols))
		return p
	}
	if owner.limit > 0 && (rows > owner.limit || cols > owner.limit || rows*cols > owner.limit-len(owner.values)) && owner.err == nil {
		owner.err = fmt.Errorf("parameter %s of %d x %d goes beyond the %d values there are", full, rows, cols, owner.limit)
	}
	if owner.err == nil {
		owner.names[full] = true
		owner.list = append(owner.list, p)
		if size := len(owner.values) + rows*cols; size <= cap(owner.values) {
			owner.values = owner.values[:size] // zeros, since nothing ever goes
		} else {
			owner.values = append(owner.values, make([]float32, rows*cols)...)
		}
	}
	return p
}
