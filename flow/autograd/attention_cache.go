package autograd

import "github.com/seed-192fdf7a/nf/kernels"

// Cache holds the keys and the values of the sites that are known so far of each
// event of a pass, so that one site after the other can attend to those before
// it: see [Pass.AttendNext].
type Cache struct {
	events, sites, columns, heads int
	known                         int
	temperature                   float64 // 0 is 1

	narrow cacheMemory[float32]
	wide   cacheMemory[float64]
}

// cacheMemory lies event after event. Of each head, keys have a row for each
// column, with the sites side by side, as the product with a query reads them;
// values have a row for each site, and so have the gradients of both.
type cacheMemory[T float32 | float64] struct {
	keys, values, dKeys, dValues []T
}

// NewCache returns a cache that is empty, for so many sites and columns of each
// event of the pass, and with its temperature of attention.
func (p *Pass) NewCache(sites, columns, heads int) Cache {
	c := Cache{events: len(p.LogDet.Values), sites: sites, columns: columns, heads: heads, temperature: p.AttentionTemperature}
	return p.do.newCache(c)
}

// CacheValues returns the number of values that a cache takes for each event.
func CacheValues(sites, columns int) int { return (laneSites(sites) + sites) * columns }

// laneSites returns the sites of a row of keys, whole panels.
func laneSites(sites int) int {
	return (sites + kernels.PanelWidth - 1) / kernels.PanelWidth * kernels.PanelWidth
}

func (m *cacheMemory[T]) take(memory *arena[T], c *Cache, recording bool) {
	m.keys, m.values = memory.take(c.events*laneSites(c.sites)*c.columns), memory.take(c.events*c.sites*c.columns)
	if recording {
		m.dKeys, m.dValues = memory.takeZeroed(len(m.values)), memory.takeZeroed(len(m.values))
	}
}

// AttendNext puts the keys k and the values v of the next site into the cache and
// returns what that site looks up, the query q: the row of [Pass.Attention], where
// it is causal, with its bits. q, k and v have a row for each event.
//
// Backward: as that of Attention; what later sites pass back to k and v waits in
// the cache.
func (p *Pass) AttendNext(c *Cache, q, k, v Value) Value {
	g, site := p.Graph, c.known
	c.known++
	y := g.newValue(q.Rows, q.Cols, q.wanted() || k.wanted() || v.wanted())
	g.do.attendNext(*c, site, y.data(), q.data(), k.data(), v.data())
	if y.wanted() {
		cache := *c
		g.Record(func() {
			var dy matrix // nothing where no gradient reached y: later sites may have passed something back all the same
			if !y.untouched() {
				dy = g.gradient(y)
			}
			g.do.attendNextBackward(cache, site, dy, g.gradientIfWanted(q), g.gradientIfWanted(k), g.gradientIfWanted(v), q.data())
		})
	}
	return y
}

// keysOf returns the keys of head h of event e, those of the first n sites, as
// columns.
func (m *cacheMemory[T]) keysOf(c *Cache, e, h, n int) grid[T] {
	d, lanes := c.columns/c.heads, laneSites(c.sites)
	return grid[T]{m.keys[(e*c.columns+h*d)*lanes:], d, n, lanes, 1}
}

// rowsOf returns what values or a gradient have of head h of event e and the
// first n sites.
func rowsOf[T float32 | float64](values []T, c *Cache, e, h, n int) grid[T] {
	d := c.columns / c.heads
	return grid[T]{values[e*c.sites*c.columns+h*d:], n, d, c.columns, 1}
}

func (m *cacheMemory[T]) next(c *Cache, site int, with rowMath[T], memory *arena[T], q, k, v, y grid[T]) {
	mark := memory.mark()
	d, n, lanes := c.columns/c.heads, site+1, laneSites(c.sites)
	query, scores := dense(memory.take(d), 1, d), dense(memory.take(laneSites(n)), 1, n)
	for e := range c.events {
		copy(m.values[(e*c.sites+site)*c.columns:][:c.columns], v.row(e))
		for i, x := range k.row(e) {
			m.keys[(e*c.columns+i)*lanes+site] = x
		}
		for h := range c.heads {
			m.weights(c, e, h, with, query, scores, q)
			with.product(part(y, e, e+1, h*d, (h+1)*d), scores, rowsOf(m.values, c, e, h, n), grid[T]{})
		}
	}
	memory.release(mark)
}

// weights sets scores to the weights of the sites that it has, and query to head h
// of q, scaled. It computes whole panels, whose last values belong to sites that are
// not known yet and mean nothing, so that no part of the keys must be packed: scores
// has memory for them.
func (m *cacheMemory[T]) weights(c *Cache, e, h int, with rowMath[T], query, scores, q grid[T]) {
	d := c.columns / c.heads
	scaleRows(with, query, part(q, e, e+1, h*d, (h+1)*d), scaleOf[T](c.columns, c.heads, c.temperature))
	whole := laneSites(scores.cols)
	with.product(dense(scores.data, 1, whole), query, m.keysOf(c, e, h, whole), grid[T]{})
	with.softmax(scores.row(0))
}

func (m *cacheMemory[T]) backward(c *Cache, site int, with rowMath[T], memory *arena[T], q, dy, dq, dk, dv grid[T]) {
	mark := memory.mark()
	d, n := c.columns/c.heads, site+1
	query, dQuery := dense(memory.take(d), 1, d), dense(memory.take(d), 1, d)
	scores, dScores := dense(memory.take(laneSites(n)), 1, n), dense(memory.take(n), 1, n)
	for e := range c.events {
		for h := range c.heads {
			if dy.data == nil {
				break
			}
			m.weights(c, e, h, with, query, scores, q)
			out, dValues, dKeys := part(dy, e, e+1, h*d, (h+1)*d), rowsOf(m.dValues, c, e, h, n), rowsOf(m.dKeys, c, e, h, n)
			with.product(dValues, scores.transposed(), out, dValues)
			with.product(dScores, out, rowsOf(m.values, c, e, h, n).transposed(), grid[T]{})
			with.softmaxBackward(dScores.row(0), scores.row(0))
			with.product(dKeys, dScores.transposed(), query, dKeys)
			if dq.data != nil {
				with.product(dQuery, dScores, m.keysOf(c, e, h, n).transposed(), grid[T]{})
				addScaled(with, part(dq, e, e+1, h*d, (h+1)*d), dQuery, scaleOf[T](c.columns, c.heads, c.temperature))
			}
		}
		at := (e*c.sites + site) * c.columns
		if dk.data != nil {
			addScaled(with, dk.slice(e, e+1), dense(m.dKeys[at:], 1, c.columns), 1)
		}
		if dv.data != nil {
			addScaled(with, dv.slice(e, e+1), dense(m.dValues[at:], 1, c.columns), 1)
		}
	}
	memory.release(mark)
}
