package main

import (
	"fmt"
	"math"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/internal/printable"
)

// farRows finds the rows of a table that float32 cannot hold, as they are or as
// a model's noise: those that are infinitely far; and the others that score -Inf.
type farRows struct {
	scorer *flow.Scorer
	config flow.Config
	count  int64
	first  string // which it was

	infinite      int64 // rows that score -Inf and are not counted
	firstInfinite string

	x, context, z []float64
	rows          []int
}

// addScored looks at the rows of a block whose log-density is -Inf; seen is the
// number of rows before it.
func (f *farRows) addScored(x, context, logProb []float64, seen int64) error {
	d, c := len(f.config.Features), len(f.config.Context)
	f.rows, f.x, f.context = f.rows[:0], f.x[:0], f.context[:0]
	for r, v := range logProb {
		if math.IsInf(v, -1) {
			f.rows = append(f.rows, r)
			f.x = append(f.x, x[r*d:(r+1)*d]...)
			f.context = append(f.context, context[r*c:(r+1)*c]...)
		}
	}
	if len(f.rows) == 0 {
		return nil
	}
	z := resized(&f.z, len(f.x))
	if err := f.scorer.Forward(z, nil, f.x, f.context); err != nil {
		return err
	}
	for i, r := range f.rows {
		row, number := x[r*d:(r+1)*d], seen+int64(r)+1
		if f.addLatent(row, z[i*d:(i+1)*d], number) {
			continue
		}
		if f.infinite++; f.infinite == 1 {
			f.firstInfinite = f.describe(row, number)
		}
	}
	return nil
}

// addLatent looks at the noise of a row, by its number, and tells whether it counts.
func (f *farRows) addLatent(x, z []float64, number int64) bool {
	if firstInfinite(z) < 0 {
		return false
	}
	if f.count++; f.count == 1 {
		f.first = f.describe(x, number)
	}
	return true
}

// describe names a row and its cell that is farthest out.
func (f *farRows) describe(x []float64, number int64) string {
	// The cell that is farthest is to blame, where none is too large by itself.
	s, column, farthest := f.config.Standardize, 0, -1.0
	for i, v := range x {
		away := math.Abs(float64(s.Narrow(v, i)))
		if away > farthest {
			column, farthest = i, away
		}
	}
	return fmt.Sprintf("%d, column %q: %v", number, printable.Short(f.config.Features[column]), x[column])
}

// firstInfinite returns the place of the first infinity, or -1.
func firstInfinite(values []float64) int {
	for i, v := range values {
		if math.IsInf(v, 0) {
			return i
		}
	}
	return -1
}

// infiniteRows counts rows of an output that hold an infinity.
type infiniteRows struct {
	columns []string
	count   int64
	first   string
}

// add looks at rows, of which so many came before.
func (f *infiniteRows) add(rows []float64, seen int64) {
	d := len(f.columns)
	for r := 0; r < len(rows)/d; r++ {
		if column := firstInfinite(rows[r*d : (r+1)*d]); column >= 0 {
			if f.count++; f.count == 1 {
				f.first = fmt.Sprintf("row %d, column %q", seen+int64(r)+1, printable.Short(f.columns[column]))
			}
		}
	}
}
