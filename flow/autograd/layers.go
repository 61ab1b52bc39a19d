package autograd

import "github.com/seed-192fdf7a/nf/internal/parallel"

// layer is a part of a model of which bindings keep a form of their own for the
// float32 kernels: a weight packed for its matmul, say.
type layer interface {
	// bind makes room for that form in b.
	bind(b *Binding) bound
}

// bound is what a binding keeps of a layer.
type bound interface {
	// refresh takes over changed values. Those of different layers are refreshed
	// at once.
	refresh()
}

// place is where a layer stands among all of its model, which is a part of every
// layer. Layers are kept in order of creation.
type place struct {
	owner *Parameters
	index int
}

// add gives a layer, which does not have it yet, its place.
func (s Scope) add(l layer, p *place) {
	*p = place{s.owner, len(s.owner.layers)}
	s.owner.layers = append(s.owner.layers, l)
	if l, ok := l.(weighted); ok && l.weight().layer == 0 { // it may be that of a layer
		l.weight().layer = len(s.owner.layers)
	}
}

// layersOf returns the layers of a kind, in order of creation.
func layersOf[L layer](p *Parameters) []L {
	var all []L
	for _, l := range p.layers {
		if l, ok := l.(L); ok {
			all = append(all, l)
		}
	}
	return all
}

// bind makes room for all layers.
func (b *Binding) bind() {
	for _, l := range b.parameters.layers {
		b.layers = append(b.layers, l.bind(b))
	}
}

// refreshLayers takes over changed values on the given number of goroutines.
func (b *Binding) refreshLayers(workers int) {
	parallel.For(len(b.layers), workers, func(_, i int) { b.layers[i].refresh() })
}

// at returns what b keeps of a layer.
func (b *Binding) at(p place) bound {
	b.own(p.owner)
	return b.layers[p.index]
}
