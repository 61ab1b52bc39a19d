package main

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/samplemv"

	"github.com/seed-192fdf7a/nf/flow"
)

// likelihood learns p(x|theta) from simulations (neural likelihood estimation:
// Papamakarios, Sterratt and Murray, 2019). It is the same for every prior, and for
// any number of observations.
func likelihood(s simulations, z sizes) (*flow.Flow, error) {
	config, err := flow.PresetNSF.Config(observed, parameters, flow.Options{Layers: z.layers, Hidden: z.hidden})
	if err != nil {
		return nil, err
	}
	return fit(config, s.x, s.theta, z.epochs)
}

// joint is log p(x|theta) + log p(theta) of an observation, as a target of gonum.
type joint struct {
	scorer  *flow.Scorer
	x       []float64
	logProb [1]float64
}

func (j *joint) LogProb(theta []float64) float64 {
	if !inside(theta) {
		return math.Inf(-1)
	}
	if err := j.scorer.LogProb(j.logProb[:], j.x, theta); err != nil {
		panic(err) // the sizes are right
	}
	return j.logProb[0] - 2*math.Ln2
}

// steps are proposals, small ones, and from time to time any place of the prior,
// so that a chain comes from one moon to the other. They are symmetric.
type steps struct{ random *rand.Rand }

func (steps) ConditionalLogProb(_, _ []float64) float64 { return 0 }

func (s steps) ConditionalRand(to, from []float64) []float64 {
	if to == nil {
		to = make([]float64, len(from))
	}
	if s.random.IntN(3) == 0 {
		prior(to, s.random)
		return to
	}
	for i, v := range from {
		to[i] = v + 0.05*s.random.NormFloat64()
	}
	return to
}

// drawByChain draws of the posterior by Metropolis and Hastings.
func drawByChain(f *flow.Flow, n int, x []float64, seed uint64) ([]float64, error) {
	scorer, err := f.NewScorer(flow.ScorerOptions{Workers: 1})
	if err != nil {
		return nil, err
	}
	target, random := &joint{scorer: scorer, x: x}, rand.New(rand.NewPCG(seed, 4))
	// The chain begins at the best of some places.
	start, best := make([]float64, 2), math.Inf(-1)
	for range 200 {
		theta := make([]float64, 2)
		prior(theta, random)
		if l := target.LogProb(theta); l > best {
			start, best = theta, l
		}
	}
	draws := mat.NewDense(n, 2, nil)
	samplemv.MetropolisHastingser{Initial: start, Target: target, Proposal: steps{random}, Src: rand.NewPCG(seed, 6), BurnIn: n / 5, Rate: 5}.Sample(draws)
	return draws.RawMatrix().Data, nil
}
