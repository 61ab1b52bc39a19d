package flow

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"sync"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/base"
	"github.com/seed-192fdf7a/nf/flow/transform"
	"github.com/seed-192fdf7a/nf/internal/parallel"
)

// ScorerOptions choose how a [Scorer] computes; no choice changes what it
// computes on the built-in matmul.
type ScorerOptions struct {
	// Workers is the number of goroutines for large batches; 0 means
	// GOMAXPROCS.
	Workers int
	// BLAS is the matmul; nil means [blas.Default].
	BLAS blas.Backend
}

// Scorer evaluates a flow with memory of its own: once it has seen a batch,
// further calls on one worker, and calls with a few rows on any number,
// allocate nothing. One goroutine may use a Scorer at a time; a service gives
// one to each. It belongs to the parameter values it was made with: after they
// have changed it returns [ErrStale].
type Scorer struct {
	flow    *Flow
	binding *autograd.Binding
	workers int
	graphs  []*autograd.Graph
	job     job
	refusal refusal

	unlabelled          []float32 // the context of an event without classes, standardized
	residuals           sync.Mutex
	residual            float64 // of the last draw
	lanes, inverseLanes int     // see lanes
	runs                *runs   // of long events, once they are drawn
}

// ErrStale is what a [Scorer] returns whose flow has been trained on, or edited,
// since it was made.
var ErrStale = errors.New("flow: the flow's values have changed since this scorer was made: make a new one with NewScorer")

// TileRows is the number of graph rows that one worker carries through all
// layers at once: few enough for a tile's activations to stay in a core's
// second-level cache, enough for the matmuls to run at speed. It changes no
// result.
const TileRows = 128

// A map that goes through the sites one by one takes up to maxLanes events
// together, whose sites of one step are the rows of its matmuls, as long as what
// it keeps of them fits into stepValues values (64 MiB). They change no result.
const (
	maxLanes   = 64
	stepValues = 1 << 24
)

// In the other direction such a map has a wide network, whose weights are read once
// for each tile: up to sequentialRows rows of what arrives.
const sequentialRows = 3 * TileRows

// lanes returns how many events a tile of the flow in one direction does well to
// have, or 0 where no map goes site by site.
func (f *Flow) lanes(inverse bool) int {
	values := transform.StepValues(f.chain, inverse)
	if values == 0 {
		if transform.StepValues(f.chain, !inverse) == 0 {
			return 0
		}
		return max(1, sequentialRows/f.parts[len(f.parts)-1].shape.Sites())
	}
	return max(1, min(maxLanes, stepValues/values))
}

// NewScorer returns a scorer of the flow's present values.
func (f *Flow) NewScorer(o ScorerOptions) (*Scorer, error) {
	if o.Workers < 0 {
		return nil, fmt.Errorf("flow: a scorer with %d workers is asked for, want at least 1, or 0 for GOMAXPROCS", o.Workers)
	}
	binding, err := f.Model().Bind(o.BLAS)
	if err != nil {
		return nil, err
	}
	s := f.newScorer(binding, o)
	binding.Share(s.workers)
	return s, nil
}

func (f *Flow) newScorer(binding *autograd.Binding, o ScorerOptions) *Scorer {
	if o.Workers == 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	s := &Scorer{flow: f, binding: binding, workers: o.Workers, lanes: f.lanes(false), inverseLanes: f.lanes(true)}
	for i, v := range f.config.Unlabelled() {
		s.unlabelled = append(s.unlabelled, f.config.StandardizeContext.Narrow(v, i))
	}
	for range o.Workers {
		s.graphs = append(s.graphs, binding.NewGraph())
	}
	return s
}

// LogProb writes log p of each row of x, in nats, to dst. x holds len(dst)
// events of D values; context as many events of C values, nil for a flow
// without context. Here and below the package's doc says what becomes of rows
// that are far outside, and a context that is there is a [RangeError].
func (s *Scorer) LogProb(dst, x, context []float64) error {
	return s.run(len(dst), job{do: logProbTile, lanes: s.lanes, x: x, context: context, logProb: dst, draws: s.flow.draws})
}

// Forward maps data to noise: z(x) for each event, and log|det dz/dx| unless
// logDet is nil. z and x may be the same slice.
func (s *Scorer) Forward(z, logDet, x, context []float64) error {
	if s.flow.Augmented() {
		return errAugmented
	}
	return s.run(len(z)/s.flow.Dim(), job{do: forwardTile, lanes: s.lanes, x: x, z: z, context: context, logDet: logDet})
}

