package flow

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/nn"
	"github.com/seed-192fdf7a/nf/flow/transform"
	"github.com/seed-192fdf7a/nf/kernels"
)

// Flow is a density with an exact log-density and an exact sampler. It is safe
// for concurrent use, except while its parameters are being changed.
// A [Config] describes a flow; a Flow holds its values; an [autograd.Binding] has
// them ready for computing; a [Scorer] computes rows with it, on an
// [autograd.Graph] for each worker.
type Flow struct {
	config     Config
	provenance json.RawMessage
	parameters *autograd.Parameters
	embedding  *nn.Embedding // of the context, or nil
	chain      *transform.Chain
	parts      []part // of the noise
	sites      int
	noiseDim   int // values of the noise of an event
	draws      int // of columns of noise, of which a density is the mean; 1 without

	dequantizer *dequantizer // of pixels, or nil

	rules []columnRule

	logStd float64 // Σ log std of the standardization, over an event

	// For the methods that take no Scorer.
	mutex   sync.Mutex
	binding *autograd.Binding // shared by the idle scorers
	scorers []*Scorer         // idle, all on binding
}

// New builds the flow that c describes, with the initial values that seed
// draws: hidden weights from U(±1/√inputs), last layers zero, so that it begins
// as the standardization alone.
func New(c Config, seed uint64) (*Flow, error) {
	f, err := build(c, 0)
	if err != nil {
		return nil, err
	}
	if f.embedding != nil {
		f.embedding.Initialize(seed)
	}
	f.chain.Initialize(seed)
	for _, q := range f.parts {
		q.base.Initialize(seed)
	}
	if f.dequantizer != nil {
		f.dequantizer.chain.Initialize(seed)
	}
	return f, nil
}

// CountParameters returns the number of learned values of the flow that c
// describes, without making it. [New] takes four bytes of memory for each, and
// training many times that (train.Options.Bytes).
func (c *Config) CountParameters() (float64, error) {
	if err := c.Check(); err != nil {
		return 0, fmt.Errorf("flow: %w", err)
	}
	return c.countParameters(), nil
}

// countParameters is CountParameters of a description that was checked.
func (c *Config) countParameters() float64 {
	return autograd.CountParameters(func(root autograd.Scope) {
		shape := c.Shape()
		if c.Embedding != nil {
			c.Embedding.Build(len(c.Context), root.At("embedding"))
		}
		c.chain().BuildChain(shape, c.shownContext(), root)
		c.buildParts(root)
		c.buildDequantizer(root)
	})
}

// build makes a flow of zeros; limit, unless 0, is the number of parameter
// values that it may have.
func build(c Config, limit int) (*Flow, error) {
	if err := c.Check(); err != nil {
		return nil, fmt.Errorf("flow: %w", err)
	}
	f := &Flow{config: c, parameters: autograd.NewParameters(limit)}
	room := limit
	if limit == 0 {
		room = int(c.countParameters())
	}
	f.parameters.Reserve(room)
	shape, root := c.Shape(), f.parameters.Root()
	if c.Embedding != nil {
		f.embedding = c.Embedding.Build(len(c.Context), root.At("embedding"))
	}
	f.chain = c.chain().BuildChain(shape, c.shownContext(), root)
	f.parts = c.buildParts(root)
	if f.dequantizer = c.buildDequantizer(root); f.dequantizer != nil {
		f.dequantizer.standard = &f.config.Standardize
	}
	if err := f.parameters.Err(); err != nil {
		return nil, fmt.Errorf("flow: %w", err)
	}
	f.sites, f.draws = shape.Sites(), 1
	if a := c.Augmented(); a != nil {
		f.draws = a.Draws
	}
	for i := range f.parts {
		f.noiseDim += f.parts[i].shape.Dim()
	}
	f.parts[len(f.parts)-1].columns = f.chain.Bind(ascending(shape.Features), false)
	f.setStandardization(c.Standardize, c.StandardizeContext)
	f.rules = c.columnRules()
	return f, nil
}

// Model is a flow as trainers and importers see it: its values, and its density
// as operations of a graph.
type Model Flow

// Model returns what trainers and importers work on: the flow itself, with the
// methods that scoring and sampling do without.
func (f *Flow) Model() *Model { return (*Model)(f) }

// SetStandardization replaces the first stage, as training does when it has
// seen its data.
func (f *Model) SetStandardization(rows, context Standardization) error {
	if err := rows.check("standardize", f.config.Features); err != nil {
		return fmt.Errorf("flow: %w", err)
	}
	if err := context.check("standardize_context", f.config.Context); err != nil {
		return fmt.Errorf("flow: %w", err)
	}
	(*Flow)(f).setStandardization(rows, context)
	return nil
}

