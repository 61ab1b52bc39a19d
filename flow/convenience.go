package flow

import (
	"fmt"
	"runtime"
)

// The methods here borrow an idle Scorer with default options. A program that
// scores row after row should make its own with [Flow.NewScorer].

// maxIdle bounds the scorers kept for the next call.
const maxIdle = 16

func (f *Flow) borrow() (*Scorer, error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if f.binding != nil && f.binding.Stale() {
		f.binding, f.scorers = nil, nil
	}
	if n := len(f.scorers); n > 0 {
		s := f.scorers[n-1]
		f.scorers = f.scorers[:n-1]
		return s, nil
	}
	if f.binding == nil {
		binding, err := f.Model().Bind(nil)
		if err != nil {
			return nil, err
		}
		binding.Share(runtime.GOMAXPROCS(0))
		f.binding = binding
	}
	return f.newScorer(f.binding, ScorerOptions{}), nil
}

func (f *Flow) giveBack(s *Scorer) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	// One that was out while the values changed is not taken back.
	if len(f.scorers) < maxIdle && s.binding == f.binding {
		f.scorers = append(f.scorers, s)
	}
}

// LogProb writes log p of each row of x, in nats, to dst: see [Scorer.LogProb].
func (f *Flow) LogProb(dst, x, context []float64) error {
	s, err := f.borrow()
	if err != nil {
		return err
	}
	defer f.giveBack(s)
	return s.LogProb(dst, x, context)
}

// LogProbGrad writes log p of each row and its gradients: see
// [Scorer.LogProbGrad].
func (f *Flow) LogProbGrad(logProb, gradX, gradContext, x, context []float64) error {
	s, err := f.borrow()
	if err != nil {
		return err
	}
	defer f.giveBack(s)
	return s.LogProbGrad(logProb, gradX, gradContext, x, context)
}

// Forward maps data to noise: see [Scorer.Forward].
func (f *Flow) Forward(z, logDet, x, context []float64) error {
	s, err := f.borrow()
	if err != nil {
		return err
	}
	defer f.giveBack(s)
	return s.Forward(z, logDet, x, context)
}

// Inverse maps noise to data: see [Scorer.Inverse].
func (f *Flow) Inverse(x, logDet, z, context []float64) error {
	s, err := f.borrow()
	if err != nil {
		return err
	}
	defer f.giveBack(s)
	return s.Inverse(x, logDet, z, context)
}

// Sample returns n samples, row-major. A conditional flow takes n events of
// context. Sample i depends on seed and i alone.
func (f *Flow) Sample(n int, seed uint64, context []float64) ([]float64, error) {
	x, _, err := f.sample(n, seed, context, false)
	return x, err
}

// SampleWithLogProb returns n samples and their log-densities.
func (f *Flow) SampleWithLogProb(n int, seed uint64, context []float64) (x, logProb []float64, err error) {
	return f.sample(n, seed, context, true)
}

func (f *Flow) sample(n int, seed uint64, context []float64, dense bool) (x, logProb []float64, err error) {
	const most = 1 << 40 // values, beyond which no memory reaches
	if n < 0 || n > most/f.Dim() {
		return nil, nil, fmt.Errorf("flow: %d samples of %d values asked for", n, f.Dim())
	}
	if len(context) != n*f.ContextFeatures() {
		return nil, nil, fmt.Errorf("flow: context has %d values, want %d for each of %d samples", len(context), f.ContextFeatures(), n)
	}
	s, err := f.borrow()
	if err != nil {
		return nil, nil, err
	}
	defer f.giveBack(s)
	x = make([]float64, n*f.Dim())
	if dense {
		logProb = make([]float64, n)
	}
	if err := s.Sample(x, logProb, 0, SampleOptions{Seed: seed}, context); err != nil {
		return nil, nil, err
	}
	return x, logProb, nil
}
