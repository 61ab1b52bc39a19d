package interop

// Where context comes in behind an activation of which act(v) − act(−v) is no
// multiple of v, as with tanh and ELU, a network becomes a plain residual one:
// its blocks see the stream itself, so the stream can carry what is linear, and
// have room for what is computed in between.

// plainStream is a plain residual network in the making, whose stream is
// segments.
type plainStream struct {
	network
	width    int
	segments []int // where each begins
}

// segment makes room for units in the stream.
func (p *plainStream) segment(units int) int {
	p.segments = append(p.segments, p.width)
	p.width += units
	return len(p.segments) - 1
}

// part is a layer that sees a segment.
type part struct {
	of    int
	layer dense
}

// block adds act(Σ inner) to a segment, through outer.
func (p *plainStream) block(inner []part, norm *normalization, into int, outer dense) {
	first := newMasked(p.width, inner[0].layer.out)
	for _, i := range inner {
		first.paste(0, p.segments[i.of], i.layer, nil)
	}
	second := newMasked(outer.in, p.width)
	second.paste(p.segments[into], 0, outer, nil)
	p.layers = append(p.layers, first.before(norm), second)
}

// end is the last layer, of one segment.
func (p *plainStream) end(of int, last dense) network {
	d := newMasked(p.width, last.out)
	d.paste(0, p.segments[of], last, nil)
	p.layers = append(p.layers, d)
	return p.network
}

// begin is the first layer: what r computes of the features, and the context.
func (p *plainStream) begin(r residualNet, h, context int) {
	d := newMasked(r.features+r.context, p.width)
	d.paste(p.segments[h], 0, r.first, nil)
	d.paste(p.segments[context], r.features, identityLayer(r.context), nil)
	p.layers = []dense{d}
	if r.activated != nil {
		p.block([]part{{context, *r.activated}}, nil, h, identityLayer(r.first.out))
	}
}

func (r residualNet) newPlain() *plainStream {
	return &plainStream{network: network{features: r.features, context: r.context, residual: true, plain: true, activation: r.activation}}
}

// plain is network for any activation, without gates. Each block takes two: one
// that applies the activation to the stream, and one for the rest.
func (r residualNet) plain() network {
	p, width := r.newPlain(), r.first.out
	h, context := p.segment(width), p.segment(r.context)
	var activated []int
	for range r.blocks {
		activated = append(activated, p.segment(width))
	}
	p.begin(r, h, context)
	for i, b := range r.blocks {
		p.block([]part{{h, identityLayer(width).after(b.norm)}}, nil, activated[i], identityLayer(width))
		inner := []part{{activated[i], b.inner}}
		if b.innerContext != nil {
			inner = append(inner, part{context, *b.innerContext})
		}
		p.block(inner, b.innerNorm, h, b.outer)
	}
	return p.end(h, r.last)
}
