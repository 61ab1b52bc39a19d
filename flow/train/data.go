package train

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/seed-192fdf7a/nf/flow"
)

// Data is rows of events, row-major and as they are: fitting standardizes
// them. Context is nil for a flow without context. Weights has a weight for each
// event, finite and at least 0, or is nil where all weigh the same: see
// [Weighted].
type Data struct{ Rows, Context, Weights []float64 }

// Present returns the data without the events of weight 0, which are as if they
// were not there. It copies what it returns only if there are any.
func (d Data) Present() Data {
	if !slices.Contains(d.Weights, 0) {
		return d
	}
	n := len(d.Weights)
	width, contexts := len(d.Rows)/n, len(d.Context)/n
	var present Data
	for i, w := range d.Weights {
		if w != 0 {
			present.Weights = append(present.Weights, w)
			present.Rows = append(present.Rows, d.Rows[i*width:(i+1)*width]...)
			present.Context = append(present.Context, d.Context[i*contexts:(i+1)*contexts]...)
		}
	}
	return present
}

// ConstantColumnError says that a column has one value only, so that its
// density is no function.
type ConstantColumnError struct {
	Column string
	Value  float64
}

func (e *ConstantColumnError) Error() string {
	return fmt.Sprintf("column %q has the value %v in every row, so it has no density", e.Column, e.Value)
}

// standardization returns the mean and the standard deviation (over n) of each
// named column of the rows, whose events are weighed unless weights is nil. Those
// that asIs, unless nil, names get 0 and 1.
func standardization(rows, weights []float64, names []string, asIs func(column int) bool) (flow.Standardization, error) {
	columns := len(names)
	s := flow.Standardization{Mean: make([]float64, columns), Std: make([]float64, columns)}
	if columns == 0 {
		return flow.Standardization{}, nil
	}
	n := len(rows) / columns
	total, weight := float64(n), func(int) float64 { return 1 }
	if weights != nil {
		perEvent := n / len(weights)
		weight = func(row int) float64 { return weights[row/perEvent] }
		total = 0
		for r := range n {
			total += weight(r)
		}
	}
	for c, name := range names {
		if asIs != nil && asIs(c) {
			s.Std[c] = 1
			continue
		}
		// Sums of differences from the first row keep the digits of columns
		// whose mean is large, such as timestamps.
		first := rows[c]
		var sum float64
		constant := true
		for r := range n {
			d := rows[r*columns+c] - first
			sum += float64(weight(r) * d)
			constant = constant && d == 0
		}
		if constant {
			return s, &ConstantColumnError{Column: name, Value: first}
		}
		mean := sum / total
		var squares float64
		for r := range n {
			d := rows[r*columns+c] - first - mean
			squares += float64(weight(r) * float64(d*d))
		}
		std := math.Sqrt(squares / total)
		if !(std > 0) || math.IsInf(std, 0) { // the squares left float64's range
			mean, std = spread(rows, c, columns, total, weight)
		}
		s.Mean[c], s.Std[c] = first+mean, std
		if !(s.Std[c] > 0) || math.IsInf(s.Std[c], 0) || math.IsInf(s.Mean[c], 0) {
			return s, fmt.Errorf("column %q has the mean %v and the standard deviation %v, which float64 cannot standardize; rescale it", name, s.Mean[c], s.Std[c])
		}
	}
	return s, nil
}

// check tells whether the data are whole events of the flow.
func (d Data) check(f *flow.Flow, name string) error {
	width, contextWidth := f.Dim(), f.ContextFeatures()
	n := len(d.Rows) / width
	if len(d.Rows) != n*width || len(d.Context) != n*contextWidth {
		return fmt.Errorf("train: the %s rows hold %d values and %d of context, which is no whole number of events of %d and %d",
			name, len(d.Rows), len(d.Context), width, contextWidth)
	}
	if f.Model().Narrowed() > len(f.Config().Features) {
		return errors.New("train: the flow learns the noise of its pixels, which rows do not have: train it on Images, by MaximumLikelihood")
	}
	if d.Weights == nil {
		return nil
	}
	if len(d.Weights) != n {
		return fmt.Errorf("train: %d weights for %d events of the %s rows", len(d.Weights), n, name)
	}
	if _, err := totalWeight(d.Weights); err != nil {
		return fmt.Errorf("train: the %s rows: %w", name, err)
	}
	return nil
}

// checkSupport tells where a value lies outside the support of its column; rows
// are counted from 0.
func (d Data) checkSupport(c flow.Config, name string) error {
	for i, column := range c.Features {
		support := c.Support(i)
		if support == nil {
			continue
		}
		for at := i; at < len(d.Rows); at += len(c.Features) {
			if x := float64(c.Standardize.Narrow(d.Rows[at], i)); !support.Contains(x) {
				return fmt.Errorf("train: column %q is %v in row %d of the %s rows, outside its support: leave the row out, or widen the support", column, d.Rows[at], at/len(c.Features), name)
			}
		}
	}
	return nil
}
