package blas

import (
	"fmt"
	"math"

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

// lines are lines [from, to) of a window.
type lines struct{ from, to int }

// lines are all of them.
func (w Window) lines() lines { return lines{0, w.Height} }

// gather writes to dst, for each site of the lines [from, to) of x, the columns
// of the sites of some lines of its window, Outside where the window leaves the grid.
// Lines are counted through all events; neither has gaps between its rows.
func (w Window) gather(dst, x kernels.Matrix, grid [2]int, of lines, from, to int) {
	height, width, c := grid[0], grid[1], x.Cols
	run := w.Width * c
	_, margin := w.margins()
	whole := w.Dilation == 1 // the sites of a line of the window are neighbours
	for line := from; line < to; line++ {
		for tap := of.from; tap < of.to; tap++ {
			into := dst.Data[(line-from)*width*dst.Cols+(tap-of.from)*run:]
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

// gatherTurned is gather for few columns of x, with what a tap sees of a column at
// all sites as a row of dst: a copy of the column, so many sites further on, in which
// the sites whose windows leave the grid are put right.
func (w Window) gatherTurned(dst, x kernels.Matrix, grid [2]int, of lines, from, to int) {
	if from == to {
		return
	}
	height, width := grid[0], grid[1]
	// Of the events that the lines are of, the lines that may be seen.
	low := max(from-w.Height/2*w.Dilation, from-from%height)
	high := min(to+w.Height/2*w.Dilation, (to-1)/height*height+height)
	buffer := scratch.Borrow((high - low) * width)
	defer scratch.Return(buffer)
	column := (*buffer)[:(high-low)*width]
	for c := range x.Cols {
		at := low*width*x.Stride + c
		for i := range column {
			column[i] = x.Data[at]
			at += x.Stride
		}
		for i := range (of.to - of.from) * w.Width {
			tap := of.from*w.Width + i
			lines, sites := (tap/w.Width-w.Height/2)*w.Dilation, (tap%w.Width-w.Width/2)*w.Dilation
			row := dst.Row(i*x.Cols + c)
			shifted(row, column, (from-low+lines)*width+sites)
			for line := from; line < to; {
				// Lines of an event that see lines outside the grid are its first or its last.
				event := line - line%height
				last := min(event+height, to)
				first, end := max(line, event+height-max(lines, 0)), last
				if lines < 0 {
					first, end = line, min(event-lines, last)
				}
				if first < end {
					fill(row[(first-from)*width:(end-from)*width], w.Outside)
				}
				line = last
			}
			first, end := max(0, width-sites), width
			if sites < 0 {
				first, end = 0, min(-sites, width)
			}
			for site := first; site < end; site++ {
				for i := site; i < len(row); i += width {
					row[i] = w.Outside
				}
			}
		}
	}
}

// shifted copies src from a place on, which may be before its beginning, as far as
// the two go.
func shifted(dst, src []float32, from int) {
	if from < 0 {
		dst, from = dst[min(-from, len(dst)):], 0
	}
	copy(dst, src[min(from, len(src)):])
}

// pad writes the lines [from, to) of the event of x whose first line is first, each
// followed by the sites that a window sees beyond its end, and the first one
// preceded by as many; lines may be outside the grid.
func (w Window) pad(dst []float32, x kernels.Matrix, grid [2]int, first, from, to int) {
	height, width, in := grid[0], grid[1], x.Cols
	_, margin := w.margins()
	fill(dst[:margin*in], w.Outside)
	dst = dst[margin*in:]
	for line := from; line < to; line++ {
		into := dst[:(width+margin)*in]
		dst = dst[(width+margin)*in:]
		if line < 0 || line >= height {
			fill(into, w.Outside)
			continue
		}
		at := (first + line) * width
		if x.Stride == in {
			copy(into, x.Data[at*in:(at+width)*in])
		} else {
			for site := range width {
				copy(into[site*in:(site+1)*in], x.Row(at+site))
			}
		}
		fill(into[width*in:], w.Outside)
	}
}

// fill sets all of v.
func fill(v []float32, to float32) {
	if math.Float32bits(to) == 0 {
		clear(v) // at once
		return
	}
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
