package autograd

import "unsafe"

// Graph computes operations on one tile of events. It belongs to one goroutine
// at a time.
type Graph struct {
	binding   *Binding
	mode      Mode
	recording bool
	inputs    bool // only inputs are differentiated, not parameters
	tape      []step
	do        arithmetic // of the binding's precision
	wide      bool       // which is float64

	floats   arena[float32]
	doubles  arena[float64]
	nodes    arena[node]
	pass     Pass
	drift    float64 // see Drift
	residual float64 // see Residual
	columns  []int32 // see indices

	evaluations int // see Evaluated
	forced      int // see Forced

	kept, mostKept int // bytes of inputs of segments: see KeptBytes

	spare []storage // gradients that nothing needs any more: see recordMade

	gradients storage // of every parameter, flat
	weights   overwritten
}

// NewGraph returns an empty graph on b.
func (b *Binding) NewGraph() *Graph {
	g := &Graph{binding: b, wide: b.Float64()}
	if g.wide {
		g.do = arithmetic64{g}
	} else {
		g.do = arithmetic32{g}
	}
	g.floats.size, g.doubles.size, g.nodes.size = 1<<14, 1<<10, 64
	return g
}

// Float64 tells which precision the graph computes in.
func (g *Graph) Float64() bool { return g.wide }

// Recording tells whether operations are put on the tape.
func (g *Graph) Recording() bool { return g.recording }

// Mode says what a graph is to differentiate.
type Mode int

const (
	// Evaluate keeps no tape.
	Evaluate Mode = iota
	// DifferentiateInputs computes the gradients of inputs only.
	DifferentiateInputs
	// Differentiate computes the gradients of inputs and parameters.
	Differentiate
)

// Reset forgets every value and the tape; all Values and Sums of this graph
// end. Parameter gradients start from zero.
func (g *Graph) Reset(mode Mode) {
	g.mode, g.recording, g.inputs = mode, mode != Evaluate, mode == DifferentiateInputs
	g.drift, g.residual = 0, 0
	g.Next()
	if mode != Differentiate {
		return
	}
	n := g.binding.parameters.Len()
	if g.gradients.none() {
		g.gradients = g.do.allocate(n)
	}
	g.beginGradients()
}

// Next forgets every value and the tape, as Reset does, and keeps the gradients
// of parameters, to which what follows adds.
func (g *Graph) Next() {
	clear(g.tape)
	g.tape = g.tape[:0]
	g.kept = 0
	g.release(Mark{})
}

// Evaluated counts the evaluations of a velocity of so many events, of which a
// map along an ordinary differential equation has many.
func (g *Graph) Evaluated(events int) { g.evaluations += events }

// Evaluations returns the count of [Graph.Evaluated] since the graph was made.
func (g *Graph) Evaluations() int { return g.evaluations }

// Forced counts a step of a solver that was taken although its error was over the
// tolerance, as none may be smaller.
func (g *Graph) Forced() { g.forced++ }

// ForcedSteps returns the count of [Graph.Forced] since the graph was made.
func (g *Graph) ForcedSteps() int { return g.forced }

// Mark is a point in a graph's memory.
type Mark struct{ floats, doubles, nodes arenaMark }

// Mark notes the memory in use, for [Graph.Release].
func (g *Graph) Mark() Mark {
	return Mark{g.floats.mark(), g.doubles.mark(), g.nodes.mark()}
}

// Release ends every value made since the mark, unless the graph records: then
// the tape still needs them and nothing happens.
func (g *Graph) Release(m Mark) {
	if !g.recording {
		g.release(m)
	}
}

// release ends every value made since the mark.
func (g *Graph) release(m Mark) {
	g.spare = g.spare[:0] // whose memory may end too
	g.floats.release(m.floats)
	g.doubles.release(m.doubles)
	g.nodes.release(m.nodes)
}

// Bytes returns the memory that the graph has taken for values, their gradients
// and the tape, which is the most that a tile has needed so far.
func (g *Graph) Bytes() int {
	return 4*g.floats.elements() + 8*g.doubles.elements() +
		int(unsafe.Sizeof(node{}))*g.nodes.elements() + int(unsafe.Sizeof(step{}))*cap(g.tape)
}

