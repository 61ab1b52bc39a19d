package train

import (
	"fmt"
	"math"

	"github.com/seed-192fdf7a/nf/flow"
)

// RowError says that a value keeps a row from being trained or validated on.
type RowError struct {
	Validation bool // the row is one of validation
	Row        int  // counted from 0, among the rows of a weight above 0
	Column     string
	Value      float64
	Reason     string // how the value is
}

func (e *RowError) Error() string {
	set := "training"
	if e.Validation {
		set = "validation"
	}
	return fmt.Sprintf("train: column %q is %v in row %d of the %s rows, %s: leave the row out, or correct it", e.Column, e.Value, e.Row, set, e.Reason)
}

// checkValues tells where a value is no finite number, or with standardized,
// where float32 cannot hold it by the standardization of c.
func (d Data) checkValues(c flow.Config, standardized, validation bool) error {
	events := len(d.Rows) / max(1, c.Shape().Dim())
	for _, part := range []struct {
		values []float64
		names  []string
		s      *flow.Standardization
	}{{d.Rows, c.Features, &c.Standardize}, {d.Context, c.Context, &c.StandardizeContext}} {
		for i, x := range part.values {
			reason, column := "", i%len(part.names)
			switch {
			case !standardized && x-x != 0:
				reason = "not finite"
			case standardized && !part.s.Holds(x, column):
				reason = "so far from the training rows that float32 cannot hold it"
			default:
				continue
			}
			return &RowError{validation, i / (len(part.values) / events), part.names[column], x, reason}
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
