package transform

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

// apply adds the convolution of x to y.
func (c *causalTaps) apply(y, w, x []float64) {
	wide, out := c.features*c.in, c.features*c.out
	own := func(out, in, weight int) { y[out] += float64(w[weight] * x[in]) }
	for site := range c.grid[0] * c.grid[1] {
		into := y[site*out:][:out]
		for tap := range c.taps {
			from := c.seen(site, tap)
			if from < 0 {
				continue
			}
			for k, v := range x[from*wide:][:wide] {
				for o, weight := range w[(tap*wide+k)*out:][:out] {
					into[o] += float64(weight * v)
				}
			}
		}
		for i := range c.features {
			c.eachOwn(site, i, own)
		}
	}
}

// backward adds the gradients of x and w, unless that is nil, given that of y.
func (c *causalTaps) backward(dx, dw, w, x, dy []float64) {
	wide, out := c.features*c.in, c.features*c.out
	own := func(out, in, weight int) {
		dx[in] += float64(w[weight] * dy[out])
		if dw != nil {
			dw[weight] += float64(x[in] * dy[out])
		}
	}
	for site := range c.grid[0] * c.grid[1] {
		d := dy[site*out:][:out]
		for tap := range c.taps {
			from := c.seen(site, tap)
			if from < 0 {
				continue
			}
			for k, v := range x[from*wide:][:wide] {
				at := (tap*wide + k) * out
				var sum float64
				for o, weight := range w[at:][:out] {
					sum += float64(weight * d[o])
				}
				dx[from*wide+k] += sum
				if dw != nil {
					for o := range dw[at:][:out] {
						dw[at+o] += float64(v * d[o])
					}
				}
			}
		}
		for i := range c.features {
			c.eachOwn(site, i, own)
		}
	}
}
