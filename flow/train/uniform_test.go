package train

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/base"
)

// TestUniformBase fits rows that lie in the box, and is told of a row that does
// not.
func TestUniformBase(t *testing.T) {
	rows := correlated(2000, 1)
	for _, bound := range []float64{20, 1} {
		c, err := flow.NSF([]string{"a", "b", "c"}, nil, flow.Options{Layers: 4, Hidden: []int{16}, Permutation: "none", Base: base.Uniform, Bound: bound})
		if err != nil {
			t.Fatal(err)
		}
		f, err := flow.New(c, 1)
		if err != nil {
			t.Fatal(err)
		}
		o := Defaults()
		o.Epochs, o.Batch, o.LearningRate, o.BLAS = 20, 128, 5e-3, blas.Builtin()
		result, err := Fit(context.Background(), f, Data{Rows: rows}, Data{Rows: correlated(500, 2)}, o)
		switch {
		case bound == 20 && (err != nil || math.IsInf(result.BestValidNLL, 0) || result.BestValidNLL >= result.History[0].TrainNLL):
			t.Errorf("in the box: %v, %+v", err, result)
		case bound == 1 && (err == nil || !strings.Contains(err.Error(), "widen the box")):
			t.Errorf("outside the box: %v", err)
		}
	}
}
