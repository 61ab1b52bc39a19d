package flow

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Discrete says that a column's values lie on a grid, Origin + k·Step for whole
// numbers k, as counts and rounded measurements do. Such a column has no density.
// What the flow models is x + Step·u, where u is uniform on [0, 1) (uniform
// dequantization: Theis, van den Oord and Bethge, 2016): the value v stands for
// its cell [v, v+Step), whose probability is the density's integral over it.
//
// A value enters the flow as the middle of the cell that holds it, so that
// log p + Σ log Step, over the discrete columns, is about the log-probability of
// the row's cell. What leaves the flow, a sample or the inverse of a noise, is the
// value of the cell that it lies in.
type Discrete struct {
	Column string  `json:"column"`
	Step   float64 `json:"step"`
	Origin float64 `json:"origin,omitempty"`
}

// FormatVersion returns the version of the model file that knows discrete
// columns.
func (Discrete) FormatVersion() int { return 2 }

// gridMargin is the part of a step by which a value may miss the grid, for what
// rounding has left of it; a cell begins so much below its value.
const gridMargin = 0x1p-10

// Value returns the value of the cell that holds x.
func (d Discrete) Value(x float64) float64 { return d.at(d.cell(x), 0) }

// Middle returns the middle of the cell that holds x.
func (d Discrete) Middle(x float64) float64 { return d.at(d.cell(x), 0.5) }

// Holds tells whether x lies on the grid.
func (d Discrete) Holds(x float64) bool {
	k := (x - d.Origin) / d.Step
	return math.Abs(k-math.Round(k)) <= gridMargin
}

// floor is Value for a draw of the flow, whose cell begins at its value.
func (d Discrete) floor(x float64) float64 { return d.at(math.Floor((x-d.Origin)/d.Step), 0) }

func (d Discrete) cell(x float64) float64 { return math.Floor((x-d.Origin)/d.Step + gridMargin) }

func (d Discrete) at(cell, part float64) float64 { return float64((cell+part)*d.Step) + d.Origin }

// mostCells bounds how many steps of a grid its values may span.
const mostCells = 1 << 40

// OffGridError says that values do not lie on a grid.
type OffGridError struct {
	Column string
	Row    int // of the first that does not, from 0
	Value  float64
	Step   float64
	Origin float64
	Found  bool // the step was found, and not given
}

func (e *OffGridError) Error() string {
	how := "the given step"
	if e.Found {
		how = "the smallest difference of two values"
	}
	return fmt.Sprintf("row %d, column %q: %v is not on the grid %v + k·%v (%s)", e.Row, e.Column, e.Value, e.Origin, e.Step, how)
}

// NewDiscrete returns the grid of a column's values, which are finite. A step of 0
// is found: the smallest between two different values. The grid has 0 on it, or
// else the lowest value. Values that do not lie on it are an [*OffGridError]; so
// is a column of measurements, whose smallest step is no step of the others.
func NewDiscrete(column string, step float64, values []float64) (Discrete, error) {
	d := Discrete{Column: column, Step: step}
	if !(step >= 0) || math.IsInf(step, 1) {
		return d, fmt.Errorf("the step of column %q is %v, want a finite number above 0", column, step)
	}
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	sorted = slices.Compact(sorted)
	if len(sorted) == 0 {
		return d, errors.New("there are no values")
	}
	if step == 0 {
		if d.Step = smallestStep(sorted); d.Step == 0 {
			return d, fmt.Errorf("column %q has one value only, %v, so that no step is found: give it", column, sorted[0])
		}
	}
	if !d.Holds(sorted[0]) {
		d.Origin = sorted[0]
	}
	for row, v := range values {
		if !d.Holds(v) || math.Abs(v-sorted[0]) > mostCells*d.Step {
			return d, &OffGridError{column, row, v, d.Step, d.Origin, step == 0}
		}
	}
	return d, nil
}

// smallestStep returns the smallest step between neighbours of ascending values
// that is more than rounding, made more precise by how many of it their range is;
// 0 of one value.
func smallestStep(sorted []float64) float64 {
	const rounding = 0x1p-40
	var step float64
	for i := 1; i < len(sorted); i++ {
		gap := sorted[i] - sorted[i-1]
		if gap > rounding*max(math.Abs(sorted[i]), math.Abs(sorted[i-1])) && (step == 0 || gap < step) {
			step = gap
		}
	}
	if step == 0 {
		return 0
	}
	width := sorted[len(sorted)-1] - sorted[0]
	cells := math.Round(width / step)
	if cells < 1 || cells > mostCells || math.Abs(width/step-cells) > 0.25 {
		return step // as it is: no step of the others, or one that rounding has blurred
	}
	return width / cells
}

// checkDiscrete tells what is wrong with the grids of a description whose columns
// are known.
func (c *Config) checkDiscrete() error {
	if c.Pixels != nil && len(c.Discrete)+len(c.Circular) > 0 {
		return errors.New("pixels are discrete, and no circles, by themselves: they go without discrete and circular columns")
	}
	for i, d := range c.Discrete {
		feature := slices.Index(c.Features, d.Column)
		switch {
		case feature < 0:
			return fmt.Errorf("the discrete column %q is no column of the flow", d.Column)
		case slices.ContainsFunc(c.Discrete[:i], func(e Discrete) bool { return e.Column == d.Column }):
			return fmt.Errorf("the discrete column %q is there twice", d.Column)
		case !(d.Step >= minStd && d.Step <= maxStd):
			return fmt.Errorf("the step of the discrete column %q is %v, want %.2g to %.2g", d.Column, d.Step, minStd, maxStd)
		case !(math.Abs(d.Origin) <= maxMean):
			return fmt.Errorf("the origin of the discrete column %q is %v, want %v to %v", d.Column, d.Origin, -maxMean, maxMean)
		case c.Support(feature) != nil:
			return fmt.Errorf("column %q has a support and is discrete: the cells of its values may reach out of the support; leave one of them out", d.Column)
		}
	}
	return nil
}

// DiscreteFeature returns the grid of a feature, or nil for one that is continuous.
func (c *Config) DiscreteFeature(feature int) *Discrete {
	for i := range c.Discrete {
		if c.Discrete[i].Column == c.Features[feature] {
			return &c.Discrete[i]
		}
	}
	return nil
}
