package autograd

// RowDensity is a log-density of one row of values under learned parameters,
// stated in float64: base densities are so small a part of a flow's work that
// they need no kernel. A value of this type is shared by graphs and keeps no
// state; what it wants to remember goes into prepared.
type RowDensity interface {
	// Prepared is the number of values that Prepare fills.
	Prepared() int
	// Prepare computes what is the same for all rows from the parameters p.
	Prepare(prepared, p []float64)
	// LogDensity returns log p(z). It may use prepared as scratch where Prepare
	// left room for it.
	LogDensity(prepared, z []float64) float64
	// Gradient adds d·∂log p/∂z to dz and, unless dp is nil, d·∂log p/∂p to dp.
	Gradient(dz, dp, prepared, z []float64, d float64)
}

// Density adds the log-density of each row of z to its event's total. p is
// the density's parameter, nil where it has none.
func (g *Graph) Density(density RowDensity, z Value, p *Parameter, total Sums) {
	mark := g.Mark()
	prepared, row := g.doubles.take(density.Prepared()), g.doubles.take(z.Cols)
	density.Prepare(prepared, g.widen(p))
	sites := total.sites(z.Rows)
	for r := range z.Rows {
		total.Values[r/sites] += density.LogDensity(prepared, readRow(row, z, r))
	}
	g.Release(mark)
	if !g.recording {
		return
	}
	g.tape = append(g.tape, func() { g.densityBackward(density, z, p, prepared, total) })
}

func (g *Graph) densityBackward(density RowDensity, z Value, p *Parameter, prepared []float64, total Sums) {
	row, dz := g.doubles.take(z.Cols), g.doubles.take(z.Cols)
	var dp []float64
	if p != nil && !g.inputs {
		dp = g.doubles.takeZeroed(p.Size())
	}
	sites := total.sites(z.Rows)
	for r := range z.Rows {
		clear(dz)
		density.Gradient(dz, dp, prepared, readRow(row, z, r), total.Gradient[r/sites])
		if z.wanted() {
			for c, d := range dz {
				g.addGradient(z, r, c, d)
			}
		}
	}
	g.addParameterGradient(p, dp)
}

// readRow copies row r of v to row and returns it.
func readRow(row []float64, v Value, r int) []float64 {
	for c := range row {
		row[c] = v.At(r, c)
	}
	return row
}

// widen returns the values of p in float64; none for nil.
func (g *Graph) widen(p *Parameter) []float64 {
	if p == nil {
		return nil
	}
	if g.Float64() {
		return g.binding.value64(p)
	}
	out := g.doubles.take(p.Size())
	for i, v := range p.Values() {
		out[i] = float64(v)
	}
	return out
}

// SampleRows lets draw rewrite each row of z, in float64, with what Prepare
// made of the density's parameters.
func (g *Graph) SampleRows(density RowDensity, z Value, p *Parameter, draw func(row, prepared []float64, r int)) {
	mark := g.Mark()
	prepared, row := g.doubles.take(density.Prepared()), g.doubles.take(z.Cols)
	density.Prepare(prepared, g.widen(p))
	for r := range z.Rows {
		draw(readRow(row, z, r), prepared, r)
		for c, v := range row {
			z.Set(r, c, v)
		}
	}
	g.Release(mark)
}
