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
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/train"
)

type distillOptions struct {
	trainOptions // of which those of the flow and of the optimizer have flags
	contexts     string
	distill      train.DistillOptions
	resume       bool

	contextsSHA256 string // of the values
	teacherSHA256  string
	byLikelihood   bool // the part that is under way
}

func distillCommand() *cobra.Command {
	d := train.DistillDefaults()
	o := distillOptions{trainOptions: trainOptions{fit: d.Options, flow: flow.PresetIAF}, distill: d}
	o.fit.Memory, o.fit.Optimizer = train.Stored, train.Adam
	command := &cobra.Command{
		Use:   "distill --teacher MODEL.safetensors --out MODEL.safetensors",
		Short: "Make of a model another one that draws faster",
		Long: `Trains a flow, the student, to be the density of a model, the teacher, without data: first by the likelihood of rows
that the teacher draws, and then by the divergence KL(student||teacher) of rows that the student draws, to which --coverage
adds a share of KL(teacher||student). An inverse
autoregressive flow (iaf, the default) draws by whole layers what a masked autoregressive one (maf) draws column by column.
The student has the teacher's columns, standardization and support.

It prints one line an epoch and ends with: kl=K reverse_kl=R teacher_log_prob=T student_log_prob=S, in nats. kl is
KL(student||teacher) of --measure fresh draws: how much the student draws that the teacher would not. reverse_kl is
KL(teacher||student) by the teacher's draws: what the student misses, and T - S, the mean log-densities of those draws
under either. Behind the divergences stand their standard errors.

A teacher that was trained with --context needs --context FILE, a table with those columns: draws take its rows in turn.

A teacher of sound (wavenet) gets a student --flow wavenet-iaf, which draws all samples of a window at once. It learns by the
divergence alone, sample by sample: the cross-entropy is exact where the teacher was trained with --gaussian, and else the mean of
--draws values of each sample. --power adds a loss that keeps the loudness of each frequency, and moves the optimum.

The best epoch so far is written while it goes on, at most once a minute, and when it is interrupted; MODEL.log.json beside it has the
history, and MODEL.state, until it is finished, where it is. --resume, with the same flags, goes on from there, and ends with the bytes of a
run that was never interrupted.`,
		Example: `  nf train --data rows.csv --flow maf --out maf.safetensors
  nf distill --teacher maf.safetensors --flow iaf --out iaf.safetensors
  nf distill --teacher wavenet.safetensors --flow wavenet-iaf --power 0.1 --out student.safetensors`,
		Args: noArguments,
	}
	f := command.Flags()
	f.SortFlags = false
	f.StringVar(&o.teacher, "teacher", "", "model file to learn from (required)")
	f.StringVar(&o.out, "out", "", "model file to write, ending in .safetensors (required)")
	f.StringVar(&o.contexts, "context", "", "table of contexts, for a teacher that is conditioned on some")
	o.table.addHeader(command)
	o.addFlowFlags(f)
	f.Lookup("flow").Usage += "; of sound " + string(flow.PresetWaveNetIAF)
	f.IntVar(&o.images.model.Columns, "width", 0, fmt.Sprintf("of sound: columns of the networks (default %d)", flow.SoundDefaults(flow.PresetWaveNetIAF).Columns))
	f.IntVar(&o.sound.model.Length, "length", 0, "of sound: samples of a draw (default: those of the teacher's windows)")
	o.sound.addNetworkFlags(command)
	f.IntVar(&o.distill.Draws, "draws", 0, "of sound: values of each sample, an even number, at which a teacher of mixtures is asked (default 16)")
	f.Float64Var(&o.distill.Power.Weight, "power", 0, "of sound: weight of the loss of the magnitudes of frequencies")
	f.IntVar(&o.distill.Power.Frame, "frame", 0, "of sound: samples of a frame of --power (default 256)")
	f.IntVar(&o.distill.Likelihood, "likelihood-epochs", o.distill.Likelihood, "epochs by the likelihood of the teacher's draws, which come first")
	f.IntVar(&o.fit.Epochs, "epochs", o.fit.Epochs, "epochs by the divergence")
	f.Float64Var(&o.distill.Coverage, "coverage", o.distill.Coverage, "share of KL(teacher||student) in the divergence, 0 to 1; with 0 a student may leave out some of what the teacher draws")
	f.IntVar(&o.distill.Steps, "steps", o.distill.Steps, "steps of an epoch")
	f.IntVar(&o.fit.Batch, "batch", o.fit.Batch, "draws of a step")
	o.addOptimizerFlags(f)
	f.IntVar(&o.distill.Measured, "measure", o.distill.Measured, "draws by which the divergences are measured at the end")
	f.Uint64Var(&o.fit.Seed, "seed", o.fit.Seed, "decides initial values and all draws")
	addWorkersFlag(command, &o.fit.Workers)
	f.BoolVar(&o.resume, "resume", false, "go on behind the last finished epoch, which MODEL.state beside --out holds")
	f.BoolVar(&o.quiet, "quiet", false, "print no progress, only the result")
	command.RunE = func(command *cobra.Command, _ []string) error {
		if err := require(command, "teacher", "out"); err != nil {
			return err
		}
		kind, err := o.check(command)
		if err != nil {
			return err
		}
		return runDistill(command, &o, kind)
	}
	return command
}

