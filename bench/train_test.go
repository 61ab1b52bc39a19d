package bench

import (
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow"
)

// TestTrain measures a tiny flow of pixels with classes.
func TestTrain(t *testing.T) {
	c, err := flow.PresetTarFlow.Config(flow.ImageOptions{Height: 4, Width: 4, Levels: 256, Steps: 1, Columns: 4, Context: []string{"a", "b"}})
	if err != nil {
		t.Fatal(err)
	}
	f, err := flow.New(c, 1)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Train(f, blas.Builtin(), 5, 2)
	if err != nil {
		t.Fatal(err)
	}
	table, err := Model(3, 1, []int{4})
	if err != nil {
		t.Fatal(err)
	}
	if r, err := Train(table, blas.Builtin(), 5, 1); err != nil || r.Runs != trainEpochs {
		t.Errorf("a table: measured %+v, %v", r, err)
	}
	if r.Name != "train/builtin/batch=5/workers=2" || r.Runs != trainEpochs || !(r.Ns > 0) || len(r.Figures) != 2 {
		t.Errorf("measured %+v, %v", r, err)
	}
}
