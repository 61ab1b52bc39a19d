package train

import (
	"fmt"
	"slices"
)

// State is where a training is behind a finished epoch. With the flow, the objectives
// and the options it is all that the epochs behind it depend on: a training that goes
// on from a state ends with the bits of one that was never interrupted.
type State struct {
	Epoch, Steps int
	// Values are those of the last step, First and Second the optimizer's moments (of
	// Adamax, Second is its norm), and Average the running average, nil where none is
	// kept. All have a value for each of [autograd.Parameters], as Best has, which is of
	// BestEpoch, or if that is 0 what the training began with.
	Values, First, Second, Average, Best []float32
	BestEpoch                            int
	BestValidNLL, StartValidNLL          float64
	// Lowest is the lowest validation nll of an epoch, the start not counted, and
	// SinceLowest the number of epochs behind it.
	Lowest      float64
	SinceLowest int
	Kept        int // see Result
}

// Clone returns a copy, in the memory of into's slices where they suffice.
func (s State) Clone(into State) State {
	c := s
	c.Values, c.Best = append(into.Values[:0], s.Values...), append(into.Best[:0], s.Best...)
	c.First, c.Second = append(into.First[:0], s.First...), append(into.Second[:0], s.Second...)
	if s.Average != nil {
		c.Average = append(into.Average[:0], s.Average...)
	}
	return c
}

// check tells how a state is not one of a training of so many parameters, and so
// many steps an epoch.
func (s *State) check(parameters, steps int, o *Options) error {
	for _, v := range []struct {
		name   string
		values []float32
	}{{"values", s.Values}, {"first moments", s.First}, {"second moments", s.Second}, {"values of the best epoch", s.Best}} {
		if len(v.values) != parameters {
			return fmt.Errorf("train: the state has %d %s, the flow %d parameters: it is of another training", len(v.values), v.name, parameters)
		}
	}
	switch {
	case s.Epoch < 1 || s.Epoch > o.Epochs:
		return fmt.Errorf("train: the state is of epoch %d, and the training has %d", s.Epoch, o.Epochs)
	case s.Steps/s.Epoch != steps || s.Steps%s.Epoch != 0:
		return fmt.Errorf("train: the state is of %d steps in %d epochs, and the training has %d an epoch", s.Steps, s.Epoch, steps)
	case s.BestEpoch < 0 || s.BestEpoch > s.Epoch || s.SinceLowest < 0 || s.SinceLowest > s.Epoch:
		return fmt.Errorf("train: the state is of epoch %d, and says that %d is the best and the lowest was %d before", s.Epoch, s.BestEpoch, s.SinceLowest)
	case s.Average != nil && len(s.Average) != parameters || (s.Average != nil) != (o.Average > 0):
		return fmt.Errorf("train: the state has a running average of %d values, and Average is %v", len(s.Average), o.Average)
	case s.Kept < 0 || s.Kept > mostBetweenKept:
		return fmt.Errorf("train: the state keeps inputs after every %d maps, at most %d are", s.Kept, mostBetweenKept)
	}
	return nil
}

// progress is what a fit knows between epochs, beside the optimizer's state.
type progress struct {
	best        []float32 // what the flow is left with, whatever ends training
	lowest      float64
	sinceLowest int
}

// state returns where a fit is; the slices are those that it computes with.
func (r *runner) state(epoch int, result Result, p progress) State {
	a := r.optimizer
	return State{
		Epoch: epoch, Steps: result.Steps,
		Values: a.values, First: a.first, Second: a.second, Average: a.average, Best: p.best,
		BestEpoch: result.BestEpoch, BestValidNLL: result.BestValidNLL, StartValidNLL: result.StartValidNLL,
		Lowest: p.lowest, SinceLowest: p.sinceLowest, Kept: r.every,
	}
}

// resume puts a state in the place of what a fit of so many events begins with.
func (r *runner) resume(s *State, batch, events int) (result Result, p progress, err error) {
	steps := 0
	for from := 0; from < events; from = r.cut(from, batch, events) {
		steps++
	}
	if err := s.check(r.parameters.Len(), steps, &r.options); err != nil {
		return result, p, err
	}
	a := r.optimizer
	r.parameters.Edit(func(values []float32) { copy(values, s.Values) })
	r.binding.Refresh(r.options.Workers)
	copy(a.first, s.First)
	copy(a.second, s.Second)
	a.average = slices.Clone(s.Average)
	for i := 0; i < s.Steps && a.power2 > 0; i++ {
		a.power1, a.power2 = float64(a.power1*beta1), float64(a.power2*beta2)
	}
	r.every = s.Kept
	result = Result{Steps: s.Steps, Kept: s.Kept, BestEpoch: s.BestEpoch, BestValidNLL: s.BestValidNLL, StartValidNLL: s.StartValidNLL}
	return result, progress{best: slices.Clone(s.Best), lowest: s.Lowest, sinceLowest: s.SinceLowest}, nil
}
