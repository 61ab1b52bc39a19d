package train_test

import (
	"math"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/base"
	"github.com/seed-192fdf7a/nf/flow/train"
	"github.com/seed-192fdf7a/nf/flow/transform"
	"github.com/seed-192fdf7a/nf/kernels"
)

// TestMatchingOfANormal matches N(0,1) noise with N(m, s²) rows, whose answer is
// known: the least loss of independent pairs is π·s'/2 a column in standardized
// units, s' = 1, those of transported pairs less, and the density is normal. The rows
// are quantiles, so that their moments are those of the density.
func TestMatchingOfANormal(t *testing.T) {
	if testing.Short() {
		t.Skip("training takes minutes on an emulated processor: left out by -short")
	}
	const n, mean, std = 8192, 3, 0.5
	rows := make([]float64, n)
	for i := range rows {
		rows[i*3001%n] = mean + std*math.Sqrt2*math.Erfinv((2*float64(i)+1)/n-1)
	}
	losses := map[train.Pairing]float64{}
	for _, by := range []struct {
		pairing train.Pairing
		epochs  int
		average float64
		bound   float64 // of the error of log p
	}{
		{train.IndependentPairs, 56, 0.99, 1e-2},
		{train.TransportPairs, 12, 0, 0.1}, // which bends where rows of a tile are few
	} {
		o := train.Options{Epochs: by.epochs, Batch: 512, LearningRate: 1e-2, Schedule: train.Cosine, Average: by.average, Seed: 1, Workers: 2, BLAS: blas.Builtin()}
		c, err := flow.FlowMatching([]string{"x"}, nil, flow.Options{Hidden: []int{24}, Steps: 12})
		must(t, err)
		f, err := flow.New(c, 1)
		must(t, err)
		r, err := train.FitMatching(t.Context(), f, train.Data{Rows: rows}, train.Data{Rows: rows[:n/2]}, by.pairing, o)
		must(t, err)
		const last = 8 // epochs, in whose mean the noise of a loss is below 1 %
		for _, epoch := range r.History[len(r.History)-last:] {
			losses[by.pairing] += epoch.TrainNLL / last
		}
		x := []float64{mean - 0.5, mean, mean + 0.3, mean + 1}
		got := make([]float64, len(x))
		must(t, f.LogProb(got, x, nil))
		for i, v := range x {
			u := (v - mean) / std
			want := -0.5*u*u - math.Log(std) - 0.5*math.Log(2*math.Pi)
			if math.Abs(got[i]-want) > by.bound {
				t.Errorf("%s: log p(%v) is %v, want %v", by.pairing, v, got[i], want)
			}
		}
	}
	if got := losses[train.IndependentPairs]; math.Abs(got-math.Pi/2) > 0.02*math.Pi/2 {
		t.Errorf("the loss of independent pairs is %v, want π/2", got)
	}
	if got := losses[train.TransportPairs]; got > 0.15 {
		t.Errorf("the loss of transported pairs is %v, want far less", got)
	}
}

// TestMatchingOfWeights learns two clusters of which one has ten times the weight:
// that share of the learned density lies there. Pairs by transport would be biased.
func TestMatchingOfWeights(t *testing.T) {
	if testing.Short() {
		t.Skip("training takes minutes on an emulated processor: left out by -short")
	}
	const n = 2000
	normals := make([]float32, n)
	kernels.NormalRows(normals, n, 1, 5, 2, 0)
	var data train.Data
	for i, v := range normals {
		sign := float64(2*(i%2) - 1)
		data.Rows = append(data.Rows, 3*sign+0.5*float64(v))
		data.Weights = append(data.Weights, 5.5+4.5*sign)
	}
	c, err := flow.FlowMatching([]string{"x"}, nil, flow.Options{Hidden: []int{24}, Steps: 12})
	must(t, err)
	f, err := flow.New(c, 1)
	must(t, err)
	o := train.Options{Epochs: 16, Batch: 64, LearningRate: 1e-2, Schedule: train.Cosine, Seed: 1, Workers: 2, BLAS: blas.Builtin()}
	if _, err := train.FitMatching(t.Context(), f, data, data, train.TransportPairs, o); err == nil || !strings.Contains(err.Error(), "weights") {
		t.Fatalf("pairs by transport with weights: %v", err)
	}
	_, err = train.FitMatching(t.Context(), f, data, data, "", o)
	must(t, err)
	x, err := f.Sample(4000, 3, nil)
	must(t, err)
	above := 0
	for _, v := range x {
		if v > 0 {
			above++
		}
	}
	if share := float64(above) / float64(len(x)); math.Abs(share-10.0/11) > 0.02 {
		t.Errorf("%v of the draws lie in the cluster of ten times the weight, want %v", share, 10.0/11)
	}
}

