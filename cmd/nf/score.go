package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/internal/ranking"
	"github.com/seed-192fdf7a/nf/internal/table"
	"github.com/seed-192fdf7a/nf/kernels"
)

type scoreOptions struct {
	model, data, out, label string
	table                   tableFlags
	batch, workers          int
	json, quiet             bool
}

func scoreCommand() *cobra.Command {
	var o scoreOptions
	command := &cobra.Command{
		Use:   "score --model MODEL --data FILE --out FILE",
		Short: "Write the exact log-density of each row",
		Long: `Writes the column log_prob, in nats, one row for each row of the data, in order, in bounded memory. A log-density can be
positive: it is no probability.

Columns go by name, and others than the model's are ignored. A table without names whose number of columns is the
model's is taken by position.

A summary goes to standard output: rows (those scored), mean_log_prob over them, rows_per_second and bad_rows. With
--label, whose column is 1 for anomalies and 0 for the rest, also auroc and auprc (average precision) of -log_prob.
With --out - the summary goes to standard error.`,
		Example: `  nf score --model model.safetensors --data new.csv --out scores.csv
  nf score --model model.safetensors --data labelled.csv --label label --out scores.npy --json`,
		Args: noArguments,
	}
	f := command.Flags()
	f.SortFlags = false
	f.StringVar(&o.model, "model", "", "model file (required)")
	f.StringVar(&o.data, "data", "", "table to score (required)")
	f.StringVar(&o.out, "out", "", "table to write (required)")
	f.IntVar(&o.batch, "batch", 4096, "rows of a block; changes no score on the built-in matmul")
	addWorkersFlag(command, &o.workers)
	o.table.addOnBadRow(command)
	o.table.addHeader(command)
	f.StringVar(&o.label, "label", "", "column that is 1 for anomalies, 0 for the rest")
	f.BoolVar(&o.json, "json", false, "print the summary as one JSON object")
	f.BoolVar(&o.quiet, "quiet", false, "print no progress, only the summary")
	command.RunE = func(command *cobra.Command, _ []string) error {
		if err := require(command, "model", "data", "out"); err != nil {
			return err
		}
		if err := o.check(command); err != nil {
			return err
		}
		return runScore(command, &o)
	}
	return command
}

func (o *scoreOptions) check(command *cobra.Command) error {
	if err := o.table.check(); err != nil {
		return err
	}
	if err := checkTablePath("data", o.data); err != nil {
		return err
	}
	if err := checkTablePath("out", o.out); err != nil {
		return err
	}
	if command.Flags().Changed("label") {
		if err := require(command, "label"); err != nil {
			return err
		}
	}
	if o.batch < 1 {
		return usage("--batch is %d; it must be at least 1", o.batch)
	}
	return distinctPaths(map[string]string{"data": o.data, "out": o.out, "model": o.model})
}

func runScore(command *cobra.Command, o *scoreOptions) error {
	f, scorer, backend, err := loadScorer(o.model, o.workers)
	if err != nil {
		return err
	}
	summary, err := scoreTable(command, o, f, scorer)
	if err != nil {
		return err
	}
	summary.BLAS, summary.Kernels = backend.Name(), kernels.Active().Name()
	out := command.OutOrStdout()
	if o.out == "-" {
		out = command.ErrOrStderr()
	}
	return summary.print(out, o.json)
}

// loadScorer reads a model and prepares it for the chosen backend.
func loadScorer(path string, workers int) (*flow.Flow, *flow.Scorer, blas.Backend, error) {
	backend, err := chosenBackend()
	if err != nil {
		return nil, nil, nil, err
	}
	if workers, err = workerCount(workers, backend); err != nil {
		return nil, nil, nil, err
	}
	f, err := flow.Load(path)
	if err != nil {
		return nil, nil, nil, err
	}
	if grid := f.Config().Grid; len(grid) > 0 {
		return nil, nil, nil, fmt.Errorf("model %s: its events lie on a grid of %v sites, which no table row holds; use the library", path, grid)
	}
	scorer, err := f.NewScorer(flow.ScorerOptions{Workers: workers, BLAS: backend})
	return f, scorer, backend, err
}

