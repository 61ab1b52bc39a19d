package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/seed-192fdf7a/nf/internal/table"
)

// checkRows finds what is wrong with the flags for a table.
func (o *interpolateOptions) checkRows(command *cobra.Command) error {
	if err := o.table.check(); err != nil {
		return err
	}
	if command.Flags().Changed("classes") {
		return usage("--classes is for a model of images, and --data of images")
	}
	if err := checkTablePath("data", o.data); err != nil {
		return err
	}
	if err := checkTablePath("out", o.out); err != nil {
		return err
	}
	const most = 1 << 24
	switch {
	case o.from < 0 || o.to < 0:
		return usage("--from is %d and --to %d; rows are counted from 0", o.from, o.to)
	case o.steps < 2 || o.steps > most:
		return usage("--steps is %d; it must be 2 to %d", o.steps, most)
	}
	return distinctPaths(paths{"data": o.data, "model": o.model}, paths{"out": o.out})
}

// runInterpolateRows writes the rows between two rows of a table.
func runInterpolateRows(command *cobra.Command, o *interpolateOptions) error {
	if err := o.checkRows(command); err != nil {
		return err
	}
	f, scorer, _, err := loadScorer(command.Context(), o.model, o.workers)
	if err != nil {
		return err
	}
	if err := hasNoise(f, o.model); err != nil {
		return err
	}
	c := f.Config()
	wanted := wantedOf(c)
	cells, err := o.readEnds(command, wanted)
	if err != nil {
		return err
	}
	d, columns := f.Dim(), len(wanted.context)
	x, texts := make([]float64, 2*d), make([]float64, 2*columns)
	splitRows(cells, [][]float64{x, texts}, []int{d, columns})
	expander := contextExpander{columns: wanted.context}
	context, z := expander.expand(texts), make([]float64, 2*d)
	if err := scorer.Forward(z, nil, x, context); err != nil {
		return err
	}
	for i, v := range z {
		if v-v != 0 {
			return fmt.Errorf("%s: row %d is so far outside that float32 cannot hold its noise", shownPath(o.data), []int{o.from, o.to}[i/d])
		}
	}
	rows := interpolated(z[:d], z[d:], o.steps)
	var along []float64
	if n := f.ContextFeatures(); n > 0 {
		along = interpolated(context[:n], context[n:], o.steps)
	}
	if err := scorer.Inverse(rows, nil, rows, along); err != nil {
		return err
	}
	// The ends as they are, without the rounding of the way there and back.
	copy(rows, x[:d])
	copy(rows[len(rows)-d:], x[d:])
	w, err := createTable(command, o.out, table.WriteOptions{})
	if err != nil {
		return err
	}
	defer w.Abort()
	if err := w.WriteHeader(c.Features); err != nil {
		return err
	}
	if err := w.WriteRows(rows); err != nil {
		return err
	}
	if err := w.Finish(); err != nil {
		return err
	}
	return w.Close()
}

// readEnds reads the two rows, one after the other.
func (o *interpolateOptions) readEnds(command *cobra.Command, wanted tableColumns) ([]float64, error) {
	r, err := o.table.openTable(command, o.data, wanted)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	width := wanted.columns()
	ends, row := make([]float64, 2*width), make([]float64, width)
	err = orInterrupted(command.Context(), func() error {
		for number := 0; number <= max(o.from, o.to); number++ {
			if _, err := r.Read(row); err == io.EOF {
				return fmt.Errorf("%s has %d rows, counted from 0, and row %d is asked for", shownPath(o.data), number, max(o.from, o.to))
			} else if err != nil {
				return err
			}
			if number == o.from {
				copy(ends, row)
			}
			if number == o.to {
				copy(ends[width:], row)
			}
		}
		return nil
	})
	return ends, err
}
