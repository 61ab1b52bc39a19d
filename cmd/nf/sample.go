package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/spf13/cobra"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/flow/transform"
	"github.com/seed-192fdf7a/nf/internal/image"
	"github.com/seed-192fdf7a/nf/internal/printable"
	"github.com/seed-192fdf7a/nf/internal/table"
)

type sampleOptions struct {
	class               string // of images
	length              int    // of sound
	model, out, context string
	count               int64
	table               tableFlags
	sample              flow.SampleOptions
	workers             int
	logProb, quiet      bool
	quantiles           []float64
	solver              string // of continuous flows
	steps               int
}

func sampleCommand() *cobra.Command {
	var o sampleOptions
	command := &cobra.Command{
		Use:   "sample --model MODEL -n N --out FILE",
		Short: "Draw new rows",
		Long: `Draws N rows. Row i depends on the seed and i alone, whatever N and --workers are.

A model that was trained with --context needs --context FILE, a table with those columns: it draws N rows for each row
of it, in order, and writes that row's context behind each. --log-prob writes the log-density of each draw, in nats.
A row of context that float32 cannot hold, once it is standardized, is an error.

--quantile 0.05,0.5,0.95 writes no draws but, for each row of context, the quantiles of each column among its N draws: a row
for each level, with a column quantile. So a model of one column given others tells in which interval it lies.

A draw that float32 cannot hold is written as Inf or -Inf, with a log_prob of -Inf, never NaN; how many there are is said
on standard error. A high --temperature makes them, or a training that diverged.`,
		Example: `  nf sample --model model.safetensors -n 100000 --seed 7 --out samples.npy
  nf sample --model price.safetensors -n 10000 --context houses.csv --quantile 0.05,0.5,0.95 --out intervals.csv`,
		Args: noArguments,
	}
	f := command.Flags()
	f.SortFlags = false
	f.StringVar(&o.model, "model", "", "model file (required)")
	f.Int64VarP(&o.count, "number", "n", 0, "rows to draw, with --context for each of its rows (required)")
	f.StringVar(&o.out, "out", "", "table to write (required)")
	f.Uint64Var(&o.sample.Seed, "seed", 1, "decides the rows")
	f.Float64Var(&o.sample.Temperature, "temperature", 1, "factor on the noise; below 1 keeps to denser regions")
	f.StringVar(&o.context, "context", "", "table of the rows to condition on")
	f.StringVar(&o.class, "class", "", "of images: the class to draw, of a model that is conditioned on classes (default: all in turn)")
	f.IntVar(&o.length, "length", 0, lengthUsage)
	f.BoolVar(&o.sample.Denoise, "denoise", false, "of images: take off the noise of a model that was trained with --noise")
	g := &o.sample.Guidance
	f.Float64Var(&g.Weight, "guidance", 0, "of tarflow: how far samples go beyond their class, away from those without one, such as 1 (default none)")
	f.Float64Var(&g.AttentionTemperature, "attention-temperature", 0, "of --guidance: of what it leads away from; other than 1 for a model without classes (default 1)")
	f.BoolVar(&g.Annealed, "anneal-guidance", false, "let --guidance grow from 0 to its value along the patches")
	f.IntVar(&o.sample.Jacobi.Iterations, "jacobi", 0, "of tarflow: find all patches at once by so many iterations for each map, instead of one after the other (default none)")
	f.IntVar(&o.sample.Jacobi.Blocks, "jacobi-blocks", 0, "of --jacobi: iterate on so many blocks of patches, one after the other (default 1)")
	f.BoolVar(&o.logProb, "log-prob", false, "write a column log_prob behind the columns of the draw")
	f.Float64SliceVar(&o.quantiles, "quantile", nil, "write these quantiles of the draws, each 0 to 1, in their place")
	o.table.addHeader(command)
	addWorkersFlag(command, &o.workers)
	f.IntVar(&o.steps, "solver-steps", 0, "of flows along differential equations: take so many steps instead of the model's own, and tell how far the draws are from those")
	f.StringVar(&o.solver, "solver", "", "of --solver-steps: "+strings.Join(transform.Methods, ", ")+" (default: the model's own)")
	f.BoolVar(&o.quiet, "quiet", false, "print no progress")
	command.RunE = func(command *cobra.Command, _ []string) error {
		if err := require(command, "model", "number", "out"); err != nil {
			return err
		}
		if err := o.checkQuantiles(); err != nil {
			return err
		}
		if (isPicture(o.out) || image.Named(o.out)) && ofImages(o.model) {
			if len(o.quantiles) > 0 {
				return usage("--quantile is for tables, and %s is a model of images", o.model)
			}
			return runSampleImages(command, &o)
		}
		if isWAV(o.out) {
			return runSampleSound(command, &o)
		}
		if err := refuseLength(command); err != nil {
			return err
		}
		for _, name := range []string{"class", "denoise", "guidance", "attention-temperature", "anneal-guidance", "jacobi", "jacobi-blocks"} {
			if command.Flags().Changed(name) {
				return usage("--%s is for a model of images, and --out .png or .npy", name)
			}
		}
		if checkTablePath("out", o.out) != nil && ofImages(o.model) {
			return usage("--out is %s; a sheet of images must end in .png, an array of them in .npy", o.out)
		}
		if err := o.check(command); err != nil {
			return err
		}
		return runSample(command, &o)
	}
	return command
}