func (f *Flow) setStandardization(rows, context Standardization) {
	f.config.Standardize, f.config.StandardizeContext = rows, context
	f.logStd = 0
	for _, s := range rows.Std {
		f.logStd += kernels.Log64(s)
	}
	f.logStd = float64(f.logStd * float64(f.sites))
}

// Config returns the description; it must not be changed.
func (f *Flow) Config() Config { return f.config }

// Parameters returns the learned values. Whoever changes them does it in
// [autograd.Parameters.Edit], and not while the flow is in use elsewhere, which is
// a race: the flow's own methods then use the new values, and Scorers of the old
// ones return [ErrStale].
func (f *Model) Parameters() *autograd.Parameters { return f.parameters }

// Provenance returns what the file says of the model's making, as JSON, or nil.
func (f *Flow) Provenance() json.RawMessage { return f.provenance }

// SetProvenance sets what [Flow.Save] writes of the model's making. It should
// hold only what decides the values, so that the same training writes the same
// file.
func (f *Flow) SetProvenance(p json.RawMessage) { f.provenance = p }

// Dim returns D, the number of values of an event: features times sites.
func (f *Flow) Dim() int { return len(f.config.Features) * f.sites }

// Augmented tells whether columns of noise stand beside those of the data
// ([transform.AugmentSpec]): log-densities are then lower bounds, and no noise
// belongs to a row.
func (f *Flow) Augmented() bool { return f.config.Augmented() != nil }

// NoiseColumns returns the data column of each feature of the noise z, as the
// permutations leave them. A base is over data columns.
func (f *Model) NoiseColumns() []int { return slices.Clone(f.parts[len(f.parts)-1].columns) }

// ContextFeatures returns the number of context values of an event.
func (f *Flow) ContextFeatures() int { return len(f.config.Context) }

// Sites returns the number of rows of the graph that one event takes.
func (f *Model) Sites() int { return f.sites }

// StandardizationLogDet returns the log-det of the first stage, −Σ log std over
// an event.
func (f *Model) StandardizationLogDet() float64 { return -f.logStd }

// LogDensity adds log p of each event in x to the log-dets of the pass: what
// training differentiates. x holds standardized values, one row for each site,
// and the pass's context standardized ones too; of a flow with a [Dequantization]
// it may hold, as [Model.Narrow] writes them, those of pixels with their noise, and
// what is added is the bound of one draw. The standardization's own
// log-det is not in it. x may be rewritten if the pass does not record.
func (f *Model) LogDensity(p *autograd.Pass, x autograd.Value) {
	f.BaseDensity(p, f.Forward(p, x))
}

// Forward maps standardized values, with the pass's context standardized
// likewise, to the noise of the last part; it adds the maps' log-dets to those of
// the pass. Inverse is the way back. Either may rewrite its argument if the pass
// does not record.
func (f *Model) Forward(p *autograd.Pass, x autograd.Value) autograd.Value {
	return f.Through(p, x, f.forward)
}

// forward goes to the noise, from pixels by way of their dequantization.
func (f *Model) forward(p *autograd.Pass, x autograd.Value) autograd.Value {
	if x.Cols > len(f.config.Features) {
		x = f.dequantizer.enter(p, x)
	}
	return f.chain.Forward(p, x)
}

// Inverse maps noise to standardized values: see [Model.Forward].
func (f *Model) Inverse(p *autograd.Pass, z autograd.Value) autograd.Value {
	return f.Through(p, z, f.chain.Inverse)
}

// Through goes a way whose maps see the context by the flow's embedding. The pass
// keeps the context itself, so that it can go on to another way.
func (f *Model) Through(p *autograd.Pass, x autograd.Value, way func(*autograd.Pass, autograd.Value) autograd.Value) autograd.Value {
	if f.embedding == nil {
		return way(p, x)
	}
	given, without := p.Context, p.Guidance.Without
	if !without.IsZero() {
		p.Context = without
		p.Guidance.Without = f.embedding.Compute(p)
		p.Context = given
	}
	p.Context = f.embedding.Compute(p)
	y := way(p, x)
	p.Context, p.Guidance.Without = given, without
	return y
}

// Chain returns the maps from data to noise, which see the context by way of the
// flow's embedding, if it has one: [Model.Forward] does both.
func (f *Model) Chain() *transform.Chain { return f.chain }

// Bind prepares the flow's current values for float32 computing on a matmul
// backend, or with nil on the default one (see [blas.Default]).
func (f *Model) Bind(backend blas.Backend) (*autograd.Binding, error) {
	if err := kernels.Err(); err != nil {
		return nil, err
	}
	if backend == nil {
		var err error
		if backend, err = blas.Default(); err != nil {
			return nil, err
		}
	}
	return autograd.Bind32(f.parameters, backend), nil
}
