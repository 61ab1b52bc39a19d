package transform

import "fmt"

// Checkerboard is a color of the sites of a grid: "even" or "odd", as the sum of
// their coordinates is (Dinh et al., 2017, §3.4).
type Checkerboard string

// The colors of a [Checkerboard].
const (
	Even Checkerboard = "even"
	Odd  Checkerboard = "odd"
)

// check tells what is wrong on a grid.
func (c Checkerboard) check(shape Shape) error {
	if c != Even && c != Odd {
		return fmt.Errorf("the sites are %q, want %q or %q", c, Even, Odd)
	}
	if _, others := c.split(shape); len(others) == 0 || shape.Sites() == 1 {
		return fmt.Errorf("a checkerboard on a grid of %v: want more than one site", shape.Grid)
	}
	return nil
}

// split returns the sites of the color and the others, ascending.
func (c Checkerboard) split(shape Shape) (sites, others []int) {
	for site := range shape.Sites() {
		sum, rest := 0, site
		for i := len(shape.Grid) - 1; i >= 0; i-- {
			sum += rest % shape.Grid[i]
			rest /= shape.Grid[i]
		}
		if sum%2 == 0 == (c == Even) {
			sites = append(sites, site)
		} else {
			others = append(others, site)
		}
	}
	return sites, others
}
