package transform

import (
	"math"
	"slices"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/nn"
	"github.com/seed-192fdf7a/nf/internal/freelist"
)

// Adaptive steps are 2⁻ᵏ of the way and begin at multiples of their size, so that
// times are exact, a trajectory depends on its event alone, and its steps do not
// follow rounding. An event begins with firstHalvings; a step whose error is too
// large is tried again at half its size, and one whose error is below 1/growth of
// what it may be is followed by one of twice the size, where that begins at a
// multiple of itself. One of the smallest size is taken whatever its error is, and
// counted where that is too large.
const (
	firstHalvings = 3
	growth        = 64
)

// trail are the steps that an event took: the halvings of each, the values after
// it, and the log-det of it.
type trail struct {
	halved         []uint8
	states, gained []float64
}

// adapt goes the whole way in steps that adapt to each event.
func (t *Continuous) adapt(p *autograd.Pass, x autograd.Value, inverse bool) autograd.Value {
	w := t.way(p, x, inverse)
	j := workingSets.Borrow()
	defer workingSets.Return(j)
	if !p.Recording() {
		y := p.Copy(x)
		mark := p.Mark()
		j.begin(t, p, y, w)
		j.run(p.LogDet, nil)
		p.Release(mark)
		return y
	}
	taken := make([]trail, len(p.LogDet.Values))
	p.Still(func() {
		mark := p.Mark()
		j.begin(t, p, p.Copy(x), w)
		j.run(p.Sums(len(taken)), taken)
		p.Release(mark)
	})
	return t.retrace(p, x, w, taken)
}

// retrace takes steps that are known, with a tape for each: where they lead is
// computed again only when that is differentiated, or for penalties.
func (t *Continuous) retrace(p *autograd.Pass, x autograd.Value, w way, taken []trail) autograd.Value {
	events, sites := len(taken), x.Rows/max(1, len(taken))
	y := p.Input(x.Rows, x.Cols, true)
	active, done := ascending(events), make([]int, events)
	sub := *p
	for i := 0; len(active) > 0; i++ {
		// Which events go on, by their places among those under way.
		var stay, leave, staying, leaving []int
		for at, e := range active {
			if i < len(taken[e].halved) {
				stay, staying = append(stay, at), append(staying, e)
			} else {
				leave, leaving = append(leave, at), append(leaving, e)
			}
		}
		if len(leave) > 0 {
			p.PutRows(y, p.TakeRows(x, rowsOf(leave, sites)), rowsOf(leaving, sites))
			active = staying
			x = p.TakeRows(x, rowsOf(stay, sites))
			if !sub.Context.IsZero() {
				sub.Context = p.TakeRows(sub.Context, stay)
			}
			if !w.directions.IsZero() {
				w.directions = p.TakeRows(w.directions, rowsOf(stay, w.directions.Rows/max(1, len(stay)+len(leave))))
			}
			w.fields = slices.Clone(w.fields) // steps before have the others
			for k, field := range w.fields {
				w.fields[k] = p.TakeRows(field, rowsOf(stay, sites))
			}
		}
		if len(active) == 0 {
			break
		}
		from, size := p.Sums(len(active)).Values, p.Sums(len(active)).Values
		for at, e := range active {
			from[at] = float64(done[e]) / MaxSteps
			size[at] = 1 / float64(int(1)<<taken[e].halved[i])
			done[e] += MaxSteps >> taken[e].halved[i]
		}
		sub.LogDet = p.Sums(len(active))
		if p.Penalties != (autograd.Penalties{}) {
			sub.Penalty = p.Sums(len(active))
		}
		way, under := w, active
		x = sub.Segment(x, func(p *autograd.Pass, x autograd.Value) autograd.Value {
			if !p.Recording() && p.Penalties == (autograd.Penalties{}) {
				return known(p, x, under, taken, i)
			}
			return t.step(p, x, from, size, way)
		}, nil)
		p.AddChosen(p.LogDet, sub.LogDet, active)
		if p.Penalties != (autograd.Penalties{}) {
			p.AddChosen(p.Penalty, sub.Penalty, active)
		}
	}
	return y
}

