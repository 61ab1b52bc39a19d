package autograd

// overwritten is what a graph knows of the weights of layers, whose gradients
// the first use writes, so that no zeros need be there. They are nearly all of
// the gradients' memory.
type overwritten struct {
	of      []*Parameter // the weight of each layer; nil where a layer has none
	written []bool       // for each layer: whether the gradient holds something
	others  []span       // the parameters that are no such weights
}

// span is a run of parameter values.
type span struct{ from, n int }

// weighted is a layer with a weight whose gradient its first use may write.
type weighted interface{ weight() *Parameter }

func (l *Linear) weight() *Parameter      { return l.Weight }
func (l *Unbiased) weight() *Parameter    { return l.Weight }
func (l *Masked) weight() *Parameter      { return l.Weight }
func (c *Convolution) weight() *Parameter { return c.Weight }

// find looks the weights up.
func (o *overwritten) find(p *Parameters) {
	o.of, o.written = make([]*Parameter, len(p.layers)), make([]bool, len(p.layers))
	for _, q := range p.list {
		if q.layer > 0 {
			o.of[q.layer-1] = q
			continue
		}
		if last := len(o.others) - 1; last >= 0 && o.others[last].from+o.others[last].n == q.offset {
			o.others[last].n += q.Size()
		} else {
			o.others = append(o.others, span{q.offset, q.Size()})
		}
	}
}

// beginGradients makes zeros of the gradients that are added to.
func (g *Graph) beginGradients() {
	o := &g.weights
	if o.of == nil {
		o.find(g.binding.parameters)
	}
	for _, s := range o.others {
		g.do.zero(matrix{&g.gradients, s.from, 1, s.n, s.n})
	}
	clear(o.written)
}

// endGradients makes zeros of those which nothing has written.
func (g *Graph) endGradients() {
	if g.mode != Differentiate {
		return
	}
	for i, p := range g.weights.of {
		if p != nil && !g.weights.written[i] {
			g.do.zero(g.gradientOf(p))
		}
	}
}

// gradientOf returns the gradient of p as it is.
func (g *Graph) gradientOf(p *Parameter) matrix {
	g.binding.own(p.owner)
	return matrix{&g.gradients, p.offset, p.Rows, p.Cols, p.Cols}
}

// weightGradient returns the gradient of a layer's weight to be written or, with
// accumulate, to be added to.
func (g *Graph) weightGradient(p learned) (dw matrix, accumulate bool) {
	accumulate = g.weights.written[p.layer]
	g.weights.written[p.layer] = true
	return g.gradientOf(p.weight), accumulate
}

// parameterGradient returns the gradient of p to add to.
func (g *Graph) parameterGradient(p *Parameter) matrix {
	m := g.gradientOf(p)
	if p.layer > 0 && !g.weights.written[p.layer-1] {
		g.weights.written[p.layer-1] = true
		g.do.zero(m)
	}
	return m
}
