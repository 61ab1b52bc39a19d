package train

import (
	"context"

	"github.com/seed-192fdf7a/nf/flow/autograd"
)

// meets tells whether the tiles of a minibatch depend on one another.
func (r *runner) meets() bool { return r.parameters.MeetsAlways() }

// meet computes the losses of all tiles of a minibatch, all of them under way at
// once, each on a graph of its own, so that the model can bring them together,
// and runs do for each. It returns false when ctx ended first.
func (r *runner) meet(ctx context.Context, mode autograd.Mode, o Objective, chosen []int, do func(tile int, p *autograd.Pass, loss autograd.Sums)) (whole bool) {
	tiles := r.tiles(len(chosen))
	for len(r.meeting) < tiles {
		r.meeting = append(r.meeting, r.binding.NewGraph())
	}
	if mode == autograd.Differentiate {
		r.reserve(tiles, tiles)
	}
	m := autograd.NewMeeting(tiles, len(chosen), r.options.Workers)
	defer context.AfterFunc(ctx, m.End)()
	return m.Run(func(t int) {
		g := r.meeting[t]
		if mode == autograd.Differentiate {
			g.SetGradients(r.gradients[t])
		}
		g.Reset(mode)
		events := r.events(chosen, t)
		p := r.begin(g, events)
		p.Join(m, t)
		do(t, p, o.Loss(p, events))
	}) && ctx.Err() == nil
}

// gradientOfMeeting is gradient for models whose tiles meet.
func (r *runner) gradientOfMeeting(ctx context.Context, o Objective, chosen []int) (loss, norm float64, whole bool) {
	tiles := r.tiles(len(chosen))
	whole = r.meet(ctx, autograd.Differentiate, o, chosen, func(t int, p *autograd.Pass, loss autograd.Sums) {
		r.sums[t] = sum(loss.Values)
		loss.Seed(1 / float64(len(chosen)))
		p.Backward()
		r.drifts[t] = p.Drift()
	})
	if !whole {
		return 0, 0, false
	}
	r.optimizer.add(r.gradients[:tiles], true)
	return r.mean(o, tiles, len(chosen)), r.optimizer.norm(), true
}

// initializeFromData lets the model take its first values from the chosen
// events. It returns false when ctx ended first.
func (r *runner) initializeFromData(ctx context.Context, o Objective, chosen []int) (whole bool) {
	r.parameters.Edit(func([]float32) {
		whole = r.meet(ctx, autograd.Evaluate, o, chosen, func(int, *autograd.Pass, autograd.Sums) {})
	})
	if !r.meets() {
		r.meeting = nil // training needs a graph for each worker, not for each tile
	}
	if whole {
		r.binding.Refresh(r.options.Workers)
	}
	return whole
}
