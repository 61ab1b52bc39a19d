package main

import (
	"fmt"
	"strings"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/train"
)

// mostMemory bounds what a training may take where the machine's own memory is
// not known.
const mostMemory = 64 << 30

// checkMemory refuses a network that training could not hold, before anything
// of it is made.
func (o *trainOptions) checkMemory(features, context []string, rows int) error {
	config, err := flow.Presets[o.flow](features, context, o.model)
	if err != nil {
		return err
	}
	parameters, err := config.CountParameters()
	if err != nil {
		return err
	}
	// One more of each for the bytes of the best model.
	needs := train.Bytes(parameters, min(o.fit.Batch, rows)) + 4*parameters
	limit, of := memoryLimit(), "the memory that there is"
	if limit == 0 {
		limit, of = mostMemory, "the most that is supported"
	}
	if needs <= limit {
		return nil
	}
	widths := strings.ReplaceAll(strings.Trim(fmt.Sprint(o.model.Hidden), "[]"), " ", ",")
	return fmt.Errorf("--hidden %s with --layers %d makes a network of %.3g parameters, which takes about %s to train, and %s is %s: give smaller --hidden or fewer --layers",
		widths, o.model.Layers, parameters, gibibytes(needs), of, gibibytes(limit))
}

func gibibytes(bytes float64) string { return fmt.Sprintf("%.3g GiB", bytes/(1<<30)) }
