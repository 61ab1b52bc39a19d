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
	// Events are the numbers of the events, for noise that belongs to an event;
	// nil where nothing draws any.
	Events []uint64
	// Seed keys all noise of this pass.
	Seed uint64
}

// Pass begins a pass of so many events, without context and with zero
// log-dets. A graph has one at a time.
func (g *Graph) Pass(events int) *Pass {
	g.pass = Pass{Graph: g, LogDet: g.Sums(events)}
	return &g.pass
}

// SiteContext returns the context with a row for each of so many sites: each
// event's row, repeated.
func (p *Pass) SiteContext(rows int) Value {
	if p.Context.IsZero() || p.Context.Rows == rows {
		return p.Context
	}
	return p.Spread(p.Context, rows)
}
