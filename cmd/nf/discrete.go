package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/internal/printable"
	"github.com/seed-192fdf7a/nf/internal/table"
)

// discreteFlag is one column of --discrete.
type discreteFlag struct {
	column string
	step   float64 // 0 to find it
}

// parseDiscrete reads the values of --discrete, COLUMN or COLUMN=STEP. What stands
// before the last equals sign is the name, where what stands behind is a number.
func parseDiscrete(values []string) (flags []discreteFlag, err error) {
	for _, v := range values {
		d := discreteFlag{column: v}
		if at := strings.LastIndexByte(v, '='); at >= 0 {
			if step, err := table.ParseNumber(v[at+1:]); err == nil {
				d = discreteFlag{v[:at], step}
				if !(step > 0) {
					return nil, usage("--discrete is %q; a step must be above 0", v)
				}
			}
		}
		if d.column == "" {
			return nil, usage("--discrete has an empty name in it")
		}
		if slices.ContainsFunc(flags, func(f discreteFlag) bool { return f.column == d.column }) {
			return nil, usage("--discrete names %q twice", d.column)
		}
		flags = append(flags, d)
	}
	return flags, nil
}

// checkDiscrete finds columns of --discrete that are something else too.
func (o *trainOptions) checkDiscrete() error {
	for _, d := range o.steps {
		if err := o.checkModelled("discrete", d.column); err != nil {
			return err
		}
		for _, in := range o.intervals {
			if in.Column == d.column {
				return usage("%q is in both --discrete and --support; the noise of a step may leave the support: give one of them", d.column)
			}
		}
	}
	return nil
}

// findGrids finds the steps of the discrete columns in the rows of a table, or
// holds the rows against those that are known. Rows are as a table has them,
// features first.
func (d *trainingData) findGrids(path string, rows []float64, o *trainOptions, skipped bool) error {
	width := d.columns.columns()
	known := d.discrete != nil
	for i, flag := range o.steps {
		feature := slices.Index(d.features, flag.column)
		if feature < 0 {
			return usage("--discrete names %q, which is none of the columns to model: %s", flag.column, listed(d.features))
		}
		values := make([]float64, 0, len(rows)/width)
		for at := feature; at < len(rows); at += width {
			values = append(values, rows[at])
		}
		step := flag.step
		if known {
			values = append([]float64{d.discrete[i].Origin}, values...)
			step = d.discrete[i].Step
		}
		grid, err := flow.NewDiscrete(flag.column, step, values)
		var off *flow.OffGridError
		switch {
		case errors.As(err, &off):
			row := off.Row + 1
			if known {
				row-- // the origin came first
			}
			return offGrid(path, off, row, skipped)
		case err != nil:
			return fmt.Errorf("%s: --discrete: %w", shownPath(path), err)
		case !known:
			d.discrete = append(d.discrete, grid)
		}
	}
	return nil
}

// offGrid says which row is on no grid, and what to do.
func offGrid(path string, off *flow.OffGridError, row int, skipped bool) error {
	column, where := printable.Short(off.Column), "row"
	advice := fmt.Sprintf("give another --discrete %s=STEP, or leave the row out", column)
	if skipped {
		where = "good row"
	}
	if off.Found {
		advice = fmt.Sprintf("%v is the smallest difference of two values; if the column has another step give it, --discrete %s=STEP; a column of measurements has none, and needs none", off.Step, column)
	}
	return fmt.Errorf("%s: %s %d, column %q: %v is not on the grid %v + k*%v: %s", shownPath(path), where, row, column, off.Value, off.Origin, off.Step, advice)
}

// describeDiscrete tells what becomes discrete.
func (d *trainingData) describeDiscrete() string {
	var columns []string
	for _, grid := range d.discrete {
		columns = append(columns, fmt.Sprintf("%s (step %v)", printable.Name(grid.Column), grid.Step))
	}
	return fmt.Sprintf("discrete: %s; %d training values in %d column(s) get uniform noise of a step", strings.Join(columns, ", "), d.discreteValues(), len(d.discrete))
}

// discreteValues is how many training values get the noise of a step.
func (d *trainingData) discreteValues() int { return d.trainRows * len(d.discrete) }

// isDiscrete tells whether a column gets the noise of a step.
func (d *trainingData) isDiscrete(column string) bool {
	return slices.ContainsFunc(d.discrete, func(g flow.Discrete) bool { return g.Column == column })
}
