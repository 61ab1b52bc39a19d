package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/base"
	"github.com/seed-192fdf7a/nf/flow/train"
	"github.com/seed-192fdf7a/nf/internal/table"
	"github.com/seed-192fdf7a/nf/kernels"
)

type demoOptions struct {
	out   string
	seed  uint64
	quiet bool
}

func demoCommand() *cobra.Command {
	var o demoOptions
	command := &cobra.Command{
		Use:   "demo",
		Short: "Try everything on two moons, whose exact density is known",
		Long: `Draws two moons, a distribution whose exact density is known; trains a RealNVP on them; scores rows that it has not seen;
samples; draws pictures; and prints the model's nll beside the exact entropy, which no model can go below.`,
		Example: `  nf demo --out nf-demo`,
		Args:    noArguments,
	}
	f := command.Flags()
	f.SortFlags = false
	f.StringVar(&o.out, "out", "nf-demo", "directory to write to; it is made if it is not there")
	f.Uint64Var(&o.seed, "seed", 1, "decides everything")
	f.BoolVar(&o.quiet, "quiet", false, "print no progress, only the result")
	command.RunE = func(command *cobra.Command, _ []string) error {
		if o.out == "" {
			return usage("--out is empty")
		}
		return runDemo(command, &o)
	}
	return command
}

// The parts of the demonstration's rows: index of the first, and how many.
const (
	demoTrainRows   = 20000
	demoTestFirst   = 1 << 32
	demoTestRows    = 10000
	demoFreshFirst  = 2 << 32
	demoFreshRows   = 40000
	demoSampledRows = 10000
)

// demo is the demonstration's files and what is said on the way.
type demo struct {
	command *cobra.Command
	options *demoOptions
}

func (d *demo) path(name string) string { return filepath.Join(d.options.out, name) }

func (d *demo) say(format string, arguments ...any) {
	fmt.Fprintf(d.command.OutOrStdout(), format+"\n", arguments...)
}

func runDemo(command *cobra.Command, o *demoOptions) error {
	started := time.Now()
	d := &demo{command, o}
	if err := os.MkdirAll(o.out, 0o777); err != nil {
		return err
	}
	backend, err := chosenBackend()
	if err != nil {
		return err
	}
	d.say("running on: %s", computing(backend))
	for name, rows := range map[string][]float64{
		"moons-train.csv": drawMoons(demoTrainRows, o.seed, 0),
		"moons-test.csv":  drawMoons(demoTestRows, o.seed, demoTestFirst),
	} {
		if err := writeTable(d.path(name), moonColumns, rows); err != nil {
			return err
		}
	}
	if err := d.train(); err != nil {
		return err
	}
	f, scorer, _, err := loadScorer(command.Context(), d.path("moons.safetensors"), 0)
	if err != nil {
		return err
	}
	d.say("\n$ nf score --model %s --data %s --out %s", d.path("moons.safetensors"), d.path("moons-test.csv"), d.path("scores.csv"))
	summary, err := scoreTable(command, &scoreOptions{
		data: d.path("moons-test.csv"), out: d.path("scores.csv"), batch: 4096, quiet: o.quiet,
	}, f, scorer, nil)
	if err != nil {
		return err
	}
	summary.BLAS, summary.Kernels = backend.Name(), kernels.Active().Name()
	if err := summary.print(command.OutOrStdout(), false); err != nil {
		return err
	}
	sampling := sampleOptions{
		model: d.path("moons.safetensors"), out: d.path("samples.csv"), count: demoSampledRows,
		sample: flow.SampleOptions{Seed: o.seed, Temperature: 1}, quiet: o.quiet,
	}
	d.say("\n$ nf sample --model %s -n %d --seed %d --out %s", sampling.model, sampling.count, o.seed, sampling.out)
	if err := runSample(command, &sampling); err != nil {
		return err
	}
	density := newMoonDensity()
	if err := d.draw(scorer, density); err != nil {
		return err
	}
	entropy := density.entropy(demoFreshRows, o.seed, demoFreshFirst)
	nll := -float64(summary.MeanLogProb)
	d.say("\ntest nll       %.4f nats, over %d rows that training did not see", nll, summary.Rows)
	d.say("exact entropy  %.4f nats, the lowest nll there is", entropy)
	d.say("difference     %.4f nats", nll-entropy)
	d.say("\nIn %s: moons-train.csv, moons-test.csv, moons.safetensors (and its .log.json), scores.csv, samples.csv,\nloss.png, density.png, samples.png. It took %.0f s.", o.out, time.Since(started).Seconds())
	d.say("\nTry next:")
	d.say("  nf inspect %s", d.path("moons.safetensors"))
	d.say("  nf latent --model %s --data %s --out z.csv", d.path("moons.safetensors"), d.path("moons-test.csv"))
	d.say("  nf sample --model %s -n 5 --seed 7 --out -", d.path("moons.safetensors"))
	d.say("  nf train --data YOUR.csv --out model.safetensors")
	return nil
}

