package autograd

import (
	"github.com/seed-192fdf7a/nf/kernels"
)

// StandardNormal adds the standard normal log-density of each event,
// −½ Σ z² − ½ D log 2π over all its sites, to total.
//
// Backward: dz = −z·dtotal.
func (g *Graph) StandardNormal(z Value, total Sums) {
	if g.Float64() {
		g.standardNormal64(z, total)
	} else {
		mark := g.Mark()
		rows := g.doubles.take(z.Rows)
		kernels.StandardNormalLogDensity(rows, z.matrix32())
		sites := total.sites(z.Rows)
		for r, v := range rows {
			total.Values[r/sites] += v
		}
		g.Release(mark)
	}
	if !z.wanted() || !g.recording {
		return
	}
	g.Record(func() {
		sites := total.sites(z.Rows)
		if g.Float64() {
			dz, stride := g.grad64(z)
			zs, zStride := z.rows64()
			for r := range z.Rows {
				for c := range z.Cols {
					dz[r*stride+c] -= float64(zs[r*zStride+c] * total.Gradient[r/sites])
				}
			}
			return
		}
		dz, accumulate := g.grad32(z, true)
		zs := z.matrix32()
		for r := range z.Rows {
			d, into := float32(total.Gradient[r/sites]), dz.Row(r)
			if !accumulate {
				clear(into)
			}
			for c, v := range zs.Row(r) {
				into[c] -= float32(v * d)
			}
		}
	})
}

func (g *Graph) standardNormal64(z Value, total Sums) {
	zs, stride := z.rows64()
	sites := total.sites(z.Rows)
	for r := range z.Rows {
		var squares float64
		for c := range z.Cols {
			v := zs[r*stride+c]
			squares += float64(v * v)
		}
		total.Values[r/sites] -= float64(0.5*squares) + float64(float64(z.Cols)*kernels.HalfLog2Pi)
	}
}
