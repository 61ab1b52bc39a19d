package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// runSampleImages draws images: of one class, or of all in turn.
func runSampleImages(command *cobra.Command, o *sampleOptions) error {
	if err := refuseFlags(command, "context", "log-prob", "header", "length"); err != nil {
		return err
	}
	if err := o.checkDraw(); err != nil {
		return err
	}
	if err := o.checkGuided(); err != nil {
		return err
	}
	if err := o.checkSteps(command); err != nil {
		return err
	}
	if err := checkImageOutput(o.out, o.count); err != nil {
		return err
	}
	if err := distinctPaths(paths{"model": o.model}, paths{"out": o.out}); err != nil {
		return err
	}
	m, err := loadImageModel(command, o.model, o.workers)
	if err != nil {
		return err
	}
	exact := m.flow
	if m.flow, m.scorer, err = o.fewSteps(m.flow, m.scorer); err != nil {
		return err
	}
	var contexts [][]float64 // that are drawn in turn
	names := m.classes.names
	switch {
	case o.class != "" && len(names) == 0:
		return usage("--class is given, and the model is not conditioned on classes")
	case o.class != "":
		names = []string{o.class}
	}
	for _, name := range names {
		context, err := m.context(name)
		if err != nil {
			return usage("--class: %s", oneLine(err))
		}
		contexts = append(contexts, context)
	}
	across := sheetAcross(o.count)
	if len(contexts) > 1 {
		across = len(contexts)
	}
	var residual float64
	err = m.writeImages(command, o.out, o.count, across, func(dst []float64, from int64) error {
		var context []float64
		for i := from; len(contexts) > 0 && i < from+int64(len(dst)/m.size.Dim()); i++ {
			context = append(context, contexts[i%int64(len(contexts))]...)
		}
		err := m.scorer.Sample(dst, nil, uint64(from), o.sample, context)
		residual = max(residual, m.scorer.Residual())
		return err
	})
	if err == nil {
		warnForced(command, m.scorer)
	}
	if err == nil && exact != m.flow {
		return o.reportFewImages(command, exact, m, contexts)
	}
	switch {
	case err != nil || o.quiet:
	case o.sample.Jacobi.Iterations > 0:
		fmt.Fprintf(command.OutOrStdout(), "jacobi iterations=%d blocks=%d residual=%.3g\n", o.sample.Jacobi.Iterations, max(1, o.sample.Jacobi.Blocks), residual)
	default:
		tellResidual(command, residual)
	}
	return err
}

// tellResidual says how far an inverse that iterates was from its end, where one did.
func tellResidual(command *cobra.Command, residual float64) {
	if residual > 0 {
		fmt.Fprintf(command.OutOrStdout(), "inverse residual=%.3g\n", residual)
	}
}

// sheetAcross returns how many images a line of a sheet of so many has: a square,
// if it can be.
func sheetAcross(count int64) int {
	n := 1
	for int64(n)*int64(n) < count {
		n++
	}
	return n
}

// isPicture tells whether a name is that of a sheet.
func isPicture(path string) bool { return strings.HasSuffix(strings.ToLower(path), ".png") }

// interpolated are the noise and the context of images between two.
func interpolated(a, b []float64, steps int) []float64 {
	var all []float64
	for i := range steps {
		t := float64(i) / float64(steps-1)
		between := slices.Clone(a)
		for k := range between {
			between[k] += float64(t * (b[k] - a[k]))
		}
		all = append(all, between...)
	}
	return all
}
