package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync/atomic"

	"github.com/spf13/cobra"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/train"
)

type distillOptions struct {
	trainOptions // of which those of the flow and of the optimizer have flags
	teacher      string
	contexts     string
	distill      train.DistillOptions

	contextsSHA256 string // of the values
}

func distillCommand() *cobra.Command {
	d := train.DistillDefaults()
	o := distillOptions{trainOptions: trainOptions{fit: d.Options, flow: flow.PresetIAF}, distill: d}
	o.fit.Memory, o.fit.Optimizer = train.Stored, train.Adam
	command := &cobra.Command{
		Use:   "distill --teacher MODEL.safetensors --out MODEL.safetensors",
		Short: "Make of a model another one that draws faster",
		Long: `Trains a flow, the student, to be the density of a model, the teacher, without data: first by the likelihood of rows
that the teacher draws, and then by the divergence KL(student||teacher) of rows that the student draws. An inverse
autoregressive flow (iaf, the default) draws by whole layers what a masked autoregressive one (maf) draws column by column.
The student has the teacher's columns, standardization and support.

It prints one line an epoch and ends with: kl=K reverse_kl=R teacher_log_prob=T student_log_prob=S, in nats. kl is
KL(student||teacher) of --measure fresh draws: how much the student draws that the teacher would not. reverse_kl is
KL(teacher||student) by the teacher's draws: what the student misses, and T - S, the mean log-densities of those draws
under either. Behind the divergences stand their standard errors.

A teacher that was trained with --context needs --context FILE, a table with those columns: draws take its rows in turn.`,
		Example: `  nf train --data rows.csv --flow maf --out maf.safetensors
  nf distill --teacher maf.safetensors --flow iaf --out iaf.safetensors`,
		Args: noArguments,
	}
	f := command.Flags()
	f.SortFlags = false
	f.StringVar(&o.teacher, "teacher", "", "model file to learn from (required)")
	f.StringVar(&o.out, "out", "", "model file to write, ending in .safetensors (required)")
	f.StringVar(&o.contexts, "context", "", "table of contexts, for a teacher that is conditioned on some")
	o.table.addHeader(command)
	o.addFlowFlags(f)
	f.IntVar(&o.distill.Likelihood, "likelihood-epochs", o.distill.Likelihood, "epochs by the likelihood of the teacher's draws, which come first")
	f.IntVar(&o.fit.Epochs, "epochs", o.fit.Epochs, "epochs by the divergence")
	f.IntVar(&o.distill.Steps, "steps", o.distill.Steps, "steps of an epoch")
	f.IntVar(&o.fit.Batch, "batch", o.fit.Batch, "draws of a step")
	o.addOptimizerFlags(f)
	f.IntVar(&o.distill.Measured, "measure", o.distill.Measured, "draws by which the divergences are measured at the end")
	f.Uint64Var(&o.fit.Seed, "seed", o.fit.Seed, "decides initial values and all draws")
	addWorkersFlag(command, &o.fit.Workers)
	f.BoolVar(&o.quiet, "quiet", false, "print no progress, only the result")
	command.RunE = func(command *cobra.Command, _ []string) error {
		if err := require(command, "teacher", "out"); err != nil {
			return err
		}
		if err := o.check(command); err != nil {
			return err
		}
		return runDistill(command, &o)
	}
	return command
}

// check finds what is wrong with the flags alone.
func (o *distillOptions) check(command *cobra.Command) error {
	if !strings.HasSuffix(strings.ToLower(o.out), ".safetensors") {
		return usage("--out is %s; a model's name must end in .safetensors", o.out)
	}
	if err := o.table.check(); err != nil {
		return err
	}
	if o.contexts != "" {
		if err := checkTablePath("context", o.contexts); err != nil {
			return err
		}
		o.trainOptions.context = []string{"c"}
	}
	if err := distinctPaths(paths{"teacher": o.teacher, "context": o.contexts}, paths{"out": o.out}); err != nil {
		return err
	}
	if err := o.checkFlow(command); err != nil {
		return err
	}
	for _, n := range []struct {
		flag         string
		value, least int
	}{{"likelihood-epochs", o.distill.Likelihood, 0}, {"steps", o.distill.Steps, 1}, {"batch", o.fit.Batch, 1}, {"measure", o.distill.Measured, 2}} {
		if n.value < n.least || n.value > 1<<30 {
			return usage("--%s is %d; it must be %d to %d", n.flag, n.value, n.least, 1<<30)
		}
	}
	if err := o.fit.Check(); err != nil {
		return optionUsage(err)
	}
	return o.checkModel()
}

