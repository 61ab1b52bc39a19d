package kernels

import "fmt"

// checkLength panics unless the vector name has the given length.
func checkLength(name string, length, want int) {
	if length != want {
		panic(fmt.Sprintf("kernels: %s has %d values, want %d", name, length, want))
	}
}

// checkRows panics unless a vector has one value a row.
func checkRows(name string, length, rows int) {
	if length != rows {
		panic(fmt.Sprintf("kernels: %s has %d values, want one for each of %d rows", name, length, rows))
	}
}

// checkOutput panics unless m is a valid rows by cols matrix of rows that can
// be written one by one.
func (m Matrix) checkOutput(name string, rows, cols int) {
	m.check(name, rows, cols)
	if m.Stride == 0 && rows > 1 && cols > 0 {
		panic(fmt.Sprintf("kernels: %s is written, but its stride 0 makes its %d rows one", name, rows))
	}
}

// from returns the values of the rows from r on.
func (m Matrix) from(r int) []float32 { return m.Data[r*m.Stride:] }

// rowsPerCall is how many rows of cols values go into one call of assembly. A
// row is never cut: one that is longer than a chunk is a call of its own.
func rowsPerCall(cols int) int { return max(1, chunk/max(1, cols)) }

// laneCount is the number of virtual lanes of a row reduction: one AVX-512,
// two AVX2 or four NEON registers.
const laneCount = 16

// foldLanes adds the lanes of a row reduction in the order that halves of
// registers are added: 16 to 8 to 4 to 2 to 1.
func foldLanes(lanes *[laneCount]float32) float32 {
	for half := laneCount / 2; half > 0; half /= 2 {
		for i := range half {
			lanes[i] += lanes[i+half]
		}
	}
	return lanes[0]
}
