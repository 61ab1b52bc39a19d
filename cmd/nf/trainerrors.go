package main

import (
	"errors"
	"fmt"

	"github.com/seed-192fdf7a/nf/flow/train"
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
