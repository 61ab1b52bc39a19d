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
	wide, out, sites := c.features*c.in, c.features*c.out, c.sites()
	// In order, so that the features that see one are neighbours, and with room for
	// panels that begin at any of them.
	stride := roundUp(out, panelColumns) + panelColumns
	memory := tapMemory.Borrow(spareProducts + sites*stride + wide*stride)
	defer tapMemory.Return(memory)
	spare, rest := (*memory)[:spareProducts], (*memory)[spareProducts:]
	sums, packed := rest[:sites*stride], rest[sites*stride:]
	pad(sums, stride, y, out)
	if c.reverse {
		flip(sums, sites, stride, c.features, c.out)
	}
	for tap := range c.taps {
		weights := w[tap*wide*out:][:wide*out]
		if !c.reverse {
			packPanels(packed, weights, out)
		} else {
			c.packFlipped(packed, wide, out, c.out, func(k, o int) float64 { return weights[k*out+o] })
		}
		c.eachRun(tap, func(site, from, n int) {
			addProducts(spare, sums[site*stride:], stride, x[from*wide:], wide, 1, packed, wide, out, n, wide)
		})
	}
	for j := range c.features {
		first := c.seenFrom(j)
		if first == c.features {
			continue
		}
		columns := (c.features - first) * c.out
		eachPanel(packed, c.in, columns, func(row []float64, k, at int) {
			for q := at; q < min(at+len(row), columns); q++ {
				row[q-at] = w[c.own(j, first+q/c.out)+k*c.out+q%c.out]
			}
		})
		addProducts(spare, sums[first*c.out:], stride, x[c.feature(j)*c.in:], wide, 1, packed, c.in, columns, sites, c.in)
	}
	if c.reverse {
		flip(sums, sites, stride, c.features, c.out)
	}
	unpad(y, sums, stride, out)
}

// seenFrom returns the first feature in order that sees the j-th.
func (c *causalTaps) seenFrom(j int) int {
	if c.itself {
		return j
	}
	return j + 1
}

// flip turns the features of rows a stride apart round, of so many values each.
func flip(rows []float64, n, stride, features, values int) {
	for r := range n {
		row := rows[r*stride:]
		for f := range features / 2 {
			a, b := row[f*values:][:values], row[(features-1-f)*values:][:values]
			for i, v := range a {
				a[i], b[i] = b[i], v
			}
		}
	}
}

// packFlipped stores a matrix as panels, its features of so many columns each turned
// round.
func (c *causalTaps) packFlipped(dst []float64, rows, columns, values int, of func(r, c int) float64) {
	eachPanel(dst, rows, columns, func(row []float64, r, first int) {
		for q := first; q < min(first+len(row), columns); q++ {
			row[q-first] = of(r, (c.features-1-q/values)*values+q%values)
		}
	})
}

// backward adds the gradients of x and w, unless that is nil, given that of y. A value
// of dx adds up the sites that see it in their order.
func (c *causalTaps) backward(dx, dw, w, x, dy []float64) {
	wide, out, sites := c.features*c.in, c.features*c.out, c.sites()
	// From the last in order to the first, so that the features that one sees are
	// neighbours, and with room for panels that begin at any of them.
	into, over := roundUp(wide, panelColumns)+panelColumns, roundUp(out, panelColumns)
	memory := tapMemory.Borrow(spareProducts + 2*sites*into + out*into + sites*over + wide*over)
	defer tapMemory.Return(memory)
	rest := *memory
	take := func(n int) (part []float64) { part, rest = rest[:n], rest[n:]; return part }
	s := tapSlopes{
		into: into, over: over, spare: take(spareProducts),
		dx: take(sites * into), sums: take(sites * into), packed: take(out * into), slopes: take(sites * over), weights: take(wide * over),
	}
	pad(s.dx, into, dx, wide)
	if !c.reverse {
		flip(s.dx, sites, into, c.features, c.in)
	}
	if dw != nil {
		packPanels(s.slopes, dy, out)
	}
	if c.reverse {
		c.tapsBackward(&s, dw, w, x, dy)
		c.ownBackward(&s, dw, w, x, dy)
	} else {
		c.ownBackward(&s, dw, w, x, dy)
		c.tapsBackward(&s, dw, w, x, dy)
	}
	if !c.reverse {
		flip(s.dx, sites, into, c.features, c.in)
	}
	unpad(dx, s.dx, into, wide)
}

