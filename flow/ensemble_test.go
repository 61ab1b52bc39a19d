package flow_test

import (
	"math"
	"slices"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/base"
)

// TestEnsemble compares a mixture with its parts.
func TestEnsemble(t *testing.T) {
	const n, d, c = 300, 3, 2
	onBuiltin := flow.ScorerOptions{Workers: 2, BLAS: blas.Builtin()} // other matmuls round by the shape of a batch
	var flows []*flow.Flow
	var parts [][]float64
	x, context := rows(n*d, 1), rows(n*c, 2)
	x[5*d] = math.NaN()
	x[6*d] = 1e300
	for _, preset := range []flow.Preset{flow.PresetRealNVP, flow.PresetMAF, flow.PresetNSF} {
		f := randomFlow(t, preset, d, c, flow.Options{Layers: 2, Hidden: []int{8}})
		flows = append(flows, f)
		part := make([]float64, n)
		s, err := f.NewScorer(onBuiltin)
		must(t, err)
		must(t, s.LogProb(part, x, context))
		parts = append(parts, part)
	}
	weights := []float64{2, 1, 1}
	e, err := flow.NewEnsemble(flows, weights, onBuiltin)
	must(t, err)
	logProb, spread := make([]float64, n), make([]float64, n)
	must(t, e.LogProb(logProb, spread, x, context))
	for i := range logProb {
		var p, mean, square float64
		for k, part := range parts {
			p += weights[k] / 4 * math.Exp(part[i]-parts[0][i])
			mean += weights[k] / 4 * part[i]
			square += weights[k] / 4 * part[i] * part[i]
		}
		want, deviation := parts[0][i]+math.Log(p), math.Sqrt(max(0, square-mean*mean))
		switch {
		case i == 5:
			if !math.IsNaN(logProb[i]) || !math.IsNaN(spread[i]) {
				t.Errorf("a row with NaN scores %v ± %v", logProb[i], spread[i])
			}
		case i == 6:
			if !math.IsInf(logProb[i], -1) || spread[i] != 0 {
				t.Errorf("a row far outside scores %v ± %v, want -Inf ± 0", logProb[i], spread[i])
			}
		case math.Abs(logProb[i]-want) > 1e-9*(1+math.Abs(want)) || math.Abs(spread[i]-deviation) > 1e-5*(1+math.Abs(mean)):
			t.Fatalf("row %d scores %v ± %v, want %v ± %v", i, logProb[i], spread[i], want, deviation)
		}
	}
	alone, err := flow.NewEnsemble(flows[1:2], nil, onBuiltin)
	must(t, err)
	must(t, alone.LogProb(logProb, spread, x, context))
	for i, want := range parts[1] {
		if logProb[i] != want && !(math.IsNaN(want) && math.IsNaN(logProb[i])) || spread[i] > 0 {
			t.Fatalf("one flow alone scores %v ± %v in row %d, want its own %v", logProb[i], spread[i], i, want)
		}
	}
}

// TestEnsembleSample draws from each part as often as its weight says, the sample
// that the part itself draws.
func TestEnsembleSample(t *testing.T) {
	var flows []*flow.Flow
	for _, mean := range []float64{-100, 100} {
		f, err := flow.New(flow.Config{Features: []string{"a"}, Base: &base.StandardNormalSpec{},
			Standardize: flow.Standardization{Mean: []float64{mean}, Std: []float64{1}}}, 1)
		must(t, err)
		flows = append(flows, f)
	}
	e, err := flow.NewEnsemble(flows, []float64{3, 1}, flow.ScorerOptions{Workers: 1})
	must(t, err)
	const n = 4000
	x, some := make([]float64, n), make([]float64, 10)
	must(t, e.Sample(x, 0, flow.SampleOptions{Seed: 4}, nil))
	must(t, e.Sample(some, 20, flow.SampleOptions{Seed: 4}, nil))
	if !slices.Equal(some, x[20:30]) {
		t.Error("a sample depends on what else is drawn")
	}
	left := 0
	var own [2][]float64
	for k, f := range flows {
		own[k], err = f.Sample(n, 4, nil)
		must(t, err)
	}
	for i, v := range x {
		k := 1
		if v < 0 {
			left, k = left+1, 0
		}
		if v != own[k][i] {
			t.Fatalf("sample %d is %v, of its flow %v", i, v, own[k][i])
		}
	}
	if math.Abs(float64(left)/n-0.75) > 0.03 {
		t.Errorf("%d of %d samples are of the flow with the weight 3/4", left, n)
	}
}

func TestEnsembleErrors(t *testing.T) {
	a, b := randomFlow(t, flow.PresetMAF, 2, 0, flow.Options{Layers: 1}), randomFlow(t, flow.PresetMAF, 3, 0, flow.Options{Layers: 1})
	for _, c := range []struct {
		flows   []*flow.Flow
		weights []float64
	}{{nil, nil}, {[]*flow.Flow{a}, []float64{1, 2}}, {[]*flow.Flow{a, a}, []float64{1, 0}}, {[]*flow.Flow{a, a}, []float64{1, math.NaN()}}, {[]*flow.Flow{a, b}, nil}} {
		if _, err := flow.NewEnsemble(c.flows, c.weights, flow.ScorerOptions{}); err == nil {
			t.Errorf("an ensemble of %d flows with the weights %v is taken", len(c.flows), c.weights)
		}
	}
	e, err := flow.NewEnsemble([]*flow.Flow{a}, nil, flow.ScorerOptions{})
	must(t, err)
	if e.LogProb(make([]float64, 2), nil, make([]float64, 3), nil) == nil || e.LogProb(make([]float64, 2), make([]float64, 1), make([]float64, 4), nil) == nil ||
		e.Sample(make([]float64, 3), 0, flow.SampleOptions{}, nil) == nil {
		t.Error("wrong lengths are taken")
	}
}