// Inverse maps noise to data: x(z) for each event, and log|det dx/dz| unless
// logDet is nil. x and z may be the same slice.
func (s *Scorer) Inverse(x, logDet, z, context []float64) error {
	s.residual = 0
	if s.flow.Augmented() {
		return errAugmented
	}
	return s.run(len(x)/s.flow.Dim(), job{do: inverseTile, lanes: s.inverseLanes, x: x, z: z, context: context, logDet: logDet})
}

// LogProbGrad writes log p of each event and its gradients with respect to x
// and context; logProb and gradContext may be nil.
func (s *Scorer) LogProbGrad(logProb, gradX, gradContext, x, context []float64) error {
	return s.run(len(gradX)/s.flow.Dim(), job{do: gradientTile, x: x, context: context, logProb: logProb, gradX: gradX, gradContext: gradContext})
}

// SampleOptions choose what is drawn.
type SampleOptions struct {
	// Seed and the sample's number decide a sample, whatever else is drawn.
	Seed uint64
	// Temperature scales the noise; 0 means 1, the flow's own distribution.
	Temperature float64
	// Guidance, Denoise and Jacobi are of flows of sequential layers and of pixels.
	Guidance Guidance
	// Denoise moves a sample of a flow whose [Pixels] have Noise to the mean of what
	// it may have been without: see [Scorer.Denoise].
	Denoise bool
	// Jacobi finds all sites of a sequential layer at once, by iterations, instead of
	// one after the other; its Residual is not read: see [Scorer.Residual].
	Jacobi autograd.Jacobi
}

// Sample writes the samples number first, first+1, … to x and, unless logProb
// is nil, their log-densities under the flow. A conditional flow takes one
// event of context for each sample. Without log-densities, long events of an inverse
// autoregressive flow of WaveNets come in runs of sites on all workers, with the same
// bits in little memory.
func (s *Scorer) Sample(x, logProb []float64, first uint64, o SampleOptions, context []float64) error {
	if o.Temperature == 0 {
		o.Temperature = 1
	}
	if !(o.Temperature > 0 && autograd.Holds(o.Temperature)) {
		return fmt.Errorf("flow: temperature is %v, want a number above 0 that float32 holds", o.Temperature)
	}
	if o.Temperature != 1 && !base.Tempered(s.flow.config.Base) {
		return fmt.Errorf("flow: temperature is %v, but the base has no scale to multiply", o.Temperature)
	}
	if err := s.flow.checkDraw(&o); err != nil {
		return fmt.Errorf("flow: %w", err)
	}
	n := len(x) / s.flow.Dim()
	s.residual = 0
	// A sample of a grid has the log-density of the middle of its cell, not that of
	// the place in it that was drawn; one beside columns of noise, the bound of many
	// draws of them; one that was guided, iterated or denoised, that of
	// what came out.
	after := len(s.flow.config.Discrete) > 0 || s.flow.Augmented() || o.Denoise || o.Guidance.Weight != 0 || o.Jacobi.Iterations > 0
	j := job{do: sampleTile, lanes: s.inverseLanes, x: x, context: context, first: first, sample: o}
	if !after {
		j.logProb = logProb
	}
	if j.logProb == nil && s.runs == nil {
		var err error
		if s.runs, err = s.newRuns(); err != nil {
			return err
		}
	}
	if j.logProb == nil && s.runs != nil {
		z := make([]float64, len(x))
		if err := s.run(n, job{do: noiseTile, x: x, z: z, context: context, first: first, sample: o}); err != nil {
			return err
		}
		return s.runs.sample(x, z, context, n)
	}
	if err := s.run(n, j); err != nil {
		return err
	}
	if o.Denoise {
		if err := s.run(n, job{do: denoiseTile, x: x, context: context, sample: o}); err != nil {
			return err
		}
	}
	if after && logProb != nil {
		return s.LogProb(logProb, x, context)
	}
	return nil
}

// job is one call's arguments, for its tiles. do is a plain function that takes them:
// a closure over them would allocate at each call.
type job struct {
	do                 func(s *Scorer, g *autograd.Graph, j *job, from, to int)
	x, z, context      []float64
	logProb, logDet    []float64
	gradX, gradContext []float64
	first              uint64
	sample             SampleOptions
	lanes              int // see lanes
	draws              int // of noise, of which log-densities are means
}

// draw says which samples those from an event on are.
func (j *job) draw(from int) base.Draw {
	return base.Draw{Seed: j.sample.Seed, First: j.first + uint64(from), Temperature: j.sample.Temperature}
}

