package main

import (
	"fmt"
	"math"
	"slices"

	"github.com/spf13/cobra"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/base"
	"github.com/seed-192fdf7a/nf/flow/train"
)

// advise prints sentences about a training that is allowed, but may not become
// what its user hopes for.
func (o *trainOptions) advise(command *cobra.Command, sentences ...string) {
	if o.noAdvice {
		return
	}
	for _, s := range sentences {
		fmt.Fprintf(command.ErrOrStderr(), "%s: %s\n", command.CommandPath(), s)
	}
}

// affinePresets are the flows that are one affine map of a column which has
// neither another column nor context to depend on.
var affinePresets = []flow.Preset{flow.PresetNICE, flow.PresetRealNVP, flow.PresetMAF, flow.PresetIAF, flow.PresetHouseholder}

// adviceBefore looks at the flags and the training rows.
func adviceBefore(o *trainOptions, d *trainingData) []string {
	if len(constantColumns(d.train.Rows, d.features)) > 0 {
		return nil // training is about to refuse them
	}
	var advice []string
	if len(d.features) == 1 && len(d.context) == 0 && slices.Contains(affinePresets, o.flow) && o.model.Base != base.Mixture {
		advice = append(advice, fmt.Sprintf("with one column and no context --flow %s is one affine map, which fits mean and variance alone: take --flow %s, or --base %s", o.flow, flow.PresetNSF, base.Mixture))
	}
	if o.fit.Noise > 0 {
		return advice // which gives every column a density
	}
	s := sampleOf(d.train.Rows, d.features)
	if columns := slices.DeleteFunc(s.discrete(), d.isDiscrete); len(columns) > 0 {
		advice = append(advice, fmt.Sprintf("few distinct values in %s, where a density grows without end: give --discrete %s if the values are counts or rounded, or --noise 0.05 or so, or leave them out (--exclude %s)",
			listed(columns), flagValue(columns), flagValue(columns)))
	}
	// The noise of a step makes a sum none.
	sums := slices.DeleteFunc(s.sums(), func(sum columnSum) bool {
		return d.isDiscrete(sum.column) || slices.ContainsFunc(sum.of, d.isDiscrete)
	})
	if len(sums) > 0 {
		advice = append(advice, fmt.Sprintf("%s, so that the density grows without end: leave it out (--exclude %s), or give --noise 0.05 or so", sums[0].sentence(), flagValue([]string{sums[0].column})))
	}
	return advice
}

// adviceAfter looks at what training came to.
func adviceAfter(o *trainOptions, r train.Result) []string {
	if r.Stopped != "" || o.fit.Epochs == 0 || r.BestEpoch < o.fit.Epochs {
		return nil
	}
	return []string{fmt.Sprintf("the last epoch is the best one: more --epochs than %d may fit better", o.fit.Epochs)}
}

// columnSample is some of a table's rows, evenly spaced.
type columnSample struct {
	names []string
	rows  int
	at    func(row, column int) float64
}

// mostAdviceRows bounds what advice costs on a large table.
const mostAdviceRows = 20000

func sampleOf(rows []float64, names []string) columnSample {
	width := len(names)
	all := len(rows) / width
	n := min(all, mostAdviceRows)
	return columnSample{names, n, func(row, column int) float64 { return rows[row*all/n*width+column] }}
}

// discrete names the columns with so few distinct values for their rows that
// they are no measurements of a continuum, or of which one value is a part.
func (s columnSample) discrete() []string {
	const (
		least = 20   // rows for each distinct value
		part  = 0.05 // of the rows, that have the commonest value
	)
	if s.rows < 2*least {
		return nil
	}
	var found []string
	for c, name := range s.names {
		counts, commonest := map[float64]int{}, 0
		for r := range s.rows {
			v := s.at(r, c)
			counts[v]++
			commonest = max(commonest, counts[v])
		}
		if len(counts)*least <= s.rows || float64(commonest) >= max(part*float64(s.rows), 10) {
			found = append(found, name)
		}
	}
	return found
}

// columnSum says that a column is, up to a constant, a sum of others, each with
// a factor.
type columnSum struct {
	column string
	of     []string
	equal  bool // to the one it is of
}

func (s columnSum) sentence() string {
	switch {
	case s.equal:
		return fmt.Sprintf("column %q equals %q", s.column, s.of[0])
	case len(s.of) == 1:
		return fmt.Sprintf("column %q is a multiple of %q", s.column, s.of[0])
	}
	return fmt.Sprintf("column %q is a linear sum of %s", s.column, listed(s.of))
}

// sums finds columns that are linear sums of those before them, by the Cholesky
// factors of the columns' correlations.
func (s columnSample) sums() []columnSum {
	const (
		mostColumns = 512
		nothing     = 1e-8 // part of a column's variance that others leave
		factor      = 1e-3 // of a standardized column that counts
	)
	d := len(s.names)
	if d > mostColumns || s.rows < 2*d {
		return nil
	}
	stride := max(1, s.rows/max(2000, 4*d))
	var z [][]float64 // standardized columns
	for c := range d {
		z = append(z, nil)
		for r := 0; r < s.rows; r += stride {
			z[c] = append(z[c], s.at(r, c)-s.at(0, c))
		}
		standardizeColumn(z[c])
	}
	// basis holds the columns that are no sums, lower their Cholesky factor.
	var basis []int
	var lower [][]float64
	var found []columnSum
	for c := range d {
		row, left := make([]float64, len(basis)), 1.0
		for i, b := range basis {
			v := dot(z[c], z[b])
			for k := range i {
				v -= float64(row[k] * lower[i][k])
			}
			row[i] = v / lower[i][i]
			left -= float64(row[i] * row[i])
		}
		if left > nothing {
			basis, lower = append(basis, c), append(lower, append(row, math.Sqrt(left)))
			continue
		}
		// Solve Lᵀ·f = row for the factors.
		sum := columnSum{column: s.names[c]}
		for i := len(basis) - 1; i >= 0; i-- {
			for k := i + 1; k < len(basis); k++ {
				row[i] -= float64(lower[k][i] * row[k])
			}
			row[i] /= lower[i][i]
		}
		for i, b := range basis {
			if math.Abs(row[i]) > factor {
				sum.of = append(sum.of, s.names[b])
				sum.equal = s.at(0, c) == s.at(0, b) && s.at(s.rows-1, c) == s.at(s.rows-1, b)
			}
		}
		sum.equal = sum.equal && len(sum.of) == 1
		found = append(found, sum)
	}
	return found
}

// standardizeColumn gives a column mean 0 and length 1, or leaves a constant one
// zero.
func standardizeColumn(z []float64) {
	var largest float64 // makes squares that float64 holds
	for _, v := range z {
		largest = max(largest, math.Abs(v))
	}
	if largest > 0 {
		for i := range z {
			z[i] /= largest
		}
	}
	var mean float64
	for _, v := range z {
		mean += v / float64(len(z))
	}
	for i := range z {
		z[i] -= mean
	}
	if length := math.Sqrt(dot(z, z)); length > 0 {
		for i := range z {
			z[i] /= length
		}
	}
}

func dot(a, b []float64) float64 {
	var sum float64
	for i, v := range a {
		sum += float64(v * b[i])
	}
	return sum
}
