package autograd

import "slices"

// Combine returns x + Σ_j h·a_j·k_j, a stage of a Runge-Kutta step: h is one
// number, or has one for each run of equally many rows, and terms with a_j = 0 are
// left out.
//
// Backward: dx = dy and dk_j = h·a_j·dy; steps are constants.
func (g *Graph) Combine(x Value, h, a []float64, k ...Value) Value {
	wanted := x.wanted()
	for j := range a {
		wanted = wanted || a[j] != 0 && k[j].wanted()
	}
	y := g.newValue(x.Rows, x.Cols, wanted)
	g.do.copy(y.data(), x.data())
	for j, v := range a {
		if v != 0 {
			g.do.addScaledRuns(y.data(), k[j].data(), g.scaled(h, v))
		}
	}
	if y.wanted() {
		k := slices.Clone(k) // the caller's may be on its stack
		g.record(y, func() {
			dy := g.gradient(y)
			g.passOn(x, dy)
			for j, v := range a {
				if v != 0 && k[j].wanted() {
					g.do.addScaledRuns(g.gradient(k[j]), dy, g.scaled(h, v))
				}
			}
		})
	}
	return y
}

// scaled returns the values times a factor.
func (g *Graph) scaled(values []float64, factor float64) []float64 {
	out := g.doubles.take(len(values))
	for i, v := range values {
		out[i] = float64(v * factor)
	}
	return out
}

// AddDots adds the dot product of each row of a and b, times a factor, to its
// event's total.
//
// Backward: da = factor·dtotal·b, db = factor·dtotal·a.
func (g *Graph) AddDots(a, b Value, factor float64, total Sums) {
	g.addDots(a.data(), b.data(), factor, total)
	if !g.recording || !a.wanted() && !b.wanted() {
		return
	}
	g.Record(func() {
		d := g.scaled(total.Gradient, factor)
		if a.wanted() {
			g.do.addScaledRuns(g.gradient(a), b.data(), d)
		}
		if b.wanted() {
			g.do.addScaledRuns(g.gradient(b), a.data(), d)
		}
	})
}

func (g *Graph) addDots(a, b matrix, factor float64, total Sums) {
	mark, sites := g.Mark(), total.sites(a.rows)
	dots := g.take(a.rows)
	g.do.dots(dots, a, b)
	for r := range a.rows {
		total.Values[r/sites] += float64(factor * dots.at(r))
	}
	g.Release(mark)
}

// AddScaled adds each of from, times the factor of its entry, to into; there may be
// one factor for all.
//
// Backward: the gradient times the factor.
func (g *Graph) AddScaled(into, from Sums, factors []float64) {
	per := max(1, len(into.Values)/max(1, len(factors)))
	for e, v := range from.Values {
		into.Values[e] += float64(factors[e/per] * v)
	}
	if g.recording {
		g.Record(func() {
			for e, d := range into.Gradient {
				from.Gradient[e] += float64(factors[e/per] * d)
			}
		})
	}
}
