package main

import (
	"context"
	"fmt"
	"image/color"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"

	"github.com/seed-192fdf7a/nf/internal/atomicfile"
	"github.com/seed-192fdf7a/nf/internal/ranking"
	"github.com/seed-192fdf7a/nf/internal/table"
)

func plotCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "plot",
		Short: "Draw histograms of scores, or spectrograms of sounds",
		Args: func(command *cobra.Command, arguments []string) error {
			if len(arguments) > 0 {
				return usage("unknown picture %q; choose scores or spectrogram", arguments[0])
			}
			return nil
		},
		RunE: func(*cobra.Command, []string) error {
			return usage("no picture is given; choose scores or spectrogram")
		},
	}
	command.AddCommand(plotScoresCommand(), plotSpectrogramCommand())
	return command
}

type plotScoresOptions struct {
	out, column, label string
	names              []string
	bins               int
}

func plotScoresCommand() *cobra.Command {
	var o plotScoresOptions
	command := &cobra.Command{
		Use:   "scores FILE... --out PICTURE",
		Short: "Draw histograms of the scores in several files, one over the other",
		Long: `Draws a histogram of the scores that nf score has written to each of the files, and prints for each how many there are, their
mean, and beside the first file the share of pairs in which the score is the higher one (0.5 where they do not differ). A
score that is not finite is left out, and counted as left_out. The picture has the range of all scores but the lowest and the highest
thousandth of each file.`,
		Example: `  nf plot scores digits.csv letters.csv --names "digits,letters" --out scores.png`,
		Args: func(_ *cobra.Command, arguments []string) error {
			if len(arguments) == 0 {
				return usage("no file of scores is given")
			}
			return nil
		},
	}
	f := command.Flags()
	f.SortFlags = false
	f.StringVar(&o.out, "out", "", "picture to write, .png or .svg (required)")
	f.StringVar(&o.column, "column", "log_prob", "the column of scores; a file of one column is taken whatever its name")
	f.StringSliceVar(&o.names, "names", nil, "what the files are called in the picture (default their names)")
	f.StringVar(&o.label, "label", "log-density (nats)", "what stands below the axis")
	f.IntVar(&o.bins, "bins", 60, "bins of the histograms")
	command.RunE = func(command *cobra.Command, files []string) error {
		if err := o.check(command, files); err != nil {
			return err
		}
		return o.run(command.Context(), command.OutOrStdout(), files)
	}
	return command
}

// check finds what is wrong with the command line.
func (o *plotScoresOptions) check(command *cobra.Command, files []string) error {
	if err := require(command, "out"); err != nil {
		return err
	}
	if ending := strings.ToLower(filepath.Ext(o.out)); ending != ".png" && ending != ".svg" {
		return usage("--out is %s; a picture's name must end in .png or .svg", o.out)
	}
	if len(files) > len(scoreColors) {
		return usage("%d files of scores; at most %d are drawn", len(files), len(scoreColors))
	}
	if o.names != nil && len(o.names) != len(files) {
		return usage("--names has %d names, and there are %d files", len(o.names), len(files))
	}
	if o.bins < 2 || o.bins > 1000 {
		return usage("--bins is %d; it must be 2 to 1000", o.bins)
	}
	inputs := paths{}
	for i, file := range files {
		inputs[fmt.Sprintf("file %d", i+1)] = file
	}
	return distinctPaths(inputs, paths{"out": o.out})
}

// scoreColors tell files apart.
var scoreColors = []color.RGBA{blue, orange, {R: 0x2f, G: 0x8f, B: 0x4e, A: 0xff}, {R: 0x9c, G: 0x3c, B: 0x9c, A: 0xff}, {R: 0x5b, G: 0x5b, B: 0x5b, A: 0xff}, {R: 0xb0, G: 0x1f, B: 0x2e, A: 0xff}}

// scoreSet is the finite scores of a file, ascending.
type scoreSet struct {
	name   string
	values []float64
	others int64 // rows that are no finite score
}