// tapSlopes is what backward works in: the gradient of x, sums of it, weights as they
// are multiplied, the gradient of y as panels and that of weights; rows of what comes in
// are into values apart, and those of what goes out over.
type tapSlopes struct {
	into, over                               int
	spare, dx, sums, packed, slopes, weights []float64
}

// ownBackward is backward of the sites themselves.
func (c *causalTaps) ownBackward(s *tapSlopes, dw, w, x, dy []float64) {
	wide, out, sites := c.features*c.in, c.features*c.out, c.sites()
	for i := range c.features {
		seen := c.ownFrom(i)
		if seen == 0 {
			continue
		}
		columns := seen * c.in
		eachPanel(s.packed, c.out, columns, func(row []float64, o, first int) {
			for q := first; q < min(first+len(row), columns); q++ {
				row[q-first] = w[c.own(seen-1-q/c.in, i)+q%c.in*c.out+o]
			}
		})
		addProducts(s.spare, s.dx[(c.features-seen)*c.in:], s.into, dy[c.feature(i)*c.out:], out, 1, s.packed, c.out, columns, sites, c.out)
	}
	if dw == nil {
		return
	}
	// All pairs at once, of which those are taken that there are.
	clear(s.weights)
	each := func(do func(sum, weight []float64)) {
		for i := range c.features {
			for j := range c.ownFrom(i) {
				for k := range c.in {
					do(s.weights[(c.feature(j)*c.in+k)*s.over+c.feature(i)*c.out:][:c.out], dw[c.own(j, i)+k*c.out:][:c.out])
				}
			}
		}
	}
	each(func(sum, weight []float64) { copy(sum, weight) })
	addProducts(s.spare, s.weights, s.over, x, 1, wide, s.slopes, sites, out, wide, sites)
	each(func(sum, weight []float64) { copy(weight, sum) })
}

// tapsBackward is backward of the taps.
func (c *causalTaps) tapsBackward(s *tapSlopes, dw, w, x, dy []float64) {
	wide, out := c.features*c.in, c.features*c.out
	for i := range c.taps {
		tap := i // so that of a value the sites that see it come in their order
		if !c.reverse {
			tap = len(c.taps) - 1 - i
		}
		weights := w[tap*wide*out:][:wide*out]
		if c.reverse {
			packTransposed(s.packed, weights, out)
		} else {
			c.packFlipped(s.packed, out, wide, c.in, func(o, k int) float64 { return weights[k*out+o] })
		}
		if dw != nil {
			pad(s.weights, s.over, dw[tap*wide*out:][:wide*out], out)
		}
		c.eachRun(tap, func(site, from, n int) {
			sums, into := s.sums[:n*s.into], s.dx[from*s.into:][:n*s.into]
			clear(sums)
			addProducts(s.spare, sums, s.into, dy[site*out:], out, 1, s.packed, out, wide, n, out)
			for r := 0; r < len(sums); r += s.into {
				row := into[r:][:wide]
				for k, v := range sums[r:][:wide] {
					row[k] += v
				}
			}
			if dw != nil {
				addProducts(s.spare, s.weights, s.over, x[from*wide:], 1, wide, s.slopes[site*panelColumns:], c.sites(), out, wide, n)
			}
		})
		if dw != nil {
			unpad(dw[tap*wide*out:][:wide*out], s.weights, s.over, out)
		}
	}
}

func (c *causalTaps) sites() int { return c.grid[0] * c.grid[1] }

// eachRun calls do for each line of sites that a tap sees sites of, or once where it
// sees whole lines: the first of n sites one after the other, and the first that it sees.
func (c *causalTaps) eachRun(tap int, do func(site, from, n int)) {
	line, at := c.taps[tap][0], c.taps[tap][1]
	if c.reverse {
		line, at = -line, -at
	}
	first, last := max(0, -at), c.grid[1]-max(0, at)
	if first >= last {
		return
	}
	if at == 0 {
		from, lines := max(0, -line), c.grid[0]-max(line, -line)
		if lines > 0 {
			do(from*c.grid[1], (from+line)*c.grid[1], lines*c.grid[1])
		}
		return
	}
	for l := max(0, -line); l < c.grid[0]-max(0, line); l++ {
		do(l*c.grid[1]+first, (l+line)*c.grid[1]+first+at, last-first)
	}
}

// tapMemory is what a convolution works in.
var tapMemory freelist.Slices[float64]
