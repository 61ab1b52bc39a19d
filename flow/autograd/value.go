package autograd

import "github.com/seed-192fdf7a/nf/kernels"

// node is the memory behind one or more Values.
type node struct {
	rows, cols int
	data32     []float32
	data64     []float64
	grad32     []float32
	grad64     []float64
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
	if g.Float64() {
		n.data64 = g.doubles.take(rows * cols)
	} else {
		n.data32 = g.floats.take(rows * cols)
	}
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
	if g.Float64() {
		n.data64 = g.doubles.take(len(values))
		for i, v := range values {
			n.data64[i] = float64(v)
		}
	} else {
		n.data32 = values
	}
	return Value{Rows: n.rows, Cols: cols, node: n}
}

// Set writes element (r, c), narrowed to the graph's precision.
func (v Value) Set(r, c int, x float64) {
	i := r*v.node.cols + v.from + c
	if v.node.data64 != nil {
		v.node.data64[i] = x
	} else {
		v.node.data32[i] = float32(x)
	}
}

// At returns element (r, c).
func (v Value) At(r, c int) float64 {
	if v.node.broadcast {
		r = 0
	}
	i := r*v.node.cols + v.from + c
	if v.node.data64 != nil {
		return v.node.data64[i]
	}
	return float64(v.node.data32[i])
}

// Row32 returns row r of a float32 Value.
func (v Value) Row32(r int) []float32 { return v.matrix32().Row(r) }

// whole32 returns all of a float32 Value, row after row, or nil if it is a view:
// elementwise functions take many rows in one call.
func (v Value) whole32() []float32 {
	if v.node.broadcast || v.Cols != v.node.cols || v.Rows*v.Cols != len(v.node.data32) {
		return nil
	}
	return v.node.data32
}

// Gradient returns d/d(r, c) of what was differentiated, after Backward; 0 for
// values that nothing was computed from.
func (v Value) Gradient(r, c int) float64 {
	i := r*v.node.cols + v.from + c
	switch {
	case v.node.grad64 != nil:
		return v.node.grad64[i]
	case v.node.grad32 != nil:
		return float64(v.node.grad32[i])
	}
	return 0
}

// SeedGradient sets d/d(r, c) before Backward, for a value that is itself the
// end of what is differentiated.
func (g *Graph) SeedGradient(v Value, r, c int, gradient float64) {
	i := r*v.node.cols + v.from + c
	if g.Float64() {
		g.grad64(v)
		v.node.grad64[i] = gradient
	} else {
		g.grad32(v, false)
		v.node.grad32[i] = float32(gradient)
	}
}

func (v Value) wanted() bool { return v.node != nil && v.node.wanted }

// whole tells whether v covers its node.
func (v Value) whole() bool { return v.Cols == v.node.cols }

func (v Value) matrix32() kernels.Matrix {
	if v.node.broadcast {
		return kernels.Matrix{Data: v.node.data32[v.from:], Rows: v.Rows, Cols: v.Cols}
	}
	return view(v.node.data32, v)
}

func view(data []float32, v Value) kernels.Matrix {
	if v.Rows == 0 {
		return kernels.Matrix{Cols: v.Cols, Stride: v.node.cols}
	}
	return kernels.Matrix{Data: data[v.from:], Rows: v.Rows, Cols: v.Cols, Stride: v.node.cols}
}

// grad32 returns the gradient of v to be written or added to. With accumulate
// it holds earlier contributions and the caller must add; otherwise the caller
// must write all of it. A caller that says it cannot overwrite (canOverwrite
// false) always gets accumulate, on zeros if need be.
func (g *Graph) grad32(v Value, canOverwrite bool) (m kernels.Matrix, accumulate bool) {
	n := v.node
	accumulate = true
	if n.grad32 == nil {
		n.grad32 = g.floats.take(n.rows * n.cols)
		if canOverwrite && v.whole() {
			accumulate = false
		} else {
			clear(n.grad32)
		}
	}
	return view(n.grad32, v), accumulate
}

// grad64 returns the gradient of v's node, zeroed at first use, to add to. The
// element (r, c) of v is at r*stride+c of the result.
func (g *Graph) grad64(v Value) (grad []float64, stride int) {
	n := v.node
	if n.grad64 == nil {
		n.grad64 = g.doubles.takeZeroed(n.rows * n.cols)
	}
	return n.grad64[v.from:], n.cols
}

// rows64 returns v's data and stride, as grad64.
func (v Value) rows64() (data []float64, stride int) {
	if v.node.broadcast {
		return v.node.data64[v.from:], 0
	}
	return v.node.data64[v.from:], v.node.cols
}

// untouched tells whether no gradient ever reached v, so that its backward has
// nothing to do.
func (v Value) untouched() bool { return v.node.grad32 == nil && v.node.grad64 == nil }

// Flat32 returns all of a float32 Value that is no view, row after row.
func (v Value) Flat32() []float32 { return v.node.data32 }
