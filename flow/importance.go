package flow

import (
	"errors"
	"fmt"

	"github.com/seed-192fdf7a/nf/kernels"
)

// LogProbDraws is [Scorer.LogProb] of a flow of [Pixels], or of an augmented one, by
// so many draws of the noise of each event, of which the first is that of LogProb:
//
//	log (1/K) Σ exp(lₖ),  lₖ = log p(x + uₖ) − log q(uₖ|x)
//
// or with the noise beside x. In expectation it is a bound that grows with K to the
// log-probability of the whole numbers, or to the log-density of x (importance
// weighting: Burda, Grosse and Salakhutdinov, 2016).
func (s *Scorer) LogProbDraws(dst, x, context []float64, draws int) error {
	switch p := s.flow.config.Pixels; {
	case (p == nil || p.Noise > 0) && !s.flow.Augmented():
		return errors.New("flow: draws of the noise are of a flow of pixels with bits/dim, or of one beside columns of noise, which this is not")
	case draws < 1:
		return fmt.Errorf("flow: %d draws of the noise, want at least 1", draws)
	}
	return s.run(len(dst), job{do: logProbTile, lanes: s.lanes, x: x, context: context, logProb: dst, draws: draws})
}

// logDraws returns log K of the draws whose densities a log-density is the mean of.
func logDraws(draws int) float64 {
	if draws == 1 {
		return 0
	}
	return kernels.Log64(float64(draws))
}

// addDraw makes total the logs of the sums of the densities that values have the
// logs of, over the draws up to one.
func addDraw(total, values []float64, draw int) {
	if draw == 0 {
		copy(total, values)
		return
	}
	for i, v := range values {
		total[i] = logAdd(total[i], v)
	}
}

// logAdd returns log(eᵃ + eᵇ), NaN where one of them is.
func logAdd(a, b float64) float64 {
	most := max(a, b)
	if most-most != 0 {
		return most
	}
	return most + kernels.Log64(1+kernels.Exp64(min(a, b)-most))
}