// check finds what is wrong with the flags alone, and tells what kind of teacher
// they are for.
func (o *distillOptions) check(command *cobra.Command) (kind string, err error) {
	if !strings.HasSuffix(strings.ToLower(o.out), ".safetensors") {
		return "", usage("--out is %s; a model's name must end in .safetensors", o.out)
	}
	if err := o.table.check(); err != nil {
		return "", err
	}
	if o.contexts != "" {
		if err := checkTablePath("context", o.contexts); err != nil {
			return "", err
		}
		o.trainOptions.context = []string{"c"}
	}
	if err := distinctPaths(paths{"teacher": o.teacher, "context": o.contexts}, paths{"out": o.out, "the log": logPath(o.out), "the state": statePath(o.out)}); err != nil {
		return "", err
	}
	if kind, err = o.kind(command); err != nil {
		return "", err
	}
	switch kind {
	case kindSound:
		err = o.checkStudentOfSound(command)
	case kindImages:
		err = usage("--flow %s is a family for images, which are not distilled", o.flow)
	default:
		if c := o.distill.Coverage; !(c >= 0 && c <= 1) {
			return "", usage("--coverage is %v; it must be 0 to 1", c)
		}
		for _, name := range []string{"draws", "power", "frame"} {
			if command.Flags().Changed(name) {
				return "", usage("--%s is not for --flow %s, which is a family for a table", name, o.flow)
			}
		}
		err = o.checkFlow(command)
	}
	if err != nil {
		return "", err
	}
	for _, n := range []struct {
		flag         string
		value, least int
	}{{"likelihood-epochs", o.distill.Likelihood, 0}, {"steps", o.distill.Steps, 1}, {"batch", o.fit.Batch, 1}, {"measure", o.distill.Measured, 2}} {
		if n.value < n.least || n.value > 1<<30 {
			return "", usage("--%s is %d; it must be %d to %d", n.flag, n.value, n.least, 1<<30)
		}
	}
	if err := o.fit.Check(); err != nil {
		return "", optionUsage(err)
	}
	if kind == kindTable {
		return kind, o.checkModel()
	}
	return kind, nil
}