// known returns where events are after a step that they took, and adds its log-det.
func known(p *autograd.Pass, x autograd.Value, active []int, taken []trail, step int) autograd.Value {
	y, sites := p.Input(x.Rows, x.Cols, false), x.Rows/len(active)
	for at, e := range active {
		p.LogDet.Values[at] += taken[e].gained[step]
		own := taken[e].states[step*sites*x.Cols:]
		for r := range sites {
			for c := range x.Cols {
				y.Set(at*sites+r, c, own[r*x.Cols+c])
			}
		}
	}
	return y
}

// rowsOf returns the rows of events that have so many each.
func rowsOf(events []int, each int) []int {
	rows := make([]int, 0, len(events)*each)
	for _, e := range events {
		for r := range each {
			rows = append(rows, e*each+r)
		}
	}
	return rows
}

// workingSet are the events on their way; one that has arrived leaves.
type workingSet struct {
	t    *Continuous
	all  *autograd.Pass
	pass autograd.Pass  // of the events under way
	y    autograd.Value // of all events: where they are in the end
	w    way

	active []int // numbers of the events under way
	done   []int // in units of the smallest step
	halved []uint8
	x      autograd.Value
	first  autograd.Value // the velocity where the next step begins
	trace  []float64      // and its trace
	rows   []int          // scratch
}

// workingSets recycles them, so that a warm scorer allocates nothing.
var workingSets freelist.List[workingSet]

// begin puts all events where y is.
func (j *workingSet) begin(t *Continuous, p *autograd.Pass, y autograd.Value, w way) {
	events := len(p.LogDet.Values)
	j.t, j.all, j.pass, j.y, j.w = t, p, *p, y, w
	j.w.fields = slices.Clone(w.fields)
	j.pass.Penalties = autograd.Penalties{}
	j.active, j.done, j.halved = j.active[:0], j.done[:0], j.halved[:0]
	for e := range events {
		j.active, j.done, j.halved = append(j.active, e), append(j.done, 0), append(j.halved, firstHalvings)
	}
	j.x, j.first, j.trace = p.Copy(y), p.Input(y.Rows, y.Cols, false), p.Sums(events).Values
	mark := p.Mark()
	start := p.Sums(events).Values
	p.Put(j.first, j.velocity(j.x, start, start, 0), autograd.Part{})
	copy(j.trace, j.pass.LogDet.Values)
	p.Release(mark)
}

// run takes steps until all events have arrived; it adds log-dets and notes the
// steps that were taken, unless taken is nil.
func (j *workingSet) run(logDet autograd.Sums, taken []trail) {
	for len(j.active) > 0 {
		mark := j.all.Mark()
		arrived := j.attempt(logDet, taken)
		j.all.Release(mark)
		if arrived {
			j.compact()
		}
	}
	j.all, j.pass = nil, autograd.Pass{}
}

// velocity evaluates the velocity where a part of a step is done, and sets the
// log-dets of the pass to its trace.
func (j *workingSet) velocity(x autograd.Value, done, size []float64, part float64) autograd.Value {
	p := &j.pass
	p.LogDet = p.Sums(len(j.active))
	d := nn.Divergence{Directions: j.w.directions, Fields: j.w.fields, Share: j.t.spec.Probes.share(), Trace: p.LogDet}
	return j.t.evaluate(p, x, j.w.time(p, done, size, part), d)
}

