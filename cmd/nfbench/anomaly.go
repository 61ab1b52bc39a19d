package main

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-192fdf7a/nf/bench/anomaly"
	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/base"
	"github.com/seed-192fdf7a/nf/flow/train"
)

func anomalyCommand(out *printer) *cobra.Command {
	var (
		sets      []string
		published string
		seeds     = []uint{1, 2, 3}
		detector  = anomaly.Detector{Preset: flow.PresetRealNVP, Fit: train.Defaults()}
	)
	detector.Fit.Batch = 512 // of every size of set alike, as the published figures are
	c := &cobra.Command{
		Use:   "anomaly --data SET.csv,SET.csv",
		Short: "Measure a flow as an anomaly detector, in ADBench's protocol: AUROC beside published detectors",
		Long: `anomaly fits one kind of flow, with the same options, to the contaminated training part (70 %) of each set and each
seed, without labels, and prints the area under the ROC curve of -log p on the test part: mean over the seeds, in
percent. A set is a table with a column named label, where anomalies have a 1.`,
		RunE: func(command *cobra.Command, _ []string) error {
			if len(sets) == 0 {
				return usageError{fmt.Errorf("--data is required: the sets' files")}
			}
			if out.benchfmt {
				return usageError{fmt.Errorf("--benchfmt is for times; anomaly measures none")}
			}
			if len(seeds) == 0 {
				return usageError{fmt.Errorf("--seeds is empty")}
			}
			if !slices.Contains(flow.Presets(), detector.Preset) {
				return usageError{fmt.Errorf("--flow %s is not known; choose %s", detector.Preset, strings.Join(flow.PresetNames(), ", "))}
			}
			var others *anomaly.Published
			if published != "" {
				var err error
				if others, err = anomaly.ReadPublished(published); err != nil {
					return err
				}
			}
			return measureAnomalies(command, out, sets, seeds, detector, others)
		},
	}
	f := c.Flags()
	f.StringSliceVar(&sets, "data", nil, "the sets: tables with a column named label")
	f.StringVar(&published, "published", "", "table of other detectors' AUROC in percent, to print beside: a row for each set")
	f.UintSliceVar(&seeds, "seeds", seeds, "seeds of the draws and of training")
	f.StringVar((*string)(&detector.Preset), "flow", string(detector.Preset), "family: "+strings.Join(flow.PresetNames(), ", "))
	f.IntVar(&detector.Flow.Layers, "layers", 0, "layers that change columns; 0 is the family's default")
	f.IntSliceVar(&detector.Flow.Hidden, "hidden", nil, "widths of hidden layers; none is the family's default")
	f.StringVar(&detector.Flow.Base, "base", "", "base density: "+strings.Join(base.Kinds.Names(), ", "))
	f.IntVar(&detector.Fit.Epochs, "epochs", detector.Fit.Epochs, "passes over the rows")
	f.IntVar(&detector.Fit.Batch, "batch", detector.Fit.Batch, "rows of a minibatch")
	f.Float64Var(&detector.Fit.LearningRate, "lr", detector.Fit.LearningRate, "learning rate")
	f.Float64Var(&detector.Fit.Noise, "noise", detector.Fit.Noise, "standard deviation of the noise on the standardized training rows")
	f.IntVar(&detector.Fit.Patience, "patience", detector.Fit.Patience, "epochs without improvement before stopping; 0 never stops early")
	return c
}

// detected is a line of the command's output.
type detected struct {
	Set       string             `json:"set"`
	Rows      int                `json:"rows,omitempty"`
	Columns   int                `json:"columns,omitempty"`
	Anomalies int                `json:"anomalies,omitempty"`
	AUROC     float64            `json:"auroc"`
	OfSeeds   []float64          `json:"of_seeds,omitempty"`
	Others    map[string]float64 `json:"published,omitempty"`
	// Rank is the place among the others and itself, 1 the best.
	Rank int `json:"rank,omitempty"`

	order []string // of Others
}

func measureAnomalies(command *cobra.Command, out *printer, paths []string, seeds []uint, detector anomaly.Detector, others *anomaly.Published) error {
	var lines []detected
	for _, path := range paths {
		set, err := anomaly.Read(path)
		if err != nil {
			return err
		}
		line := detected{Set: set.Name, Rows: len(set.Anomaly), Columns: len(set.Columns), Anomalies: set.Anomalies()}
		for _, seed := range seeds {
			area, err := detector.AUROC(command.Context(), set, uint64(seed))
			if err != nil {
				return err
			}
			line.OfSeeds = append(line.OfSeeds, 100*area)
		}
		line.AUROC = mean(line.OfSeeds)
		if others != nil {
			line.Others = map[string]float64{}
			for i, name := range others.Detectors {
				if v, ok := others.Figure(set.Name, i); ok {
					line.Others[name] = v
				}
			}
			line.order = others.Detectors
		}
		lines = append(lines, line)
		if err := line.print(out); err != nil {
			return err
		}
	}
	return average(lines, others).print(out)
}

// average returns the mean of the lines. A detector without a figure for one
// of the sets has no mean.
func average(lines []detected, others *anomaly.Published) detected {
	m := detected{Set: "mean"}
	var areas []float64
	for _, line := range lines {
		areas = append(areas, line.AUROC)
	}
	m.AUROC = mean(areas)
	if others == nil {
		return m
	}
	m.Others, m.order = map[string]float64{}, others.Detectors
	for _, name := range others.Detectors {
		var figures []float64
		for _, line := range lines {
			if v, ok := line.Others[name]; ok {
				figures = append(figures, v)
			}
		}
		if len(figures) == len(lines) {
			m.Others[name] = mean(figures)
		}
	}
	return m
}

func (d detected) print(out *printer) error {
	if len(d.Others) > 0 {
		d.Rank = 1
		for _, v := range d.Others {
			if v > d.AUROC {
				d.Rank++
			}
		}
	}
	if out.json {
		line, err := json.Marshal(d)
		if err != nil {
			return err
		}
		fmt.Println(string(line))
		return nil
	}
	fmt.Printf("%-14s AUROC %6.2f %%", d.Set, d.AUROC)
	if len(d.OfSeeds) > 0 {
		fmt.Printf("  (%.2f to %.2f; %d rows, %d columns, %d anomalies)", slices.Min(d.OfSeeds), slices.Max(d.OfSeeds), d.Rows, d.Columns, d.Anomalies)
	}
	if len(d.Others) > 0 {
		fmt.Printf("  place %d of %d", d.Rank, len(d.Others)+1)
	}
	fmt.Println()
	if len(d.Others) > 0 {
		fmt.Print("              ")
		for _, name := range d.order {
			if v, ok := d.Others[name]; ok {
				fmt.Printf(" %s %.1f", name, v)
			}
		}
		fmt.Println()
	}
	return nil
}

func mean(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	var sum float64
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}
