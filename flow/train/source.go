package train

import (
	"math"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
)

// Source is where the events of a likelihood come from, one at a time, so that
// they need not be in memory. It is used by several goroutines at once.
type Source interface {
	Events() int
	// Load writes an event as the graph takes it: its values, standardized and
	// narrowed, site by site, as [flow.Model.Narrow] writes them, and its context. What it draws depends on the
	// event and the epoch alone; epoch 0 is that of validation and of scoring.
	Load(values, context []float32, event int, epoch uint64)
}

// rows is a [Source] of rows in memory.
type rows struct {
	values, context []float32
	width, contexts int // of an event
}

// newRows standardizes checked data. A discrete column has the lower ends of the
// cells of its values.
func newRows(d Data, f *flow.Flow) *rows {
	c := f.Config()
	r := &rows{
		values:  narrow(d.Rows, c.Standardize, len(c.Features)),
		context: narrow(d.Context, c.StandardizeContext, len(c.Context)),
		width:   f.Dim(), contexts: f.ContextFeatures(),
	}
	for column := range c.Features {
		grid, circle := c.DiscreteFeature(column), c.CircularFeature(column)
		if grid == nil && circle == nil {
			continue
		}
		for at := column; at < len(d.Rows); at += len(c.Features) {
			x := d.Rows[at]
			if grid != nil {
				x = grid.Value(x)
			}
			if circle != nil {
				x = circle.Wrap(x)
			}
			r.values[at] = c.Standardize.Narrow(x, column)
		}
	}
	return r
}

func (r *rows) Events() int { return len(r.values) / r.width }

func (r *rows) Load(values, context []float32, event int, _ uint64) {
	copy(values, r.values[event*r.width:])
	copy(context, r.context[event*r.contexts:])
}

func narrow(rows []float64, s flow.Standardization, columns int) []float32 {
	out := make([]float32, len(rows))
	for i, x := range rows {
		out[i] = s.Narrow(x, i%columns)
	}
	return out
}

// noisy is a [Source] whose rows get noise, drawn anew for each row and epoch, so
// that the minibatches and the workers do not matter: independent normals, and in
// discrete columns a uniform part of a step.
type noisy struct {
	*rows
	std   []float32 // of the normal noise of each column; nil for none
	steps []float32 // of each column, 0 where it is continuous; nil for none
	turns []float32 // of each column, 0 where it is no circle
	seed  uint64
}

// newNoisy adds the noise that the options ask for, and that of discrete columns.
// Columns with a support get none, for it could move them out of it.
func newNoisy(r *rows, f *flow.Flow, o Options) Source {
	c := f.Config()
	if o.Noise == 0 && len(c.Discrete) == 0 {
		return r
	}
	n := &noisy{rows: r, turns: make([]float32, len(c.Features)), seed: o.Seed}
	if o.Noise > 0 {
		n.std = make([]float32, len(c.Features))
	}
	if len(c.Discrete) > 0 {
		n.steps = make([]float32, len(c.Features))
	}
	for i := range c.Features {
		if n.std != nil && c.Support(i) == nil {
			n.std[i] = float32(o.Noise)
		}
		if grid := c.DiscreteFeature(i); grid != nil {
			n.steps[i] = float32(grid.Step / c.Standardize.Std[i])
		}
		if circle := c.CircularFeature(i); circle != nil {
			n.turns[i] = float32((circle.Upper - circle.Lower) / c.Standardize.Std[i])
		}
	}
	return n
}

// newValidation is a source of rows without noise but that of discrete columns,
// which is the same in each epoch.
func newValidation(r *rows, f *flow.Flow, o Options) Source {
	o.Noise = 0
	return newNoisy(r, f, o)
}

func (n *noisy) Load(values, context []float32, event int, epoch uint64) {
	n.load(values, event, epoch)
	copy(context, n.context[event*n.contexts:])
	if n.steps != nil {
		words := make([]uint32, len(values))
		kernels.PhiloxWords(words, n.seed, random.Dequantize, epoch<<40+uint64(event))
		for i, w := range words {
			// A step of 0 adds nothing.
			values[i] += float32(n.steps[i%len(n.steps)] * float32(float32(w>>8)*0x1p-24))
		}
	}
	// Noise may have gone over the ends of a circle, half a turn from 0.
	for i, v := range values {
		if turn := n.turns[i%len(n.turns)]; turn > 0 && !(v >= -turn/2 && v <= turn/2) {
			whole := math.Floor(float64(v)/float64(turn) + 0.5)
			values[i] = max(-turn/2, min(turn/2, float32(float64(v)-float64(whole*float64(turn)))))
		}
	}
}

// load writes the values with their normal noise.
func (n *noisy) load(values []float32, event int, epoch uint64) {
	own := n.values[event*n.width:][:n.width]
	if n.std == nil {
		copy(values, own)
		return
	}
	columns := len(n.std)
	sites := len(values) / columns
	kernels.NormalRows(values, sites, columns, n.seed, random.Noise, epoch<<40+uint64(event)*uint64(sites))
	for i, v := range own {
		values[i] = v + float32(n.std[i%columns]*values[i])
	}
}