func runDistill(command *cobra.Command, o *distillOptions, kind string) error {
	started := time.Now()
	backend, err := chosenBackend()
	if err != nil {
		return err
	}
	if o.fit.Workers, err = workerCount(o.fit.Workers, backend); err != nil {
		return err
	}
	o.fit.BLAS, o.model.Seed = backend, o.fit.Seed
	for _, path := range []string{o.out, logPath(o.out), statePath(o.out)} {
		if err := checkWritable(path); err != nil {
			return err
		}
	}
	var teacher, student *flow.Flow
	var contexts []float64
	err = orInterrupted(command.Context(), func() (err error) {
		if teacher, err = o.loadTeacher(kind); err == nil {
			o.teacherSHA256, err = fileDigest(o.teacher)
		}
		return err
	})
	if err != nil {
		return err
	}
	c := teacher.Config()
	if contexts, err = o.readContexts(command, &c); err != nil {
		return err
	}
	config, err := o.studentConfig(&c, kind)
	if err != nil {
		return err
	}
	if err := config.Follow(&c); err != nil {
		return err
	}
	if student, err = flow.New(config, o.fit.Seed); err != nil {
		return err
	}
	best := newBestEpoch(&o.trainOptions, student, o.provenance, started, command.ErrOrStderr())
	o.part = best.part
	done := 0
	if o.resume {
		state, err := o.readState()
		if err != nil {
			return err
		}
		best.goOn(state)
		o.fit.Resume, o.distill.ByLikelihood, done = &state.state, state.ByLikelihood, state.done(o.distill.Likelihood)
	}
	out := command.OutOrStdout()
	if !o.quiet {
		fmt.Fprintf(out, "distilling %s of %d parameters into %s of %d: %s, %d draws a step; %s, workers %d\n",
			shownPath(o.teacher), teacher.Model().Parameters().Len(), o.flow, student.Model().Parameters().Len(), describeEvents(c), o.fit.Batch, computing(backend), o.fit.Workers)
	}
	result, err := o.fitStudent(command, out, student, teacher, contexts, done, best)
	if err != nil && best.stands() {
		return o.leave(best, err)
	}
	if errors.Is(err, context.Canceled) {
		return errInterrupted
	}
	if err != nil {
		return fmt.Errorf("%w; nothing was written", err)
	}
	best.improved(result.Result)
	if err := best.conclude(best.completed(result.Result)); err != nil {
		return err
	}
	sample := ""
	if student.Model().Sites() > 1 {
		sample = fmt.Sprintf(" kl_per_sample=%.6f", result.StudentKL/float64(student.Dim()))
	}
	if result.Missed > 0 {
		remedy := "--coverage keeps it from leaving out what the teacher draws"
		if c.Sound != nil {
			remedy = "the divergence is small where a student draws one kind of sound well, such as quiet; --power makes it as loud at each frequency as the teacher"
		}
		complain(command, "%d of %d draws of the teacher have a log-density of -Inf under the student: %s", result.Missed, o.distill.Measured, remedy)
	}
	_, err = fmt.Fprintf(out, "kl=%.6f±%.6f reverse_kl=%.6f±%.6f teacher_log_prob=%.6f student_log_prob=%.6f%s\n",
		result.StudentKL, result.StudentKLError, result.TeacherKL, result.TeacherKLError, result.TeacherLogProb, result.StudentLogProb, sample)
	return err
}

// leave writes what there is of a distillation that did not reach its end, and returns
// the error that says so.
func (o *distillOptions) leave(best *bestEpoch, cause error) error {
	if err := best.finish(best.leave()); err != nil {
		return err
	}
	what := oneLine(cause)
	if errors.Is(cause, context.Canceled) {
		what = "interrupted"
	}
	if best.holds() {
		return fmt.Errorf("%s; %s keeps the best epoch so far, and --resume goes on behind the last one", what, shownPath(o.out))
	}
	return fmt.Errorf("%s; no epoch since the start was better, %s keeps the last one, and --resume goes on behind it", what, shownPath(statePath(o.out)))
}

// describeEvents says what a density is of.
func describeEvents(c flow.Config) string {
	if len(c.Grid) == 1 {
		return fmt.Sprintf("windows of %d samples", c.Grid[0])
	}
	return fmt.Sprintf("%d columns", len(c.Features))
}

