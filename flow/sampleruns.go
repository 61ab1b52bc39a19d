package flow

import (
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/nn"
	"github.com/seed-192fdf7a/nf/flow/transform"
)

// runSites is how many samples of a sound a run gives, at least: enough for what it
// computes before them, to begin, to be a small part.
const runSites = 1024

// inverseReach returns how many sites before a site the inverse looks at, together,
// where every map of a flow computes all sites at once from a number of noises
// before each: an inverse autoregressive flow of WaveNets. It is 0 for others.
func (f *Flow) inverseReach() int {
	reach := 0
	for _, s := range f.config.Transforms {
		inverted, ok := s.(*transform.InvertSpec)
		if !ok {
			return 0
		}
		sequential, ok := inverted.Transform.(*transform.SequentialSpec)
		if !ok || sequential.Reverse {
			return 0
		}
		network, ok := sequential.Conditioner.(*nn.WaveNetSpec)
		if !ok {
			return 0
		}
		reach += network.Field()
	}
	return reach
}

// runs draws long events in runs of sites, side by side: a run begins so many sites
// early that what it makes of its own sites has the bits of the whole, while it
// takes little memory, and all workers have something to do for one event.
type runs struct {
	scorer       *Scorer // of events as long as a run and what is before it
	before, each int     // sites
}

// newRuns returns what draws the events of a scorer's flow in runs, or nil where
// that is of no use.
func (s *Scorer) newRuns() (*runs, error) {
	f := s.flow
	reach := f.inverseReach()
	each := max(runSites, 4*reach)
	if reach == 0 || len(f.config.Grid) != 1 || f.sites < 2*(reach+each) {
		return nil, nil
	}
	short, err := f.OnGrid(reach + each)
	if err != nil {
		return nil, err
	}
	scorer, err := short.NewScorer(ScorerOptions{Workers: s.workers, BLAS: s.binding.Backend()})
	if err != nil {
		return nil, err
	}
	return &runs{scorer: scorer, before: reach, each: each}, nil
}

// sample writes event by event what z, the noise of all, becomes.
func (r *runs) sample(x, z, context []float64, events int) error {
	columns := len(r.scorer.flow.config.Features)
	whole, length := len(x)/max(1, events), (r.before+r.each)*columns
	before, each := r.before*columns, r.each*columns
	count := 1 + (whole-length+each-1)/each
	contexts := len(context) / max(1, events)
	noise, sound := make([]float64, count*length), make([]float64, count*length)
	for e := range events {
		x, z := x[e*whole:(e+1)*whole], z[e*whole:(e+1)*whole]
		var repeated []float64 // nil where there is no context
		for i := range count {
			n := copy(noise[i*length:(i+1)*length], z[i*each:])
			clear(noise[i*length+n : (i+1)*length])
			repeated = append(repeated, context[e*contexts:(e+1)*contexts]...)
		}
		if err := r.scorer.Inverse(sound, nil, noise, repeated); err != nil {
			return err
		}
		copy(x, sound[:before])
		for i := range count {
			copy(x[before+i*each:], sound[i*length+before:(i+1)*length])
		}
	}
	return nil
}

// noiseTile draws the noise of events.
func noiseTile(s *Scorer, g *autograd.Graph, j *job, from, to int) {
	g.Reset(autograd.Evaluate)
	p := s.pass(g, j, from, to, false)
	z := s.flow.drawNoise(p, j.draw(from), g.Sums(to-from))
	for r := range z.Rows {
		for c, v := range z.Row32(r) {
			j.z[from*s.flow.Dim()+r*z.Cols+c] = float64(v)
		}
	}
}