// scoreTable writes the log-densities of a table's rows.
func scoreTable(command *cobra.Command, o *scoreOptions, f *flow.Flow, scorer *flow.Scorer) (scoreSummary, error) {
	var summary scoreSummary
	started := time.Now()
	c := f.Config()
	var extra []string
	if o.label != "" {
		if slices.Contains(c.Features, o.label) || slices.Contains(c.Context, o.label) {
			return summary, fmt.Errorf("--label %s is one of the columns that the model was trained on; train with --exclude %s",
				o.label, flagValue([]string{o.label}))
		}
		extra = []string{o.label}
	}
	r, err := o.table.openSelected(command, o.data, slices.Concat(c.Features, c.Context), extra, len(c.Context) > 0)
	if err != nil {
		return summary, err
	}
	w, err := table.Create(o.out, table.WriteOptions{Vector: true, Stdout: command.OutOrStdout()})
	if err != nil {
		return summary, err
	}
	job := &scoring{
		scorer: scorer, widths: []int{f.Features(), f.ContextFeatures(), len(extra)},
		skips: o.table.badPolicy == table.SkipBadRows, file: shownPath(o.data), label: o.label,
	}
	width := job.widths[0] + job.widths[1] + job.widths[2]
	bar := startProgress(command, "scoring", o.quiet, r.Progress)
	defer bar.stop()
	s := stream{reader: r, writer: w, path: o.data, blockRows: rowsPerBlock(o.batch, width), inWidth: width, outWidth: 1, work: job.score}
	if err := s.run(command.Context(), []string{"log_prob"}); err != nil {
		return summary, err
	}
	bar.stop()
	summary.Rows, summary.MeanLogProb = job.rows, number(job.sum/float64(job.rows))
	summary.RowsPerSecond = number(float64(job.rows) / time.Since(started).Seconds())
	var first *table.RowError
	if summary.BadRows, first = r.BadRows(); first != nil {
		what := "were scored NaN"
		if job.skips {
			what = "were skipped"
		}
		fmt.Fprintf(command.ErrOrStderr(), "%s: %d bad row(s) %s; the first: %v\n", command.CommandPath(), summary.BadRows, what, first)
	}
	if o.label != "" {
		roc, precision := job.ranking.Areas()
		auroc, auprc := number(roc), number(precision)
		summary.AUROC, summary.AUPRC = &auroc, &auprc
	}
	return summary, r.Close()
}

// scoring is the work of a score stream, and its sums over all rows.
type scoring struct {
	scorer      *flow.Scorer
	widths      []int // features, context, label
	x, context  []float64
	labels      []float64
	rows        int64 // good ones
	seen        int64 // all delivered
	sum         float64
	ranking     ranking.Ranking
	skips       bool
	file, label string
}

func (s *scoring) score(out, in []float64) error {
	n := len(out)
	x, context := in, []float64(nil)
	if s.widths[1]+s.widths[2] > 0 {
		x, context, s.labels = resized(&s.x, n*s.widths[0]), resized(&s.context, n*s.widths[1]), resized(&s.labels, n*s.widths[2])
		splitRows(in, [][]float64{x, context, s.labels}, s.widths)
		if s.widths[1] == 0 {
			context = nil
		}
	}
	if err := s.scorer.LogProb(out, x, context); err != nil {
		return err
	}
	for r, logProb := range out {
		s.seen++
		if math.IsNaN(x[r*s.widths[0]]) { // the reader delivers NaN for a bad row alone
			out[r] = math.NaN()
			continue
		}
		s.rows++
		s.sum += logProb
		if s.widths[2] == 0 {
			continue
		}
		label := s.labels[r]
		if label != 0 && label != 1 {
			where := "row"
			if s.skips {
				where = "good row"
			}
			return fmt.Errorf("%s: %s %d, column %q: the label is %v; it must be 1 for an anomaly or 0", s.file, where, s.seen, s.label, label)
		}
		s.ranking.Add(-logProb, label == 1)
	}
	return nil
}

func resized(buffer *[]float64, n int) []float64 {
	if cap(*buffer) < n {
		*buffer = make([]float64, n)
	}
	*buffer = (*buffer)[:n]
	return *buffer
}

// scoreSummary is what the score command reports.
type scoreSummary struct {
	Rows          int64   `json:"rows"`
	MeanLogProb   number  `json:"mean_log_prob"`
	RowsPerSecond number  `json:"rows_per_second"`
	BadRows       int64   `json:"bad_rows"`
	AUROC         *number `json:"auroc,omitempty"`
	AUPRC         *number `json:"auprc,omitempty"`
	BLAS          string  `json:"blas"`
	Kernels       string  `json:"kernels"`
}

func (s *scoreSummary) print(out io.Writer, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(out).Encode(s)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "rows=%d mean_log_prob=%.6f rows_per_second=%.0f bad_rows=%d", s.Rows, float64(s.MeanLogProb), float64(s.RowsPerSecond), s.BadRows)
	if s.AUROC != nil {
		fmt.Fprintf(&b, " auroc=%.6f auprc=%.6f", float64(*s.AUROC), float64(*s.AUPRC))
	}
	fmt.Fprintf(&b, " blas=%s kernels=%s\n", s.BLAS, s.Kernels)
	_, err := io.WriteString(out, b.String())
	return err
}
