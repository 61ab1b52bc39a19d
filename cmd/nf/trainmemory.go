package main

import (
	"fmt"
)

// mostMemory bounds what a training may take where the machine's own memory is
// not known.
const mostMemory = 64 << 30

// checkMemory refuses a network that training could not hold, before anything
// of it is made.
func (o *trainOptions) checkMemory(features, context []string, rows int) error {
	config, err := o.config(features, context)
	if err != nil {
		return err
	}
	parameters, err := config.CountParameters()
	if err != nil {
		return err
	}
	// One more of each for the bytes of the best model.
	needs := o.fit.Bytes(parameters, rows) + float64(4*parameters)
	limit, of := memoryLimit(), "the memory that there is"
	if limit == 0 {
		limit, of = mostMemory, "the most that is supported"
	}
	if needs <= limit {
		return nil
	}
	return fmt.Errorf("--hidden %s with --layers %d makes a network of %.3g parameters, which takes about %s to train, and %s is %s: give smaller --hidden or fewer --layers",
		widths(o.model.Hidden), o.model.Layers, parameters, gibibytes(needs), of, gibibytes(limit))
}

func gibibytes(bytes float64) string { return fmt.Sprintf("%.3g GiB", bytes/(1<<30)) }
