package train

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/flow"
)

// TestRowsThatCannotBeTrainedOn gives rows and options that fail at once, by an
// error that names where.
func TestRowsThatCannotBeTrainedOn(t *testing.T) {
	with := func(at int, v float64) []float64 {
		rows := correlated(60, 1)
		rows[at] = v
		return rows
	}
	good := correlated(60, 1)
	for name, c := range map[string]struct {
		training, validation []float64
		workers              int
		within               []string
	}{
		"NaN":                     {with(7, math.NaN()), good, 1, []string{`column "b" is NaN in row 2 of the training rows, not finite`}},
		"Inf":                     {good, with(118, math.Inf(-1)), 1, []string{`column "b" is -Inf in row 39 of the validation rows, not finite`}},
		"beyond float32":          {good, with(4, -1e39), 1, []string{`column "b" is -1e+39 in row 1 of the validation rows`, "float32"}},
		"deviation beyond bounds": {with(1, 1e180), good, 1, []string{`the std of column "b" is`, "rescale the column"}},
		"negative workers":        {good, good, -1, []string{"Workers", "-1"}},
	} {
		t.Run(name, func(t *testing.T) {
			o := Defaults()
			o.Epochs, o.Workers = 1, c.workers
			_, err := Fit(context.Background(), newFlow(t), Data{Rows: c.training}, Data{Rows: c.validation}, o)
			for _, words := range c.within {
				if err == nil || !strings.Contains(err.Error(), words) {
					t.Errorf("error %v, want %q in it", err, words)
				}
			}
		})
	}
}

// TestContextThatCannotBeTrainedOn is the same for contexts.
func TestContextThatCannotBeTrainedOn(t *testing.T) {
	for v, want := range map[float64]string{math.Inf(1): "not finite", 1e300: "float32"} {
		config, err := flow.RealNVP([]string{"a", "b"}, []string{"c"}, flow.Options{Layers: 2, Hidden: []int{4}})
		if err != nil {
			t.Fatal(err)
		}
		f, err := flow.New(config, 1)
		if err != nil {
			t.Fatal(err)
		}
		training := Data{Rows: correlated(40, 1), Context: correlated(20, 2)}
		validation := Data{Rows: training.Rows, Context: slices.Clone(training.Context)}
		validation.Context[11] = v
		_, err = Fit(context.Background(), f, training, validation, Defaults())
		if err == nil || !strings.Contains(err.Error(), `column "c" is`) || !strings.Contains(err.Error(), "row 11 of the validation rows") || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: error %v, want column, row and %q in it", v, err, want)
		}
	}
}

// TestStandardizationOfLargeUnits holds the moments of columns whose squares
// float64 cannot hold against those of the same columns in another unit.
func TestStandardizationOfLargeUnits(t *testing.T) {
	rows, weights := correlated(50, 3), make([]float64, 50)
	for i := range weights {
		weights[i] = float64(1 + i%3)
	}
	names := []string{"a", "b", "c"}
	for _, w := range [][]float64{nil, weights} {
		want, err := standardization(rows, w, names, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, exponent := range []int{600, -600, 1000, -900} {
			scaled := slices.Clone(rows)
			for i, v := range scaled {
				scaled[i] = math.Ldexp(v, exponent)
			}
			got, err := standardization(scaled, w, names, nil)
			if err != nil {
				t.Fatal(err)
			}
			for c := range names {
				mean, std := math.Ldexp(got.Mean[c], -exponent), math.Ldexp(got.Std[c], -exponent)
				if math.Abs(mean-want.Mean[c]) > 1e-9 || math.Abs(std-want.Std[c]) > 1e-9 {
					t.Errorf("2^%d: mean %v and std %v, want %v and %v", exponent, mean, std, want.Mean[c], want.Std[c])
				}
			}
		}
	}
}