func (o *sampleOptions) check(command *cobra.Command) error {
	if err := o.table.check(); err != nil {
		return err
	}
	if err := checkTablePath("out", o.out); err != nil {
		return err
	}
	if command.Flags().Changed("context") {
		if err := checkTablePath("context", o.context); err != nil {
			return err
		}
	}
	if err := o.checkDraw(); err != nil {
		return err
	}
	if err := o.checkSteps(command); err != nil {
		return err
	}
	return distinctPaths(paths{"context": o.context, "model": o.model}, paths{"out": o.out})
}

// checkDraw finds what is wrong with what is to be drawn.
func (o *sampleOptions) checkDraw() error {
	if o.count < 1 {
		return usage("-n is %d; it must be at least 1", o.count)
	}
	if t := o.sample.Temperature; !(t > 0 && autograd.Holds(t)) {
		return usage("--temperature is %v; it must be a positive number that float32 holds", t)
	}
	return nil
}

// checkGuided finds what is wrong with the flags of models of images.
func (o *sampleOptions) checkGuided() error {
	g, j := &o.sample.Guidance, &o.sample.Jacobi
	switch {
	case !(g.Weight >= 0 && autograd.Holds(g.Weight)):
		return usage("--guidance is %v; it must be a number from 0 that float32 holds", g.Weight)
	case !(g.AttentionTemperature >= 0 && autograd.Holds(g.AttentionTemperature)):
		return usage("--attention-temperature is %v; it must be a number above 0 that float32 holds", g.AttentionTemperature)
	case g.Weight == 0 && (g.AttentionTemperature != 0 || g.Annealed):
		return usage("--attention-temperature and --anneal-guidance are for --guidance W, with W above 0")
	case j.Iterations < 0 || j.Blocks < 0:
		return usage("--jacobi and --jacobi-blocks must be at least 1")
	case j.Blocks > 0 && j.Iterations == 0:
		return usage("--jacobi-blocks is for --jacobi N")
	}
	return nil
}

func runSample(command *cobra.Command, o *sampleOptions) error {
	f, scorer, _, err := loadScorer(command.Context(), o.model, o.workers)
	if err != nil {
		return err
	}
	exact := f
	if f, scorer, err = o.fewSteps(f, scorer); err != nil {
		return err
	}
	c := f.Config()
	if err := o.checkQuantileMemory(f.Dim()); err != nil {
		return err
	}
	wanted := tableColumns{context: c.ContextColumns(), of: &c}
	names := wanted.contextNames()
	carried := carriedContext(wanted.context)
	wanted.keep = carried.texts
	s := sampler{
		scorer: scorer, options: o.sample, width: f.Dim(), contextWidth: len(names), each: o.count,
		expander: contextExpander{columns: wanted.context}, carried: carried.places, dense: o.logProb,
		infinite: infiniteRows{columns: c.Features},
	}
	switch {
	case len(names) > 0 && o.context == "":
		return fmt.Errorf("the model is conditioned on %s; give a table with these columns as --context FILE", listed(names))
	case len(names) == 0 && o.context != "":
		return errors.New("the model is not conditioned on anything; leave out --context")
	case len(names) > 0:
		if err := carried.check(o.out); err != nil {
			return err
		}
		if s.contexts, err = o.table.openTable(command, o.context, wanted); err != nil {
			return err
		}
	}
	header := c.Features
	if o.logProb {
		header = slices.Concat(header, []string{"log_prob"})
	}
	reduced := quantiles{levels: o.quantiles, each: int(o.count), width: f.Dim()}
	if len(o.quantiles) > 0 {
		header = slices.Concat(header, []string{"quantile"})
	}
	header = slices.Concat(header, carried.numbers, carried.texts)
	if err := distinctColumns(header); err != nil {
		return err
	}
	w, err := createTable(command, o.out, table.WriteOptions{})
	if err != nil {
		return err
	}
	defer w.Abort()
	position := func() (int64, int64) { return s.done.Load(), o.count }
	if s.contexts != nil {
		position = s.contexts.Progress
	}
	bar := startProgress(command, "sampling", o.quiet, position)
	defer bar.stop()
	// Reading context may wait for a silent pipe, and writing for a slow one.
	err = orInterrupted(command.Context(), func() error {
		if err := w.WriteHeader(header); err != nil {
			return err
		}
		for {
			rows, err := s.next()
			if err == io.EOF {
				break
			}
			if err != nil {
				return err
			}
			texts := &s.texts
			if len(o.quantiles) > 0 {
				rows, texts = reduced.add(rows, f.Dim()+len(carried.numbers), texts)
			}
			if err := w.WriteTexts(rows, texts, nil, textsOf(len(carried.texts))); err != nil {
				return err
			}
		}
		if w.Rows() == 0 {
			return fmt.Errorf("%s has no rows", shownPath(o.context))
		}
		return w.Finish()
	})
	if err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	if exact != f {
		if err := o.reportFewSteps(command, exact, f, &s); err != nil {
			return err
		}
	}
	warnForced(command, scorer)
	if n := s.infinite.count; n > 0 {
		advice := "the training may have diverged"
		if o.sample.Temperature > 1 {
			advice = "lower --temperature"
		}
		complain(command, "%d of %d rows are infinite, because float32 cannot hold them: %s; the first: %s", n, s.done.Load(), advice, s.infinite.first)
	}
	return nil
}

