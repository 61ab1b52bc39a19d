package blas

import (
	"fmt"

	"github.com/seed-192fdf7a/nf/kernels"
)

// Window is the sites that a convolution sees of each site of a grid: Height
// lines of Width sites, both odd, around it and Dilation apart in both
// directions. Its taps ascend by line, then by site.
//
// Outside is the value of every column outside the grid. It takes part in an
// output as the values of the grid do, and so has a gradient to the weights.
type Window struct {
	Height, Width, Dilation int
	Outside                 float32
}

// Taps is the number of sites of the window.
func (w Window) Taps() int { return w.Height * w.Width }

// margins are how far the window reaches beyond its middle.
func (w Window) margins() (lines, sites int) {
	return w.Height / 2 * w.Dilation, w.Width / 2 * w.Dilation
}

// check panics unless the window has a middle.
func (w Window) check() {
	if w.Height < 1 || w.Width < 1 || w.Height%2 == 0 || w.Width%2 == 0 || w.Dilation < 1 {
		panic(fmt.Sprintf("blas: a window of %d by %d sites, %d apart: want odd sizes and a dilation of at least 1", w.Height, w.Width, w.Dilation))
	}
}

// bandRows and bandValues are how much of an image is gathered at once: rows
// enough for a product to run at speed, and beyond them no more than fits the
// second-level cache. They change no bit.
const (
	bandRows   = 128
	bandValues = 1 << 16
)

// bandOf returns how many lines of so many sites, each with so many values
// gathered, make a band.
func bandOf(sites, values int) int {
	return max((bandRows+sites-1)/sites, bandValues/max(1, sites*values), 1)
}

// gather writes to dst, for each site of the lines [from, to) of x, the columns
// of all sites of its window, Outside where the window leaves the grid. Lines are
// counted through all events; neither has gaps between its rows.
func (w Window) gather(dst, x kernels.Matrix, grid [2]int, from, to int) {
	height, width, c := grid[0], grid[1], x.Cols
	run := w.Width * c
	_, margin := w.margins()
	whole := w.Dilation == 1 // the sites of a line of the window are neighbours
	for line := from; line < to; line++ {
		for tap := range w.Height {
			into := dst.Data[(line-from)*width*dst.Cols+tap*run:]
			seen := line%height + (tap-w.Height/2)*w.Dilation
			first := line - line%height + seen
			for site := range width {
				part := into[site*dst.Cols:][:run]
				switch {
				case seen < 0 || seen >= height:
					fill(part, w.Outside)
				case whole:
					low, high := max(0, margin-site), min(w.Width, width-site+margin)
					fill(part[:low*c], w.Outside)
					copy(part[low*c:high*c], x.Data[(first*width+site-margin+low)*c:])
					fill(part[high*c:], w.Outside)
				default:
					w.gatherApart(part, x, first*width, width, site-margin)
				}
			}
		}
	}
}

// gatherApart writes to part the columns of the sites from, from+Dilation, … of a
// line of x that begins at row start.
func (w Window) gatherApart(part []float32, x kernels.Matrix, start, width, from int) {
	for i := range w.Width {
		into := part[i*x.Cols : (i+1)*x.Cols]
		if at := from + i*w.Dilation; at < 0 || at >= width {
			fill(into, w.Outside)
		} else {
			copy(into, x.Row(start+at))
		}
	}
}

// fill sets all of v.
func fill(v []float32, to float32) {
	for i := range v {
		v[i] = to
	}
}

// Sees returns the site of a grid that a tap of the window around a site sees, or
// -1 outside the grid. Sites are counted line by line.
func (w Window) Sees(grid [2]int, site, tap int) int {
	line := site/grid[1] + (tap/w.Width-w.Height/2)*w.Dilation
	at := site%grid[1] + (tap%w.Width-w.Width/2)*w.Dilation
	if line < 0 || line >= grid[0] || at < 0 || at >= grid[1] {
		return -1
	}
	return line*grid[1] + at
}
