package main

import (
	"errors"
	"fmt"
	"math"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/base"
	"github.com/seed-192fdf7a/nf/flow/train"
	"github.com/seed-192fdf7a/nf/internal/printable"
)

// explainConstant turns the library's error about one column into one that
// names all such columns and the flag that leaves them out.
func explainConstant(err error, data *trainingData, o *trainOptions) error {
	var constant *train.ConstantColumnError
	if !errors.As(err, &constant) {
		return err
	}
	if columns := constantColumns(data.train.Context, data.context); len(columns) > 0 {
		return fmt.Errorf("%s: the context column %q is the same in every training row, so it tells nothing; take it out of --context",
			shownPath(o.data), columns[0])
	}
	columns := constantColumns(data.train.Rows, data.features)
	if len(columns) == len(data.features) {
		return fmt.Errorf("%s: every column (%s) has one and the same value in all training rows, so they have no density",
			shownPath(o.data), listed(columns))
	}
	if len(columns) > 1 {
		return fmt.Errorf("%s: the columns %s have one and the same value in all training rows, so they have no density; leave them out with --exclude %s",
			shownPath(o.data), listed(columns), flagValue(columns))
	}
	return fmt.Errorf("%s: column %q has the value %v in every training row, so it has no density; leave it out with --exclude %s",
		shownPath(o.data), constant.Column, constant.Value, flagValue([]string{constant.Column}))
}

// explainRow says of the library's error about a row where the row stands, as far
// as that is known: rows that were drawn for validation have no number.
func explainRow(err error, data *trainingData, o *trainOptions) error {
	var bad *train.RowError
	if !errors.As(err, &bad) {
		return err
	}
	where := ""
	switch {
	case o.valid == "":
	case data.badRows > 0 || data.zeroRows > 0:
		where = fmt.Sprintf("good row %d, ", bad.Row+1)
	default:
		where = fmt.Sprintf("row %d, ", bad.Row+1)
	}
	path := o.data
	if bad.Validation && o.valid != "" {
		path = o.valid
	}
	return fmt.Errorf("%s: %scolumn %q: %v is %s; leave the row out, or correct it", shownPath(path), where, printable.Short(bad.Column), bad.Value, bad.Reason)
}

// heavyTail is how many standard deviations from its mean a column reaches, from
// which on its tails are named as what training fails by.
const heavyTail = 50

// explainTails says of a training that came to nothing better than its start which
// column has tails that the base density has not.
func explainTails(err error, f *flow.Flow, data *trainingData, o *trainOptions) error {
	if !errors.As(err, new(*train.NoBetterEpochError)) || o.model.Base == base.StudentT {
		return err
	}
	other := *o
	other.model.Base = base.StudentT
	if _, refused := other.config(data.features, data.context); refused != nil {
		return err
	}
	c := f.Config()
	width, farthest, column := len(data.features), 0.0, 0
	for at, v := range data.train.Rows {
		i := at % width
		if c.Support(i) != nil || i >= len(c.Standardize.Std) {
			continue
		}
		if away := math.Abs(v-c.Standardize.Mean[i]) / c.Standardize.Std[i]; away > farthest {
			farthest, column = away, i
		}
	}
	if farthest <= heavyTail {
		return err
	}
	return fmt.Errorf("%w; column %q goes to %.0f standard deviations from its mean: for tails as heavy take --base %s",
		err, printable.Short(data.features[column]), farthest, base.StudentT)
}

func constantColumns(rows []float64, names []string) []string {
	var constant []string
	width := len(names)
	for c, name := range names {
		same := true
		for at := c; at < len(rows) && same; at += width {
			same = rows[at] == rows[c]
		}
		if same {
			constant = append(constant, name)
		}
	}
	return constant
}
