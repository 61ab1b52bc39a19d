package transform_test

import (
	"testing"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/transform"
)

// TestBatchNormObserve learns from the moments of a minibatch of four rows with
// mean 2 and variance 9, and mean -1 and none.
func TestBatchNormObserve(t *testing.T) {
	parameters := autograd.NewParameters(0)
	spec := &transform.BatchNormSpec{Epsilon: 1e-5, Momentum: 0.25}
	b := spec.Build(transform.Shape{Features: 2}, 0, parameters.Root()).(transform.Barrier)
	b.Initialize(1)
	want := [][]float32{{0.5, -0.25, 3, 0.75}, {0.875, -0.4375, 4.5, 0.5625}}
	for step, want := range want {
		b.Observe([]float64{8, -4, 4 * (9 + 4), 4}, 4)
		for i, got := range parameters.Values() {
			if got != want[i] {
				t.Errorf("minibatch %d: running moment %d is %v, want %v", step, i, got, want[i])
			}
		}
	}
}