func runDistill(command *cobra.Command, o *distillOptions) error {
	teacher, _, backend, err := loadScorer(command.Context(), o.teacher, o.fit.Workers)
	if err != nil {
		return err
	}
	if o.fit.Workers, err = workerCount(o.fit.Workers, backend); err != nil {
		return err
	}
	o.fit.BLAS, o.model.Seed = backend, o.fit.Seed
	if err := checkWritable(o.out); err != nil {
		return err
	}
	c := teacher.Config()
	contexts, err := o.readContexts(command, &c)
	if err != nil {
		return err
	}
	if err := o.checkMemory(c.Features, c.Context, o.distill.Steps*o.fit.Batch); err != nil {
		return err
	}
	config, err := o.flow.Config(c.Features, c.Context, o.model)
	if err != nil {
		return err
	}
	if err := config.Follow(&c); err != nil {
		return err
	}
	student, err := flow.New(config, o.fit.Seed)
	if err != nil {
		return err
	}
	out := command.OutOrStdout()
	if !o.quiet {
		fmt.Fprintf(out, "distilling %s of %d parameters into %s of %d: %d columns, %d draws a step; %s, workers %d\n",
			shownPath(o.teacher), teacher.Model().Parameters().Len(), o.flow, student.Model().Parameters().Len(), len(c.Features), o.fit.Batch, computing(backend), o.fit.Workers)
	}
	result, err := o.fitStudent(command, out, student, teacher, contexts)
	if errors.Is(err, context.Canceled) {
		return errInterrupted
	}
	if err != nil {
		return fmt.Errorf("%w; nothing was written", err)
	}
	text, err := o.provenance(result)
	if err != nil {
		return err
	}
	student.SetProvenance(text)
	if err := student.Save(o.out); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "kl=%.6f±%.6f reverse_kl=%.6f±%.6f teacher_log_prob=%.6f student_log_prob=%.6f\n",
		result.StudentKL, result.StudentKLError, result.TeacherKL, result.TeacherKLError, result.TeacherLogProb, result.StudentLogProb)
	return err
}

// fitStudent distills, with a line for each epoch.
func (o *distillOptions) fitStudent(command *cobra.Command, out io.Writer, student, teacher *flow.Flow, contexts []float64) (train.Distillation, error) {
	d := o.distill
	d.Options, d.Context = o.fit, contexts
	var done atomic.Int64
	total := int64(d.Likelihood+d.Epochs) * int64(d.Steps)
	bar := startProgress(command, "distilling", o.quiet, func() (int64, int64) { return done.Load(), total })
	defer bar.stop()
	d.Progress = func(int, int) { done.Add(1) }
	epochs := 0
	d.Report = func(e train.Epoch) {
		epochs++
		by, epoch := "likelihood", epochs
		if epochs > d.Likelihood {
			by, epoch = "divergence", epochs-d.Likelihood
		}
		if !o.quiet {
			bar.pause(func() {
				fmt.Fprintf(out, "by=%s epoch=%d train_kl=%.6f valid_kl=%.6f rows_per_second=%.0f\n", by, epoch, e.TrainNLL, e.ValidNLL, e.RowsPerSecond)
			})
		}
	}
	return train.Distill(command.Context(), student, teacher, d)
}

// readContexts reads the contexts of a teacher that is conditioned on some.
func (o *distillOptions) readContexts(command *cobra.Command, c *flow.Config) ([]float64, error) {
	wanted := tableColumns{context: c.ContextColumns(), of: c}
	names := wanted.contextNames()
	switch {
	case len(names) > 0 && o.contexts == "":
		return nil, fmt.Errorf("the teacher is conditioned on %s; give a table with these columns as --context FILE", listed(names))
	case len(names) == 0 && o.contexts != "":
		return nil, errors.New("the teacher is not conditioned on anything; leave out --context")
	case len(names) == 0:
		return nil, nil
	}
	r, err := o.table.openTable(command, o.contexts, wanted)
	if err != nil {
		return nil, err
	}
	var rows []float64
	err = orInterrupted(command.Context(), func() (err error) {
		rows, _, err = r.ReadAll()
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("%s has no rows", shownPath(o.contexts))
	}
	digest := sha256.New()
	hashValues(digest, rows)
	o.contextsSHA256 = hex.EncodeToString(digest.Sum(nil))
	expander := contextExpander{columns: wanted.context}
	return expander.expand(rows), nil
}

// distillProvenance is what the file of a student says of its making.
type distillProvenance struct {
	Teacher  string         `json:"teacher_sha256"`
	Contexts string         `json:"contexts_sha256,omitempty"`
	Options  studentOptions `json:"options"`
	Seed     uint64         `json:"seed"`
	// BestEpoch is that by the divergence, 0 where none was better than the end of
	// those by likelihood.
	BestEpoch int    `json:"best_epoch"`
	BLAS      string `json:"blas"`
}

type studentOptions struct {
	trainProvenance
	LikelihoodEpochs int `json:"likelihood_epochs"`
	Steps            int `json:"steps"`
}

func (o *distillOptions) provenance(result train.Distillation) (json.RawMessage, error) {
	teacher, err := fileDigest(o.teacher)
	if err != nil {
		return nil, err
	}
	return json.Marshal(distillProvenance{
		Teacher: teacher, Contexts: o.contextsSHA256,
		Options: studentOptions{o.describe(), o.distill.Likelihood, o.distill.Steps},
		Seed:    o.fit.Seed, BestEpoch: result.BestEpoch, BLAS: o.fit.BLAS.Name(),
	})
}

// fileDigest returns the SHA-256 of a file.
func fileDigest(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	digest := sha256.New()
	if _, err := io.Copy(digest, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(digest.Sum(nil)), nil
}