// step is one operation on the tape.
type step struct {
	of       *node // its result; nil where it has several, or none
	backward func()
	made     bool // see recordMade
}

// record makes the backward of an operation part of the tape. It is run only if
// a gradient reached the result.
func (g *Graph) record(result Value, backward func()) {
	g.tape = append(g.tape, step{of: result.node, backward: backward})
}

// recordMade is record for a result that the operation has made and that is no one
// else's end of the graph: behind its backward nothing needs its gradient, whose
// memory then serves others while a cache still holds it.
func (g *Graph) recordMade(result Value, backward func()) {
	g.tape = append(g.tape, step{result.node, backward, true})
}

// Record makes backward part of the tape.
func (g *Graph) Record(backward func()) { g.tape = append(g.tape, step{backward: backward}) }

// Backward differentiates the whole tape from the seeds that were set on Sums
// and Values.
func (g *Graph) Backward() {
	g.rewind(0)
	g.endGradients()
}

// rewind differentiates the tape back to where it had so many steps.
func (g *Graph) rewind(start int) {
	for i := len(g.tape) - 1; i >= start; i-- {
		if s := g.tape[i]; s.of == nil || !s.of.grad.none() {
			s.backward()
			if s.made {
				g.spareGradient(s.of)
			}
		}
	}
	clear(g.tape[start:])
	g.tape = g.tape[:start]
}

// Gradients returns the gradients of all parameters, laid out as
// [Parameters.Values], for float32 graphs. It is valid until Reset.
func (g *Graph) Gradients() []float32 { return g.gradients.narrow }

// SetGradients makes the next Reset and Backward use the given memory for the
// gradients, so that those of one tile outlast the next tile on this graph.
func (g *Graph) SetGradients(memory []float32) { g.gradients.narrow = memory }

// Gradients64 is [Graph.Gradients] for float64 graphs.
func (g *Graph) Gradients64() []float64 { return g.gradients.wide }

// parameterValues returns the values of p.
func (g *Graph) parameterValues(p *Parameter) matrix {
	n := g.newNode(p.Rows, p.Cols, false)
	n.data = g.do.values(p)
	return matrix{&n.data, 0, p.Rows, p.Cols, p.Cols}
}

// Sums is one float64 for each event (or for each entry of a statistic), to
// which operations add. Because they only add, all of them share one gradient.
type Sums struct {
	Values []float64
	// Gradient is the derivative of what is differentiated by each value; nil
	// unless the graph records.
	Gradient []float64
}

// Sums returns n zeros.
func (g *Graph) Sums(n int) Sums {
	s := Sums{Values: g.doubles.takeZeroed(n)}
	if g.recording {
		s.Gradient = g.doubles.takeZeroed(n)
	}
	return s
}

// sites returns how many of so many rows belong to one entry.
func (s Sums) sites(rows int) int { return rows / max(1, len(s.Values)) }

// Scale returns the sums times a factor.
//
// Backward: the gradient times the factor.
func (g *Graph) Scale(s Sums, factor float64) Sums {
	return g.Weigh(s, func(int) float64 { return factor })
}

// Weigh returns each of the sums times its weight.
//
// Backward: the gradient times the weight.
func (g *Graph) Weigh(s Sums, weight func(entry int) float64) Sums {
	y := g.Sums(len(s.Values))
	for i, v := range s.Values {
		y.Values[i] = float64(weight(i) * v)
	}
	if g.recording {
		g.Record(func() {
			for i, d := range y.Gradient {
				s.Gradient[i] += float64(weight(i) * d)
			}
		})
	}
	return y
}

// Seed sets the gradient of every entry, before Backward.
func (s Sums) Seed(gradient float64) {
	for i := range s.Gradient {
		s.Gradient[i] = gradient
	}
}

// rowGradients returns the gradient of each event, repeated for its sites.
func (g *Graph) rowGradients(s Sums, rows int) storage {
	out, sites := g.take(rows), s.sites(rows)
	if len(s.Gradient) > 0 {
		for r := range rows {
			out.set(r, s.Gradient[r/sites])
		}
	}
	return out
}

// addRows adds a value for each of so many rows to the rows' events, in site
// order.
func addRows(s Sums, values storage, rows int) {
	sites := s.sites(rows)
	for r := range rows {
		s.Values[r/sites] += values.at(r)
	}
}
