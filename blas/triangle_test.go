package blas_test

import (
	"math"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/kernels"
)

// TestTriangleHasTheBitsOfRows compares triangles, of all tiers, with a product for each
// row; what is absent is NaN.
func TestTriangleHasTheBitsOfRows(t *testing.T) {
	value := func(i int) float32 { return float32((i*7919+13)%1009-504) / 331 }
	for _, tier := range kernels.Tiers() {
		backend := blas.BuiltinOn(tier)
		for _, n := range []int{1, 7, 8, 9, 31} {
			for _, cols := range []int{16, 48} {
				for _, upper := range []bool{false, true} {
					for _, turned := range []bool{false, true} {
						for _, from := range []string{"nothing", "c", "another"} {
							const gap = 3
							a := kernels.Strided{Data: make([]float32, n*(n+gap)), Rows: n, Cols: n, RowStride: n + gap, ColumnStride: 1}
							if turned {
								a.RowStride, a.ColumnStride = 1, n+gap
							}
							b := kernels.Strided{Data: make([]float32, n*(cols+gap)), Rows: n, Cols: cols, RowStride: cols + gap, ColumnStride: 1}
							other := kernels.Matrix{Data: make([]float32, n*cols), Rows: n, Cols: cols, Stride: cols}
							for i := range b.Data {
								b.Data[i] = value(i)
							}
							for i := range other.Data {
								other.Data[i] = value(3 * i)
							}
							for i := range n {
								for k := range n {
									v := value(5*i + 11*k)
									if k > i && !upper || k < i && upper {
										v = float32(math.NaN())
									}
									a.Data[i*a.RowStride+k*a.ColumnStride] = v
								}
							}
							var results [2]kernels.Matrix
							for r := range results {
								c := kernels.Matrix{Data: make([]float32, n*(cols+gap)), Rows: n, Cols: cols, Stride: cols + gap}
								for i := range c.Data {
									c.Data[i] = value(9 * i)
								}
								var start kernels.Matrix
								switch from {
								case "c":
									start = c
								case "another":
									start = other
								}
								results[r] = c
								if r == 0 {
									if !blas.Triangle(backend, c, a, b, start, upper) {
										t.Fatalf("%s does not compute triangles of %d rows and %d columns", tier.Name(), n, cols)
									}
									continue
								}
								for i := range n {
									first, last := 0, i+1
									if upper {
										first, last = i, n
									}
									row := start
									if start.Data != nil {
										row = kernels.Matrix{Data: start.Data[i*start.Stride:], Rows: 1, Cols: cols, Stride: start.Stride}
									}
									backend.Product(kernels.Matrix{Data: c.Data[i*c.Stride:], Rows: 1, Cols: cols, Stride: c.Stride}, a.Slice(i, i+1).Columns(first, last), b.Slice(first, last), row)
								}
							}
							for i, v := range results[0].Data {
								if math.Float32bits(v) != math.Float32bits(results[1].Data[i]) {
									t.Fatalf("%s, %d rows, %d columns, upper %v, turned %v, from %s: value %d is %v, by rows %v", tier.Name(), n, cols, upper, turned, from, i, v, results[1].Data[i])
								}
							}
						}
					}
				}
			}
		}
	}
	square := kernels.Strided{Data: make([]float32, 16*16), Rows: 16, Cols: 16, RowStride: 16, ColumnStride: 1}
	c := kernels.Matrix{Data: make([]float32, 16*15), Rows: 16, Cols: 15, Stride: 15}
	if blas.Triangle(blas.Builtin(), c, square, square.Columns(0, 15), kernels.Matrix{}, false) {
		t.Error("a panel that is not whole is taken")
	}
}

// TestBelowHasTheBitsOfTheProduct compares what counts with the product.
func TestBelowHasTheBitsOfTheProduct(t *testing.T) {
	value := func(i int) float32 { return float32((i*7919+13)%1009-504) / 331 }
	for _, tier := range kernels.Tiers() {
		backend := blas.BuiltinOn(tier)
		for _, shape := range [][4]int{{1, 1, 3, 0}, {15, 15, 5, 0}, {16, 16, 8, 0}, {49, 49, 7, 0}, {40, 104, 6, 64}, {70, 70, 4, 0}, {3, 90, 2, 87}} {
			rows, cols, depth, first := shape[0], shape[1], shape[2], shape[3]
			a := kernels.Strided{Data: make([]float32, rows*depth), Rows: rows, Cols: depth, RowStride: depth, ColumnStride: 1}
			b := kernels.Strided{Data: make([]float32, cols*depth), Rows: depth, Cols: cols, RowStride: 1, ColumnStride: depth}
			for i := range a.Data {
				a.Data[i] = value(i)
			}
			for i := range b.Data {
				b.Data[i] = value(3 * i)
			}
			var results [2]kernels.Matrix
			for r := range results {
				results[r] = kernels.Matrix{Data: make([]float32, rows*cols), Rows: rows, Cols: cols, Stride: cols}
			}
			backend.Product(results[0], a, b, kernels.Matrix{})
			if !blas.Below(backend, results[1], a, b, first) {
				t.Fatalf("%s does not compute %v", tier.Name(), shape)
			}
			for i := range rows {
				for j := range min(cols, first+i+1) {
					got, want := results[1].Data[i*cols+j], results[0].Data[i*cols+j]
					if math.Float32bits(got) != math.Float32bits(want) {
						t.Fatalf("%s, %v: value %d, %d is %v, of the product %v", tier.Name(), shape, i, j, got, want)
					}
				}
			}
		}
	}
}