// run checks the lengths and computes all tiles of n events.
func (s *Scorer) run(n int, j job) error {
	if s.binding.Stale() {
		return ErrStale
	}
	f := s.flow
	d, c := f.Dim(), f.ContextFeatures()
	for _, a := range []struct {
		name   string
		values []float64
		per    int
		absent bool // may be nil
	}{
		{"x", j.x, d, false},
		{"z", j.z, d, true},
		{"context", j.context, c, c == 0},
		{"log-density", j.logProb, 1, true},
		{"log-det", j.logDet, 1, true},
		{"gradient of x", j.gradX, d, true},
		{"gradient of context", j.gradContext, c, true},
	} {
		if len(a.values) != n*a.per && !(a.absent && a.values == nil) {
			return fmt.Errorf("flow: %s has %d values, want %d: %d for each of %d events", a.name, len(a.values), n*a.per, a.per, n)
		}
	}
	s.job = j
	defer func() { s.job = job{} }()
	tile := max(1, TileRows/f.sites, min(j.lanes, (n+s.workers-1)/s.workers))
	tiles := (n + tile - 1) / tile
	if s.workers == 1 || tiles <= 1 {
		for i := range tiles {
			j.do(s, s.graphs[0], &s.job, i*tile, min(n, (i+1)*tile))
		}
		return s.refused()
	}
	parallel.For(tiles, s.workers, func(worker, i int) {
		s.job.do(s, s.graphs[worker], &s.job, i*tile, min(n, (i+1)*tile))
	})
	return s.refused()
}

// load puts the events [from, to) of a row-major matrix on the graph,
// standardized in float64 and narrowed, one row for each site.
func (s *Scorer) load(g *autograd.Graph, rows []float64, st Standardization, columns, sites, from, to int, wanted bool) autograd.Value {
	v := g.Input((to-from)*sites, columns, wanted)
	rows = rows[from*columns*sites : to*columns*sites]
	for r := range v.Rows {
		into := v.Row32(r)
		for c := range into {
			into[c] = st.Narrow(rows[r*columns+c], c)
		}
	}
	return v
}

// loadX loads events; those of pixels are dequantized by the pass's draw of their
// own noise, or by the middle.
func (s *Scorer) loadX(p *autograd.Pass, j *job, from, to int, wanted, middle bool) autograd.Value {
	f := s.flow
	if pixels := f.config.Pixels; pixels != nil {
		d, columns := f.Dim(), len(f.config.Features)
		width := columns
		if !middle {
			width = f.Model().Narrowed()
		}
		v := p.Input((to-from)*f.sites, width, wanted)
		for e := from; e < to; e++ {
			x, values := j.x[e*d:(e+1)*d], v.Flat32()[(e-from)*f.sites*width:(e-from+1)*f.sites*width]
			if !middle {
				f.Model().Narrow(values, x, PixelNoise{Draw: uint64(p.Draw)})
				continue
			}
			for i, v := range x {
				values[i] = f.config.Standardize.Narrow(pixels.bin(v)+0.5, i%columns)
			}
		}
		return v
	}
	columns := len(f.config.Features)
	v := s.load(p.Graph, j.x, f.config.Standardize, columns, f.sites, from, to, wanted)
	rows := j.x[from*f.Dim() : to*f.Dim()]
	for _, rule := range f.rules {
		for r := range v.Rows {
			v.Row32(r)[rule.feature] = f.config.Standardize.Narrow(rule.enter(rows[r*columns+rule.feature]), rule.feature)
		}
	}
	return v
}

// pass begins a pass of the events [from, to) with their context.
func (s *Scorer) pass(g *autograd.Graph, j *job, from, to int, wanted bool) *autograd.Pass {
	p := g.Pass(to - from)
	if columns := len(s.flow.config.Context); columns > 0 {
		p.Context = s.load(g, j.context, s.flow.config.StandardizeContext, columns, 1, from, to, wanted)
		s.checkContext(j, p.Context, from)
	}
	return p
}

func logProbTile(s *Scorer, g *autograd.Graph, j *job, from, to int) {
	f, total := s.flow, j.logProb[from:to]
	for draw := range j.draws {
		g.Reset(autograd.Evaluate)
		p := s.pass(g, j, from, to, false)
		p.Draw = draw
		f.Model().LogDensity(p, s.loadX(p, j, from, to, false, false))
		addDraw(total, p.LogDet.Values, draw)
	}
	for i, v := range total {
		total[i] = s.logDensity(j, j.x, from+i, v-logDraws(j.draws)-f.logStd)
	}
}

