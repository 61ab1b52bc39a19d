package autograd

// AddHiddenTrace adds the trace of the Jacobian of a network with one hidden
// layer to each event's total: of x ↦ gate·(a(x·first)·last),
// where slope is a′ at the hidden units of each row, times what else multiplies
// them, and the gate has one row for all or one for each, or is the zero Value
// for none:
//
//	trace = Σ_h slope_h·Σ_d first[d,h]·gate_d·last[h,d]
//
// This is the exact trace for one more dot product a row, whatever the number of
// features.
//
// Backward: with c_h the inner sums, dslope = dtotal·c, and dfirst, dlast
// and dgate by the product rule.
func (g *Graph) AddHiddenTrace(first, last *Unbiased, slope, gate Value, total Sums) {
	gates := 1
	if !gate.IsZero() {
		gates = gate.Rows
	}
	c := g.newValue(gates, slope.Cols, true)
	g.hiddenTraces(c, first, last, gate)
	g.addDots(slope.data(), repeated(c.data(), slope.Rows), 1, total)
	if !g.recording {
		return
	}
	g.Record(func() {
		if slope.wanted() {
			g.do.addScaledRuns(g.gradient(slope), repeated(c.data(), slope.Rows), total.Gradient)
		}
		g.hiddenTracesBackward(c, slope, total.Gradient, first, last, gate)
	})
}

// hiddenTraces sets c[q,h] = Σ_d first[d,h]·gate[q,d]·last[h,d].
func (g *Graph) hiddenTraces(c Value, first, last *Unbiased, gate Value) {
	mark := g.Mark()
	_, _, products := g.hiddenProducts(first, last)
	d, h := first.In(), first.Out()
	sums := g.doubles.take(h)
	for q := range c.Rows {
		clear(sums)
		for i := range d {
			factor := 1.0
			if !gate.IsZero() {
				factor = gate.At(q, i)
			}
			for j, v := range products[i*h : (i+1)*h] {
				sums[j] += float64(v * factor)
			}
		}
		for j, v := range sums {
			c.Set(q, j, v)
		}
	}
	g.Release(mark)
}

// hiddenProducts returns first and the transpose of last, [D, H] both, and their
// products.
func (g *Graph) hiddenProducts(first, last *Unbiased) (a, b, products []float64) {
	a, across := g.widen(first.Weight), g.widen(last.Weight)
	d, h := first.In(), first.Out()
	b, products = g.doubles.take(len(a)), g.doubles.take(len(a))
	for i := range d {
		for j := range h {
			b[i*h+j] = across[j*d+i]
			products[i*h+j] = float64(a[i*h+j] * b[i*h+j])
		}
	}
	return a, b, products
}

// hiddenTracesBackward is given the gradient of each event's trace.
func (g *Graph) hiddenTracesBackward(c, slope Value, d []float64, first, last *Unbiased, gate Value) {
	gated := !gate.IsZero() && gate.wanted()
	if g.inputs && !gated {
		return
	}
	if gated {
		g.gradient(gate)
	}
	dc := g.gradient(c)
	mark := g.Mark()
	if c.Rows == slope.Rows {
		g.do.addScaledRuns(dc, slope.data(), d)
	} else {
		each := g.newValue(slope.Rows, slope.Cols, false).data()
		g.do.zero(each)
		g.do.addScaledRuns(each, slope.data(), d)
		g.do.addColumnSums(dc, each, 1)
	}
	a, b, products := g.hiddenProducts(first, last)
	in, h := first.In(), first.Out()
	da, across, db := g.doubles.takeZeroed(len(a)), g.doubles.takeZeroed(len(a)), g.doubles.take(len(a))
	gradients := g.doubles.take(h)
	for q := range c.Rows {
		for j := range gradients {
			gradients[j] = c.Gradient(q, j)
		}
		for i := range in {
			factor, dGate := 1.0, 0.0
			if !gate.IsZero() {
				factor = gate.At(q, i)
			}
			as, bs, ps := a[i*h:][:h], b[i*h:][:h], products[i*h:][:h]
			das, dbs := da[i*h:][:h], across[i*h:][:h]
			for j, v := range gradients[:h] {
				scaled := float64(v * factor)
				das[j] += float64(scaled * bs[j])
				dbs[j] += float64(scaled * as[j])
				dGate += float64(v * ps[j])
			}
			if gated {
				g.addGradient(gate, q, i, dGate)
			}
		}
	}
	for i := range in {
		for j := range h {
			db[j*in+i] = across[i*h+j]
		}
	}
	if !g.inputs {
		g.addParameterGradient(first.Weight, da)
		g.addParameterGradient(last.Weight, db)
	}
	g.release(mark)
}