func (o *plotScoresOptions) run(ctx context.Context, out io.Writer, files []string) error {
	if err := checkWritable(o.out); err != nil {
		return err
	}
	var sets []scoreSet
	err := orInterrupted(ctx, func() error {
		for i, file := range files {
			set, err := readScores(file, o.column)
			if err != nil {
				return err
			}
			if set.name = file; o.names != nil {
				set.name = o.names[i]
			}
			sets = append(sets, set)
		}
		return drawScores(o.out, o.label, sets, o.bins)
	})
	if err != nil {
		return err
	}
	for i, s := range sets {
		line := fmt.Sprintf("%s: scores=%d mean=%.6f", s.name, len(s.values), s.mean())
		if i > 0 {
			line += fmt.Sprintf(" above_first=%.4f", s.above(sets[0]))
		}
		if s.others > 0 {
			line += fmt.Sprintf(" left_out=%d", s.others)
		}
		fmt.Fprintln(out, line)
	}
	return nil
}

// readScores reads the finite values of a column.
func readScores(path, column string) (scoreSet, error) {
	r, err := table.Open(path, table.Options{OnBadRow: table.SkipBadRows})
	if err != nil {
		return scoreSet{}, err
	}
	defer r.Close()
	if len(r.Columns()) > 1 {
		if err := r.Select([]string{column}); err != nil {
			return scoreSet{}, err
		}
	}
	all, _, err := r.ReadAll()
	if err != nil {
		return scoreSet{}, err
	}
	s := scoreSet{values: all}
	s.others, _ = r.BadRows()
	if len(s.values) == 0 {
		return s, fmt.Errorf("%s has no finite score", path)
	}
	slices.Sort(s.values)
	return s, nil
}

func (s scoreSet) mean() float64 {
	var sum float64
	for _, v := range s.values {
		sum += v
	}
	return sum / float64(len(s.values))
}

// above returns the share of pairs in which the score of s is higher than that of
// other, of equal ones half.
func (s scoreSet) above(other scoreSet) float64 {
	var r ranking.Ranking
	for _, v := range s.values {
		r.Add(v, true)
	}
	for _, v := range other.values {
		r.Add(v, false)
	}
	share, _ := r.Areas()
	return share
}

// middleRange returns the range of all scores but the lowest and the highest
// thousandth of each set.
func middleRange(sets []scoreSet) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, s := range sets {
		cut := len(s.values) / 1000
		low, high = min(low, s.values[cut]), max(high, s.values[len(s.values)-1-cut])
	}
	if high == low {
		low, high = low-0.5, high+0.5
	}
	return low, high
}

// drawScores writes the histograms, each with an area of 1.
func drawScores(path, label string, sets []scoreSet, bins int) error {
	p := plot.New()
	p.X.Label.Text, p.Y.Label.Text = label, "share of the scores for each unit"
	p.Legend.Top, p.Legend.Left = true, true
	p.Add(plotter.NewGrid())
	low, high := middleRange(sets)
	width := (high - low) / float64(bins)
	for i, s := range sets {
		counts := make([]float64, bins)
		for _, v := range s.values {
			if bin := int((v - low) / width); v >= low && v <= high {
				counts[min(bin, bins-1)]++
			}
		}
		outline := plotter.XYs{{X: low}}
		for b, n := range counts {
			y := n / float64(len(s.values)) / width
			outline = append(outline, plotter.XY{X: low + float64(float64(b)*width), Y: y}, plotter.XY{X: low + float64(float64(b+1)*width), Y: y})
		}
		outline = append(outline, plotter.XY{X: high})
		line, err := plotter.NewLine(outline)
		if err != nil {
			return err
		}
		c := scoreColors[i]
		line.Color, line.Width = c, vg.Points(1.5)
		line.FillColor = color.NRGBA{R: c.R, G: c.G, B: c.B, A: 0x40}
		p.Add(line)
		p.Legend.Add(s.name, line)
	}
	return writePlot(path, p)
}

// writePlot writes one plot as its name ends.
func writePlot(path string, p *plot.Plot) error {
	picture, err := p.WriterTo(16*vg.Centimeter, 10*vg.Centimeter, strings.TrimPrefix(strings.ToLower(filepath.Ext(path)), "."))
	if err != nil {
		return err
	}
	return atomicfile.Write(path, func(w io.Writer) error {
		_, err := picture.WriteTo(w)
		return err
	})
}
