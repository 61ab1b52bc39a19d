package main

import (
	"fmt"
	"math"
	"slices"

	"github.com/spf13/cobra"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/internal/image"
	"github.com/seed-192fdf7a/nf/internal/printable"
	"github.com/seed-192fdf7a/nf/internal/table"
)

type latentOptions struct {
	classes          string // of images
	model, data, out string
	inverse          bool
	keep             []string
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
written after them, and before them those of --keep, as they stand in the table.

A row that float32 cannot hold, once it is standardized or as its noise, has an infinite z, and a log_det of -Inf where
none can be computed, never NaN; how many there are is said on standard error. A row whose context, or with --inverse
whose noise, float32 cannot hold is a bad row.

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
	o.table.addOnBadRow(command, "fail, skip or nan", "fail, skip it, or nan (map it to NaN)")
	o.table.addHeader(command)
	f.StringSliceVar(&o.keep, "keep", nil, "columns to carry to the output as they are, such as an id")
	f.StringVar(&o.classes, "classes", "", classesUsage)
	addWorkersFlag(command, &o.workers)
	f.BoolVar(&o.quiet, "quiet", false, "print no progress")
	command.RunE = func(command *cobra.Command, _ []string) error {
		if err := require(command, "model", "data", "out"); err != nil {
			return err
		}
		if (o.inverse || image.Named(o.data)) && ofImages(o.model) {
			return runLatentImages(command, &o)
		}
		if err := refuseClasses(command); err != nil {
			return err
		}
		if err := o.check(command); err != nil {
			return err
		}
		return runLatent(command, &o)
	}
	return command
}

func (o *latentOptions) check(command *cobra.Command) error {
	if err := o.table.check(); err != nil {
		return err
	}
	if err := checkTablePath("data", o.data); err != nil {
		return err
	}
	if err := checkTablePath("out", o.out); err != nil {
		return err
	}
	if err := checkKeep(command, o.keep, o.out); err != nil {
		return err
	}
	return distinctPaths(paths{"data": o.data, "model": o.model}, paths{"out": o.out})
}

const latentBlockRows = 4096

func runLatent(command *cobra.Command, o *latentOptions) error {
	f, scorer, _, err := loadScorer(command.Context(), o.model, o.workers)
	if err != nil {
		return err
	}
	if err := hasNoise(f, o.model); err != nil {
		return err
	}
	c := f.Config()
	latents := make([]string, f.Dim())
	for i := range latents {
		latents[i] = fmt.Sprintf("z%d", i)
	}
	wanted := wantedOf(c)
	m := &mapping{scorer: scorer, widths: []int{f.Dim(), len(wanted.context)}, context: contextExpander{columns: wanted.context}, inverse: o.inverse,
		far: farRows{config: c}, infinite: infiniteRows{columns: c.Features}}
	contexts := carriedContext(wanted.context)
	write := slices.Concat(latents, []string{"log_det"})
	if o.inverse {
		wanted.features, wanted.noise, write = latents, true, c.Features
	} else {
		write = append(write, contexts.numbers...)
		m.carried = contexts.places
		if err := contexts.check(o.out); err != nil {
			return err
		}
	}
	if both := without(o.keep, without(o.keep, slices.Concat(write, contexts.texts))); len(both) > 0 && !o.inverse {
		return usage("--keep names %q, a column that the output has already", both[0])
	}
	wanted.keep = o.keep
	var behind []int
	if !o.inverse {
		wanted.keep = slices.Concat(o.keep, contexts.texts)
		behind = textsOf(len(wanted.keep))[len(o.keep):]
	}
	var r *table.Reader
	err = orInterrupted(command.Context(), func() (err error) {
		if r, err = o.table.open(command, o.data, wanted.model()); err != nil {
			return err
		}
		if columns := r.AllColumns(); o.inverse && !r.Named() && len(o.keep) == 0 && len(columns) == len(latents)+1+len(c.Context) {
			// What this command itself writes to a .npy.
			if err := r.Exclude(columns[len(latents) : len(latents)+1]); err != nil {
				return err
			}
			wanted.limit(r)
			return nil
		}
		return wanted.choose(r, o.data)
	})
	if err != nil {
		return err
	}
	w, err := createTable(command, o.out, table.WriteOptions{})
	if err != nil {
		return err
	}
	bar := startProgress(command, "mapping", o.quiet, r.Progress)
	defer bar.stop()
	s := stream{
		reader: r, writer: w, path: o.data,
		inWidth: wanted.columns(), outWidth: len(write), front: textsOf(len(o.keep)), back: behind, work: m.apply,
	}
	s.blockRows = rowsPerBlock(latentBlockRows, s.inWidth+s.outWidth)
	if err := s.run(command.Context(), slices.Concat(o.keep, write, s.names(wanted.keep))); err != nil {
		return err
	}
	bar.stop()
	reportBadRows(command, r, o.table.badPolicy == table.SkipBadRows, "mapped to NaN")
	row := "row"
	if o.table.badPolicy == table.SkipBadRows {
		row = "good row"
	}
	if m.far.count > 0 {
		complain(command, "%d row(s) are so far outside that float32 cannot hold them or their noise, which is infinite; the first: %s: %s %s",
			m.far.count, shownPath(o.data), row, m.far.first)
	}
	if m.outside > 0 {
		complain(command, "%d row(s) have a log_det of -Inf: their density is zero, or beyond float32's range", m.outside)
	}
	if m.infinite.count > 0 {
		complain(command, "%d row(s) of the output are infinite, because float32 cannot hold them; the first: %s", m.infinite.count, m.infinite.first)
	}
	return r.Close()
}