func (d *demo) train() error {
	o := trainOptions{
		data: d.path("moons-train.csv"), out: d.path("moons.safetensors"), plot: d.path("loss.png"),
		validFraction: 0.1, flow: flow.PresetRealNVP, quiet: d.options.quiet, noAdvice: true,
		model: flow.Options{Layers: 8, Hidden: []int{64, 64}, Masks: flow.MasksHalves, Permutation: flow.PermutationNone, Base: base.StandardNormal},
		fit:   train.Defaults(),
	}
	o.fit.Epochs, o.fit.Batch, o.fit.LearningRate, o.fit.Seed = 20, 256, 3e-3, d.options.seed
	d.say("\n$ nf train --data %s --layers 8 --hidden 64,64 --epochs %d --batch %d --lr %v --seed %d --out %s --plot %s",
		o.data, o.fit.Epochs, o.fit.Batch, o.fit.LearningRate, o.fit.Seed, o.out, o.plot)
	return runTrain(d.command, &o)
}

// draw makes the pictures: densities as heat maps beside samples, and data
// beside samples.
func (d *demo) draw(scorer *flow.Scorer, exact *moonDensity) error {
	const width, height = 240, 180
	all := area{left: -1.6, bottom: -1.1, right: 2.6, top: 1.6}
	points := all.pixels(width, height)
	model, truth := make([]float64, width*height), make([]float64, width*height)
	if err := scorer.LogProb(model, points, nil); err != nil {
		return err
	}
	highest := 0.0
	for i := range model {
		model[i] = kernels.Exp64(model[i])
		truth[i] = exact.at(points[2*i], points[2*i+1])
		highest = max(highest, truth[i])
	}
	samples, err := readTable(d.path("samples.csv"))
	if err != nil {
		return err
	}
	data, err := readTable(d.path("moons-test.csv"))
	if err != nil {
		return err
	}
	exactMap, err := all.heatMap("exact density", truth, width, height, highest)
	if err != nil {
		return err
	}
	modelMap, err := all.heatMap("model: exp(log_prob)", model, width, height, highest)
	if err != nil {
		return err
	}
	const (
		dots = 2 * 4000
		side = 10 * vg.Centimeter
	)
	sampled, err := all.scatter("samples of the model", samples[:dots], orange)
	if err != nil {
		return err
	}
	drawn, err := all.scatter("test data", data[:dots], blue)
	if err != nil {
		return err
	}
	if err := drawTiles(d.path("density.png"), side, 0.8*side, []*plot.Plot{exactMap, modelMap, sampled}); err != nil {
		return err
	}
	return drawTiles(d.path("samples.png"), side, 0.8*side, []*plot.Plot{drawn, sampled})
}

func writeTable(path string, columns []string, rows []float64) error {
	w, err := table.Create(path, table.WriteOptions{})
	if err != nil {
		return err
	}
	defer w.Abort()
	if err := w.WriteHeader(columns); err != nil {
		return err
	}
	if err := w.WriteRows(rows); err != nil {
		return err
	}
	return w.Close()
}

func readTable(path string) ([]float64, error) {
	r, err := table.Open(path, table.Options{})
	if err != nil {
		return nil, err
	}
	defer r.Close()
	rows, _, err := r.ReadAll()
	return rows, err
}
