package transform

import (
	"math"
	"testing"

	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
)

// TestCausalTapsBits holds the products of masked convolutions against plain loops,
// site by site and weight by weight.
func TestCausalTapsBits(t *testing.T) {
	for _, c := range []*causalTaps{
		newCausalTaps([2]int{5, 6}, 3, 2, 3, 7, true, false),
		newCausalTaps([2]int{5, 6}, 3, 2, 7, 3, true, true),
		newCausalTaps([2]int{1, 9}, 5, 13, 1, 1, false, false),
		newCausalTaps([2]int{3, 1}, 5, 2, 1, 2, false, true),
	} {
		wide, out, sites := c.features*c.in, c.features*c.out, c.sites()
		index := uint64(0)
		drawn := func(n int) []float64 {
			narrow, values := make([]float32, n), make([]float64, n)
			random.Uniform(narrow, 3, random.Initialization, index<<32, 1)
			index++
			for i, v := range narrow {
				values[i] = kernels.Exp64(float64(v))
			}
			return values
		}
		w, x, dy := drawn(c.weights()), drawn(sites*wide), drawn(sites*out)
		y, dx, dw := drawn(sites*out), drawn(sites*wide), drawn(len(w))
		wantY, wantX, wantW := append([]float64(nil), y...), append([]float64(nil), dx...), append([]float64(nil), dw...)
		for site := range sites {
			each := func(out, in, weight int) { wantY[out] += float64(w[weight] * x[in]) }
			c.eachTap(site, each)
			for i := range c.features {
				c.eachOwn(site, i, each)
			}
		}
		for site := range sites {
			sums := map[int]float64{}
			var order []int
			slope := func(out, in, weight int) {
				wantW[weight] += float64(x[in] * dy[out])
				if _, ok := sums[in]; !ok {
					order = append(order, in)
				}
				sums[in] += float64(w[weight] * dy[out])
			}
			c.eachTap(site, slope)
			for _, in := range order {
				wantX[in] += sums[in]
			}
			for i := range c.features {
				c.eachOwn(site, i, func(out, in, weight int) {
					wantX[in] += float64(w[weight] * dy[out])
					wantW[weight] += float64(x[in] * dy[out])
				})
			}
		}
		alone := append([]float64(nil), dx...)
		c.apply(y, w, x)
		c.backward(dx, dw, w, x, dy)
		c.backward(alone, nil, w, x, dy)
		for name, pair := range map[string][2][]float64{"y": {y, wantY}, "dx": {dx, wantX}, "dw": {dw, wantW}, "dx without dw": {alone, wantX}} {
			for i, v := range pair[0] {
				if math.Float64bits(v) != math.Float64bits(pair[1][i]) {
					t.Fatalf("on %v, reverse %v: %s %d is %v, by plain loops %v", c.grid, c.reverse, name, i, v, pair[1][i])
				}
			}
		}
	}
}