// distinctColumns is an error if the output would have two columns of one name.
func distinctColumns(header []string) error {
	for i, name := range header {
		if slices.Contains(header[:i], name) {
			return fmt.Errorf("the output would have two columns %q; rename that of the model, or leave out what adds the other", printable.Short(name))
		}
	}
	return nil
}

// sampler draws rows block by block.
type sampler struct {
	scorer              *flow.Scorer
	options             flow.SampleOptions
	width, contextWidth int           // columns of a draw, and of context in its table
	each                int64         // rows to draw, for each row of context
	contexts            *table.Reader // nil for a model without
	expander            contextExpander
	carried             []int // of the context columns, those written behind as numbers
	dense               bool  // with log-densities

	done    atomic.Int64
	current []float64 // the row of context
	ofRow   table.Texts
	left    int64 // rows still to be drawn for it
	draws   []float64
	logProb []float64
	columns []float64   // of context, for each row of the block
	texts   table.Texts // likewise
	rows    []float64

	infinite infiniteRows

	firstContext []float64 // of the rows of the first block, as the table has it
}

const sampleBlockRows = 4096

// next returns the next block of rows, or io.EOF. Their texts are in s.texts.
func (s *sampler) next() ([]float64, error) {
	block := rowsPerBlock(sampleBlockRows, s.width+s.contextWidth)
	n := 0
	if s.contexts == nil {
		n = int(min(int64(block), s.each-s.done.Load()))
	} else {
		var err error
		if n, err = s.fillContext(block); err != nil {
			return nil, err
		}
	}
	if n == 0 {
		return nil, io.EOF
	}
	x, logProb := resized(&s.draws, n*s.width), []float64(nil)
	if s.dense {
		logProb = resized(&s.logProb, n)
	}
	if s.firstContext == nil {
		s.firstContext = slices.Clone(s.columns)
	}
	err := s.scorer.Sample(x, logProb, uint64(s.done.Load()), s.options, s.expander.expand(s.columns))
	s.infinite.add(x, s.done.Load())
	s.done.Add(int64(n))
	if !s.dense && len(s.carried) == 0 {
		return x, err
	}
	s.rows = s.rows[:0]
	for r := range n {
		s.rows = append(s.rows, x[r*s.width:(r+1)*s.width]...)
		if s.dense {
			s.rows = append(s.rows, logProb[r])
		}
		for _, column := range s.carried {
			s.rows = append(s.rows, s.columns[r*s.contextWidth+column])
		}
	}
	return s.rows, err
}

// fillContext repeats each row of context as often as rows are drawn for it,
// until a block is full, and returns the number of rows.
func (s *sampler) fillContext(block int) (int, error) {
	s.columns, s.texts = s.columns[:0], table.Texts{}
	for n := 0; n < block; n++ {
		if s.left == 0 {
			if s.current == nil {
				s.current = make([]float64, s.contextWidth)
			}
			rows, err := s.contexts.ReadTexts(s.current, &s.ofRow)
			if err == io.EOF {
				return n, nil
			}
			if err != nil {
				return 0, err
			}
			s.left = s.each * int64(rows)
		}
		s.columns = append(s.columns, s.current...)
		s.texts.Append(&s.ofRow)
		s.left--
	}
	return block, nil
}
