package train

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/transform"
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
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

// tall is a flow of so many couplings, an ActNorm behind each, with random values.
func tall(t testing.TB, columns, layers int, o flow.Options, values float32) *flow.Flow {
	t.Helper()
	features := make([]string, columns)
	for i := range features {
		features[i] = fmt.Sprintf("f%d", i)
	}
	o.Layers = layers
	c, err := flow.RealNVP(features, nil, o)
	if err != nil {
		t.Fatal(err)
	}
	var between []transform.Spec
	for _, s := range c.Transforms {
		between = append(between, s, &transform.ActNormSpec{Bound: 4})
	}
	c.Transforms = between
	f, err := flow.New(c, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range f.Model().Parameters().All() {
		if !p.Frozen && !strings.Contains(p.Name, "constant") {
			random.Uniform(p.Values(), 5, random.Initialization, uint64(p.Offset()), values)
		}
	}
	return f
}

// gradientOf returns the gradient of a minibatch of 200 rows, and the runner that
// computed it.
func gradientOf(t *testing.T, f *flow.Flow, m Memory) ([]float32, *runner) {
	t.Helper()
	o := Defaults()
	o.Memory, o.BLAS, o.Workers = m, blas.Builtin(), 1
	if err := o.complete(); err != nil {
		t.Fatal(err)
	}
	objective := MaximumLikelihood(f, newRows(Data{Rows: normals(200*8, 4)}, f))
	r, err := newRunner(f.Model(), 1, o)
	if err != nil {
		t.Fatal(err)
	}
	chosen := make([]int, 200)
	for i := range chosen {
		chosen[i] = i
	}
	if r.parameters.AwaitsData() {
		r.initializeFromData(context.Background(), objective, chosen)
	}
	r.gradient(context.Background(), objective, chosen)
	return r.optimizer.gradient, r
}

func normals(n int, seed uint64) []float64 {
	narrow, out := make([]float32, n), make([]float64, n)
	kernels.NormalRows(narrow, 1, n, seed, random.Demo, 0)
	for i, v := range narrow {
		out[i] = float64(v)
	}
	return out
}

// TestReversibleGradientOfDepth32 compares gradients of a tall flow whose ActNorms
// keep values of the order of one: those from kept inputs are the tape's, those from
// outputs near them, and that they are is measured.
func TestReversibleGradientOfDepth32(t *testing.T) {
	f := tall(t, 8, 32, flow.Options{Hidden: []int{16}, Bound: 1}, 0.4)
	want, _ := gradientOf(t, f, Stored)
	replayed, _ := gradientOf(t, f, Replay)
	if !slices.Equal(want, replayed) {
		t.Error("from kept inputs the gradient has other bits")
	}
	got, r := gradientOf(t, f, Reversible)
	var off, size float64
	for i, v := range want {
		d := float64(got[i] - v)
		off, size = off+d*d, size+float64(v)*float64(v)
	}
	if drift := r.drift(200); off == 0 || drift == 0 || drift > maxDrift || math.Sqrt(off/size) > 1e-4 {
		t.Errorf("from outputs the gradient is off by %v of its size, at a drift of %v", math.Sqrt(off/size), drift)
	}
}

// TestReversibleMemory counts what a step takes: from outputs it does not grow with
// the number of layers.
func TestReversibleMemory(t *testing.T) {
	taken := map[Memory][2]float64{}
	for _, m := range []Memory{Stored, Replay, Reversible} {
		var bytes [2]float64
		for i, layers := range []int{8, 64} {
			_, r := gradientOf(t, tall(t, 8, layers, flow.Options{Hidden: []int{256}, Bound: 1}, 0.1), m)
			tape, _ := r.bytes()
			bytes[i] = float64(tape)
		}
		taken[m] = bytes
	}
	if b := taken[Reversible]; b[1] > 1.25*b[0] {
		t.Errorf("from outputs 8 layers take %v bytes and 64 layers %v", b[0], b[1])
	}
	if s, r, o := taken[Stored], taken[Replay], taken[Reversible]; s[1] < 5*s[0] || s[1] < 5*r[1] || r[1] < o[1] {
		t.Errorf("64 layers take %v bytes stored, %v from inputs, %v from outputs; 8 layers %v stored", s[1], r[1], o[1], s[0])
	}
}

// TestReversibleKeepsInputs trains a flow whose values drift away: inputs are kept
// between, as many whatever the workers, and the result is near that of the tape.
func TestReversibleKeepsInputs(t *testing.T) {
	rows := normals(300*8, 9)
	var first *flow.Flow
	for _, workers := range []int{1, 3} {
		f := tall(t, 8, 40, flow.Options{Hidden: []int{8}, Bound: 2}, 1)
		o := Defaults()
		o.Epochs, o.Batch, o.BLAS, o.Memory, o.Workers = 1, 150, blas.Builtin(), Reversible, workers
		r, err := Fit(context.Background(), f, Data{Rows: rows}, Data{Rows: rows[:80]}, o)
		if err != nil || r.Kept == 0 || r.TapeBytes == 0 {
			t.Fatalf("%d workers: inputs are kept after every %d maps, %d bytes of tape: %v", workers, r.Kept, r.TapeBytes, err)
		}
		if first == nil {
			first = f
		} else if !slices.Equal(first.Model().Parameters().Values(), f.Model().Parameters().Values()) {
			t.Error("the number of workers changes the values")
		}
	}
}
