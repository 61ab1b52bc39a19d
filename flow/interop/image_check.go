package interop

import (
	"slices"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/transform"
)

// channelsLast returns rows of images, each [C, H, W] as the libraries have them,
// as [H, W, C]: c of so many sites.
func channelsLast(v []float64, channels, sites int) []float64 {
	out := make([]float64, len(v))
	for at := 0; at < len(v); at += channels * sites {
		for c := range channels {
			for site := range sites {
				out[at+site*channels+c] = v[at+c*sites+site]
			}
		}
	}
	return out
}

// onImages returns the check with the noise of images in the order of the flow's:
// parts, each site by site, whose columns are in the order of the data's, where the
// library has each part channel by channel. That of TarFlow is so already.
func (c *Check) onImages(f *flow.Flow) *Check {
	if c.Z == nil || !c.channelsFirst {
		return c
	}
	other := *c
	order := noiseOrder(f.Config())
	other.Z = make([]float64, len(c.Z))
	for at := 0; at < len(c.Z); at += len(order) {
		for i, to := range order {
			other.Z[at+to] = c.Z[at+i]
		}
	}
	return &other
}

// noiseOrder returns the place in an event's noise of each of the library's values.
func noiseOrder(config flow.Config) []int {
	var order []int
	shape := config.Shape()
	columns := make([]int, shape.Features)
	for i := range columns {
		columns[i] = i
	}
	add := func(features []int, sites int) {
		at := len(order)
		for _, place := range features {
			for site := range sites {
				order = append(order, at+site*len(features)+place)
			}
		}
	}
	for _, s := range config.Transforms {
		var leaving []int
		columns, leaving = columnsAfter(s, columns)
		shape = s.Output(shape, false)
		if _, splits := s.(*transform.SplitSpec); splits {
			add(leaving, shape.Sites())
		}
	}
	rest := make([]int, shape.Features)
	for i := range rest {
		rest[i] = i // what arrives is in the order of its features
	}
	add(rest, shape.Sites())
	return slices.Clip(order)
}
