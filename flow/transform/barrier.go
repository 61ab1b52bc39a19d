package transform

import (
	"fmt"

	"github.com/seed-192fdf7a/nf/flow/autograd"
)

// Barrier is a map that, in training, depends on statistics of the whole
// minibatch. A trainer that cuts the minibatch into tiles brings every tile to
// the barrier, adds up their Statistics in tile order, and lets every tile go
// on with ForwardShared; in backward it adds up the gradients of the shared
// statistics, in tile order, before any tile goes back beyond the barrier.
//
// Forward and Inverse use what the map has learned of earlier minibatches.
type Barrier interface {
	Transform

	// Statistics returns this tile's part of the statistics, which add up.
	Statistics(g *autograd.Graph, x autograd.Value) autograd.Sums
	// ForwardShared is Forward with the minibatch's statistics; rows is the
	// minibatch's number of graph rows.
	ForwardShared(p *autograd.Pass, x autograd.Value, statistics autograd.Sums, rows int) autograd.Value
	// Observe learns from a minibatch's statistics, once, after its gradient.
	Observe(statistics []float64, rows int)
}

// Barriers returns the places of the barriers in c. One inside another
// transform, where a trainer could not stop, is an error.
func Barriers(c *Chain) ([]int, error) {
	var places []int
	for i, t := range c.transforms {
		if isBarrier(t) {
			places = append(places, i)
		} else if hides(t, isBarrier) {
			return nil, fmt.Errorf("transform %d has a batchnorm inside, which cannot be trained there; put it into the flow's own chain", i)
		}
	}
	return places, nil
}

// hides tells whether t, or a map inside it, is one of a kind.
func hides(t Transform, kind func(Transform) bool) bool {
	switch t := t.(type) {
	case *Chain:
		for _, part := range t.transforms {
			if hides(part, kind) {
				return true
			}
		}
		return false
	case inverted:
		return hides(t.t, kind)
	}
	return kind(t)
}

func isBarrier(t Transform) bool {
	_, ok := t.(Barrier)
	return ok
}
