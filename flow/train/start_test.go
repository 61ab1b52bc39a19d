package train

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow"
)

// TestStartIsACandidate trains at learning rates that can only do harm: the
// flow must come back with the values that it came with and their nll.
func TestStartIsACandidate(t *testing.T) {
	fresh := func(t *testing.T) *flow.Flow { return newFlow(t) }
	for name, c := range map[string]struct {
		flow   func(*testing.T) *flow.Flow
		change func(*Options)
		within string // the error's words
	}{
		"ends worse than it began": {fresh, func(o *Options) { o.Epochs, o.Batch, o.LearningRate = 1, 600, 1 }, "better than the start"},
		"diverges":                 {fresh, func(o *Options) { o.Clip, o.LearningRate, o.Epochs = 0, 9e5, 50 }, "a learning rate below 900000, or a bound on the gradient (clip)"},
		"batchnorm of one row": {func(t *testing.T) *flow.Flow { return newFlow(t, batchNorm()) },
			func(o *Options) { o.Epochs, o.Batch, o.LearningRate = 1, 1, 1e4 }, "the start"},
	} {
		t.Run(name, func(t *testing.T) {
			f := c.flow(t)
			began, validation := slices.Clone(f.Model().Parameters().Values()), correlated(100, 2)
			o := Defaults()
			o.BLAS, o.Batch, o.Schedule = blas.Builtin(), 100, Constant
			c.change(&o)
			o.Improved = func(Result) { t.Error("an epoch is said to be better") }
			result, err := Fit(context.Background(), f, Data{Rows: correlated(600, 1)}, Data{Rows: validation}, o)
			if err == nil || !strings.Contains(err.Error(), c.within) {
				t.Errorf("error %v, want %q in it", err, c.within)
			}
			if result.BestEpoch != 0 || !finite(result.StartValidNLL) {
				t.Errorf("best epoch %d, nll of the start %v", result.BestEpoch, result.StartValidNLL)
			}
			if !slices.Equal(f.Model().Parameters().Values(), began) {
				t.Error("the parameters are not what they were")
			}
			logProb := make([]float64, 100)
			if err := f.LogProb(logProb, validation, nil); err != nil {
				t.Fatal(err)
			}
			if got := -sum(logProb) / 100; math.Abs(got-result.StartValidNLL) > 1e-5 {
				t.Errorf("the flow's nll is %v, that of the start was %v", got, result.StartValidNLL)
			}
		})
	}
}

