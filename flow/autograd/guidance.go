package autograd

// Guidance is that of sequential maps on their way from noise to data, classifier-
// free (Ho and Salimans, 2022) as TarFlow has it (Zhai et al., 2025): the
// parameters p of a site become p + w·(p − u), where u are those under another
// condition. It is zero for none.
type Guidance struct {
	// Weight is w; with Annealed it is that times s/(T − 1) for site s of T.
	Weight   float64
	Annealed bool
	// Without is the context that u are computed with, a row for each event, and
	// Temperature their temperature of attention, of which 0 is 1.
	Without     Value
	Temperature float64
}

// At returns the weight of a site of so many, counted in the order of the map.
func (g *Guidance) At(site, sites int) float64 {
	if g.Annealed && sites > 1 {
		return g.Weight * float64(site) / float64(sites-1)
	}
	return g.Weight
}

// Jacobi makes sequential maps find all sites of a sample at once, by iterations
// of x ← f⁻¹(z; x) (Song et al., 2021), instead of one after the other. After as
// many iterations as there are sites nothing changes any more, and the sample has
// the bits that it has site by site. It is zero for none.
type Jacobi struct {
	// Iterations is their number for each block of sites. What they found in
	// earlier blocks stays (Gauss-Seidel-Jacobi: Liu and Qin, 2025).
	Iterations int
	// Blocks is the number of blocks of sites, of each map; 0 is 1.
	Blocks int
	// Residual is the largest change of a value in the last iteration of a block, of
	// those that had fewer than it takes.
	Residual float64
}

// Extrapolate returns a + w·(a − b), of equal shapes.
//
// Backward: da = (1 + w)·dy, db = −w·dy.
func (g *Graph) Extrapolate(a, b Value, w float64) Value {
	y := g.newValue(a.Rows, a.Cols, a.wanted() || b.wanted())
	g.do.copy(y.data(), a.data())
	g.do.addScaled(y.data(), a.data(), w)
	g.do.addScaled(y.data(), b.data(), -w)
	if y.wanted() {
		g.record(y, func() {
			g.passOn(a, g.gradient(y))
			for _, part := range [...]struct {
				v      Value
				factor float64
			}{{a, w}, {b, -w}} {
				if part.v.wanted() {
					g.do.addScaled(g.gradient(part.v), g.gradient(y), part.factor)
				}
			}
		})
	}
	return y
}
