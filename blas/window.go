package blas

import (
	"fmt"

	"github.com/seed-192fdf7a/nf/kernels"
)

// Window is the sites that a convolution sees of each site of a grid: Height
// lines of Width sites, both odd, around it and Dilation apart in both
// directions. Its taps ascend by line, then by site.
type Window struct{ Height, Width, Dilation int }

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
// of all sites of its window, +0 where the window leaves the grid. Lines are
// counted through all events.
func (w Window) gather(dst, x kernels.Matrix, grid [2]int, from, to int) {
	height, width, c := grid[0], grid[1], x.Cols
	run := w.Width * c
	_, margin := w.margins()
	whole := w.Dilation == 1 && x.Stride == c // the sites of a line of the window are neighbours
	for line := from; line < to; line++ {
		for site := range width {
			row := dst.Row((line-from)*width + site)
			for tap := range w.Height {
				seen := line%height + (tap-w.Height/2)*w.Dilation
				part := row[tap*run : (tap+1)*run]
				if seen < 0 || seen >= height {
					clear(part)
					continue
				}
				first := (line-line%height+seen)*width + site - margin
				if whole && site >= margin && site+margin < width {
					copy(part, x.Data[first*c:])
					continue
				}
				for i := range w.Width {
					at := site - margin + i*w.Dilation
					if at < 0 || at >= width {
						clear(part[i*c : (i+1)*c])
						continue
					}
					copy(part[i*c:(i+1)*c], x.Row(first+i*w.Dilation))
				}
			}
		}
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
