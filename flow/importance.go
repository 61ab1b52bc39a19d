package flow

import (
	"errors"
	"fmt"
	"math"

	"github.com/seed-192fdf7a/nf/kernels"
)

// LogProbDraws is [Scorer.LogProb] of a flow of [Pixels] by so many draws of the
// noise of each event, of which the first is that of LogProb:
//
//	log (1/K) Σ exp(lₖ),  lₖ = log p(x + uₖ) − log q(uₖ|x)
//
// which in expectation is a bound that grows with K to the log-probability of the
// whole numbers (importance weighting: Burda, Grosse and Salakhutdinov, 2016).
func (s *Scorer) LogProbDraws(dst, x, context []float64, draws int) error {
	switch p := s.flow.config.Pixels; {
	case p == nil || p.Noise > 0:
		return errors.New("flow: draws of the noise are of a flow of pixels with bits/dim, which this is not")
	case draws < 1:
		return fmt.Errorf("flow: %d draws of the noise, want at least 1", draws)
	}
	most, sum := make([]float64, len(dst)), make([]float64, len(dst))
	for draw := range draws {
		if err := s.run(len(dst), job{do: logProbTile, lanes: s.lanes, x: x, context: context, logProb: dst, draw: uint64(draw)}); err != nil {
			return err
		}
		for i, l := range dst {
			switch {
			case draw == 0:
				most[i], sum[i] = l, 1
			case l > most[i]:
				most[i], sum[i] = l, float64(sum[i]*kernels.Exp64(most[i]-l))+1
			case l == most[i]: // both may be −Inf
				sum[i]++
			default:
				sum[i] += kernels.Exp64(l - most[i])
			}
		}
	}
	for i := range dst {
		if dst[i] = most[i]; most[i] > math.Inf(-1) {
			dst[i] += kernels.Log64(sum[i]) - kernels.Log64(float64(draws))
		}
	}
	return nil
}
