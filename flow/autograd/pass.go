package autograd

// Pass is one tile of events on its way through a flow. What a transform or a
// conditioner needs besides the value that it maps travels here. Like the graph
// it belongs to one goroutine, and it ends with the graph's next Reset.
type Pass struct {
	*Graph
	// Context holds what the density is conditioned on, a row for each event
	// (not for each site); the zero Value for an unconditional flow.
	Context Value
	// LogDet has an entry for each event, to which every map adds its log-det.
	LogDet Sums
	// Events are the numbers of the events in training, for noise that belongs to
	// an event and an epoch; nil in scoring.
	Events []int
	Epoch  uint64
	// Seed keys all noise of this pass.
	Seed uint64
	// Draw is the number of this pass over its events, where a density is the mean of
	// several.
	Draw int
	// AttentionTemperature divides the scores of all attention; 0 is 1.
	AttentionTemperature float64
	// Guidance and Jacobi are how maps that go site by site draw samples.
	Guidance Guidance
	Jacobi   Jacobi
	// Penalties are what the paths of ordinary differential equations cost, beside
	// the likelihood, and Penalty has an entry for each event, to which they are
	// added: see [Penalties].
	Penalties Penalties
	Penalty   Sums
	// Memory says what a chain keeps of the way for the gradient.
	Memory Memory

	parts   []Value  // see Leave
	meeting *Meeting // nil where the tile is alone
	tile    int
	folds   *folds // of the segment that is under way
}

// Penalties weigh the regularizers of an ordinary differential equation dx/dt =
// v(x, t) in training (RNODE: Finlay, Jacobsen, Nurbekyan and Oberman, 2020):
// Kinetic·∫|v|² dt, which makes paths straight, and Jacobian·∫‖∂v/∂x‖² dt, the
// Frobenius norm, which makes them parallel; where the trace is estimated, so is
// this. The zero Penalties ask for neither, and Pass.Penalty is not used.
type Penalties struct{ Kinetic, Jacobian float64 }

// Memory says what a chain of maps keeps of a recorded pass: see
// [Pass.Segment]. The zero Memory keeps everything.
type Memory struct {
	// Replay keeps the input of each map alone, and computes the map again when
	// its gradient comes.
	Replay bool
	// Reversible keeps, of maps that have a closed inverse in one pass, not even
	// that: their input is computed from their output.
	Reversible bool
	// Every, with Reversible, keeps the input of every so many maps all the
	// same, so that rounding does not add up beyond them; 0 keeps none.
	Every int
}

// Pass begins a pass of so many events, without context and with zero
// log-dets. A graph has one at a time.
func (g *Graph) Pass(events int) *Pass {
	g.pass = Pass{Graph: g, LogDet: g.Sums(events), parts: g.pass.parts[:0]}
	return &g.pass
}

// Leave lets a part of the events leave the way to the noise: v, whose rows are
// sites of the events of the pass, is noise already, and the base density is
// that of all that left and of what arrives at the end.
func (p *Pass) Leave(v Value) { p.parts = append(p.parts, v) }

// Return gives back, on the way from the noise, the part that left last and has
// not been given back.
func (p *Pass) Return() Value {
	last := len(p.parts) - 1
	v := p.parts[last]
	p.parts = p.parts[:last]
	return v
}

// Give makes parts that left known to a pass that comes from the noise, in order
// of leaving.
func (p *Pass) Give(parts ...Value) { p.parts = append(p.parts, parts...) }

// Parts returns what left and did not return, in order of leaving.
func (p *Pass) Parts() []Value { return p.parts }

// SiteContext returns the context with a row for each of so many sites: each
// event's row, repeated.
func (p *Pass) SiteContext(rows int) Value {
	if p.Context.IsZero() || p.Context.Rows == rows {
		return p.Context
	}
	return p.Spread(p.Context, rows)
}
