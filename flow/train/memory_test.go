package train

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/internal/random"
)

// TestMemoryModes learns the same bits from kept inputs as from the tape, and
// about the same from outputs; a chain whose inverse loses its digits is
// refused.
func TestMemoryModes(t *testing.T) {
	o := Defaults()
	o.Epochs, o.Batch, o.BLAS = 2, 100, blas.Builtin()
	rows := correlated(300, 1)
	fit := func(m Memory) (*flow.Flow, error) {
		f := newFlow(t, batchNorm())
		o.Memory = m
		_, err := Fit(context.Background(), f, Data{Rows: rows}, Data{Rows: rows[:90]}, o)
		return f, err
	}
	stored, err := fit(Stored)
	if err != nil {
		t.Fatal(err)
	}
	replayed, err := fit(Replay)
	if err != nil || !slices.Equal(stored.Model().Parameters().Values(), replayed.Model().Parameters().Values()) {
		t.Errorf("from kept inputs training ends at other values (%v)", err)
	}
	rebuilt, err := fit(Reversible)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range rebuilt.Model().Parameters().Values() {
		if w := stored.Model().Parameters().Values()[i]; math.Abs(float64(v-w)) > 1e-3*(1+math.Abs(float64(w))) {
			t.Fatalf("from outputs parameter %d ends at %v, from the tape at %v", i, v, w)
		}
	}
}

// TestReversibleRefusesDrift trains from values whose inverse loses its digits.
func TestReversibleRefusesDrift(t *testing.T) {
	c, err := flow.RealNVP([]string{"a", "b", "c"}, nil, flow.Options{Layers: 12, Hidden: []int{8}, Bound: 3})
	if err != nil {
		t.Fatal(err)
	}
	f, err := flow.New(c, 1)
	if err != nil {
		t.Fatal(err)
	}
	random.Uniform(f.Model().Parameters().Values(), 5, random.Initialization, 0, 2)
	o := Defaults()
	o.Epochs, o.Batch, o.BLAS, o.Memory = 1, 100, blas.Builtin(), Reversible
	rows := correlated(200, 1)
	_, err = Fit(context.Background(), f, Data{Rows: rows}, Data{Rows: rows[:90]}, o)
	if err == nil || !strings.Contains(err.Error(), "rebuilt") || !strings.Contains(err.Error(), string(Replay)) {
		t.Errorf("error %v, want one about rebuilt values that names %s", err, Replay)
	}
}
