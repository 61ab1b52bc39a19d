package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/internal/image"
	"github.com/seed-192fdf7a/nf/internal/printable"
	"github.com/seed-192fdf7a/nf/internal/ranking"
	"github.com/seed-192fdf7a/nf/internal/sound"
	"github.com/seed-192fdf7a/nf/internal/table"
	"github.com/seed-192fdf7a/nf/kernels"
)

type scoreOptions struct {
	classes             string // of images
	importance          int    // of images
	length              int    // of sound
	models              []string
	modelWeights        []float64
	data, out, label    string
	keep                []string
	quantile, threshold float64
	flags               flagging
	table               tableFlags
	batch, workers      int
	json, quiet         bool
}

func scoreCommand() *cobra.Command {
	var o scoreOptions
	command := &cobra.Command{
		Use:   "score --model MODEL --data FILE --out FILE",
		Short: "Write the exact log-density of each row",
		Long: `Writes the column log_prob, in nats, one row for each row of the data, in order, in bounded memory. A log-density can be
positive: it is no probability.

Columns go by name, and others than the model's are ignored. A table without names whose number of columns is the
model's is taken by position: the features, then the context. --keep carries further columns to the output, in front, a
number or a text as it is written, so that a score can be told by its row's id.

A value of a discrete column (train --discrete) is taken at the middle of its cell [v, v+STEP), so that log_prob plus the sum
of log STEP is about the log-probability of the cell; nf inspect tells the steps.

A finite row scores a number or -Inf, never NaN. A row that float32 cannot hold, once it is standardized or as the noise
that the model makes of it, is far outside: it scores -Inf, below every ordinary row, and counts as out_of_range. Further rows that score -Inf, for the way to their density is more
than float32 can hold, are told as infinite, if there are any: the mean is then -Inf. NaN is
left for bad rows. A row whose context float32 cannot hold is a bad row.

A model with columns of noise (nf train --noise-columns) scores a lower bound of the log-density by draws of them, the
same for every row; the summary says how many (noise_draws).

A summary goes to standard output: rows (those scored), mean_log_prob over them, rows_per_second, bad_rows and
out_of_range. With
--label also auroc and auprc (average precision) of -log_prob. Labels are 1, true or anomaly, and 0, -1, false or normal.
With --out - the summary goes to standard error.

--threshold X adds a column anomaly, 1 where log_prob is below X, else 0 (NaN for a bad row), and the summary counts them.
--quantile Q takes for X the score that the part Q of these rows is below: X is number floor(Q*rows) of their scores in
ascending order, counted from 0, and stands in the summary. It holds scores and kept columns in memory to the end.

With --model several times the models are one density, the mixture log sum w*p(x) of their densities, and a column
log_prob_spread says how much they disagree about a row: the standard deviation of their log-densities. They must be of the same
columns, in the same order.`,
		Example: `  nf score --model model.safetensors --data new.csv --out scores.csv
  nf score --model model.safetensors --data labelled.csv --label label --out scores.npy --json
  nf score --model model.safetensors --data new.csv --keep id --quantile 0.01 --out scores.csv
  nf score --model a.safetensors --model b.safetensors --data new.csv --out scores.csv`,
		Args: noArguments,
	}
	f := command.Flags()
	f.SortFlags = false
	f.StringArrayVar(&o.models, "model", nil, "model file (required); given several times, the models score as one mixture")
	f.Float64SliceVar(&o.modelWeights, "model-weights", nil, "weights of several models, such as 2,1; equal by default")
	f.StringVar(&o.data, "data", "", "table to score (required)")
	f.StringVar(&o.out, "out", "", "table to write (required)")
	f.IntVar(&o.batch, "batch", 4096, "rows of a block; changes no score on the built-in matmul")
	addWorkersFlag(command, &o.workers)
	o.table.addOnBadRow(command, "fail, skip or nan", "fail, skip it, or nan (score it NaN)")
	o.table.addHeader(command)
	f.StringSliceVar(&o.keep, "keep", nil, "columns to carry to the output as they are, such as an id")
	f.StringVar(&o.label, "label", "", "column that is 1 (or true, or anomaly) for anomalies, 0 (or -1, false, normal) for the rest")
	f.Float64Var(&o.threshold, "threshold", 0, "flag rows whose log_prob is below this, in a column anomaly")
	f.Float64Var(&o.quantile, "quantile", 0, "flag this part of the rows, from 0 to 1, those that score lowest")
	f.StringVar(&o.classes, "classes", "", classesUsage)
	f.IntVar(&o.importance, "importance", 1, "of images with bits/dim: so many draws of the noise of each, whose densities are averaged: a tighter bound, at so many times the cost")
	f.IntVar(&o.length, "length", 0, lengthUsage)
	f.BoolVar(&o.json, "json", false, "print the summary as one JSON object")
	f.BoolVar(&o.quiet, "quiet", false, "print no progress, only the summary")
	command.RunE = func(command *cobra.Command, _ []string) error {
		if err := require(command, "model", "data", "out"); err != nil {
			return err
		}
		if len(o.models) == 1 && image.Named(o.data) && ofImages(o.models[0]) {
			return runScoreImages(command, &o)
		}
		if len(o.models) == 1 && sound.Named(o.data) && (isWAV(o.data) || ofSound(o.models[0])) {
			return runScoreSound(command, &o)
		}
		if err := refuseLength(command); err != nil {
			return err
		}
		if err := refuseClasses(command); err != nil {
			return err
		}
		if command.Flags().Changed("importance") {
			return usage("--importance is for images")
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
	files := paths{"data": o.data}
	for i, model := range o.models {
		if model == "" {
			return usage("--model is empty")
		}
		name := "model"
		if i > 0 {
			name = fmt.Sprintf("model number %d", i+1)
		}
		files[name] = model
	}
	if command.Flags().Changed("model-weights") && len(o.modelWeights) != len(o.models) {
		return usage("--model-weights has %d values for %d models", len(o.modelWeights), len(o.models))
	}
	for _, w := range o.modelWeights {
		if !(w > 0 && w < math.MaxFloat32) {
			return usage("--model-weights has %v; weights must be above 0", w)
		}
	}
	o.flags = flagging{
		spread:      len(o.models) > 1,
		byThreshold: command.Flags().Changed("threshold"), byQuantile: command.Flags().Changed("quantile"),
		threshold: o.threshold, quantile: o.quantile,
	}
	if err := o.flags.check(); err != nil {
		return err
	}
	if err := checkKeep(command, o.keep, o.out, o.flags.header()...); err != nil {
		return err
	}
	if o.batch < 1 {
		return usage("--batch is %d; it must be at least 1", o.batch)
	}
	return distinctPaths(files, paths{"out": o.out})
}

func runScore(command *cobra.Command, o *scoreOptions) error {
	f, scorer, backend, err := loadScorer(command.Context(), o.models[0], o.workers)
	if err != nil {
		return err
	}
	var models *flow.Ensemble
	if len(o.models) > 1 {
		if models, err = o.loadEnsemble(command.Context(), f, backend); err != nil {
			return err
		}
	}
	summary, err := scoreTable(command, o, f, scorer, models)
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

// loadEnsemble reads the other models, and makes one of all.
func (o *scoreOptions) loadEnsemble(ctx context.Context, first *flow.Flow, backend blas.Backend) (e *flow.Ensemble, err error) {
	workers, err := workerCount(o.workers, backend)
	if err != nil {
		return nil, err
	}
	err = orInterrupted(ctx, func() error {
		flows := []*flow.Flow{first}
		c := first.Config()
		for _, path := range o.models[1:] {
			f, err := flow.Load(path)
			if err != nil {
				return err
			}
			other := f.Config()
			if !reflect.DeepEqual(other.Features, c.Features) || !reflect.DeepEqual(other.ContextColumns(), c.ContextColumns()) {
				return fmt.Errorf("%s and %s are of different columns; models that score together must have the same, in the same order", shownPath(o.models[0]), shownPath(path))
			}
			flows = append(flows, f)
		}
		var err error
		e, err = flow.NewEnsemble(flows, o.modelWeights, flow.ScorerOptions{Workers: workers, BLAS: backend})
		return err
	})
	return e, err
}

// loadScorer reads a model and prepares it for the chosen backend, or is
// interrupted.
func loadScorer(ctx context.Context, path string, workers int) (f *flow.Flow, scorer *flow.Scorer, backend blas.Backend, err error) {
	err = orInterrupted(ctx, func() error {
		var err error
		f, scorer, backend, err = openScorer(path, workers)
		return err
	})
	if err != nil {
		return nil, nil, nil, err
	}
	return f, scorer, backend, nil
}

func openScorer(path string, workers int) (*flow.Flow, *flow.Scorer, blas.Backend, error) {
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
		return nil, nil, nil, fmt.Errorf("model %s: its events lie on a grid of %v sites, which no table row holds: give it images, or to nf score and nf sample .wav files, or use the library", path, grid)
	}
	scorer, err := f.NewScorer(flow.ScorerOptions{Workers: workers, BLAS: backend})
	return f, scorer, backend, err
}

// scoreTable writes the log-densities of a table's rows, of one model, or of
// several unless models is nil.
func scoreTable(command *cobra.Command, o *scoreOptions, f *flow.Flow, scorer *flow.Scorer, models *flow.Ensemble) (scoreSummary, error) {
	var summary scoreSummary
	started := time.Now()
	c := f.Config()
	wanted := wantedOf(c)
	wanted.label, wanted.keep = o.label, o.keep
	if o.label != "" && slices.Contains(wanted.model(), o.label) {
		return summary, fmt.Errorf("--label %s is one of the columns that the model was trained on; train with --exclude %s",
			printable.Name(o.label), flagValue([]string{o.label}))
	}
	r, err := o.table.openTable(command, o.data, wanted)
	if err != nil {
		return summary, err
	}
	w, err := createTable(command, o.out, table.WriteOptions{Vector: len(o.flags.header()) == 1})
	if err != nil {
		return summary, err
	}
	job := &scoring{
		scorer: scorer, models: models, widths: []int{f.Dim(), len(wanted.context), wanted.columns() - f.Dim() - len(wanted.context)},
		context: contextExpander{columns: wanted.context}, flags: &o.flags,
		skips: o.table.badPolicy == table.SkipBadRows, file: shownPath(o.data), label: o.label,
		far: farRows{scorer: scorer, config: c},
	}
	width := wanted.columns()
	bar := startProgress(command, "scoring", o.quiet, r.Progress)
	defer bar.stop()
	s := stream{
		reader: r, writer: w, path: o.data, blockRows: rowsPerBlock(o.batch, width), inWidth: width, outWidth: len(o.flags.header()),
		front: textsOf(len(o.keep)), work: job.score,
	}
	if o.flags.byQuantile {
		s.finally = o.flags.flagByQuantile
	}
	if err := s.run(command.Context(), slices.Concat(o.keep, o.flags.header())); err != nil {
		return summary, err
	}
	bar.stop()
	summary.Rows, summary.MeanLogProb = job.rows, number(job.sum/float64(job.rows))
	summary.RowsPerSecond = number(float64(job.rows) / time.Since(started).Seconds())
	summary.BadRows, _ = r.BadRows()
	reportBadRows(command, r, job.skips, "scored NaN")
	if summary.OutOfRange = job.far.count; summary.OutOfRange > 0 {
		complain(command, "%d row(s) are so far outside that float32 cannot hold them, and scored -Inf (out_of_range); the first: %s: %s %s",
			job.far.count, shownPath(o.data), job.where(), job.far.first)
	}
	if summary.Infinite = job.far.infinite; summary.Infinite > 0 {
		complain(command, "%d row(s) are so far outside that their log-density is no finite number, and scored -Inf (infinite); the first: %s: %s %s",
			job.far.infinite, shownPath(o.data), job.where(), job.far.firstInfinite)
	}
	if f.Augmented() && models == nil {
		c := f.Config()
		summary.NoiseDraws = c.Augmented().Draws
	}
	if (f.Continuous() || f.Series()) && models == nil && job.rows > 0 {
		report, err := f.ReportSolver(job.reported, job.reportedContext, flow.ScorerOptions{Workers: o.workers, BLAS: scorer.Backend()})
		if err != nil {
			return summary, err
		}
		if f.Continuous() {
			evaluations, mean, largest := number(report.Evaluations), number(report.MeanError), number(report.LargestError)
			summary.Evaluations, summary.SolverError, summary.LargestSolverError = &evaluations, &mean, &largest
		}
		if f.Series() {
			mean, largest := number(report.SeriesError), number(report.LargestSeriesError)
			summary.SeriesError, summary.LargestSeriesError = &mean, &largest
		}
		summary.ForcedSteps, summary.UnestimatedRows = scorer.ForcedSteps(), report.Unestimated
		warnForced(command, scorer)
		if report.StandardError > 0 {
			probes := number(report.StandardError)
			summary.ProbeError = &probes
		}
	}
	if o.flags.on() {
		threshold := number(o.flags.threshold)
		summary.Threshold, summary.Anomalies = &threshold, &o.flags.count
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
	models      *flow.Ensemble // or nil
	widths      []int          // of features, context and label in the table
	context     contextExpander
	flags       *flagging
	x           []float64
	columns     []float64 // of context, as the table has them
	labels      []float64
	words       labelWords
	logProb     []float64
	spread      []float64
	rows        int64 // good ones
	seen        int64 // all delivered
	sum         float64
	ranking     ranking.Ranking
	skips       bool
	file, label string
	far         farRows

	// The first good rows, of which a continuous flow reports, or one of series.
	reported, reportedContext []float64
}

// reportRows is how many rows a solver reports of.
const reportRows = 256

// where names what seen counts.
func (s *scoring) where() string {
	if s.skips {
		return "good row"
	}
	return "row"
}

func (s *scoring) score(out, in []float64) error {
	n := len(out) / len(s.flags.header())
	x, context, logProb := in, []float64(nil), out
	if s.widths[1]+s.widths[2] > 0 {
		x, s.columns, s.labels = resized(&s.x, n*s.widths[0]), resized(&s.columns, n*s.widths[1]), resized(&s.labels, n*s.widths[2])
		splitRows(in, [][]float64{x, s.columns, s.labels}, s.widths)
		context = s.context.expand(s.columns)
	}
	alone := len(s.flags.header()) == 1
	if !alone {
		logProb = resized(&s.logProb, n)
	}
	var err error
	if s.models != nil {
		err = s.models.LogProb(logProb, resized(&s.spread, n), x, context)
	} else {
		err = s.scorer.LogProb(logProb, x, context)
	}
	if err != nil {
		return err
	}
	if err := s.far.addScored(x, context, logProb, s.seen); err != nil {
		return err
	}
	for r, v := range logProb {
		s.seen++
		if math.IsNaN(x[r*s.widths[0]]) { // the reader delivers NaN for a bad row alone
			logProb[r] = math.NaN()
			if s.models != nil {
				s.spread[r] = math.NaN()
			}
			continue
		}
		if s.rows < reportRows && (s.scorer.Continuous() || s.scorer.Series()) {
			each := len(context) / n
			s.reported = append(s.reported, x[r*s.widths[0]:(r+1)*s.widths[0]]...)
			s.reportedContext = append(s.reportedContext, context[r*each:(r+1)*each]...)
		}
		s.rows++
		s.sum += v
		if s.widths[2] == 0 {
			continue
		}
		if other := s.words.add(s.labels[r]); other != "" {
			return fmt.Errorf("%s: %s %d, column %q: the label is %v, and an earlier one is %s; the rest must be marked by one of 0 and -1",
				s.file, s.where(), s.seen, printable.Short(s.label), s.labels[r], other)
		}
		s.ranking.Add(-v, s.labels[r] == 1)
	}
	if !alone {
		s.flags.fill(out, logProb, s.spread)
	}
	return nil
}

// labelWords sees to it that labels do not mix 0 and -1: a column of all three
// numbers has three classes.
type labelWords struct{ zero, minus bool }

func (w *labelWords) add(label float64) (other string) {
	w.zero, w.minus = w.zero || label == 0, w.minus || label == -1
	switch {
	case !w.zero || !w.minus:
		return ""
	case label == 0:
		return "-1"
	}
	return "0"
}

// contextExpander makes the context values of events of a table's columns.
type contextExpander struct {
	columns []flow.ContextColumn
	values  []float64
}

// expand returns the values for the cells of some rows, nil for a flow without
// context. They are valid until the next call.
func (e *contextExpander) expand(cells []float64) []float64 {
	if len(e.columns) == 0 {
		return nil
	}
	e.values = e.values[:0]
	for len(cells) > 0 {
		e.values = expandContext(e.values, cells[:len(e.columns)], e.columns)
		cells = cells[len(e.columns):]
	}
	return e.values
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
	OutOfRange    int64   `json:"out_of_range"`
	Infinite      int64   `json:"infinite,omitempty"` // that score -Inf otherwise
	Threshold     *number `json:"threshold,omitempty"`
	Anomalies     *int64  `json:"anomalies,omitempty"`
	AUROC         *number `json:"auroc,omitempty"`
	AUPRC         *number `json:"auprc,omitempty"`
	// Of a flow along differential equations, by its first rows: how many
	// evaluations a row took, and errors of log_prob in nats.
	// NoiseDraws is how many draws of columns of noise each score is a bound by.
	NoiseDraws         int     `json:"noise_draws,omitempty"`
	Evaluations        *number `json:"evaluations,omitempty"`
	SolverError        *number `json:"solver_error,omitempty"`
	LargestSolverError *number `json:"largest_solver_error,omitempty"`
	SeriesError        *number `json:"series_error,omitempty"` // of residual-flow
	LargestSeriesError *number `json:"largest_series_error,omitempty"`
	ProbeError         *number `json:"probe_standard_error,omitempty"`
	ForcedSteps        int     `json:"forced_steps,omitempty"`     // of all rows
	UnestimatedRows    int     `json:"unestimated_rows,omitempty"` // of the first
	BLAS               string  `json:"blas"`
	Kernels            string  `json:"kernels"`
}

func (s *scoreSummary) print(out io.Writer, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(out).Encode(s)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "rows=%d mean_log_prob=%.6f rows_per_second=%.0f bad_rows=%d out_of_range=%d",
		s.Rows, float64(s.MeanLogProb), float64(s.RowsPerSecond), s.BadRows, s.OutOfRange)
	if s.Infinite > 0 {
		fmt.Fprintf(&b, " infinite=%d", s.Infinite)
	}
	if s.Threshold != nil {
		fmt.Fprintf(&b, " threshold=%v anomalies=%d", float64(*s.Threshold), *s.Anomalies)
	}
	if s.AUROC != nil {
		fmt.Fprintf(&b, " auroc=%.6f auprc=%.6f", float64(*s.AUROC), float64(*s.AUPRC))
	}
	if s.NoiseDraws > 0 {
		fmt.Fprintf(&b, " noise_draws=%d", s.NoiseDraws)
	}
	if s.Evaluations != nil {
		fmt.Fprintf(&b, " evaluations=%.1f solver_error=%.2g largest_solver_error=%.2g", float64(*s.Evaluations), float64(*s.SolverError), float64(*s.LargestSolverError))
	}
	if s.SeriesError != nil {
		fmt.Fprintf(&b, " series_error=%.2g largest_series_error=%.2g", float64(*s.SeriesError), float64(*s.LargestSeriesError))
	}
	if s.ProbeError != nil {
		fmt.Fprintf(&b, " probe_standard_error=%.2g", float64(*s.ProbeError))
	}
	b.WriteString(solverTroubles(s.ForcedSteps, s.UnestimatedRows))
	fmt.Fprintf(&b, " blas=%s kernels=%s\n", s.BLAS, s.Kernels)
	_, err := io.WriteString(out, b.String())
	return err
}
