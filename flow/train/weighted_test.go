package train

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/internal/random"
)

// TestWeightsAreRepetitions holds the standardization, the mean loss and its
// gradient of events with whole weights against those of the events repeated so
// often, and the gradient against differences.
func TestWeightsAreRepetitions(t *testing.T) {
	weighted := Data{Rows: correlated(60, 1)}
	var repeated Data
	for i := range 60 {
		weighted.Weights = append(weighted.Weights, float64(i%4))
		for range i % 4 {
			repeated.Rows = append(repeated.Rows, weighted.Rows[3*i:3*i+3]...)
		}
	}
	type outcome struct {
		nll      float64
		gradient []float64
	}
	var of []outcome
	for _, data := range []Data{weighted.Present(), repeated} {
		f := newFlow(t)
		for _, p := range f.Model().Parameters().All() {
			random.Uniform(p.Values(), 3, random.Initialization, uint64(p.Offset()), 0.3)
		}
		if err := standardize(f, data); err != nil {
			t.Fatal(err)
		}
		o, err := Weighted(MaximumLikelihood(f, newRows(data, f)), data.Weights)
		if err != nil {
			t.Fatal(err)
		}
		binding := autograd.Bind64(f.Model().Parameters())
		nll, gradient := wholeGradient(binding, o)
		of = append(of, outcome{nll, gradient})
		values := binding.Values64()
		for i := 0; i < len(values); i += 799 {
			const h = 1e-6
			was := values[i]
			values[i] = was + h
			up, _ := wholeGradient(binding, o)
			values[i] = was - h
			down, _ := wholeGradient(binding, o)
			values[i] = was
			if d := (up - down) / (2 * h); math.Abs(d-gradient[i]) > 1e-6*(1+math.Abs(d)) {
				t.Fatalf("gradient %d is %v, by differences %v", i, gradient[i], d)
			}
		}
	}
	if math.Abs(of[0].nll-of[1].nll) > 1e-6 {
		t.Errorf("nll is %v, of repeated rows %v", of[0].nll, of[1].nll)
	}
	for i, v := range of[0].gradient {
		if math.Abs(v-of[1].gradient[i]) > 1e-6*(1+math.Abs(v)) {
			t.Fatalf("gradient %d is %v, of repeated rows %v", i, v, of[1].gradient[i])
		}
	}
}

// TestEqualWeightsChangeNoBit trains without weights, with equal ones, and with
// further events of weight 0.
func TestEqualWeightsChangeNoBit(t *testing.T) {
	rows, valid := correlated(200, 1), correlated(50, 2)
	with := func(rows []float64, weight float64) Data {
		return Data{Rows: rows, Weights: slices.Repeat([]float64{weight}, len(rows)/3)}
	}
	more := with(rows, 2)
	more.Rows = slices.Concat([]float64{math.MaxFloat64, 3, -1}, rows, []float64{1e30, 1e30, 1e30})
	more.Weights = slices.Concat([]float64{0}, more.Weights, []float64{0})
	var want []float32
	var wantResult Result
	for i, data := range [][2]Data{{{Rows: rows}, {Rows: valid}}, {with(rows, 1), with(valid, 4)}, {more, with(valid, 0.5)}} {
		f := newFlow(t)
		o := Defaults()
		o.Epochs, o.BLAS = 2, blas.Builtin()
		result, err := Fit(context.Background(), f, data[0], data[1], o)
		if err != nil {
			t.Fatal(err)
		}
		got := f.Model().Parameters().Values()
		if i == 0 {
			want, wantResult = got, result
		}
		if !slices.Equal(got, want) || result.BestValidNLL != wantResult.BestValidNLL {
			t.Errorf("case %d learns other values, with the nll %v, not %v", i, result.BestValidNLL, wantResult.BestValidNLL)
		}
	}
}

// TestWeightsThatAreNone refuses weights that make no mean.
func TestWeightsThatAreNone(t *testing.T) {
	rows := correlated(3, 1)
	for name, weights := range map[string][]float64{
		"2 weights for 3 events":     {1, 1},
		"the weight of event 1 is -": {1, -1, 1},
		"event 2 is NaN":             {1, 1, math.NaN()},
		"event 0 is +Inf":            {math.Inf(1), 1, 1},
		"all weights are 0":          {0, 0, 0},
		"add up to infinity":         {math.MaxFloat64, math.MaxFloat64, 1},
	} {
		for _, validation := range []bool{false, true} {
			training, valid := Data{Rows: rows, Weights: weights}, Data{Rows: rows}
			if validation {
				training, valid = valid, training
			}
			_, err := Fit(context.Background(), newFlow(t), training, valid, Defaults())
			if err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("weights %v: error %v, want one with %q", weights, err, name)
			}
		}
		f := newFlow(t)
		if _, err := Weighted(MaximumLikelihood(f, newRows(Data{Rows: rows}, f)), weights); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("Weighted with %v: error %v, want one with %q", weights, err, name)
		}
	}
}