// TestStartIsMeasured holds the nll of the start, that of independent normals,
// against its formula.
func TestStartIsMeasured(t *testing.T) {
	o := Defaults()
	o.BLAS, o.Epochs = blas.Builtin(), 1
	rows := Data{Rows: correlated(500, 1)}
	result, err := Fit(context.Background(), newFlow(t), rows, rows, o)
	if err != nil {
		t.Fatal(err)
	}
	s, err := standardization(rows.Rows, nil, []string{"a", "b", "c"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	// The mean of z² is 1 in every column.
	want := 1.5 * math.Log(2*math.Pi*math.E)
	for _, std := range s.Std {
		want += math.Log(std)
	}
	if math.Abs(result.StartValidNLL-want) > 1e-5 {
		t.Errorf("the start has a validation nll of %v, want %v", result.StartValidNLL, want)
	}
	if !(result.BestValidNLL < result.StartValidNLL) {
		t.Errorf("best %v, start %v", result.BestValidNLL, result.StartValidNLL)
	}
}

// TestImproved holds what is told of better epochs against the history.
func TestImproved(t *testing.T) {
	o := Defaults()
	o.BLAS, o.Epochs, o.Patience, o.LearningRate = blas.Builtin(), 30, 0, 1e-2
	f, validation := newFlow(t), correlated(100, 2)
	var told []int
	var last []float32
	o.Improved = func(r Result) {
		told = append(told, r.BestEpoch)
		last = slices.Clone(f.Model().Parameters().Values())
		if r.History[len(r.History)-1].Epoch != r.BestEpoch {
			t.Errorf("told at epoch %d that %d is the best", len(r.History), r.BestEpoch)
		}
	}
	result, err := Fit(context.Background(), f, Data{Rows: correlated(100, 1)}, Data{Rows: validation}, o)
	if err != nil {
		t.Fatal(err)
	}
	var want []int
	lowest := result.StartValidNLL
	for _, e := range result.History {
		if e.ValidNLL < lowest {
			lowest, want = e.ValidNLL, append(want, e.Epoch)
		}
	}
	if !slices.Equal(told, want) || len(told) == 0 || len(told) == 30 {
		t.Errorf("told of %v, want %v", told, want)
	}
	if !slices.Equal(last, f.Model().Parameters().Values()) {
		t.Error("the flow does not hold the values that it had at the last improvement")
	}
}

// endsAfter is a context that ends at its n-th look.
type endsAfter struct {
	context.Context
	looks *int
}

func (c endsAfter) Err() error {
	*c.looks--
	if *c.looks < 0 {
		return context.Canceled
	}
	return nil
}

// TestInterruptionBetweenTiles ends the context at every tile of a training in
// turn, also those of the validation pass, of a first look at the data and at
// barriers: nothing may be computed from half a minibatch, and what is left is
// a finished epoch or the start.
func TestInterruptionBetweenTiles(t *testing.T) {
	training, validation := Data{Rows: correlated(150, 1)}, Data{Rows: correlated(200, 2)}
	for name, make := range map[string]func() *flow.Flow{
		"plain":     func() *flow.Flow { return newFlow(t) },
		"batchnorm": func() *flow.Flow { return newFlow(t, batchNorm()) },
		"actnorm":   func() *flow.Flow { return newFlow(t, actNorm(), batchNorm()) },
	} {
		o := Defaults()
		o.BLAS, o.Epochs, o.Batch, o.Workers = blas.Builtin(), 2, 100, 1
		ends := [][]float32{}
		o.Improved = nil
		f := make()
		ends = append(ends, slices.Clone(f.Model().Parameters().Values()))
		o.Improved = func(Result) { ends = append(ends, slices.Clone(f.Model().Parameters().Values())) }
		if _, err := Fit(context.Background(), f, training, validation, o); err != nil {
			t.Fatal(err)
		}
		o.Improved = nil
		for n := 0; ; n++ {
			looks, f := n, make()
			result, err := Fit(endsAfter{context.Background(), &looks}, f, training, validation, o)
			if err == nil {
				if n < 12 {
					t.Errorf("%s: there were only %d looks at the context", name, n)
				}
				break
			}
			if !errors.Is(err, context.Canceled) || result.Stopped != "interrupted" {
				t.Fatalf("%s, look %d: %v, stopped %q", name, n, err, result.Stopped)
			}
			if !slices.Equal(f.Model().Parameters().Values(), ends[result.BestEpoch]) {
				t.Fatalf("%s, look %d: the flow does not hold epoch %d", name, n, result.BestEpoch)
			}
		}
	}
}

func TestBatchFollowsTheRows(t *testing.T) {
	last := 0
	for _, c := range []struct{ rows, batch int }{{2, 32}, {300, 32}, {1920, 32}, {1921, 64}, {3841, 128}, {7681, 256}, {15361, 512}, {18000, 512}, {1e9, 512}} {
		got := BatchFor(c.rows)
		if got != c.batch || got < last {
			t.Errorf("%d rows take a batch of %d, want %d", c.rows, got, c.batch)
		}
		last = got
	}
	if want := "32 up to 1920 training rows, 64 up to 3840 training rows, 128 up to 7680 training rows, 256 up to 15360 training rows, 512 beyond"; BatchRule() != want {
		t.Errorf("the rule is %q", BatchRule())
	}
	// A batch of 0 is that of the rule.
	var values [][]float32
	for _, batch := range []int{0, 32} {
		o := Defaults()
		o.BLAS, o.Epochs, o.Batch = blas.Builtin(), 1, batch
		f := newFlow(t)
		if _, err := Fit(context.Background(), f, Data{Rows: correlated(100, 1)}, Data{Rows: correlated(50, 2)}, o); err != nil {
			t.Fatal(err)
		}
		values = append(values, f.Model().Parameters().Values())
	}
	if !slices.Equal(values[0], values[1]) {
		t.Error("a batch of 0 trains other values than the one of the rule")
	}
}