// loadTeacher reads the teacher.
func (o *distillOptions) loadTeacher(kind string) (*flow.Flow, error) {
	f, err := flow.Load(o.teacher)
	if err != nil {
		return nil, err
	}
	grid := f.Config().Grid
	switch {
	case kind == kindSound && !isSoundFlow(f):
		return nil, fmt.Errorf("model %s is not one of sound; choose a student of tables as --flow", shownPath(o.teacher))
	case kind == kindSound && o.sound.model.Length > 0:
		return f.OnGrid(o.sound.model.Length)
	case kind != kindSound && isSoundFlow(f):
		return nil, fmt.Errorf("model %s is one of sound; its student is --flow %s", shownPath(o.teacher), flow.PresetWaveNetIAF)
	case kind != kindSound && len(grid) > 0:
		return nil, fmt.Errorf("model %s: its events lie on a grid of %v sites, and no family here draws them faster", shownPath(o.teacher), grid)
	}
	return f, nil
}

// studentConfig describes the student.
func (o *distillOptions) studentConfig(teacher *flow.Config, kind string) (flow.Config, error) {
	if kind == kindTable {
		if err := o.checkMemory(teacher.Features, teacher.Context, o.distill.Steps*o.fit.Batch); err != nil {
			return flow.Config{}, err
		}
		return o.flow.Config(teacher.Features, teacher.Context, o.model)
	}
	m := o.sound.model
	m.Length, m.Channels, m.Context = teacher.Grid[0], len(teacher.Features), teacher.Context
	config, err := flow.SoundPreset(o.flow).Config(m)
	if err != nil {
		return config, err
	}
	return config, checkEventMemory(config, &o.trainOptions)
}

// fitStudent distills, with a line for each epoch, of which some may be done.
func (o *distillOptions) fitStudent(command *cobra.Command, out io.Writer, student, teacher *flow.Flow, contexts []float64, epochsDone int, best *bestEpoch) (train.Distillation, error) {
	d := o.distill
	d.Options, d.Context = o.fit, contexts
	var done atomic.Int64
	epochs := d.Likelihood + d.Epochs - epochsDone
	total := int64(epochs) * int64(d.Steps)
	bar := startProgress(command, "distilling", o.quiet, func() (int64, int64) { return done.Load(), total })
	defer bar.stop()
	d.Progress = func(int, int) { done.Add(1) }
	d.Begun = func(byLikelihood bool) {
		o.byLikelihood = byLikelihood
		best.begun(byLikelihood)
	}
	d.Improved = best.improved
	made := o.made()
	d.Finished = func(at train.State) { best.reached(made, at) }
	d.Report = func(e train.Epoch) {
		best.finished(e)
		by := byDivergence
		if o.byLikelihood {
			by = byLikelihood
		}
		if !o.quiet {
			bar.pause(func() {
				fmt.Fprintf(out, "by=%s epoch=%d train_kl=%.6f valid_kl=%.6f rows_per_second=%.0f\n", by, e.Epoch, e.TrainNLL, e.ValidNLL, e.RowsPerSecond)
			})
		}
	}
	return orLeave(command.Context(), func() (train.Distillation, error) { return train.Distill(command.Context(), student, teacher, d) })
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
	// those by likelihood, whose best one is LikelihoodEpoch where they are as far as
	// it came.
	BestEpoch       int    `json:"best_epoch"`
	LikelihoodEpoch int    `json:"likelihood_epoch,omitempty"`
	BLAS            string `json:"blas"`
}

type studentOptions struct {
	trainProvenance
	LikelihoodEpochs int     `json:"likelihood_epochs"`
	Coverage         float64 `json:"coverage,omitempty"`
	Steps            int     `json:"steps"`
	Length           int     `json:"length,omitempty"`
	Blocks           int     `json:"blocks,omitempty"`
	Stacks           int     `json:"stacks,omitempty"`
	Width            int     `json:"width,omitempty"`
	Draws            int     `json:"draws,omitempty"`
	Power            float64 `json:"power,omitempty"`
	Frame            int     `json:"frame,omitempty"`
}

func (o *distillOptions) provenance(result train.Result) (json.RawMessage, error) {
	p := o.made()
	p.BestEpoch = result.BestEpoch
	if o.byLikelihood {
		p.BestEpoch, p.LikelihoodEpoch = 0, result.BestEpoch
	}
	return json.Marshal(p)
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
