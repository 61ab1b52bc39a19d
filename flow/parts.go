package flow

import (
	"fmt"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/base"
	"github.com/seed-192fdf7a/nf/flow/transform"
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
)

// part is a part of the noise: one that left on the way, or the last one, which
// arrived. The noise of an event is one vector, its parts in order of leaving,
// each site by site.
type part struct {
	shape   transform.Shape
	columns []int // the data column of each feature
	offset  int   // in the event's noise
	base    base.Density
}

// checkParts tells what is wrong with the parts of c's noise.
func (c *Config) checkParts() error {
	left, rest, err := transform.Parts(c.chain(), c.Shape())
	if err != nil {
		return err
	}
	for i, shape := range append(left, rest) {
		err := c.Base.Check(shape.Features)
		if s, ok := c.Base.(base.SitesChecker); ok && err == nil {
			err = s.CheckSites(shape.Sites())
		}
		if err != nil {
			name, _ := base.Kinds.Name(c.Base)
			if len(left) == 0 {
				return fmt.Errorf("base %s: %w", name, err)
			}
			return fmt.Errorf("base %s of part %d of the noise: %w", name, i, err)
		}
	}
	return nil
}

// buildParts returns the parts of c's noise, with a base for each below root. The
// parameters of the last one, which every flow has, are base.*, those of the
// others base.parts.0.*, ….
func (c *Config) buildParts(root autograd.Scope) (all []part) {
	left, rest, _ := transform.Parts(c.chain(), c.Shape())
	root = root.At("base")
	offset := 0
	for i, shape := range left {
		all = append(all, part{shape, ascending(shape.Features), offset, c.Base.Build(shape.Features, root.At("parts", i))})
		offset += shape.Dim()
	}
	return append(all, part{shape: rest, offset: offset, base: c.Base.Build(rest.Features, root)})
}

// ascending returns 0, 1, … n−1.
func ascending(n int) []int {
	columns := make([]int, n)
	for i := range columns {
		columns[i] = i
	}
	return columns
}

// noise returns the value of part i of what a pass that went forward made; z is
// what arrived.
func (f *Flow) noise(p *autograd.Pass, z autograd.Value, i int) autograd.Value {
	if i < len(f.parts)-1 {
		return p.Parts()[i]
	}
	return z
}

// BaseDensity adds the base's log-density of each event, of z and of the parts
// that left, to the log-dets of the pass.
func (f *Model) BaseDensity(p *autograd.Pass, z autograd.Value) {
	for i := range f.parts {
		f.parts[i].base.LogDensity(p, (*Flow)(f).noise(p, z, i), p.LogDet)
	}
}

// storeNoise writes what a pass that went forward made to dst, whose rows are
// events.
func (f *Flow) storeNoise(dst []float64, p *autograd.Pass, z autograd.Value) {
	d := f.noiseDim
	for i := range f.parts {
		q := &f.parts[i]
		sites, v := q.shape.Sites(), f.noise(p, z, i)
		for r := range v.Rows {
			row, out := v.Row32(r), dst[r/sites*d+q.offset+r%sites*len(q.columns):]
			for k, c := range q.columns {
				out[k] = float64(row[c])
			}
		}
	}
}

// loadNoise puts the noise in src, whose rows are events, on the graph: it gives
// the parts that left to the pass, and returns the last one.
func (f *Flow) loadNoise(p *autograd.Pass, src []float64) (z autograd.Value) {
	d, events := f.noiseDim, len(p.LogDet.Values)
	for i := range f.parts {
		q := &f.parts[i]
		sites := q.shape.Sites()
		v := p.Input(events*sites, q.shape.Features, false)
		for r := range v.Rows {
			row, in := v.Row32(r), src[r/sites*d+q.offset+r%sites*len(q.columns):]
			for k, c := range q.columns {
				row[c] = float32(in[k])
			}
		}
		if i == len(f.parts)-1 {
			return v
		}
		p.Give(v)
	}
	return z
}

// drawNoise draws the noise of the events of the pass, which are the samples
// that draw says, and adds its log-density to total: it gives the parts that left
// to the pass, and returns the last one. The normal noise of an event is one
// vector at the event's index of its stream.
func (f *Flow) drawNoise(p *autograd.Pass, draw base.Draw, total autograd.Sums) (z autograd.Value) {
	d, events := f.noiseDim, len(p.LogDet.Values)
	flat := p.Floats(events * d)
	if draw.Numbers == nil {
		kernels.NormalRows(flat, events, d, draw.Seed, random.Sample, draw.First)
	} else {
		kernels.NormalRowsOf(flat, d, draw.Seed, random.Sample, draw.Numbers)
	}
	if draw.Temperature != 1 {
		kernels.Scale(flat, flat, float32(draw.Temperature))
	}
	for i := range f.parts {
		q := &f.parts[i]
		n, values := q.shape.Dim(), flat
		if len(f.parts) > 1 {
			values = p.Floats(events * n)
			for e := range events {
				copy(values[e*n:(e+1)*n], flat[e*d+q.offset:])
			}
		}
		draw.Part, draw.Sites = i, q.shape.Sites()
		v := q.base.Sample(p, p.Wrap(values, q.shape.Features), draw, total)
		if i == len(f.parts)-1 {
			return v
		}
		p.Give(v)
	}
	return z
}
