package train

import (
	"context"
	"sync/atomic"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/internal/parallel"
)

// gradientTileRows is the number of graph rows of a gradient tile (whole
// events, at least one). It decides how a minibatch's gradient is summed, so it
// is part of every trained model's bits and the same on every machine.
const gradientTileRows = 64

// The gradients of several tiles are kept before they are added, in tile order,
// to the minibatch's: a wave of at most maxWave, of maxKept values in all where
// that is enough for every worker to have one. It decides time and memory, and
// no bit.
const (
	maxWave = 64
	maxKept = 1 << 28
)

// waveOf returns how many gradients of so many parameters are kept.
func waveOf(parameters, workers int) int {
	return min(maxWave, max(workers, maxKept/max(1, parameters)))
}

// runner computes gradients and nlls of a flow on several workers.
type runner struct {
	flow      *flow.Flow
	options   Options
	binding   *autograd.Binding
	graphs    []*autograd.Graph // one for each worker
	gradients [][]float32       // one for each tile of a wave
	sums      []float64         // log-density of each tile
	adam      *adam
	tile      int               // events
	wave      int               // tiles
	meeting   []*autograd.Graph // one for each tile of a minibatch whose tiles meet
}

func newRunner(f *flow.Flow, o Options) (*runner, error) {
	binding, err := f.Bind(o.BLAS)
	if err != nil {
		return nil, err
	}
	r := &runner{
		flow: f, options: o, binding: binding,
		adam: newAdam(f.Parameters().Values(), o.Workers),
		tile: max(1, gradientTileRows/f.Sites()),
		wave: waveOf(f.Parameters().Len(), o.Workers),
	}
	for range o.Workers {
		r.graphs = append(r.graphs, binding.NewGraph())
	}
	return r, nil
}

// each does a piece of work for each of count tiles on the workers. When ctx
// ends it skips what is not begun and returns false.
func (r *runner) each(ctx context.Context, count int, do func(worker, tile int)) (whole bool) {
	var skipped atomic.Bool
	parallel.For(count, r.options.Workers, func(worker, tile int) {
		if ctx.Err() != nil {
			skipped.Store(true)
			return
		}
		do(worker, tile)
	})
	return !skipped.Load()
}

// gradient computes the mean nll of the chosen events and its gradient, which
// it leaves in the optimizer, and returns the nll and the gradient's norm; or
// whole = false when ctx ended first.
func (r *runner) gradient(ctx context.Context, s set, chosen []int) (nll, norm float64, whole bool) {
	if r.meets() {
		return r.gradientOfMeeting(ctx, s, chosen)
	}
	tiles := (len(chosen) + r.tile - 1) / r.tile
	r.reserve(tiles, min(tiles, r.wave))
	for first := 0; first < tiles; first += r.wave {
		n := min(r.wave, tiles-first)
		whole = r.each(ctx, n, func(worker, i int) {
			t := first + i
			from, to := t*r.tile, min((t+1)*r.tile, len(chosen))
			g := r.graphs[worker]
			g.SetGradients(r.gradients[i])
			g.Reset(autograd.Differentiate)
			total := r.logDensity(g, s, chosen[from:to])
			total.Seed(-1 / float64(len(chosen)))
			g.Backward()
			r.sums[t] = sum(total.Values)
		})
		if !whole {
			return 0, 0, false
		}
		r.adam.add(r.gradients[:n], first == 0)
	}
	return -(sum(r.sums[:tiles])/float64(len(chosen)) + r.flow.StandardizationLogDet()), r.adam.norm(), true
}

// evaluate returns the mean nll of all events, or whole = false when ctx ended
// first.
func (r *runner) evaluate(ctx context.Context, s set) (nll float64, whole bool) {
	order := make([]int, s.events)
	for i := range order {
		order[i] = i
	}
	tiles := (s.events + r.tile - 1) / r.tile
	r.reserve(tiles, 0)
	whole = r.each(ctx, tiles, func(worker, t int) {
		g := r.graphs[worker]
		g.Reset(autograd.Evaluate)
		from, to := t*r.tile, min((t+1)*r.tile, s.events)
		r.sums[t] = sum(r.logDensity(g, s, order[from:to]).Values)
	})
	return -(sum(r.sums[:tiles])/float64(s.events) + r.flow.StandardizationLogDet()), whole
}

// reserve makes room for the sums of so many tiles and so many gradients.
func (r *runner) reserve(tiles, gradients int) {
	for len(r.gradients) < gradients {
		r.gradients = append(r.gradients, make([]float32, len(r.adam.values)))
	}
	if len(r.sums) < tiles {
		r.sums = make([]float64, tiles)
	}
}

// logDensity computes the log-density of the chosen events, but for the
// standardization's constant.
func (r *runner) logDensity(g *autograd.Graph, s set, chosen []int) autograd.Sums {
	p, x := r.load(g, s, chosen)
	r.flow.LogDensity(p, x)
	return p.LogDet
}

// load begins a pass of the chosen events.
func (r *runner) load(g *autograd.Graph, s set, chosen []int) (p *autograd.Pass, x autograd.Value) {
	p = g.Pass(len(chosen))
	sites, columns := r.flow.Sites(), len(r.flow.Config().Features)
	x = g.Input(len(chosen)*sites, columns, false)
	for i, event := range chosen {
		dst, values := x.Flat32()[i*sites*columns:(i+1)*sites*columns], s.rows[event*sites*columns:(event+1)*sites*columns]
		if s.noise != nil {
			s.noise.add(dst, values, event)
		} else {
			copy(dst, values)
		}
	}
	if columns := r.flow.ContextFeatures(); columns > 0 {
		p.Context = g.Input(len(chosen), columns, false)
		for i, event := range chosen {
			copy(p.Context.Row32(i), s.context[event*columns:(event+1)*columns])
		}
	}
	return p, x
}

func sum(values []float64) float64 {
	var s float64
	for _, v := range values {
		s += v
	}
	return s
}
