package autograd

import (
	"fmt"

	"github.com/seed-192fdf7a/nf/internal/limits"
)

// Shape says what one event is: sites on a grid, each with features. A table
// row has no grid and one site, a sequence has grid [T], an image [H, W]. A
// matrix of N events has N·Sites() rows, the sites of an event in row-major
// order of the grid, and Features columns.
type Shape struct {
	Grid     []int `json:"grid,omitempty"`
	Features int   `json:"features"`
}

// Limits on what a description may ask for, checked before memory is.
const (
	MaxFeatures = limits.Features
	maxSites    = limits.Sites
)

// Sites returns the number of positions of an event.
func (s Shape) Sites() int {
	n := 1
	for _, g := range s.Grid {
		n *= g
	}
	return n
}

// Dim returns the number of values of an event.
func (s Shape) Dim() int { return s.Sites() * s.Features }

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
