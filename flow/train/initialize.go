package train

import (
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/transform"
	"github.com/seed-192fdf7a/nf/internal/parallel"
)

// initializeFromData lets the maps at the given places of the chain take their
// first values from the chosen events, one map after another.
func (r *runner) initializeFromData(s set, chosen []int, places []int) {
	count := (len(chosen) + r.tile - 1) / r.tile
	for len(r.tiles) < count {
		r.tiles = append(r.tiles, &tileRun{graph: r.binding.NewGraph()})
	}
	tiles, maps := r.tiles[:count], r.flow.Chain().Transforms()
	rows := len(chosen) * r.flow.Sites()
	each := func(do func(t int, run *tileRun)) {
		parallel.For(count, r.options.Workers, func(_, t int) { do(t, tiles[t]) })
	}
	each(func(t int, run *tileRun) {
		run.graph.Reset(autograd.Evaluate)
		run.events = chosen[t*r.tile : min((t+1)*r.tile, len(chosen))]
		run.barriers = run.barriers[:0]
		run.pass, run.x = r.load(run.graph, s, run.events)
	})
	gather := func(of func(*autograd.Graph, autograd.Value) autograd.Sums) []float64 {
		each(func(_ int, run *tileRun) { run.statistics = of(run.graph, run.x) })
		return fold(tiles, func(run *tileRun) []float64 { return run.statistics.Values })
	}
	for i, m := range maps[:places[len(places)-1]+1] {
		if d, ok := m.(transform.DataInitialized); ok && !d.Initialized() {
			d.InitializeFrom(gather(d.Statistics), rows)
			r.binding.Refresh(r.options.Workers)
		}
		if b, ok := m.(transform.Barrier); ok {
			sums := gather(b.Statistics)
			each(func(_ int, run *tileRun) {
				run.x = b.ForwardShared(run.pass, run.x, run.graph.Shared(sums), rows)
			})
			continue
		}
		each(func(_ int, run *tileRun) { run.forward(maps[i : i+1]) })
	}
}
