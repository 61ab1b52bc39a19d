package interop

import (
	"fmt"
	"math"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/internal/table"
	"github.com/seed-192fdf7a/nf/kernels"
)

// Tolerance is how far the flow may be from the library: |difference| at most
// Tolerance·max(1, |the library's value|).
const Tolerance = 1e-4

// Check is what the library itself computes for some rows.
type Check struct {
	// X holds Rows rows, Context their contexts, or is nil; LogProb is log p of
	// each.
	X, Context, LogProb []float64
	Rows                int
	// Z is noise and Samples what the library makes of it, under the same
	// contexts; both are nil where the file has none.
	Z, Samples []float64
}

// ReadCheck reads a NumPy archive with the arrays x [n, D] and log_prob [n],
// context [n, C] for a model with context, and optionally z and samples, both
// [n, D].
func ReadCheck(path string, d *Dialect) (*Check, error) {
	arrays, err := table.ReadArrays(path, "x", "log_prob", "context", "z", "samples")
	if err != nil {
		return nil, err
	}
	c := &Check{Rows: arrays["x"].Rows}
	if c.Rows == 0 {
		return nil, fmt.Errorf("check %s: it has no array x, or no rows in it", path)
	}
	for _, a := range []struct {
		name     string
		into     *[]float64
		columns  int
		optional bool
	}{
		{"x", &c.X, d.Features, false},
		{"log_prob", &c.LogProb, 1, false},
		{"context", &c.Context, d.Context, d.Context == 0},
		{"z", &c.Z, d.Features, true},
		{"samples", &c.Samples, d.Features, true},
	} {
		array, there := arrays[a.name]
		switch {
		case !there && !a.optional:
			return nil, fmt.Errorf("check %s: the array %s is missing", path, a.name)
		case !there:
		case a.columns == 0:
			return nil, fmt.Errorf(`check %s: there is an array %s, but the config has no "context"`, path, a.name)
		case array.Rows != c.Rows || array.Columns != a.columns:
			return nil, fmt.Errorf("check %s: the array %s is [%d, %d], want [%d, %d]", path, a.name, array.Rows, array.Columns, c.Rows, a.columns)
		default:
			*a.into = array.Values
		}
	}
	if (c.Z == nil) != (c.Samples == nil) {
		return nil, fmt.Errorf("check %s: z and samples belong together, and one of them is missing", path)
	}
	return c, nil
}

// Report is how far a flow is from the library.
type Report struct {
	// Rows were compared. LogProb is the largest difference of a log-density,
	// Samples that of a sample, 0 where the check has none; both are relative to
	// max(1, |the library's value|).
	Rows             int
	LogProb, Samples float64
	// Rounded is the number of rows that are beyond the tolerance because float32
	// cannot do better: see [Check.Compare].
	Rounded int
}

// Some rows cannot be computed in float32: the steepest ones of a spline amplify
// its rounding beyond the tolerance, in the library as in nf. At most one row of
// twenty, and one more, may be such. Of these rows the flow is also computed
// in float64: how far that is from float32 is the size of rounding there, and
// the library, which rounds differently, may be maxRoundings times that away. A
// sample is also right if in float64 the flow maps it to its noise: where the
// inverse is steep, samples differ and their noise does not.
const (
	rowsOfOneRounded = 20
	maxRoundings     = 30
)

