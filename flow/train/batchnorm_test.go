package train

import (
	"context"
	"math"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow/transform"
)

// TestFitObserves trains one step on all rows, which reach the batchnorm as
// they are, with mean 0 and variance 1: its running moments go a quarter of the
// way there, with several tiles as with one.
func TestFitObserves(t *testing.T) {
	f := newFlow(t, &transform.BatchNormSpec{Epsilon: 1e-4, Momentum: 0.25})
	mean, variance := find(t, f, "transforms.1.running_mean"), find(t, f, "transforms.1.running_variance")
	for c := range 3 {
		mean.Values()[c], variance.Values()[c] = 5, 9
	}
	o := Defaults()
	o.Epochs, o.Batch, o.BLAS, o.LearningRate = 1, 300, blas.Builtin(), 1e-9
	rows := correlated(200, 1)
	if _, err := Fit(context.Background(), f, Data{Rows: rows}, Data{Rows: rows[:60]}, o); err != nil {
		t.Fatal(err)
	}
	for c := range 3 {
		if m, v := float64(mean.Values()[c]), float64(variance.Values()[c]); math.Abs(m-0.75*5) > 1e-4 || math.Abs(v-(0.75*9+0.25)) > 1e-4 {
			t.Errorf("column %d: the running moments are %v and %v, want 3.75 and 7", c, m, v)
		}
	}
}