// mapping is the work of a latent stream.
type mapping struct {
	scorer            *flow.Scorer
	widths            []int // of features and context in the table
	context           contextExpander
	carried           []int // of the table's context columns, those written behind
	inverse           bool
	from, to, columns []float64
	logDet            []float64
	seen              int64
	far               farRows      // of the rows, where they are mapped to noise
	outside           int64        // rows besides those whose log-det is -Inf
	infinite          infiniteRows // of what noise is mapped to
}

func (m *mapping) apply(out, in []float64) error {
	n := len(in) / (m.widths[0] + m.widths[1])
	from, columns := resized(&m.from, n*m.widths[0]), resized(&m.columns, n*m.widths[1])
	splitRows(in, [][]float64{from, columns}, m.widths)
	context := m.context.expand(columns)
	if m.inverse {
		if err := m.scorer.Inverse(out, nil, from, context); err != nil {
			return err
		}
		blankBadRows(out, from, m.widths[0])
		m.infinite.add(out, m.seen)
		m.seen += int64(n)
		return nil
	}
	to, logDet := resized(&m.to, len(from)), resized(&m.logDet, n)
	if err := m.scorer.Forward(to, logDet, from, context); err != nil {
		return err
	}
	blankBadRows(to, from, m.widths[0])
	blankBadRows(logDet, from, m.widths[0])
	for r, v := range logDet {
		x, z := from[r*m.widths[0]:(r+1)*m.widths[0]], to[r*m.widths[0]:(r+1)*m.widths[0]]
		m.far.addLatent(x, z, m.seen+int64(r)+1)
		if math.IsInf(v, 0) && firstInfinite(z) < 0 {
			m.outside++
		}
	}
	m.seen += int64(n)
	out = out[:0]
	for r := range n {
		out = append(out, to[r*m.widths[0]:(r+1)*m.widths[0]]...)
		out = append(out, logDet[r])
		for _, column := range m.carried {
			out = append(out, columns[r*m.widths[1]+column])
		}
	}
	return nil
}

// blankBadRows makes NaN of the rows of out whose data are NaN, as the reader
// delivers a bad row and no other.
func blankBadRows(out, data []float64, width int) {
	rows := len(data) / width
	each := len(out) / max(rows, 1)
	for r := range rows {
		if math.IsNaN(data[r*width]) {
			for i := range each {
				out[r*each+i] = math.NaN()
			}
		}
	}
}

// contextsBehind are the columns of context that a command writes behind its
// own: numbers, and then texts.
type contextsBehind struct {
	numbers, texts []string
	places         []int // of the numbers among the table's context columns
}

func carriedContext(columns []flow.ContextColumn) (c contextsBehind) {
	for i, column := range columns {
		if column.Levels != nil {
			c.texts = append(c.texts, column.Name)
			continue
		}
		c.numbers, c.places = append(c.numbers, column.Name), append(c.places, i)
	}
	return c
}

// check is an error if a file cannot hold the texts.
func (c *contextsBehind) check(out string) error {
	if len(c.texts) > 0 && !table.HoldsText(out) {
		return fmt.Errorf("the context column %q is text, and %s holds numbers alone; write .csv", printable.Short(c.texts[0]), out)
	}
	return nil
}