// TestMatchingRefuses lists flows and pairs that matching does not go with.
func TestMatchingRefuses(t *testing.T) {
	for _, c := range []struct {
		preset  flow.Preset
		context []string
		o       flow.Options
		pairing train.Pairing
		want    string
	}{
		{flow.PresetRealNVP, nil, flow.Options{}, "", "one continuous map"},
		{flow.PresetFFJORD, nil, flow.Options{Layers: 2}, "", "one continuous map"},
		{flow.PresetFlowMatching, nil, flow.Options{Base: base.StudentT}, "", "another base"},
		{flow.PresetFlowMatching, []string{"c"}, flow.Options{}, train.TransportPairs, "biased"},
		{flow.PresetFlowMatching, nil, flow.Options{}, "greedy", "independent or transport"},
	} {
		config, err := c.preset.Config([]string{"a", "b"}, c.context, c.o)
		must(t, err)
		f, err := flow.New(config, 1)
		must(t, err)
		if _, err := train.FlowMatching(f, nil, c.pairing); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %+v: %v, want %q", c.preset, c.o, err, c.want)
		}
	}
}

// TestContinuousTrainingBits trains continuous flows with one worker and with
// three, on fixed steps and on adaptive ones, with probes and regularizers: the
// values have the same bits.
func TestContinuousTrainingBits(t *testing.T) {
	const n = 150
	rows, context := make([]float64, 2*n), make([]float64, n)
	normals := make([]float32, 3*n)
	kernels.NormalRows(normals, n, 3, 5, 2, 0)
	for i := range n {
		a, b, c := float64(normals[3*i]), float64(normals[3*i+1]), float64(normals[3*i+2])
		rows[2*i], rows[2*i+1], context[i] = a+c, b+0.5*a*a, c
	}
	data := train.Data{Rows: rows, Context: context}
	for name, o := range map[string]flow.Options{
		"fixed":    {Hidden: []int{8}, Steps: 2},
		"adaptive": {Hidden: []int{6, 5}, Tolerance: 1e-2, Probes: 2, Seed: 4},
		"matching": {Hidden: []int{8}, Steps: 2},
	} {
		var first []float32
		for _, workers := range []int{1, 3} {
			preset := flow.PresetFFJORD
			fit := train.Options{Epochs: 2, Batch: 75, LearningRate: 1e-2, Schedule: train.Cosine, Seed: 3, Workers: workers, BLAS: blas.Builtin()}
			if name == "matching" {
				preset = flow.PresetFlowMatching
			}
			c, err := preset.Config([]string{"x", "y"}, []string{"c"}, o)
			must(t, err)
			f, err := flow.New(c, 7)
			must(t, err)
			if name == "matching" {
				_, err = train.FitMatching(t.Context(), f, data, data, "", fit)
			} else {
				fit.Kinetic, fit.Jacobian = 0.01, 0.01
				_, err = train.Fit(t.Context(), f, data, data, fit)
			}
			must(t, err)
			values := f.Model().Parameters().Values()
			if first == nil {
				first = append(first, values...)
				continue
			}
			for i, v := range values {
				if math.Float32bits(v) != math.Float32bits(first[i]) {
					t.Fatalf("%s: with %d workers value %d is %v, with one %v", name, workers, i, v, first[i])
				}
			}
		}
	}
}

// TestPenaltiesNeedAPath refuses regularizers of paths where there are none.
func TestPenaltiesNeedAPath(t *testing.T) {
	c, err := flow.RealNVP([]string{"a", "b"}, nil, flow.Options{Layers: 1, Hidden: []int{2}})
	must(t, err)
	f, err := flow.New(c, 1)
	must(t, err)
	o := train.Defaults()
	o.Kinetic = 0.01
	d := train.Data{Rows: []float64{1, 2, 3, 5, 8, 13}}
	if _, err := train.Fit(t.Context(), f, d, d, o); err == nil || !strings.Contains(err.Error(), "continuous") {
		t.Errorf("%v", err)
	}
	if transform.AnyContinuous(f.Model().Chain()) {
		t.Error("a coupling is continuous")
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
