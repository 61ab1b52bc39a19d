package transform

import "github.com/seed-192fdf7a/nf/internal/freelist"

// causalTaps are the weights of a convolution that sees of a grid the sites before
// each, line by line, in a square window, and of the site itself the features
// before, or with itself those and the feature itself; with reverse behind takes
// the place of before. Of each feature there are in copies that come in and out that
// go out, feature after feature.
type causalTaps struct {
	grid     [2]int
	features int
	in, out  int
	itself   bool
	reverse  bool
	taps     [][2]int // before
}

func newCausalTaps(grid [2]int, kernel, features, in, out int, itself, reverse bool) *causalTaps {
	c := &causalTaps{grid: grid, features: features, in: in, out: out, itself: itself, reverse: reverse}
	all := around(grid, kernel)
	c.taps = all[:len(all)/2]
	return c
}

// weights returns how many there are: those of each tap, by what comes in and what
// goes out, and then those of the site itself.
func (c *causalTaps) weights() int {
	pairs := c.features * (c.features - 1) / 2
	if c.itself {
		pairs += c.features
	}
	return (len(c.taps)*c.features*c.features + pairs) * c.in * c.out
}

// site returns the i-th site in order, and feature the i-th feature.
func (c *causalTaps) site(i int) int {
	if c.reverse {
		return c.grid[0]*c.grid[1] - 1 - i
	}
	return i
}

func (c *causalTaps) feature(i int) int {
	if c.reverse {
		return c.features - 1 - i
	}
	return i
}

// seen returns the site that a tap sees of one, or −1.
func (c *causalTaps) seen(site, tap int) int {
	line, at := c.taps[tap][0], c.taps[tap][1]
	if c.reverse {
		line, at = -line, -at
	}
	line, at = line+site/c.grid[1], at+site%c.grid[1]
	if line < 0 || line >= c.grid[0] || at < 0 || at >= c.grid[1] {
		return -1
	}
	return line*c.grid[1] + at
}

// own returns where the weights of the site itself begin from feature j to feature i
// in order, j below i, or with itself j = i.
func (c *causalTaps) own(j, i int) int {
	at := i*(i-1)/2 + j
	if c.itself {
		at = i*(i+1)/2 + j
	}
	return (len(c.taps)*c.features*c.features + at) * c.in * c.out
}

// ownFrom returns how many features of the site itself the i-th in order sees.
func (c *causalTaps) ownFrom(i int) int {
	if c.itself {
		return i + 1
	}
	return i
}

// each calls do for each of the values that go out of a site, those of the taps
// alone or of the i-th feature of the site alone, with a value that comes in and the
// weight between them. Values are numbered site by site, feature by feature.
func (c *causalTaps) eachTap(site int, do func(out, in, weight int)) {
	wide := c.features * c.in
	for tap := range c.taps {
		from := c.seen(site, tap)
		if from < 0 {
			continue
		}
		for k := range wide {
			for o := range c.features * c.out {
				do(site*c.features*c.out+o, from*wide+k, (tap*wide+k)*c.features*c.out+o)
			}
		}
	}
}

func (c *causalTaps) eachOwn(site, i int, do func(out, in, weight int)) {
	out := (site*c.features + c.feature(i)) * c.out
	for j := range c.ownFrom(i) {
		in, at := (site*c.features+c.feature(j))*c.in, c.own(j, i)
		for k := range c.in {
			for o := range c.out {
				do(out+o, in+k, at+k*c.out+o)
			}
		}
	}
}

// apply adds the convolution of x to y: of each value that goes out one chain, over
// the taps and what comes in, and then over the site itself.
func (c *causalTaps) apply(y, w, x []float64) {
	wide, out := c.features*c.in, c.features*c.out
	stride := roundUp(out, panelColumns)
	memory := tapMemory.Borrow((c.sites() + wide) * stride)
	defer tapMemory.Return(memory)
	sums, packed := (*memory)[:c.sites()*stride], (*memory)[c.sites()*stride:]
	pad(sums, y, out)
	for tap := range c.taps {
		packPanels(packed, w[tap*wide*out:][:wide*out], out)
		c.eachRun(tap, func(site, from, n int) {
			addProducts(sums[site*stride:], stride, x[from*wide:], wide, 1, packed, wide, out, n, wide)
		})
	}
	unpad(y, sums, out)
	c.eachPair(func(into, from, weight int) {
		sums := y[into:][:c.out]
		for k, v := range x[from:][:c.in] {
			for o, a := range w[weight+k*c.out:][:c.out] {
				sums[o] += float64(a * v)
			}
		}
	})
}

