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
package autograd
