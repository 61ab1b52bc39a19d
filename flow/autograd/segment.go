package autograd

import "math"

// Segment computes y = f(x) and keeps of the way only x; with again nothing but
// y, which takes the place of x. When the gradient of y comes, it runs f again
// with a tape of its own, differentiates that, and gives the memory back: the
// memory of training is that of one segment instead of all (Chen, Xu, Zhang and
// Guestrin, 2016; from the output: Gomez, Ren, Urtasun and Grosse, 2017). Without
// a tape it is f(x).
//
// again comes with a value that holds y. It leaves x in its memory, and returns
// f(x) on the tape: see [Rebuild]. x and y have the same shape then.
//
// From a kept x the gradients are those of the tape, by bits. From y they are
// those at the x that again computes, which differs by rounding.
//
// f may read x and the context of the pass; another value that wants a
// gradient would get none. It lets no part leave or return. x ends with again: f
// may rewrite its memory.
func (p *Pass) Segment(x Value, f, again func(*Pass, Value) Value) Value {
	if !p.recording {
		return f(p, x)
	}
	g := p.Graph
	work := x
	switch {
	case again == nil:
		work = g.clone(x)
	case !x.whole() || x.node.broadcast:
		x = g.Copy(x)
		work = x
	}
	s := segment{pass: *p, x: x, f: f, again: again, folds: p.folds.within()}
	if again == nil {
		g.keep(x.bytes())
	}
	if again != nil && !x.node.rebuilt {
		s.witness = witness(x)
	}
	sub := *p
	if !p.folds.replaying() {
		sub.folds = s.folds
	}
	mark := g.Mark()
	var y Value
	g.Still(func() { y = f(&sub, work) })
	if y.Rows == work.Rows && y.Cols == work.Cols {
		// The result takes the place of what it was made of.
		if y.node != work.node {
			g.do.copy(work.data(), y.data())
			y = work
		}
		g.release(mark)
	}
	s.y = g.share(y)
	s.y.node.rebuilt = again != nil
	s.pass.LogDet.Values, s.pass.Penalty.Values = nil, nil
	g.Record(s.backward)
	return s.y
}

// Rebuild returns the again of [Pass.Segment] for a map f whose inverse is back.
func Rebuild(f, back func(*Pass, Value) Value) func(*Pass, Value) Value {
	return func(p *Pass, v Value) Value {
		undo := *p
		undo.folds = p.folds.within()
		p.Still(func() {
			mark := p.Mark()
			if x := back(&undo, v); x.node != v.node {
				p.do.copy(v.data(), x.data())
			}
			p.Release(mark)
		})
		return f(p, v)
	}
}

// segment is what is kept of a part of the way.
type segment struct {
	pass     Pass
	x, y     Value
	f, again func(*Pass, Value) Value
	folds    *folds
	witness  []float64 // some rows of x, where a run of segments without x begins
}

// witnessRows is the number of rows of each tile that tell how far a rebuilt x
// is from what it was.
const witnessRows = 4

// witness returns the first rows of x.
func witness(x Value) []float64 {
	var out []float64
	for r := range min(witnessRows, x.Rows) {
		for c := range x.Cols {
			out = append(out, x.At(r, c))
		}
	}
	return out
}

// Drift returns by how much the inputs that segments computed from their
// outputs differ from what they had been, at most, relative to 1 + |value|,
// since the last Reset. A few rows are compared, where rounding has added up.
func (g *Graph) Drift() float64 { return g.drift }

