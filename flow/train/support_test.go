package train

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
)

// bounded draws rows of a log-normal column around a price, a share between
// 10 and 30, and a number of any size.
func bounded(n int, index uint64) (rows []float64) {
	e := make([]float32, 3*n)
	kernels.NormalRows(e, n, 3, 5, random.Noise, index<<32)
	for i := range n {
		a, b, c := float64(e[3*i]), float64(e[3*i+1]), float64(e[3*i+2])
		rows = append(rows, math.Exp(3+a), 10+20/(1+math.Exp(-(b+a))), 100*c)
	}
	return rows
}

func supportedFlow(t *testing.T) *flow.Flow {
	t.Helper()
	c, err := flow.RealNVP([]string{"price", "share", "number"}, nil, flow.Options{Layers: 4, Hidden: []int{32}})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.SetSupport(flow.Interval{Column: "price", Upper: math.Inf(1)}, flow.Interval{Column: "share", Lower: 10, Upper: 30}); err != nil {
		t.Fatal(err)
	}
	f, err := flow.New(c, 1)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestSupport trains on columns whose logarithm and logit are normal, so that
// the entropy is known, and looks at the ends.
func TestSupport(t *testing.T) {
	f := supportedFlow(t)
	o := Defaults()
	o.Epochs, o.Batch, o.LearningRate, o.BLAS = 15, 128, 5e-3, blas.Builtin()
	rows, valid := bounded(6000, 1), bounded(3000, 2)
	result, err := Fit(context.Background(), f, Data{Rows: rows}, Data{Rows: valid}, o)
	if err != nil {
		t.Fatal(err)
	}
	// The exact log-density: normal a, b and c under the maps back.
	var exact float64
	for i := 0; i < len(valid); i += 3 {
		a := math.Log(valid[i]) - 3
		p := (valid[i+1] - 10) / 20
		b, c := math.Log(p/(1-p))-a, valid[i+2]/100
		exact += 0.5*(a*a+b*b+c*c) + 1.5*math.Log(2*math.Pi) + math.Log(valid[i]) + math.Log(20*p*(1-p)) + math.Log(100)
	}
	exact /= float64(len(valid) / 3)
	if result.BestValidNLL > exact+0.03 || result.BestValidNLL < exact-0.03 {
		t.Errorf("validation nll is %v, the data's own %v", result.BestValidNLL, exact)
	}
	logProb := make([]float64, 6)
	if err := f.LogProb(logProb, []float64{-1, 20, 0, 20, 31, 0, 20, 5, 0, 0, 20, 0, 20, 30, 0, 20, 20, math.NaN()}, nil); err != nil {
		t.Fatal(err)
	}
	for i, v := range logProb[:4] {
		if !math.IsInf(v, -1) {
			t.Errorf("row %d, outside the support, has log-density %v", i, v)
		}
	}
	if math.IsInf(logProb[4], 0) || !math.IsNaN(logProb[5]) {
		t.Errorf("at the end of the bounded column it is %v, and with a NaN %v", logProb[4], logProb[5])
	}
	samples, err := f.Sample(5000, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(samples); i += 3 {
		if !(samples[i] > 0 && samples[i+1] >= 10-1e-4 && samples[i+1] <= 30+1e-4) {
			t.Fatalf("sample %d is %v", i/3, samples[i:i+3])
		}
	}
}

func TestSupportErrors(t *testing.T) {
	rows := bounded(100, 1)
	rows[3*7+1] = 30.5
	_, err := Fit(context.Background(), supportedFlow(t), Data{Rows: bounded(100, 2)}, Data{Rows: rows}, Defaults())
	if err == nil || !strings.Contains(err.Error(), `"share" is 30.5 in row 7 of the validation rows`) {
		t.Errorf("error %v, want one that names the column, the row and the value", err)
	}
	for name, in := range map[string]flow.Interval{
		"no such column": {Column: "weight", Lower: 0, Upper: 1},
		"want a lower":   {Column: "a", Lower: 2, Upper: 1},
		"not known":      {Column: "a", Lower: 2, Upper: 3, Map: "probit"},
		"needs lower":    {Column: "a", Lower: 2, Upper: math.Inf(1), Map: "logit"},
	} {
		c, err := flow.RealNVP([]string{"a", "b"}, nil, flow.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.SetSupport(in); err == nil || !strings.Contains(err.Error(), strings.TrimPrefix(name, "no such ")) {
			t.Errorf("%+v: error %v, want one with %q", in, err, name)
		}
	}
}
