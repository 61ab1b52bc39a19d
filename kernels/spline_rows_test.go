package kernels

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// What rowsKernels needs to call the spline kernels.

// spline chooses by the shape, once a call: few bins for the long ones, which
// are slow where a processor is emulated.
func (c *rowsCall) spline() Spline {
	if c.chosen.Bins == 0 {
		bins := []int{1, 2, 5, 8, 16}[(c.rows+c.cols)%5]
		if c.rows*c.cols > 200 {
			bins = min(bins, 3) // TestSplineParity has all bins
		}
		names := []string{"nflows", "identity", "circular", "zuko", "zuko circular"}
		c.chosen = splineRules(bins)[names[(c.rows*3+c.cols/5)%5]]
	}
	return c.chosen
}

func (c *rowsCall) splineParams(s Spline) Matrix {
	if c.broadcastsParams {
		return Matrix{Data: c.vector(s.Blocks() * c.cols), Rows: c.rows, Cols: s.Blocks() * c.cols}
	}
	return c.matrixOf(c.rows, s.Blocks()*c.cols)
}

// boxed returns values of which a few are at the ends of the box.
func (c *rowsCall) boxed(s Spline) Matrix {
	m := c.matrix()
	for i := range m.Data {
		if !c.replay && c.random.IntN(16) == 0 {
			m.Data[i] = float32(math.Copysign(float64(s.Bound), float64(m.Data[i])))
		}
	}
	return m
}

// TestSplineParity holds every tier to the reference bit by bit for every
// number of bins and rule, with a stride of its own for every matrix, and with
// values exactly on knots.
func TestSplineParity(t *testing.T) {
	for _, tier := range Tiers()[1:] {
		for _, bins := range []int{1, 2, 3, 4, 5, 8, 16, 31, MaxSplineBins} {
			for name, s := range splineRules(bins) {
				for _, shape := range [][2]int{{1, 1}, {2, 3}, {9, 3}, {5, 4}, {3, 5}, {5, 8}, {2, 9}, {1, 16}, {2, 17}, {1, 37}} {
					got, want := runSplines(tier, s, shape[0], shape[1]), runSplines(&reference, s, shape[0], shape[1])
					for i := range want {
						if c := firstDifference(got[i], want[i]); c >= 0 {
							t.Fatalf("%s, %s, %d bins, %d rows of %d columns, result %d: value %d is %v (%x), the reference has %v (%x)", tier.name, name, bins,
								shape[0], shape[1], i, c, got[i][c], math.Float32bits(got[i][c]), want[i][c], math.Float32bits(want[i][c]))
						}
					}
				}
			}
		}
	}
}

// runSplines returns everything that the spline kernels write, gaps between
// rows included.
func runSplines(tier *Tier, s Spline, rows, cols int) [][]float32 {
	random := rand.New(rand.NewPCG(uint64(rows), uint64(cols)))
	var written [][]float32
	gap := 0
	matrix := func(cols int) Matrix {
		gap++
		data := make([]float32, rows*(cols+gap))
		for i := range data {
			data[i] = float32(random.NormFloat64())
		}
		return Matrix{Data: data, Rows: rows, Cols: cols, Stride: cols + gap}
	}
	output := func(cols int) Matrix {
		m := matrix(cols)
		written = append(written, m.Data)
		return m
	}
	vector := func() []float32 { return matrix(1).Data[:rows] }

	x, params, gradient := matrix(cols), matrix(s.Blocks()*cols), matrix(cols)
	for r := range rows {
		for c := range cols {
			switch random.IntN(4) {
			case 0: // on a knot
				rule := s.rule(false)
				var b splineBin
				b.find(x.Row(r)[c], false, params.Row(r)[c:], cols, &rule)
				x.Row(r)[c] = b.x
			case 1:
				x.Row(r)[c] = float32((2*random.Float64() - 1) * 1.2 * float64(s.Bound))
			}
		}
	}
	forward, inverse := vector(), vector()
	written = append(written, forward, inverse)
	tier.SplineForward(output(cols), x, params, forward, s)
	tier.SplineInverse(output(cols), x, params, inverse, s)
	tier.SplineForwardBackward(output(cols), output(s.Blocks()*cols), x, params, gradient, vector(), s)
	tier.SplineInverseBackward(output(cols), output(s.Blocks()*cols), x, params, gradient, vector(), s)
	return written
}

// BenchmarkSpline reports nanoseconds an element, of 8 bins.
func BenchmarkSpline(b *testing.B) {
	for _, kernel := range rowsKernels {
		if !strings.HasPrefix(kernel.name, "Spline") || strings.Contains(kernel.name, " ") {
			continue
		}
		for _, shape := range [][2]int{{1, 3}, {256, 3}, {128, 6}, {20, 64}} {
			for _, tier := range Tiers()[1:] {
				b.Run(fmt.Sprintf("%s/%dx%d/%s", kernel.name, shape[0], shape[1], tier.Name()), func(b *testing.B) {
					c := newRowsCall(shape[0], shape[1])
					c.chosen = splineRules(8)["identity"]
					kernel.run(tier, c)
					c.replay = true
					for b.Loop() {
						c.next = 0
						kernel.run(tier, c)
					}
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(shape[0]*shape[1]), "ns/element")
				})
			}
		}
	}
}
