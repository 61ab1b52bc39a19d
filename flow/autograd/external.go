package autograd

// External adds to total the log-density of each event of x that f computes
// outside the graph: how a density that is Go code, or another model, enters.
// x holds the events row-major, D values each. f sets logProb, one value an
// event, and adds the derivative of each with respect to its event's values to
// grad, D values an event, unless that is nil; it keeps neither.
//
// Backward: dx = dtotal·grad.
func (g *Graph) External(x Value, f func(logProb, grad, x []float64), total Sums) {
	events := len(total.Values)
	values := g.doubles.take(x.Rows * x.Cols)
	for r := range x.Rows {
		readRow(values[r*x.Cols:(r+1)*x.Cols], x, r)
	}
	logProb := g.doubles.takeZeroed(events)
	var grad []float64
	if g.recording && x.wanted() {
		grad = g.doubles.takeZeroed(len(values))
	}
	f(logProb, grad, values)
	for e, v := range logProb {
		total.Values[e] += v
	}
	if grad == nil {
		return
	}
	g.Record(func() {
		sites := total.sites(x.Rows)
		for r := range x.Rows {
			for c := range x.Cols {
				g.addGradient(x, r, c, float64(total.Gradient[r/sites]*grad[r*x.Cols+c]))
			}
		}
	})
}
