package train

import (
	"context"
	"sync/atomic"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/internal/parallel"
)

// gradientTileRows is the number of graph rows of a gradient tile (whole
// events). It decides how a minibatch's gradient is summed, so it is part of
// every trained model's bits and the same on every machine. An event of many
// rows is a pass of its own: a tile holds at least minTileEvents of those, so
// that adding up gradients stays small beside computing them.
const (
	gradientTileRows = 64
	minTileEvents    = 4
)

// tileOf returns the number of events of a tile, and how many of them one pass
// computes, for events of so many sites.
func tileOf(sites int) (tile, pass int) {
	if n := gradientTileRows / sites; n >= minTileEvents || sites == 1 {
		return n, n
	}
	return minTileEvents, 1
}

// The gradients of several tiles are kept before they are added, in tile order,
// to the minibatch's: a wave of at most maxWave, of maxKept values (16 MiB) in all
// where that is enough for every worker to have one, so that they are added while a
// cache holds them. It decides time and memory, and no bit.
const (
	maxWave = 64
	maxKept = 1 << 22
)

// waveOf returns how many gradients of so many parameters are kept.
func waveOf(parameters, workers int) int {
	return min(maxWave, max(workers, maxKept/max(1, parameters)))
}

// runner computes gradients and losses of a model on several workers.
type runner struct {
	parameters *autograd.Parameters
	options    Options
	binding    *autograd.Binding
	graphs     []*autograd.Graph // one for each worker
	gradients  [][]float32       // one for each tile of a wave
	sums       []float64         // loss of each tile
	drifts     []float64         // of each tile: see autograd.Graph.Drift
	every      int               // in memory Reversible, after how many maps an input is kept; 0 is never
	optimizer  *optimizer
	tile, pass int               // events
	wave       int               // tiles
	meeting    []*autograd.Graph // one for each tile of a minibatch whose tiles meet
	epoch      uint64
}

func newRunner(m Model, sites int, o Options) (*runner, error) {
	binding, err := m.Bind(o.BLAS)
	if err != nil {
		return nil, err
	}
	binding.Share(o.Workers)
	r := &runner{parameters: m.Parameters(), options: o, binding: binding, optimizer: newOptimizer(m.Parameters(), o)}
	r.wave = waveOf(r.parameters.Len(), o.Workers)
	r.tile, r.pass = tileOf(sites)
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

// begin begins a pass of the given events.
func (r *runner) begin(g *autograd.Graph, events []int) *autograd.Pass {
	p := g.Pass(len(events))
	p.Events, p.Epoch, p.Seed, p.Memory = events, r.epoch, r.options.Seed, r.options.Memory.tape()
	p.Memory.Every = r.every
	return p
}

// compute returns the sum of the losses of a tile's events; in mode
// Differentiate it leaves in g the gradient of that sum times factor.
func (r *runner) compute(g *autograd.Graph, mode autograd.Mode, o Objective, events []int, factor float64) float64 {
	var total float64
	g.Reset(mode)
	for from := 0; from < len(events); from += r.pass {
		if from > 0 {
			g.Next()
		}
		chosen := events[from:min(from+r.pass, len(events))]
		loss := o.Loss(r.begin(g, chosen), chosen)
		total += sum(loss.Values)
		if mode == autograd.Differentiate {
			loss.Seed(factor)
			g.Backward()
		}
	}
	return total
}

// gradient computes the mean loss of the chosen events and its gradient, which
// it leaves in the optimizer, and returns the loss and the gradient's norm; or
// whole = false when ctx ended first.
func (r *runner) gradient(ctx context.Context, o Objective, chosen []int) (loss, norm float64, whole bool) {
	if r.meets() {
		return r.gradientOfMeeting(ctx, o, chosen)
	}
	tiles := r.tiles(len(chosen))
	r.reserve(tiles, min(tiles, r.wave))
	for first := 0; first < tiles; first += r.wave {
		n := min(r.wave, tiles-first)
		whole = r.each(ctx, n, func(worker, i int) {
			t := first + i
			g := r.graphs[worker]
			g.SetGradients(r.gradients[i])
			r.sums[t] = r.compute(g, autograd.Differentiate, o, r.events(chosen, t), 1/float64(len(chosen)))
			r.drifts[t] = g.Drift()
		})
		if !whole {
			return 0, 0, false
		}
		r.optimizer.add(r.gradients[:n], first == 0)
	}
	return r.mean(o, tiles, len(chosen)), r.optimizer.norm(), true
}

// evaluate returns the mean loss of all events, or whole = false when ctx ended
// first.
func (r *runner) evaluate(ctx context.Context, o Objective) (loss float64, whole bool) {
	epoch := r.epoch
	r.epoch = 0
	defer func() { r.epoch = epoch }()
	order := make([]int, o.Events())
	for i := range order {
		order[i] = i
	}
	tiles := r.tiles(len(order))
	r.reserve(tiles, 0)
	whole = r.each(ctx, tiles, func(worker, t int) {
		r.sums[t] = r.compute(r.graphs[worker], autograd.Evaluate, o, r.events(order, t), 0)
	})
	return r.mean(o, tiles, len(order)), whole
}

// tiles returns the number of tiles of so many events, and events those of a
// tile.
func (r *runner) tiles(events int) int { return (events + r.tile - 1) / r.tile }

func (r *runner) events(chosen []int, tile int) []int {
	return chosen[tile*r.tile : min((tile+1)*r.tile, len(chosen))]
}

func (r *runner) mean(o Objective, tiles, events int) float64 {
	return sum(r.sums[:tiles])/float64(events) + o.Constant()
}

// drift returns the largest [autograd.Graph.Drift] of the tiles of a minibatch of
// so many events.
func (r *runner) drift(events int) float64 {
	var most float64
	for _, d := range r.drifts[:r.tiles(events)] {
		if d > most || d != d {
			most = d
		}
	}
	return most
}

// keepMore makes reversible training keep the input of more maps, and tells
// whether it could. A minibatch whose tiles meet cannot be computed again, since
// it has left its traces in the model.
func (r *runner) keepMore() bool {
	switch {
	case r.meets() || r.every == 2:
		return false
	case r.every == 0:
		r.every = mostBetweenKept
	default:
		r.every /= 2
	}
	return true
}

// bytes returns what the graphs have taken, and what of it are kept inputs of maps.
func (r *runner) bytes() (n, kept int) {
	for _, graphs := range [][]*autograd.Graph{r.graphs, r.meeting} {
		for _, g := range graphs {
			n += g.Bytes()
			kept += g.KeptBytes()
		}
	}
	return n, kept
}

// reserve makes room for the sums of so many tiles and so many gradients.
func (r *runner) reserve(tiles, gradients int) {
	for len(r.gradients) < gradients {
		r.gradients = append(r.gradients, make([]float32, r.parameters.Len()))
	}
	if len(r.sums) < tiles {
		r.sums, r.drifts = make([]float64, tiles), make([]float64, tiles)
	}
}

func sum(values []float64) float64 {
	var s float64
	for _, v := range values {
		s += v
	}
	return s
}
