package train

import (
	"context"

	"github.com/seed-192fdf7a/nf/flow/autograd"
)

// meets tells whether the tiles of a minibatch depend on one another.
func (r *runner) meets() bool { return r.flow.Parameters().MeetsAlways() }

// meet runs do for each tile of a minibatch, all of them under way at once,
// each on a graph of its own, so that the flow can bring them together. It
// returns false when ctx ended first.
func (r *runner) meet(ctx context.Context, mode autograd.Mode, s set, chosen []int, do func(t int, p *autograd.Pass, x autograd.Value)) (whole bool) {
	tiles := (len(chosen) + r.tile - 1) / r.tile
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
		p, x := r.load(g, s, chosen[t*r.tile:min((t+1)*r.tile, len(chosen))])
		p.Join(m, t)
		do(t, p, x)
	}) && ctx.Err() == nil
}

// gradientOfMeeting is gradient for flows whose tiles meet.
func (r *runner) gradientOfMeeting(ctx context.Context, s set, chosen []int) (nll, norm float64, whole bool) {
	whole = r.meet(ctx, autograd.Differentiate, s, chosen, func(t int, p *autograd.Pass, x autograd.Value) {
		r.flow.LogDensity(p, x)
		r.sums[t] = sum(p.LogDet.Values)
		p.LogDet.Seed(-1 / float64(len(chosen)))
		p.Backward()
	})
	if !whole {
		return 0, 0, false
	}
	tiles := (len(chosen) + r.tile - 1) / r.tile
	r.adam.add(r.gradients[:tiles], true)
	return -(sum(r.sums[:tiles])/float64(len(chosen)) + r.flow.StandardizationLogDet()), r.adam.norm(), true
}

// initializeFromData lets the flow take its first values from the chosen
// events. It returns false when ctx ended first.
func (r *runner) initializeFromData(ctx context.Context, s set, chosen []int) (whole bool) {
	whole = r.meet(ctx, autograd.Evaluate, s, chosen, func(_ int, p *autograd.Pass, x autograd.Value) {
		r.flow.Chain().Forward(p, x)
	})
	if whole {
		r.binding.Refresh(r.options.Workers)
	}
	return whole
}
