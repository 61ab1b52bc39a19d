package autograd

// RowDensity is a log-density of one row of values under learned parameters,
// stated in float64: base densities are so small a part of a flow's work that
// they need no kernel. A value of this type is shared by graphs and keeps no
// state.
type RowDensity interface {
	RowConstants
	// Scratch is the number of values that a row needs room for.
	Scratch() int
	// LogDensity returns log p(z).
	LogDensity(prepared, scratch, z []float64) float64
	// Gradient adds d·∂log p/∂z to dz and, unless dp is nil, d·∂log p/∂p to dp.
	Gradient(dz, dp, prepared, scratch, z []float64, d float64)
}

// Density is a [RowDensity] with its parameter.
type Density struct {
	rows RowDensity
	prepared
}

// NewDensity makes a density of a parameter that belongs to the same set, nil
// where it has none.
func (s Scope) NewDensity(rows RowDensity, p *Parameter) *Density {
	return &Density{rows, s.newPrepared(rows, p)}
}

// Density adds the log-density of each row of z to its event's total.
func (g *Graph) Density(density *Density, z Value, total Sums) {
	mark := g.Mark()
	prepared, row, scratch := g.do.prepared(density.prepared), g.doubles.take(z.Cols), g.doubles.take(density.rows.Scratch())
	sites := total.sites(z.Rows)
	for r := range z.Rows {
		total.Values[r/sites] += density.rows.LogDensity(prepared, scratch, readRow(row, z, r))
	}
	g.Release(mark)
	if !g.recording {
		return
	}
	g.Record(func() { g.densityBackward(density, z, total) })
}

func (g *Graph) densityBackward(density *Density, z Value, total Sums) {
	prepared, p := g.do.prepared(density.prepared), density.parameter
	row, dz, scratch := g.doubles.take(z.Cols), g.doubles.take(z.Cols), g.doubles.take(density.rows.Scratch())
	var dp []float64
	if p != nil && !g.inputs {
		dp = g.doubles.takeZeroed(p.Size())
	}
	sites := total.sites(z.Rows)
	for r := range z.Rows {
		clear(dz)
		density.rows.Gradient(dz, dp, prepared, scratch, readRow(row, z, r), total.Gradient[r/sites])
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
	if v.node.data.wide != nil {
		for c := range row {
			row[c] = v.At(r, c)
		}
		return row
	}
	for c, x := range v.Row32(r)[:len(row)] {
		row[c] = float64(x)
	}
	return row
}

// SampleRows lets draw rewrite each row of z, in float64, with what Prepare
// made of the density's parameters.
func (g *Graph) SampleRows(density *Density, z Value, draw func(row, prepared []float64, r int)) {
	mark := g.Mark()
	prepared, row := g.do.prepared(density.prepared), g.doubles.take(z.Cols)
	for r := range z.Rows {
		draw(readRow(row, z, r), prepared, r)
		for c, v := range row {
			z.Set(r, c, v)
		}
	}
	g.Release(mark)
}
