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
	a, b := g.widen(first.Weight), g.widen(last.Weight)
	d, h := first.In(), first.Out()
	for q := range c.Rows {
		for j := range h {
			var sum float64
			for i := range d {
				v := float64(a[i*h+j] * b[j*d+i])
				if !gate.IsZero() {
					v = float64(v * gate.At(q, i))
				}
				sum += v
			}
			c.Set(q, j, sum)
		}
	}
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
	a, b := g.widen(first.Weight), g.widen(last.Weight)
	in, h := first.In(), first.Out()
	da, db := g.doubles.takeZeroed(len(a)), g.doubles.takeZeroed(len(b))
	for q := range c.Rows {
		for i := range in {
			factor, dGate := 1.0, 0.0
			if !gate.IsZero() {
				factor = gate.At(q, i)
			}
			for j := range h {
				v := c.Gradient(q, j)
				da[i*h+j] += float64(float64(v*factor) * b[j*in+i])
				db[j*in+i] += float64(float64(v*factor) * a[i*h+j])
				dGate += float64(v * float64(a[i*h+j]*b[j*in+i]))
			}
			if gated {
				g.addGradient(gate, q, i, dGate)
			}
		}
	}
	if !g.inputs {
		g.addParameterGradient(first.Weight, da)
		g.addParameterGradient(last.Weight, db)
	}
	g.release(mark)
}
