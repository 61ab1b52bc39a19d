package train

import (
	"context"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/transform"
)

// initializeFromData lets the maps at the given places of the chain take their
// first values from the chosen events, one map after another; or it returns
// false when ctx ended first.
func (r *runner) initializeFromData(ctx context.Context, s set, chosen []int, places []int) (whole bool) {
	count := (len(chosen) + r.tile - 1) / r.tile
	for len(r.tiles) < count {
		r.tiles = append(r.tiles, &tileRun{graph: r.binding.NewGraph()})
	}
	tiles, maps := r.tiles[:count], r.flow.Chain().Transforms()
	rows := len(chosen) * r.flow.Sites()
	each := func(do func(t int, run *tileRun)) bool {
		return r.each(ctx, count, func(_, t int) { do(t, tiles[t]) })
	}
	whole = each(func(t int, run *tileRun) {
		run.graph.Reset(autograd.Evaluate)
		run.events = chosen[t*r.tile : min((t+1)*r.tile, len(chosen))]
		run.barriers = run.barriers[:0]
		run.pass, run.x = r.load(run.graph, s, run.events)
	})
	gather := func(of func(*autograd.Graph, autograd.Value) autograd.Sums) []float64 {
		whole = whole && each(func(_ int, run *tileRun) { run.statistics = of(run.graph, run.x) })
		if !whole {
			return nil
		}
		return fold(tiles, func(run *tileRun) []float64 { return run.statistics.Values })
	}
	for i, m := range maps[:places[len(places)-1]+1] {
		if d, ok := m.(transform.DataInitialized); ok && !d.Initialized() {
			sums := gather(d.Statistics)
			if !whole {
				return false
			}
			d.InitializeFrom(sums, rows)
			r.binding.Refresh(r.options.Workers)
		}
		b, shares := m.(transform.Barrier)
		var sums []float64
		if shares {
			sums = gather(b.Statistics)
		}
		whole = whole && each(func(_ int, run *tileRun) {
			if shares {
				run.x = b.ForwardShared(run.pass, run.x, run.graph.Shared(sums), rows)
			} else {
				run.forward(maps[i : i+1])
			}
		})
		if !whole {
			return false
		}
	}
	return true
}
