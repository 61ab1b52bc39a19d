package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/train"
)

// matchesImages tells whether images are learned by flow matching.
func (o *trainOptions) matchesImages() bool {
	return string(o.flow) == string(flow.PresetFlowMatchingImage)
}

// checkImageSolver finds what is wrong with the flags of differential equations of a
// training on images.
func (o *trainOptions) checkImageSolver(command *cobra.Command) error {
	changed := command.Flags().Changed
	for _, name := range []string{"solver", "solver-steps", "tolerance", "probes", "pairing", "network"} {
		if changed(name) && !o.matchesImages() {
			return usage("--%s is for --flow %s, of images", name, flow.PresetFlowMatchingImage)
		}
	}
	switch {
	case changed("solver-steps") && o.model.Steps < 1:
		return usage("--solver-steps is %d; it must be at least 1", o.model.Steps)
	case changed("tolerance") && !(o.model.Tolerance > 0):
		return usage("--tolerance is %v; it must be above 0", o.model.Tolerance)
	case changed("network") && !slices.Contains(flow.VelocityNetworks, o.images.model.Network):
		return usage("--network %q is not in this version; choose %s", o.images.model.Network, networkNames())
	case changed("probes") && o.model.Probes < 0:
		return usage("--probes is %d; it must be at least 1, or 0 for the exact trace of images of few values", o.model.Probes)
	}
	o.images.model.ExactTrace = changed("probes") && o.model.Probes == 0
	return nil
}

// networkNames lists what --network may be.
func networkNames() string {
	var names []string
	for _, n := range flow.VelocityNetworks {
		names = append(names, string(n))
	}
	return strings.Join(names, ", ")
}

// match makes a fit by likelihood one by flow matching. The log-densities that it
// tells at the end are those of the first validation images.
func (w *fitting) match(f *flow.Flow, training, validation *train.Images, o *trainOptions) error {
	var objectives [2]train.Objective
	for i, s := range []*train.Images{training, validation} {
		var err error
		if objectives[i], err = train.FlowMatching(f, s, o.pairing); err != nil {
			return err
		}
	}
	w.loss = "loss"
	w.units = func(float64) string { return "" }
	w.fit = func(ctx context.Context, options train.Options) (train.Result, error) {
		r, err := train.Minimize(ctx, f.Model(), objectives[0], objectives[1], options)
		return r, errors.Join(training.Err(), validation.Err(), err)
	}
	w.solver = func(command *cobra.Command, out io.Writer) error {
		n := min(reportedImages, validation.Count)
		x, c := make([]float64, n*f.Dim()), make([]float64, n*f.ContextFeatures())
		for i := range n {
			if err := validation.Read(x[i*f.Dim():(i+1)*f.Dim()], i); err != nil {
				return err
			}
			if validation.Context != nil {
				validation.Context(c[i*f.ContextFeatures():(i+1)*f.ContextFeatures()], i)
			}
		}
		data := train.Data{Rows: x, Context: c}
		nll, err := meanNLL(f, data, o.fit)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "valid_nll=%.6f%s, of %d validation images\n", nll, bitsPerDim(f, -nll), n)
		return reportSolver(command, out, f, data, o)
	}
	return nil
}

// reportedImages is how many images the log-density that follows a training by flow
// matching is of, and the errors of the solver.
const reportedImages = 32
