package train

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/internal/random"
)

// TestStateHasTheBits goes on from every state of trainings, patience that ends them
// included: values and results are those of the whole.
func TestStateHasTheBits(t *testing.T) {
	rows := correlated(200, 1)
	for name, change := range map[string]func(*Options){
		"adam":    func(o *Options) { o.Warmup = 3 },
		"average": func(o *Options) { o.Optimizer, o.WeightDecay, o.Average = AdamW, 0.1, 0.8 },
		"adamax":  func(o *Options) { o.Optimizer, o.LearningRate, o.Schedule, o.Patience = Adamax, 0.7, Constant, 2 },
	} {
		o := Defaults()
		o.Epochs, o.Batch, o.BLAS, o.Noise = 12, 64, blas.Builtin(), 0.1
		change(&o)
		fit := func() ([]float32, Result, error) {
			f := newFlow(t, actNorm(), batchNorm())
			random.Uniform(f.Model().Parameters().Values(), 4, random.Initialization, 0, 0.5)
			result, err := Fit(context.Background(), f, Data{Rows: rows}, Data{Rows: rows[:60]}, o)
			result.History, result.TapeBytes = nil, 0
			return slices.Clone(f.Model().Parameters().Values()), result, err
		}
		var states []State
		o.Finished = func(s State) { states = append(states, s.Clone(State{})) }
		want, result, err := fit()
		o.Finished = nil
		if err != nil || len(states) < 3 {
			t.Fatalf("%s: %d states, %v", name, len(states), err)
		}
		if name == "adamax" && (result.Stopped != "patience" || result.BestEpoch == len(states)) {
			t.Fatalf("%s: patience did not end it: %+v", name, result)
		}
		for _, s := range states {
			o.Resume = &s
			got, resumed, err := fit()
			if err != nil || !slices.Equal(got, want) {
				t.Fatalf("%s: behind epoch %d it ends elsewhere, %v", name, s.Epoch, err)
			}
			resumed.History = nil
			if resumed.BestEpoch != result.BestEpoch || resumed.BestValidNLL != result.BestValidNLL || resumed.Steps != result.Steps || resumed.Stopped != result.Stopped {
				t.Errorf("%s: behind epoch %d the result is %+v, of the whole %+v", name, s.Epoch, resumed, result)
			}
		}
		for _, c := range []struct {
			change func(*State)
			word   string
		}{
			{func(s *State) { s.Values = s.Values[1:] }, "another training"},
			{func(s *State) { s.Best = nil }, "another training"},
			{func(s *State) { s.Epoch = 0 }, "epoch 0"},
			{func(s *State) { s.Epoch = math.MaxInt }, "epoch 9"},
			{func(s *State) { s.Steps++ }, "steps"},
			{func(s *State) { s.Average = make([]float32, 3) }, "average"},
			{func(s *State) { s.BestEpoch = 99 }, "best"},
			{func(s *State) { s.Kept = -1 }, "maps"},
		} {
			s := states[1].Clone(State{})
			c.change(&s)
			o.Resume = &s
			if _, _, err := fit(); err == nil || !strings.Contains(err.Error(), c.word) {
				t.Errorf("%s: error %v, want one with %q", name, err, c.word)
			}
		}
	}
}
