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
	"fmt"

	"github.com/seed-192fdf7a/nf/flow/autograd"
)

// Shape says what one event is: sites on a grid, each with features. A table
// row has no grid and one site, a sequence has grid [T], an image [H, W].
type Shape struct {
	Grid     []int `json:"grid,omitempty"`
	Features int   `json:"features"`
}

// Limits on what a description may ask for, checked before memory is.
const (
	MaxFeatures = 1 << 16
	maxSites    = 1 << 24
)

// Sites returns the number of positions of an event.
func (s Shape) Sites() int {
	n := 1
	for _, g := range s.Grid {
		n *= g
	}
	return n
}

// Check tells what is wrong with the shape.
func (s Shape) Check() error {
	if s.Features < 1 || s.Features > MaxFeatures {
		return fmt.Errorf("shape has %d features, want 1 to %d", s.Features, MaxFeatures)
	}
	sites := 1
	for _, g := range s.Grid {
		if g < 1 || g > maxSites/sites {
			return fmt.Errorf("shape has the grid %v, want positive sizes with a product of at most %d", s.Grid, maxSites)
		}
		sites *= g
	}
	return nil
}

// Transform is an invertible map of events.
//
// x holds one row for each site; context, where there is one, has as many rows
// and is the zero Value otherwise. Forward and Inverse add each event's
// log-det to total and may rewrite x in place when g does not record; they
// are safe for concurrent use on different graphs, once bound.
type Transform interface {
	Forward(g *autograd.Graph, x, context autograd.Value, total autograd.Sums) (z autograd.Value)
	Inverse(g *autograd.Graph, z, context autograd.Value, total autograd.Sums) (x autograd.Value)

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
	// Check tells what is wrong, for events of the given shape and contexts of
	// the given number of columns.
	Check(shape Shape, context int) error
	// Build creates the transform and its parameters below scope. It is only
	// called after Check.
	Build(shape Shape, context int, scope autograd.Scope) Transform
	// Output returns the shape of z for x of the given shape.
	Output(shape Shape) Shape
}
