// Package transform holds the invertible maps that flows are made of, one
// family a file.
//
// Every map has a Spec, plain data that the model file holds as JSON, and the
// Transform built from it. Forward is data to noise, Inverse is noise to data;
// [Invert] flips a map. A log-det is log|det dz/dx| of one event, in the
// direction that is computed.
//
// # Columns, not copies
//
// A permutation moves no data. Instead, [Transform.Bind] tells each map, once,
// which data column stands for each of its features, and a permutation answers
// with other columns. What a map computes over several columns (the inputs of
// a conditioner, the blocks of its output, the sum of a log-det) follows
// ascending data columns, whatever the features are called by then.
package transform

import (
	"github.com/seed-192fdf7a/nf/flow/autograd"
)

// Shape is the shape of an event.
type Shape = autograd.Shape

// Transform is an invertible map of events.
//
// x holds one row for each site of each event of the pass. Forward and Inverse
// add each event's log-det to the pass and may rewrite x in place when it does
// not record; they are safe for concurrent use in different passes, once bound.
type Transform interface {
	Forward(p *autograd.Pass, x autograd.Value) (z autograd.Value)
	Inverse(p *autograd.Pass, z autograd.Value) (x autograd.Value)

	// Bind tells, before first use, the data column of each feature where x
	// enters Forward, and returns that of each feature of z. With inverse it
	// is told z's and returns x's.
	Bind(columns []int, inverse bool) []int

	// Initialize sets the learned values for the start of training.
	Initialize(seed uint64)
}

// Spec describes a transform as plain data. Its fields are what the model file
// says of it.
type Spec interface {
	// Check tells what is wrong, for events x of the given shape and contexts of
	// the given number of columns.
	Check(in Shape, context int) error
	// Output returns the shape of z for x of the given shape, or with inverse
	// that of x for z of the given shape.
	Output(in Shape, inverse bool) Shape
	// Build creates the transform and its parameters below scope. It is only
	// called after Check.
	Build(in Shape, context int, scope autograd.Scope) Transform
}
