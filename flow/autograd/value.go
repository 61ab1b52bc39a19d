package autograd

import "github.com/seed-192fdf7a/nf/kernels"

// node is the memory behind one or more Values.
type node struct {
	rows, cols int
	data, grad storage
	broadcast  bool // one row of data stands for all rows
	wanted     bool // a gradient is asked for
	rebuilt    bool // its memory holds another value by now, until backward: see Segment
}

// Value is a matrix of the graph, or a view of some of its columns. The zero
// Value has no columns and stands for an absent context. It is valid until the
// graph's Reset, or the Release of a mark set before it was made.
type Value struct {
	Rows, Cols int
	node       *node
	from       int // first column in node
}

// IsZero tells whether v is absent.
func (v Value) IsZero() bool { return v.node == nil }

func (g *Graph) newNode(rows, cols int, wanted bool) *node {
	n := &g.nodes.take(1)[0]
	*n = node{rows: rows, cols: cols, wanted: wanted && g.recording}
	return n
}

func (g *Graph) newValue(rows, cols int, wanted bool) Value {
	n := g.newNode(rows, cols, wanted)
	g.lend(&n.data, rows*cols)
	return Value{Rows: rows, Cols: cols, node: n}
}

// Input returns a rows x cols Value, to be filled with Set; with wanted, its
// gradient can be read after Backward. Its contents begin undefined.
func (g *Graph) Input(rows, cols int, wanted bool) Value {
	return g.newValue(rows, cols, wanted)
}

// Floats returns n floats of the graph's memory, undefined, to be filled and
// given to Wrap.
func (g *Graph) Floats(n int) []float32 { return g.floats.take(n) }

// Wrap returns values as a Value of so many columns, in the graph's precision;
// no gradient is wanted. In float32 the memory stays what it is.
func (g *Graph) Wrap(values []float32, cols int) Value {
	n := g.newNode(len(values)/cols, cols, false)
	n.data = g.do.hold(values)
	return Value{Rows: n.rows, Cols: cols, node: n}
}

// Set writes element (r, c), narrowed to the graph's precision.
func (v Value) Set(r, c int, x float64) {
	v.node.data.set(r*v.node.cols+v.from+c, x)
}

// At returns element (r, c).
func (v Value) At(r, c int) float64 {
	if v.node.broadcast {
		r = 0
	}
	return v.node.data.at(r*v.node.cols + v.from + c)
}

// Row32 returns row r of a float32 Value.
func (v Value) Row32(r int) []float32 {
	if v.node.broadcast {
		r = 0
	}
	start := r*v.node.cols + v.from
	return v.node.data.narrow[start : start+v.Cols : start+v.Cols]
}

// Gradient returns d/d(r, c) of what was differentiated by an input, after
// Backward; 0 for values that nothing was computed from. What was computed from
// inputs has a gradient until its own backward has run.
func (v Value) Gradient(r, c int) float64 {
	if v.untouched() {
		return 0
	}
	return v.node.grad.at(r*v.node.cols + v.from + c)
}

// SeedGradient sets d/d(r, c) before Backward, for a value that is itself the
// end of what is differentiated.
func (g *Graph) SeedGradient(v Value, r, c int, gradient float64) {
	g.gradient(v)
	v.node.grad.set(r*v.node.cols+v.from+c, gradient)
}

func (v Value) wanted() bool { return v.node != nil && v.node.wanted }

// whole tells whether v covers its node.
func (v Value) whole() bool { return v.Cols == v.node.cols }

// data returns the values of v.
func (v Value) data() matrix {
	m := matrix{&v.node.data, v.from, v.Rows, v.Cols, v.node.cols}
	if v.node.broadcast {
		m.stride = 0
	}
	return m
}

// kernel returns the values of a float32 Value as the kernels take it. It fills
// the matrix field by field: see [kernels.Tier.MatmulReferences].
func (v Value) kernel() (m kernels.Matrix) {
	m.Rows, m.Cols, m.Stride = v.Rows, v.Cols, v.node.cols
	if v.node.broadcast {
		m.Stride = 0
	}
	if v.Rows > 0 {
		m.Data = v.node.data.narrow[v.from:]
	}
	return m
}

// gradient returns the gradient of v to add to, which is zeros at first use.
func (g *Graph) gradient(v Value) matrix {
	n := v.node
	if n.grad.none() {
		g.lendGradient(n)
		g.do.zero(matrix{&n.grad, 0, n.rows, n.cols, n.cols})
	}
	return v.gradientAsIs()
}

// gradientTo returns the gradient of v to be written or added to. With
// accumulate it holds earlier contributions and the caller must add; otherwise
// the caller must write all of it.
func (g *Graph) gradientTo(v Value) (m matrix, accumulate bool) {
	if n := v.node; n.grad.none() && v.whole() {
		g.lendGradient(n)
		return v.gradientAsIs(), false
	}
	return g.gradient(v), true
}

// maxSpare bounds the gradients that wait to serve others: enough for the shapes
// of a layer, few enough to be in a cache and quickly looked through.
const maxSpare = 8

// lendGradient gives a node memory for its gradient, with whatever it held before.
func (g *Graph) lendGradient(n *node) {
	size := n.rows * n.cols
	for i := len(g.spare) - 1; i >= 0; i-- {
		if s := g.spare[i]; len(s.narrow)+len(s.wide) == size {
			n.grad = s
			g.spare = append(g.spare[:i], g.spare[i+1:]...)
			return
		}
	}
	g.lend(&n.grad, size)
}

// spareGradient takes the memory of a gradient that nothing needs any more.
func (g *Graph) spareGradient(n *node) {
	if len(g.spare) == maxSpare {
		g.spare = append(g.spare[:0], g.spare[1:]...)
	}
	g.spare = append(g.spare, n.grad)
	n.grad = storage{}
}

func (v Value) gradientAsIs() matrix {
	return matrix{&v.node.grad, v.from, v.Rows, v.Cols, v.node.cols}
}

// untouched tells whether no gradient ever reached v, so that its backward has
// nothing to do.
func (v Value) untouched() bool { return v.node.grad.none() }

// Flat32 returns all of a float32 Value that is no view, row after row.
func (v Value) Flat32() []float32 { return v.node.data.narrow }
