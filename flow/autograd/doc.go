// Package autograd is the graph under every flow: a small set of operations,
// each with its forward and its backward in one place.
//
// A [Parameters] holds all learned values of a model in one flat vector. A
// [Binding] prepares those values for computing: for the float32 kernels and a
// matmul backend, with weights packed once, or for plain float64, which tests
// use as the truth. A [Graph] belongs to one goroutine; it computes on a
// binding, takes all memory from an arena of its own, and, when it records,
// keeps a tape from which [Graph.Backward] computes gradients.
//
//	g := binding.NewGraph()
//	g.Reset(autograd.Differentiate)     // record; Evaluate for inference
//	p := g.Pass(events)                 // what travels with the values
//	x := g.Input(rows, features, true)  // fill with x.Set
//	z := chain.Forward(p, x)            // adds to p.LogDet, a float64 for each event
//	g.StandardNormal(z, p.LogDet)
//	p.LogDet.Seed(1)                    // d/d of what is differentiated
//	g.Backward()
//
// Without a tape nothing is kept, operations that rewrite columns do so in
// place, and a warm graph allocates nothing.
//
// Values are matrices with one row for each site of each event (a table row is
// one event with one site). Log-dets and log-densities are [Sums]: one float64
// for each event, to which each layer adds in the order of the layers.
//
// # Where to read
//
// First value.go (matrices and their gradients), graph.go (modes, memory, the
// tape), add.go and gate.go (the pattern of every operation: forward, then
// backward), columns.go and part.go (choosing values), univariate.go (applying a
// map to them). Then what a model is made of: parameters.go, layers.go (what a
// binding keeps of a layer) and binding.go. pass.go, meeting.go and segment.go are
// about the way of a tile through a flow: what travels with it, where the tiles of
// a minibatch meet, what is computed again for its gradient.
//
// An operation is one body for both precisions, in the words of primitives.go: an
// interface, arithmetic, of which a graph has the one of its precision, g.do.
// primitives32.go says them with kernels and primitives64.go with plain loops;
// weights32.go and weights64.go do the same for the products of layers, which
// product.go puts together (linear, masked, convolve), and rows32.go and rows64.go
// for attention and the layer norm (row_math.go). matrix.go is what they work on.
// No operation asks for the precision; one whose float32 form has a kernel of its
// own gets a primitive.
//
// The rest is one subject a file: operations (add, gate, spread, moments, normal,
// density, external, squeeze, positions, sites, scale_columns), univariates
// (affine with its scale maps, spline, support; their names are in
// univariates.go), activations (one a file, their names in activation.go), masked
// linear layers (masked.go, and units.go for the inverse of a MADE, unit by unit),
// square matrices (square.go, square_weights.go), maps that are stated row by row
// in float64 (prepared.go, rowmap.go), and attention with its layer norm
// (attention.go, attention_cache.go, layer_norm.go), whose bodies are generic over
// an arithmetic of rows.
package autograd
