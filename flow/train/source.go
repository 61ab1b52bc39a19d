package train

import (
	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
)

// Source is where the events of a likelihood come from, one at a time, so that
// they need not be in memory. It is used by several goroutines at once.
type Source interface {
	Events() int
	// Load writes an event as the graph takes it: its values, standardized and
	// narrowed, site by site, and its context. What it draws depends on the
	// event and the epoch alone; epoch 0 is that of validation and of scoring.
	Load(values, context []float32, event int, epoch uint64)
}

// rows is a [Source] of rows in memory.
type rows struct {
	values, context []float32
	width, contexts int // of an event
}

// newRows standardizes checked data.
func newRows(d Data, f *flow.Flow) *rows {
	c := f.Config()
	return &rows{
		values:  narrow(d.Rows, c.Standardize, len(c.Features)),
		context: narrow(d.Context, c.StandardizeContext, len(c.Context)),
		width:   f.Dim(), contexts: f.ContextFeatures(),
	}
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

// noisy is a [Source] whose rows get noise in training: independent normals,
// drawn anew for each row and epoch, so that the minibatches and the workers do
// not matter.
type noisy struct {
	*rows
	std  []float32 // of each column
	seed uint64
}

// newNoisy adds the noise that the options ask for. Columns with a support get
// none, for it could move them out of it.
func newNoisy(r *rows, f *flow.Flow, o Options) Source {
	if o.Noise == 0 {
		return r
	}
	c := f.Config()
	n := &noisy{rows: r, std: make([]float32, len(c.Features)), seed: o.Seed}
	for i := range n.std {
		if c.Support(i) == nil {
			n.std[i] = float32(o.Noise)
		}
	}
	return n
}

func (n *noisy) Load(values, context []float32, event int, epoch uint64) {
	columns := len(n.std)
	sites := len(values) / columns
	kernels.NormalRows(values, sites, columns, n.seed, random.Noise, epoch<<40+uint64(event)*uint64(sites))
	for i, v := range n.values[event*n.width:][:n.width] {
		values[i] = v + float32(n.std[i%columns]*values[i])
	}
	copy(context, n.context[event*n.contexts:])
}
