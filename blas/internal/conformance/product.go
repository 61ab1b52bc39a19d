package conformance

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/kernels"
)

// Layouts are the ways in which an operand of a product may lie in memory.
var Layouts = []string{"rows", "columns", "both apart"}

// Operand returns a rows by cols operand that lies as layout says.
func Operand(rng *rand.Rand, rows, cols int, layout string, gap int) kernels.Strided {
	switch layout {
	case "rows":
		return Matrix(rng, rows, cols, gap).Strided()
	case "columns":
		return Matrix(rng, cols, rows, gap).Transposed()
	}
	return kernels.Strided{Data: Normal(rng, rows*cols*2), Rows: rows, Cols: cols, RowStride: 2 * cols, ColumnStride: 2}
}

// at returns an element.
func at(s kernels.Strided, r, c int) float32 { return s.Data[r*s.RowStride+c*s.ColumnStride] }

// product checks products of values: rows, depth, columns.
func product(t *testing.T, b blas.Backend) {
	rng := rand.New(rand.NewPCG(11, 12))
	for n, size := range [][3]int{{0, 3, 2}, {2, 0, 3}, {1, 1, 1}, {1, 32, 49}, {1, 49, 32}, {5, 7, 20}, {49, 32, 49}, {64, 8, 65}, {33, 530, 17}, {2, 3, 150}} {
		rows, depth, cols := size[0], size[1], size[2]
		for _, ofA := range Layouts {
			for _, ofB := range Layouts {
				gap := n % 3
				a, y := Operand(rng, rows, depth, ofA, gap), Operand(rng, depth, cols, ofB, gap)
				c := Matrix(rng, rows, cols, gap)
				for _, from := range []string{"zeros", "itself", "another", "one row"} {
					start, before := kernels.Matrix{}, append([]float32(nil), c.Data...)
					switch from {
					case "itself":
						start = c
					case "another":
						start = Matrix(rng, rows, cols, gap)
						before = start.Data
					case "one row":
						start = kernels.Matrix{Data: Normal(rng, cols), Rows: rows, Cols: cols}
						before = start.Data
					}
					b.Product(c, a, y, start)
					name := fmt.Sprintf("product %v, a by %s, b by %s, from %s", size, ofA, ofB, from)
					checkResult(t, name, c, func(r, col int) (s chain) {
						if start.Data != nil {
							s.add(before[r*start.Stride+col], 1)
						}
						for k := range depth {
							s.add(at(a, r, k), at(y, k, col))
						}
						return s
					}, false)
				}
			}
		}
	}
}
