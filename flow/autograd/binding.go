package autograd

import "github.com/seed-192fdf7a/nf/blas"

// Binding is the parameters made ready for computing, in one precision. Any
// number of graphs may read it at once; [Binding.Refresh] must not run
// meanwhile.
type Binding struct {
	parameters *Parameters
	backend    blas.Backend // nil on float64
	layers     []bound      // of each layer of parameters, float32 only
	values64   []float64
	edition    uint64 // of the values that it has taken over
	workers    int    // see Share
}

// Bind32 prepares the parameters for the float32 kernels and the given matmul.
func Bind32(p *Parameters, backend blas.Backend) *Binding {
	b := &Binding{parameters: p, backend: backend, workers: 1}
	b.bind()
	b.Refresh(1)
	return b
}

// Bind64 prepares the parameters for plain float64.
func Bind64(p *Parameters) *Binding {
	b := &Binding{parameters: p, values64: make([]float64, len(p.values))}
	b.Refresh(1)
	return b
}

// Refresh takes over changed parameter values, on the given number of
// goroutines.
func (b *Binding) Refresh(workers int) {
	b.edition = b.parameters.edition.Load()
	if b.values64 != nil {
		for i, v := range b.parameters.values {
			b.values64[i] = float64(v)
		}
		return
	}
	b.refreshLayers(workers)
}

// Share gives the binding so many goroutines, instead of the caller's alone, for
// what it makes when a graph first needs it, such as a matrix of many columns
// from its factors. It must not run while a graph reads the binding; how many
// there are changes no bit.
func (b *Binding) Share(workers int) { b.workers = max(1, workers) }

// Stale tells whether the values have been edited since the binding took them
// over, by [Parameters.Edit].
func (b *Binding) Stale() bool { return b.edition != b.parameters.edition.Load() }

// Backend returns the matmul in use, nil on float64.
func (b *Binding) Backend() blas.Backend { return b.backend }

// Parameters returns what is bound.
func (b *Binding) Parameters() *Parameters { return b.parameters }

// Values64 returns the flat float64 vector of a float64 binding, for tests
// that perturb one value at a time.
func (b *Binding) Values64() []float64 { return b.values64 }

// Float64 tells whether the binding computes in float64.
func (b *Binding) Float64() bool { return b.backend == nil }

// own refuses a layer of other parameters, whose place in this binding is that
// of another layer. It is a programmer's error: two models meet through the
// gradients of their inputs.
func (b *Binding) own(owner *Parameters) {
	if owner != b.parameters {
		panic("autograd: a graph is given a layer or a parameter of another model than the one that it computes")
	}
}

func (b *Binding) value64(p *Parameter) []float64 {
	b.own(p.owner)
	return b.values64[p.offset : p.offset+p.Size()]
}
