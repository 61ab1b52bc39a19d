package transform

import (
	"fmt"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/internal/limits"
)

// eventTransform is a learned [autograd.RowMap] of whole events as a Transform.
type eventTransform struct {
	rowTransform
	bind func(columns []int)
}

func newEventTransform(m autograd.RowMap, p *autograd.Parameter, scope autograd.Scope, bind func(columns []int), start func(values []float32, seed uint64)) *eventTransform {
	return &eventTransform{rowTransform{scope.NewEventMap(m, p), p, start}, bind}
}

// Bind tells the map where its features are.
func (t *eventTransform) Bind(columns []int, _ bool) []int {
	t.bind(columns)
	return columns
}

// checkWindow tells what is wrong with a window on a grid.
func checkWindow(shape Shape, kernel int) error {
	switch {
	case len(shape.Grid) > 2:
		return fmt.Errorf("the grid has %d dimensions, convolutions have one or two", len(shape.Grid))
	case kernel < 1 || kernel > limits.Kernel || kernel%2 == 0:
		return fmt.Errorf("the kernel is %d, want an odd size of 1 to %d", kernel, limits.Kernel)
	}
	return nil
}

// lines returns a grid of one dimension, or of none, as one line.
func lines(grid []int) [2]int {
	g := [2]int{1, 1}
	copy(g[2-len(grid):], grid)
	return g
}

// around returns the taps of a square window on a grid, (line, site) from its middle,
// line by line; on one line they are of that alone.
func around(grid [2]int, kernel int) (taps [][2]int) {
	reach := [2]int{kernel / 2, kernel / 2}
	if grid[0] == 1 {
		reach[0] = 0
	}
	for line := -reach[0]; line <= reach[0]; line++ {
		for site := -reach[1]; site <= reach[1]; site++ {
			taps = append(taps, [2]int{line, site})
		}
	}
	return taps
}