func (s *segment) backward() {
	g, events := s.pass.Graph, len(s.pass.LogDet.Gradient)
	// What outlives the segment is made before its memory begins. The gradient of x
	// takes the place of y's, which nothing wants any more, so that gradients do not
	// grow with the number of segments.
	outlives := []Value{s.pass.Context, s.y, s.x}
	inherits := s.x.wanted() && s.x.untouched() && s.x.node != s.y.node && s.x.Rows == s.y.Rows && s.x.Cols == s.y.Cols && s.x.whole() && s.y.whole() && !s.x.node.broadcast
	if inherits {
		outlives = outlives[:2]
	}
	for _, v := range outlives {
		if v.wanted() && v.untouched() {
			g.gradient(v)
		}
	}
	mark, start := g.Mark(), len(g.tape)
	pass := s.pass
	pass.folds, pass.LogDet = s.folds.again(), Sums{Values: g.doubles.takeZeroed(events), Gradient: s.pass.LogDet.Gradient}
	pass.Penalty = Sums{Values: g.doubles.takeZeroed(len(s.pass.Penalty.Gradient)), Gradient: s.pass.Penalty.Gradient}
	var in, out Value
	if s.again == nil {
		g.keep(-s.x.bytes())
		in = g.clone(s.x)
		in.node.wanted = s.x.wanted()
		out = s.f(&pass, in)
	} else {
		in = g.share(s.x) // which holds y, until again
		in.node.wanted = s.x.wanted()
		out = s.again(&pass, in)
		s.compare()
	}
	g.addGradients(out, s.y)
	g.rewind(start)
	if in.wanted() && !in.untouched() {
		if inherits {
			g.do.copy(g.gradient(s.y), g.gradient(in))
			s.x.node.grad = s.y.node.grad
		} else {
			g.addGradients(s.x, in)
		}
	}
	g.release(mark)
}

// keep notes that segments keep so many more bytes of inputs.
func (g *Graph) keep(bytes int) {
	g.kept += bytes
	g.mostKept = max(g.mostKept, g.kept)
}

// KeptBytes returns the part of [Graph.Bytes] that are inputs of segments, which their
// replay begins from.
func (g *Graph) KeptBytes() int { return g.mostKept }

// bytes returns the memory of a value.
func (v Value) bytes() int {
	if v.node.data.wide != nil {
		return v.Rows * v.Cols * 8
	}
	return v.Rows * v.Cols * 4
}

// compare notes how far the x that was computed from y is from what it was.
func (s *segment) compare() {
	g := s.pass.Graph
	for i, was := range s.witness {
		is := s.x.At(i/s.x.Cols, i%s.x.Cols)
		if d := math.Abs(is-was) / (1 + math.Abs(was)); d > g.drift || d != d {
			g.drift = d
		}
	}
}

// Still runs do without a tape: what it computes is a constant.
func (g *Graph) Still(do func()) {
	was := g.recording
	g.recording = false
	do()
	g.recording = was
}

// share returns v as a value of its own on the same memory.
func (g *Graph) share(v Value) Value {
	n := g.newNode(v.node.rows, v.node.cols, true)
	n.data, n.broadcast = v.node.data, v.node.broadcast
	return Value{Rows: v.Rows, Cols: v.Cols, node: n, from: v.from}
}

// addGradients adds the gradient of from to that of into, of the same shape.
func (g *Graph) addGradients(into, from Value) {
	dst, accumulate := g.gradientTo(into)
	if accumulate {
		g.do.accumulate(dst, g.gradient(from))
	} else {
		g.do.copy(dst, g.gradient(from))
	}
}

// folds keeps what [Pass.Fold] returned in a segment, for its replay. The nil
// pointer stands for no segment.
type folds struct {
	sums   *[][]float64
	next   int
	replay bool
}

func (f *folds) replaying() bool { return f != nil && f.replay }

// within returns the folds of a segment that begins here.
func (f *folds) within() *folds {
	if f.replaying() {
		// Inside a replay nothing is folded anew.
		return &folds{sums: f.sums, next: f.next, replay: true}
	}
	return &folds{sums: new([][]float64)}
}

// again returns the folds for a replay of the segment.
func (f *folds) again() *folds { return &folds{sums: f.sums, next: f.next, replay: true} }

func (f *folds) keep(sums []float64) {
	if f != nil {
		*f.sums = append(*f.sums, append([]float64(nil), sums...))
	}
}

func (f *folds) take() []float64 {
	f.next++
	return (*f.sums)[f.next-1]
}