// Compare computes what the check holds and is an error where the difference
// is above the tolerance and is not float32's rounding.
//
// The noise z is that of a standard normal, which a learned base scales and
// shifts, or it is what the transforms take, as the two are the same in most
// models: whichever fits.
func (c *Check) Compare(f *flow.Flow) (Report, error) {
	report := Report{Rows: c.Rows}
	scorer, err := f.NewScorer(flow.ScorerOptions{})
	if err != nil {
		return report, err
	}
	logProb := make([]float64, c.Rows)
	if err := scorer.LogProb(logProb, c.X, c.Context); err != nil {
		return report, err
	}
	worst := furthest(logProb, c.LogProb, 1)
	report.LogProb = worst.relative
	if !c.rounded(f, worst, logProb, c.LogProb, nil, func(e *exact, row int) []float64 { return e.logProb(c, row) }) {
		return report, fmt.Errorf("the flow does not have the density of the model: log_prob of row %d is %.6g, and %.6g in the check file, which is %.3g too far apart "+
			"(%d of %d rows are; at most %g·max(1, |log_prob|) is allowed). Likely causes: %s",
			worst.at, logProb[worst.at], c.LogProb[worst.at], math.Abs(logProb[worst.at]-c.LogProb[worst.at]), len(worst.rows), c.Rows, Tolerance, causes)
	}
	report.Rounded = len(worst.rows)
	if c.Samples == nil {
		return report, nil
	}
	d := f.Features()
	samples := make([]float64, len(c.Z))
	noise, closest := c.Z, difference{relative: math.Inf(1)}
	for _, z := range [][]float64{c.Z, throughBase(f, c.Z)} {
		if z == nil {
			continue
		}
		made := make([]float64, len(z))
		if err := scorer.Inverse(made, nil, z, c.Context); err != nil {
			return report, err
		}
		if d := furthest(made, c.Samples, d); d.relative < closest.relative || math.IsInf(closest.relative, 1) {
			noise, closest, samples = z, d, made
		}
	}
	report.Samples = closest.relative
	if !c.rounded(f, closest, samples, c.Samples, noise, func(e *exact, row int) []float64 { return e.sample(c, noise, row) }) {
		return report, fmt.Errorf("the flow has the density of the model, but makes other samples of its noise: feature %d of row %d is %.6g, and %.6g in the check file "+
			"(%d of %d rows are more than %g·max(1, |value|) apart). Likely causes: z is not the noise of these samples; the order of the noise differs; an inverse that the library computes only roughly",
			closest.at%d, closest.at/d, samples[closest.at], c.Samples[closest.at], len(closest.rows), c.Rows, Tolerance)
	}
	report.Rounded += len(closest.rows)
	return report, nil
}

// rounded tells whether float32's rounding explains all rows that are beyond
// the tolerance. noise is that of samples, and nil for log-densities.
func (c *Check) rounded(f *flow.Flow, d difference, got, want, noise []float64, compute func(e *exact, row int) []float64) bool {
	if len(d.rows) == 0 {
		return true
	}
	if len(d.rows) > 1+c.Rows/rowsOfOneRounded {
		return false
	}
	e := newExact(f)
	width := len(want) / c.Rows
	for _, row := range d.rows {
		if noise != nil && near(e.noise(c, row), noise[row*width:]) {
			continue
		}
		values := compute(e, row)
		rounding := 0.0
		for i, v := range values {
			rounding = max(rounding, math.Abs(v-got[row*width+i]))
		}
		for i, v := range values {
			w := want[row*width+i]
			apart := min(math.Abs(v-w), math.Abs(got[row*width+i]-w))
			if !(apart <= Tolerance*max(1, math.Abs(w))+maxRoundings*rounding) {
				return false
			}
		}
	}
	return true
}

const causes = "the config's activation, scale_map, slope, tail_bound or version; the order of x's columns; a model that was not in evaluation mode (model.eval()), " +
	"so that dropout or batch statistics were in use; weights of another training step than the check; a layer without tensors that the config leaves out"

// throughBase returns the noise as a learned normal base scales and shifts it,
// or nil for another base.
func throughBase(f *flow.Flow, z []float64) []float64 {
	if f.Config().Base.Type != flow.DiagonalNormal {
		return nil
	}
	var constants []float32 // [u | mean], over data columns
	for _, p := range f.Parameters().All() {
		if p.Name == baseConstants {
			constants = p.Values()
		}
	}
	d, bound := f.Features(), f.Config().Base.Bound
	columns := f.NoiseColumns()
	scaled := make([]float64, len(z))
	for i, v := range z {
		c := columns[i%d]
		s := float64(bound * kernels.Tanh64(float64(constants[c])/bound))
		scaled[i] = float64(v*kernels.Exp64(s)) + float64(constants[d+c])
	}
	return scaled
}

// near tells whether all values are within the tolerance of those wanted.
func near(values, want []float64) bool {
	for i, v := range values {
		if !(math.Abs(v-want[i]) <= Tolerance*max(1, math.Abs(want[i]))) {
			return false
		}
	}
	return true
}

// difference is where two lists differ most.
type difference struct {
	at       int
	relative float64
	rows     []int // beyond the tolerance
}

// furthest compares the lists, of rows of so many values. A value that is not a
// number is infinitely far.
func furthest(got, want []float64, width int) difference {
	d := difference{relative: -1}
	for i, w := range want {
		relative := math.Abs(got[i]-w) / max(1, math.Abs(w))
		if math.IsNaN(relative) {
			relative = math.Inf(1)
		}
		if relative > d.relative {
			d.at, d.relative = i, relative
		}
		if row := i / width; relative > Tolerance && (len(d.rows) == 0 || d.rows[len(d.rows)-1] != row) {
			d.rows = append(d.rows, row)
		}
	}
	return d
}
