package train

import (
	"fmt"
	"math"

	"github.com/seed-192fdf7a/nf/flow"
)

// checkFinite tells where a value is no finite number; rows are counted from 0.
func (d Data) checkFinite(c flow.Config, name string) error {
	return d.each(c, func(x float64, _ *flow.Standardization, _ int) bool { return x-x == 0 },
		func(x float64, column string, event int) error {
			return fmt.Errorf("train: column %q is %v in row %d of the %s rows, not finite: leave the row out", column, x, event, name)
		})
}

// checkRange tells where float32 cannot hold a value once it is standardized;
// rows are counted from 0.
func (d Data) checkRange(c flow.Config, name string) error {
	return d.each(c, func(x float64, s *flow.Standardization, column int) bool { return s.Holds(x, column) },
		func(x float64, column string, event int) error {
			return fmt.Errorf("train: column %q is %v in row %d of the %s rows, so far from the training rows that float32 cannot hold it: leave the row out, or correct it",
				column, x, event, name)
		})
}

// each returns the fault of the first value that is not good.
func (d Data) each(c flow.Config, good func(float64, *flow.Standardization, int) bool, fault func(x float64, column string, event int) error) error {
	events := len(d.Rows) / max(1, c.Shape().Dim())
	for _, part := range []struct {
		values []float64
		names  []string
		s      *flow.Standardization
	}{{d.Rows, c.Features, &c.Standardize}, {d.Context, c.Context, &c.StandardizeContext}} {
		for i, x := range part.values {
			if column := i % len(part.names); !good(x, part.s, column) {
				return fault(x, part.names[column], i/(len(part.values)/events))
			}
		}
	}
	return nil
}

// spread returns the mean of the differences of the values of a column from the
// first one, and their standard deviation, in a unit (a power of two) that keeps
// squares within float64's range.
func spread(rows []float64, column, columns int, total float64, weight func(row int) float64) (mean, std float64) {
	largest, n := 0.0, len(rows)/columns
	difference := func(row int) float64 { return rows[row*columns+column] - rows[column] }
	for r := range n {
		largest = max(largest, math.Abs(difference(r)))
	}
	_, exponent := math.Frexp(largest)
	for r := range n {
		mean += float64(weight(r) * math.Ldexp(difference(r), -exponent))
	}
	mean /= total
	for r := range n {
		d := math.Ldexp(difference(r), -exponent) - mean
		std += float64(weight(r) * float64(d*d))
	}
	return math.Ldexp(mean, exponent), math.Ldexp(math.Sqrt(std/total), exponent)
}
