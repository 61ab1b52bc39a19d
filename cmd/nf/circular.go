package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/internal/printable"
	"github.com/seed-192fdf7a/nf/internal/table"
)

// parseCircular reads the values of --circular, COLUMN=LOWER:UPPER. The name is
// what stands before the last equals sign.
func parseCircular(values []string) (circles []flow.Circular, err error) {
	for _, v := range values {
		at := strings.LastIndexByte(v, '=')
		lower, upper, both := strings.Cut(v[at+1:], ":")
		if at <= 0 || !both {
			return nil, usage("--circular is %q; it must read COLUMN=LOWER:UPPER, such as hour=0:24 or angle=-180:180", v)
		}
		circle := flow.Circular{Column: v[:at]}
		for _, end := range []struct {
			text string
			into *float64
		}{{lower, &circle.Lower}, {upper, &circle.Upper}} {
			if *end.into, err = table.ParseNumber(end.text); err != nil {
				return nil, usage("--circular is %q; %q is not a finite number", v, end.text)
			}
		}
		if !(circle.Lower < circle.Upper) {
			return nil, usage("--circular is %q; the lower end must be below the upper one", v)
		}
		if slices.ContainsFunc(circles, func(c flow.Circular) bool { return c.Column == circle.Column }) {
			return nil, usage("--circular names %q twice", circle.Column)
		}
		circles = append(circles, circle)
	}
	return circles, nil
}

// checkCircular finds what does not go with --circular, and takes the permutation
// that does.
func (o *trainOptions) checkCircular(command *cobra.Command) error {
	if len(o.circles) == 0 {
		return nil
	}
	changed := command.Flags().Changed
	switch {
	case o.flow != flow.PresetNSF:
		return usage("--circular needs the splines of --flow %s, whose couplings can be circular for one column and not for another", flow.PresetNSF)
	case changed("permutation") && o.model.Permutation == flow.PermutationLU:
		return usage("--circular does not go with --permutation %s, which mixes the columns; take %s, %s or %s",
			flow.PermutationLU, flow.PermutationRandom, flow.PermutationReverse, flow.PermutationNone)
	case len(o.intervals) > 0:
		return usage("--circular does not go with --support, whose layers change all columns")
	case o.model.BatchNorm:
		return usage("--circular does not go with --batchnorm, which would move the ends of the circle")
	case changed("base"):
		return usage("--circular does not go with --base: the base is uniform in circular columns, and standard normal in the others")
	}
	if !changed("permutation") {
		o.model.Permutation = flow.PermutationRandom
	}
	for _, c := range o.circles {
		if err := o.checkModelled("circular", c.Column); err != nil {
			return err
		}
	}
	return nil
}

// setCircular makes the columns of a flow circular that --circular names.
func (o *trainOptions) setCircular(config *flow.Config) error {
	for _, c := range o.circles {
		if !slices.Contains(config.Features, c.Column) {
			return usage("--circular names %q, which is none of the columns to model: %s", c.Column, listed(config.Features))
		}
	}
	return config.SetCircular(o.circles...)
}

// describeCircles tells what becomes circular.
func (o *trainOptions) describeCircles() string {
	var columns []string
	for _, c := range o.circles {
		columns = append(columns, fmt.Sprintf("%s (%v to %v)", printable.Name(c.Column), c.Lower, c.Upper))
	}
	return "circular: " + strings.Join(columns, ", ")
}

// checkModelled is an error for a column of a flag that is not modelled.
func (o *trainOptions) checkModelled(flag, column string) error {
	for other, names := range map[string][]string{"context": o.context, "exclude": o.exclude, "row-weights": {o.rowWeights}} {
		if slices.Contains(names, column) {
			return usage("%q is in both --%s and --%s; it is for columns that are modelled", column, flag, other)
		}
	}
	return nil
}