// backward adds the gradients of x and w, unless that is nil, given that of y. A value
// of dx adds up the sites that see it in their order.
func (c *causalTaps) backward(dx, dw, w, x, dy []float64) {
	if c.reverse {
		c.tapsBackward(dx, dw, w, x, dy)
	}
	c.eachPair(func(into, from, weight int) {
		slopes := dy[into:][:c.out]
		for k, v := range x[from:][:c.in] {
			at := weight + k*c.out
			sum := dx[from+k]
			for o, a := range w[at:][:c.out] {
				sum += float64(a * slopes[o])
			}
			dx[from+k] = sum
			if dw != nil {
				for o, d := range slopes {
					dw[at+o] += float64(v * d)
				}
			}
		}
	})
	if !c.reverse {
		c.tapsBackward(dx, dw, w, x, dy)
	}
}

func (c *causalTaps) tapsBackward(dx, dw, w, x, dy []float64) {
	wide, out, sites := c.features*c.in, c.features*c.out, c.sites()
	into, over := roundUp(wide, panelColumns), roundUp(out, panelColumns)
	memory := tapMemory.Borrow(c.grid[1]*into + out*into + sites*over + wide*over)
	defer tapMemory.Return(memory)
	rest := *memory
	take := func(n int) (part []float64) { part, rest = rest[:n], rest[n:]; return part }
	sums, transposed, slopes, weights := take(c.grid[1]*into), take(out*into), take(sites*over), take(wide*over)
	if dw != nil {
		packPanels(slopes, dy, out)
	}
	for i := range c.taps {
		tap := i // so that of a value the sites that see it come in their order
		if !c.reverse {
			tap = len(c.taps) - 1 - i
		}
		from := tap * wide * out
		packTransposed(transposed, w[from:][:wide*out], out)
		if dw != nil {
			pad(weights, dw[from:][:wide*out], out)
		}
		c.eachRun(tap, func(site, from, n int) {
			clear(sums)
			addProducts(sums, into, dy[site*out:], out, 1, transposed, out, wide, n, out)
			for r := range n {
				for k := range wide {
					dx[(from+r)*wide+k] += sums[r*into+k]
				}
			}
			if dw != nil {
				addProducts(weights, over, x[from*wide:], 1, wide, slopes[site*panelColumns:], sites, out, wide, n)
			}
		})
		if dw != nil {
			unpad(dw[from:][:wide*out], weights, out)
		}
	}
}

// eachPair calls do for each site and two features of it of which one sees the other,
// in order: the first of the values that go out, of those that come in and of the
// weights between them.
func (c *causalTaps) eachPair(do func(into, from, weight int)) {
	for site := range c.sites() {
		for i := range c.features {
			into := (site*c.features + c.feature(i)) * c.out
			for j := range c.ownFrom(i) {
				do(into, (site*c.features+c.feature(j))*c.in, c.own(j, i))
			}
		}
	}
}

func (c *causalTaps) sites() int { return c.grid[0] * c.grid[1] }

// eachRun calls do for each line of sites that a tap sees sites of: the first of n
// sites side by side, and the first that it sees.
func (c *causalTaps) eachRun(tap int, do func(site, from, n int)) {
	line, at := c.taps[tap][0], c.taps[tap][1]
	if c.reverse {
		line, at = -line, -at
	}
	first, last := max(0, -at), c.grid[1]-max(0, at)
	if first >= last {
		return
	}
	for l := max(0, -line); l < c.grid[0]-max(0, line); l++ {
		do(l*c.grid[1]+first, (l+line)*c.grid[1]+first+at, last-first)
	}
}

// tapMemory is what a convolution works in.
var tapMemory freelist.Slices[float64]
