package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/seed-192fdf7a/nf/flow/base"
	"github.com/seed-192fdf7a/nf/internal/image"
	"github.com/seed-192fdf7a/nf/internal/printable"
	"github.com/seed-192fdf7a/nf/internal/table"
)

type augmentOptions struct {
	model, data, out string
	classes          string // column, or "" for one class
	number           int
	noise            float64
	mix, balance     bool
	withData         bool
	seed             uint64
	workers          int
	table            tableFlags
	quiet            bool
}

func augmentCommand() *cobra.Command {
	var o augmentOptions
	command := &cobra.Command{
		Use:   "augment --model MODEL --data FILE --out FILE",
		Short: "Make new rows near the rows of a table",
		Long: `Maps each row to its noise z, moves it a little, and maps it back: new rows that are as likely as the model says, near the
old ones. With s = --noise a row becomes sqrt(1-s²)·z + s·e, e standard normal, which leaves a standard normal base as it is:
s = 0 gives the row itself, s = 1 a draw of the model that has forgotten it. With --mix the z is that of a mixture first,
(w·z + (1-w)·y)/sqrt(w² + (1-w)²), w uniform in [0, 1], with the noise y of another row.

--classes COLUMN keeps classes apart: rows are mixed with rows of their own class, and each new row has the class of the row that
it was made of. --balance makes rows of the rarer classes alone, until each has as many as the most frequent one. The
column may be one that the model is conditioned on, or one that it does not know.

It writes the model's columns, those of its context, and the class; --with-data writes the rows of --data before the new ones.
Row i depends on the data, the seed and i alone. The table is held in memory.`,
		Example: `  nf augment --model model.safetensors --data train.csv --classes label --mix --number 3 --with-data --out more.csv`,
		Args:    noArguments,
	}
	f := command.Flags()
	f.SortFlags = false
	f.StringVar(&o.model, "model", "", "model file (required)")
	f.StringVar(&o.data, "data", "", "table whose rows are moved (required)")
	f.StringVar(&o.out, "out", "", "table to write (required)")
	f.IntVarP(&o.number, "number", "n", 1, "new rows for each row")
	f.Float64Var(&o.noise, "noise", 0.3, "how far to move: from 0, not at all, to 1, anywhere")
	f.BoolVar(&o.mix, "mix", false, "mix each row with another one of its class")
	f.StringVar(&o.classes, "classes", "", "column of the classes")
	f.BoolVar(&o.balance, "balance", false, "make as many rows of each class as the most frequent one lacks, in place of --number")
	f.BoolVar(&o.withData, "with-data", false, "write the rows of --data first")
	f.Uint64Var(&o.seed, "seed", 1, "decides the new rows")
	o.table.addOnBadRow(command, "fail or skip", "fail, or skip it")
	o.table.addHeader(command)
	addWorkersFlag(command, &o.workers)
	f.BoolVar(&o.quiet, "quiet", false, "print no progress")
	command.RunE = func(command *cobra.Command, _ []string) error {
		if err := require(command, "model", "data", "out"); err != nil {
			return err
		}
		if err := o.check(command); err != nil {
			return err
		}
		return runAugment(command, &o)
	}
	return command
}

func (o *augmentOptions) check(command *cobra.Command) error {
	if err := o.table.check(); err != nil {
		return err
	}
	if image.Named(o.data) && ofImages(o.model) {
		return usage("augment works on tables, and %s is a model of images", o.model)
	}
	if err := checkTablePath("data", o.data); err != nil {
		return err
	}
	if err := checkTablePath("out", o.out); err != nil {
		return err
	}
	const most = 1 << 20
	switch {
	case o.number < 1 || o.number > most:
		return usage("--number is %d; it must be 1 to %d", o.number, most)
	case !(o.noise >= 0 && o.noise <= 1):
		return usage("--noise is %v; it must be 0 to 1", o.noise)
	case o.noise == 0 && !o.mix:
		return usage("--noise is 0, which gives the same rows again, unless with --mix")
	case o.balance && o.classes == "":
		return usage("--balance is for classes: name their column with --classes")
	case o.balance && command.Flags().Changed("number"):
		return usage("--balance decides how many rows are made; leave out --number")
	case o.classes != "" && !table.HoldsText(o.out):
		return usage("--classes carries the class as it is written, and --out %s holds numbers alone; write .csv", o.out)
	}
	return distinctPaths(paths{"data": o.data, "model": o.model}, paths{"out": o.out})
}

// bounded tells whether noise that was moved could leave the base's support.
func bounded(spec base.Spec) bool {
	switch spec.(type) {
	case *base.UniformSpec, *base.NormalUniformSpec:
		return true
	}
	return false
}

func runAugment(command *cobra.Command, o *augmentOptions) error {
	f, scorer, _, err := loadScorer(command.Context(), o.model, o.workers)
	if err != nil {
		return err
	}
	if err := hasNoise(f, o.model); err != nil {
		return err
	}
	c := f.Config()
	if bounded(c.Base) {
		return errors.New("the noise of this model is uniform, so that it has no neighbourhood beyond its ends; use a model with a normal base")
	}
	wanted := wantedOf(c)
	if o.classes != "" && slices.Contains(c.Features, o.classes) {
		return fmt.Errorf("--classes %s is one of the columns that the model was trained on; train with --exclude %s or --context %s",
			printable.Short(o.classes), printable.Short(o.classes), printable.Short(o.classes))
	}
	carried := carriedContext(wanted.context)
	if err := carried.check(o.out); err != nil {
		return err
	}
	// The class is written once, and where the context has it as a number that is it.
	wanted.keep = carried.texts
	written := textsOf(len(carried.texts))
	if o.classes != "" && !slices.Contains(carried.texts, o.classes) {
		wanted.keep = slices.Concat(carried.texts, []string{o.classes})
		if !slices.Contains(carried.numbers, o.classes) {
			written = textsOf(len(wanted.keep))
		}
	}
	a := augmentation{options: o, scorer: scorer, width: f.Dim(), columns: len(wanted.context), carried: carried.places,
		expander: contextExpander{columns: wanted.context}, class: slices.Index(wanted.keep, o.classes), infinite: infiniteRows{columns: c.Features}}
	if err := a.read(command, wanted); err != nil {
		return err
	}
	if err := a.toNoise(); err != nil {
		return err
	}
	if err := a.choose(); err != nil {
		return err
	}
	header := slices.Concat(c.Features, carried.numbers)
	for _, i := range written {
		header = append(header, wanted.keep[i])
	}
	w, err := createTable(command, o.out, table.WriteOptions{})
	if err != nil {
		return err
	}
	defer w.Abort()
	err = orInterrupted(command.Context(), func() error {
		if err := w.WriteHeader(header); err != nil {
			return err
		}
		return a.write(w, written)
	})
	if err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	if a.infinite.count > 0 {
		complain(command, "%d of %d new rows are infinite, because float32 cannot hold them; the first: %s", a.infinite.count, len(a.sources), a.infinite.first)
	}
	return nil
}