func forwardTile(s *Scorer, g *autograd.Graph, j *job, from, to int) {
	f := s.flow
	g.Reset(autograd.Evaluate)
	p := s.pass(g, j, from, to, false)
	z := f.Model().Forward(p, s.loadX(p, j, from, to, false, true))
	if j.logDet != nil {
		for i, v := range p.LogDet.Values {
			j.logDet[from+i] = s.logDet(j, j.x, from+i, v-f.logStd, math.Inf(-1))
		}
	}
	for i := range f.parts {
		s.settle(j, j.x, f.noise(p, z, i), from, to)
	}
	f.storeNoise(j.z[from*f.Dim():to*f.Dim()], p, z)
}

func inverseTile(s *Scorer, g *autograd.Graph, j *job, from, to int) {
	f := s.flow
	g.Reset(autograd.Evaluate)
	p := s.pass(g, j, from, to, false)
	s.checkNoise(j, from, to)
	x := f.Model().Inverse(p, f.loadNoise(p, j.z[from*f.Dim():to*f.Dim()]))
	s.keepResidual(p)
	if j.logDet != nil {
		for i, v := range p.LogDet.Values {
			j.logDet[from+i] = s.logDet(j, j.z, from+i, v+f.logStd, math.Inf(1))
		}
	}
	s.settle(j, j.z, x, from, to)
	s.store(j.x, x, from, true)
}

// store writes standardized rows, beginning with an event, as data, and pixels
// that are settled as whole numbers.
func (s *Scorer) store(dst []float64, x autograd.Value, from int, settled bool) {
	dst = dst[from*s.flow.Dim():]
	for r := range x.Rows {
		for c, v := range x.Row32(r) {
			restored := s.flow.config.Standardize.Restore(v, c)
			if p := s.flow.config.Pixels; p != nil && settled {
				restored = p.settle(restored)
			}
			dst[r*x.Cols+c] = restored
		}
	}
	for _, rule := range s.flow.rules {
		for r := range x.Rows {
			at := &dst[r*x.Cols+rule.feature]
			*at = rule.leave(*at)
		}
	}
}

func gradientTile(s *Scorer, g *autograd.Graph, j *job, from, to int) {
	f := s.flow
	if f.draws > 1 {
		s.gradientOfDraws(g, j, from, to)
		return
	}
	g.Reset(autograd.DifferentiateInputs)
	p := s.pass(g, j, from, to, true)
	x := s.loadX(p, j, from, to, true, false)
	f.Model().LogDensity(p, x)
	p.LogDet.Seed(1)
	g.Backward()
	f.config.Standardize.storeGradient(j.gradX[from*f.Dim():], g.Columns(x, ascending(len(f.config.Features))))
	if j.gradContext != nil {
		f.config.StandardizeContext.storeGradient(j.gradContext[from*len(f.config.Context):], p.Context)
	}
	for i, v := range p.LogDet.Values {
		v -= f.logStd
		settled := s.logDensity(j, j.x, from+i, v)
		s.settleGradient(j, j.gradX, f.Dim(), from+i, settled != v)
		s.settleGradient(j, j.gradContext, len(f.config.Context), from+i, settled != v)
		if j.logProb != nil {
			j.logProb[from+i] = settled
		}
	}
}

// storeGradient writes the gradient of a standardized input as that of the
// data it came from.
func (s *Standardization) storeGradient(dst []float64, v autograd.Value) {
	for r := range v.Rows {
		for c := range v.Cols {
			d := v.Gradient(r, c)
			if len(s.Std) > 0 {
				d /= s.Std[c]
			}
			dst[r*v.Cols+c] = d + 0 // no negative zero
		}
	}
}

func sampleTile(s *Scorer, g *autograd.Graph, j *job, from, to int) {
	f := s.flow
	g.Reset(autograd.Evaluate)
	density, p := g.Sums(to-from), s.pass(g, j, from, to, false)
	z := f.drawNoise(p, j.draw(from), density)
	s.guide(p, &j.sample)
	x := f.Model().Inverse(p, z)
	s.keepResidual(p)
	s.settle(j, nil, x, from, to)
	s.store(j.x, x, from, !j.sample.Denoise)
	if j.logProb != nil {
		for i, v := range density.Values {
			j.logProb[from+i] = s.logDensity(j, nil, from+i, v-p.LogDet.Values[i]-f.logStd)
		}
	}
}
