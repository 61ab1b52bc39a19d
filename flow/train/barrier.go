package train

import (
	"context"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/transform"
)

// tileRun is one tile of a minibatch on its way through a chain with barriers.
// All tiles of the minibatch are under way at once, each on its own graph.
type tileRun struct {
	graph      *autograd.Graph
	events     []int
	pass       *autograd.Pass
	x          autograd.Value
	barriers   []barrierRun  // those passed, in order
	statistics autograd.Sums // of the map that initializeFromData has come to
}

// barrierRun is what a tile keeps of a barrier.
type barrierRun struct {
	own, shared autograd.Sums
	segments    int // on the tape before ForwardShared
}

// gradientWithBarriers is gradient for chains with barriers: every tile waits
// at each of them.
func (r *runner) gradientWithBarriers(ctx context.Context, s set, chosen []int) (nll, norm float64, whole bool) {
	count := (len(chosen) + r.tile - 1) / r.tile
	r.reserve(count, count)
	for len(r.tiles) < count {
		r.tiles = append(r.tiles, &tileRun{graph: r.binding.NewGraph()})
	}
	tiles := r.tiles[:count]
	each := func(do func(t int, run *tileRun)) bool {
		return r.each(ctx, count, func(_, t int) { do(t, tiles[t]) })
	}
	maps := r.flow.Chain().Transforms()
	rows := len(chosen) * r.flow.Sites()

	whole = each(func(t int, run *tileRun) {
		g := run.graph
		g.SetGradients(r.gradients[t])
		g.Reset(autograd.Differentiate)
		run.events = chosen[t*r.tile : min((t+1)*r.tile, len(chosen))]
		run.barriers = run.barriers[:0]
		run.pass, run.x = r.load(g, s, run.events)
	})
	if !whole {
		return 0, 0, false
	}
	from := 0
	statistics := make([][]float64, len(r.barriers))
	for b, at := range r.barriers {
		barrier := maps[at].(transform.Barrier)
		whole = each(func(_ int, run *tileRun) {
			run.forward(maps[from:at])
			run.graph.Cut()
			run.barriers = append(run.barriers, barrierRun{own: barrier.Statistics(run.graph, run.x)})
		})
		if !whole {
			return 0, 0, false
		}
		statistics[b] = fold(tiles, func(run *tileRun) []float64 { return run.barriers[b].own.Values })
		whole = each(func(_ int, run *tileRun) {
			g := run.graph
			passed := &run.barriers[b]
			passed.shared, passed.segments = g.Shared(statistics[b]), g.Segments()
			g.Cut()
			run.x = barrier.ForwardShared(run.pass, run.x, passed.shared, rows)
		})
		if !whole {
			return 0, 0, false
		}
		from = at + 1
	}
	whole = each(func(t int, run *tileRun) {
		run.forward(maps[from:])
		r.flow.BaseDensity(run.pass, run.x)
		r.sums[t] = sum(run.pass.LogDet.Values)
		run.pass.LogDet.Seed(-1 / float64(len(chosen)))
	})
	if !whole {
		return 0, 0, false
	}

	for b := len(r.barriers) - 1; b >= 0; b-- {
		whole = each(func(_ int, run *tileRun) {
			for run.graph.Segments() > run.barriers[b].segments {
				run.graph.BackwardSegment()
			}
		})
		if !whole {
			return 0, 0, false
		}
		gradient := fold(tiles, func(run *tileRun) []float64 { return run.barriers[b].shared.Gradient })
		for _, run := range tiles {
			copy(run.barriers[b].own.Gradient, gradient)
		}
	}
	if !each(func(_ int, run *tileRun) { run.graph.Backward() }) {
		return 0, 0, false
	}

	r.adam.add(r.gradients[:count], true)
	for b, at := range r.barriers {
		maps[at].(transform.Barrier).Observe(statistics[b], rows)
	}
	return -(sum(r.sums[:count])/float64(len(chosen)) + r.flow.StandardizationLogDet()), r.adam.norm(), true
}

func (run *tileRun) forward(maps []transform.Transform) {
	for _, t := range maps {
		run.graph.Cut()
		run.x = t.Forward(run.pass, run.x)
	}
}

// fold adds up a vector of every tile, in tile order.
func fold(tiles []*tileRun, of func(*tileRun) []float64) []float64 {
	out := make([]float64, len(of(tiles[0])))
	for _, run := range tiles {
		for i, v := range of(run) {
			out[i] += v
		}
	}
	return out
}
