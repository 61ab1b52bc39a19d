package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/base"
	"github.com/seed-192fdf7a/nf/internal/table"
)

// parseSupport reads the values of --support, COLUMN=LOWER:UPPER[:MAP], where
// MAP is one of [flow.Interval]. The name is what stands before the last equals sign.
func parseSupport(values []string) (intervals []flow.Interval, err error) {
	for _, v := range values {
		at := strings.LastIndexByte(v, '=')
		if at <= 0 {
			return nil, usage("--support is %q; it must read COLUMN=LOWER:UPPER, such as price=0: or share=0:1", v)
		}
		parts := strings.Split(v[at+1:], ":")
		if len(parts) != 2 && len(parts) != 3 {
			return nil, usage("--support is %q; behind the = it must read LOWER:UPPER, either of which may be left out", v)
		}
		in := flow.Interval{Column: v[:at], Lower: math.Inf(-1), Upper: math.Inf(1)}
		for i, end := range []*float64{&in.Lower, &in.Upper} {
			if parts[i] == "" {
				continue
			}
			if *end, err = table.ParseNumber(parts[i]); err != nil {
				return nil, usage("--support is %q; %q is not a finite number", v, parts[i])
			}
		}
		if len(parts) == 3 {
			in.Map = parts[2]
		}
		for _, earlier := range intervals {
			if earlier.Column == in.Column {
				return nil, usage("--support names %q twice", in.Column)
			}
		}
		intervals = append(intervals, in)
	}
	return intervals, nil
}

// checkSupport finds the first row of a table, features before context, with a
// value outside the support of its column.
func checkSupport(path string, rows []float64, d *trainingData, intervals []flow.Interval, skipped bool) error {
	config := flow.Config{Features: d.features, Base: &base.StandardNormalSpec{}}
	if err := config.SetSupport(intervals...); err != nil {
		return usage("--support: %s", oneLine(err))
	}
	width := d.columns.columns()
	for _, in := range intervals {
		feature := slices.Index(d.features, in.Column)
		support := config.Support(feature)
		for row := range len(rows) / width {
			x := rows[row*width+feature]
			if !support.Contains(float64(config.Standardize.Narrow(x, feature))) {
				where := "row"
				if skipped {
					where = "good row"
				}
				return fmt.Errorf("%s: %s %d, column %q: %v is outside the --support of the column; leave the row out, or widen the support",
					shownPath(path), where, row+1, in.Column, x)
			}
		}
	}
	return nil
}
