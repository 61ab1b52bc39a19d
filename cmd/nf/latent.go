package main

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/internal/table"
)

type latentOptions struct {
	model, data, out string
	inverse          bool
	table            tableFlags
	workers          int
	quiet            bool
}

func latentCommand() *cobra.Command {
	var o latentOptions
	command := &cobra.Command{
		Use:   "latent --model MODEL --data FILE --out FILE",
		Short: "Map rows to noise, and back",
		Long: `Maps each row x to its noise z and writes z0, z1, … and log_det = log|det dz/dx|. The columns of a model's context are
written after them, as they were read.

With --inverse it reads such a table (log_det is not needed) and writes the rows.`,
		Example: `  nf latent --model model.safetensors --data rows.csv --out z.csv
  nf latent --model model.safetensors --data z.csv --inverse --out rows.csv`,
		Args: noArguments,
	}
	f := command.Flags()
	f.SortFlags = false
	f.StringVar(&o.model, "model", "", "model file (required)")
	f.StringVar(&o.data, "data", "", "table to map (required)")
	f.StringVar(&o.out, "out", "", "table to write (required)")
	f.BoolVar(&o.inverse, "inverse", false, "map noise to rows")
	o.table.addHeader(command)
	addWorkersFlag(command, &o.workers)
	f.BoolVar(&o.quiet, "quiet", false, "print no progress")
	command.RunE = func(command *cobra.Command, _ []string) error {
		if err := require(command, "model", "data", "out"); err != nil {
			return err
		}
		if err := o.check(); err != nil {
			return err
		}
		return runLatent(command, &o)
	}
	return command
}

func (o *latentOptions) check() error {
	if err := o.table.check(); err != nil {
		return err
	}
	if err := checkTablePath("data", o.data); err != nil {
		return err
	}
	if err := checkTablePath("out", o.out); err != nil {
		return err
	}
	return distinctPaths(map[string]string{"data": o.data, "out": o.out, "model": o.model})
}

const latentBlockRows = 4096

func runLatent(command *cobra.Command, o *latentOptions) error {
	f, scorer, _, err := loadScorer(o.model, o.workers)
	if err != nil {
		return err
	}
	c := f.Config()
	latents := make([]string, f.Features())
	for i := range latents {
		latents[i] = fmt.Sprintf("z%d", i)
	}
	m := &mapping{scorer: scorer, widths: []int{f.Features(), f.ContextFeatures()}, inverse: o.inverse}
	read, write := c.Features, slices.Concat(latents, []string{"log_det"}, c.Context)
	if o.inverse {
		read, write = latents, c.Features
	}
	var r *table.Reader
	err = orInterrupted(command.Context(), func() (err error) {
		if r, err = o.table.open(command, o.data); err != nil {
			return err
		}
		if columns := r.AllColumns(); o.inverse && nameless(columns) && len(columns) == len(latents)+1+len(c.Context) {
			// What this command itself writes to a .npy.
			return r.Exclude(columns[len(latents) : len(latents)+1])
		}
		return selectColumns(r, o.data, slices.Concat(read, c.Context), nil, len(c.Context) > 0)
	})
	if err != nil {
		return err
	}
	w, err := table.Create(o.out, table.WriteOptions{Stdout: command.OutOrStdout()})
	if err != nil {
		return err
	}
	bar := startProgress(command, "mapping", o.quiet, r.Progress)
	defer bar.stop()
	s := stream{
		reader: r, writer: w, path: o.data,
		inWidth: len(read) + len(c.Context), outWidth: len(write), work: m.apply,
	}
	s.blockRows = rowsPerBlock(latentBlockRows, s.inWidth+s.outWidth)
	if err := s.run(command.Context(), write); err != nil {
		return err
	}
	return r.Close()
}

// mapping is the work of a latent stream.
type mapping struct {
	scorer            *flow.Scorer
	widths            []int // features, context
	inverse           bool
	from, to, context []float64
	logDet            []float64
}

func (m *mapping) apply(out, in []float64) error {
	n := len(in) / (m.widths[0] + m.widths[1])
	from, context := resized(&m.from, n*m.widths[0]), resized(&m.context, n*m.widths[1])
	splitRows(in, [][]float64{from, context}, m.widths)
	if m.inverse {
		return m.scorer.Inverse(out, nil, from, context)
	}
	to, logDet := resized(&m.to, len(from)), resized(&m.logDet, n)
	if err := m.scorer.Forward(to, logDet, from, context); err != nil {
		return err
	}
	out = out[:0]
	for r := range n {
		out = append(out, to[r*m.widths[0]:(r+1)*m.widths[0]]...)
		out = append(out, logDet[r])
		out = append(out, context[r*m.widths[1]:(r+1)*m.widths[1]]...)
	}
	return nil
}
