package autograd

// StandardNormal adds the standard normal log-density of each event,
// −½ Σ z² − ½ D log 2π over all its sites, to total.
//
// Backward: dz = −z·dtotal.
func (g *Graph) StandardNormal(z Value, total Sums) {
	mark, sites := g.Mark(), total.sites(z.Rows)
	rows := g.doubles.take(z.Rows)
	g.do.standardNormal(rows, z.data())
	for r, v := range rows {
		total.Values[r/sites] += v
	}
	g.Release(mark)
	if !z.wanted() || !g.recording {
		return
	}
	g.Record(func() {
		dz, accumulate := g.gradientTo(z)
		if !accumulate {
			g.do.zero(dz)
		}
		g.do.standardNormalBackward(dz, z.data(), g.rowGradients(total, z.Rows))
	})
}