// attempt tries a step of every event under way, and tells whether any arrived.
func (j *workingSet) attempt(logDet autograd.Sums, taken []trail) (arrived bool) {
	p, tab, n := &j.pass, j.t.tableau, len(j.active)
	done, size := p.Sums(n).Values, p.Sums(n).Values
	for i := range n {
		done[i] = float64(j.done[i]) / MaxSteps
		size[i] = 1 / float64(int(1)<<j.halved[i])
	}
	h := j.w.signed(p, size, 1)
	var k [maxStages]autograd.Value
	var traces [maxStages][]float64
	k[0], traces[0] = j.first, j.trace[:n]
	next := j.x
	for i := 1; i < len(tab.c); i++ {
		next = p.Combine(j.x, h, tab.a[i], k[:i]...)
		k[i] = j.velocity(next, done, size, tab.c[i])
		traces[i] = p.LogDet.Values
	}
	// next is the result now: the last stage is where the next step begins.
	wrong := p.Input(j.x.Rows, j.x.Cols, false)
	for r := range wrong.Rows {
		for c := range wrong.Cols {
			wrong.Set(r, c, 0)
		}
	}
	wrong = p.Combine(wrong, h, tab.e, k[:]...)
	sites := j.x.Rows / n
	for i := range n {
		gain, off := 0.0, 0.0
		for s, b := range tab.b {
			if b != 0 {
				gain += float64(float64(h[i]*b) * traces[s][i])
			}
		}
		for s, e := range tab.e {
			off += float64(e * traces[s][i])
		}
		err := math.Abs(float64(h[i]*off)) / (1 + math.Abs(gain))
		var squares float64
		for r := i * sites; r < (i+1)*sites; r++ {
			for c := range wrong.Cols {
				v := wrong.At(r, c) / (1 + max(math.Abs(j.x.At(r, c)), math.Abs(next.At(r, c))))
				squares += float64(v * v)
			}
		}
		err = max(err, math.Sqrt(squares/float64(sites*wrong.Cols))) / j.t.spec.Solver.Tolerance
		if err > 1 && j.halved[i] < mostHalvings {
			j.halved[i]++
			continue
		}
		if err > 1 {
			p.Forced()
		}
		e := j.active[i]
		logDet.Values[e] += gain
		if taken != nil {
			taken[e].halved, taken[e].gained = append(taken[e].halved, j.halved[i]), append(taken[e].gained, gain)
		}
		for r := i * sites; r < (i+1)*sites; r++ {
			for c := range wrong.Cols {
				if taken != nil {
					taken[e].states = append(taken[e].states, next.At(r, c))
				}
				j.x.Set(r, c, next.At(r, c))
				j.first.Set(r, c, k[len(tab.c)-1].At(r, c))
			}
		}
		j.trace[i] = traces[len(tab.c)-1][i]
		j.done[i] += MaxSteps >> j.halved[i]
		if j.done[i] == MaxSteps || err != err {
			// What is no number stays none.
			j.done[i], arrived = MaxSteps, true
		} else if larger := MaxSteps >> j.halved[i] * 2; err < 1.0/growth && j.halved[i] > 0 && j.done[i]%larger == 0 {
			j.halved[i]--
		}
	}
	return arrived
}

// compact takes events that have arrived out of the working set.
func (j *workingSet) compact() {
	p, n := j.all, len(j.active)
	sites, stay := j.x.Rows/n, 0
	for i, e := range j.active {
		if j.done[i] == MaxSteps {
			for r := range sites {
				for c := range j.x.Cols {
					j.y.Set(e*sites+r, c, j.x.At(i*sites+r, c))
				}
			}
		}
	}
	j.x, j.first = p.TakeRows(j.x, j.staying(sites)), p.TakeRows(j.first, j.staying(sites))
	if d := j.w.directions; !d.IsZero() {
		j.w.directions = p.TakeRows(d, j.staying(d.Rows/n))
	}
	for k, field := range j.w.fields {
		j.w.fields[k] = p.TakeRows(field, j.staying(sites))
	}
	if c := j.pass.Context; !c.IsZero() {
		j.pass.Context = p.TakeRows(c, j.staying(1))
	}
	for i, e := range j.active {
		if j.done[i] < MaxSteps {
			j.active[stay], j.done[stay], j.halved[stay], j.trace[stay] = e, j.done[i], j.halved[i], j.trace[i]
			stay++
		}
	}
	j.active, j.done, j.halved = j.active[:stay], j.done[:stay], j.halved[:stay]
}

// staying returns the rows of the events that have not arrived, of which each has
// so many, until the next call.
func (j *workingSet) staying(each int) []int {
	j.rows = j.rows[:0]
	for i, done := range j.done {
		if done < MaxSteps {
			for r := range each {
				j.rows = append(j.rows, i*each+r)
			}
		}
	}
	return j.rows
}
