package main

import (
	"context"
	"fmt"
	"image"
	"io"
	"math"
	"math/cmplx"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"gonum.org/v1/gonum/dsp/fourier"
	"gonum.org/v1/gonum/dsp/window"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/palette/moreland"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"

	"github.com/seed-192fdf7a/nf/internal/sound"
)

type plotSpectrogramOptions struct {
	out     string
	names   []string
	frame   int
	seconds float64
}

const mostSpectrograms = 8

func plotSpectrogramCommand() *cobra.Command {
	var o plotSpectrogramOptions
	command := &cobra.Command{
		Use:   "spectrogram SOUND... --out PICTURE",
		Short: "Draw how loud each frequency is over time, of several sounds one below the other",
		Long: `Draws a spectrogram of each .wav file: the magnitudes of short-time Fourier transforms of frames of --frame samples under a Hann
window, a quarter of a frame apart, in decibels below the loudest of all files. Several channels are drawn as their mean. It prints for each sound its root mean
square, in parts of the range, so that sounds of equal loudness are told from those that only look alike.`,
		Example: `  nf sample --model wavenet.safetensors -n 1 --length 24000 --out teacher.wav
  nf sample --model student.safetensors -n 1 --length 24000 --out student.wav
  nf plot spectrogram speech.wav teacher.wav student.wav --seconds 3 --out spectrogram.png`,
		Args: func(_ *cobra.Command, arguments []string) error {
			if len(arguments) == 0 {
				return usage("no .wav file is given")
			}
			return nil
		},
	}
	f := command.Flags()
	f.SortFlags = false
	f.StringVar(&o.out, "out", "", "picture to write, .png (required)")
	f.StringSliceVar(&o.names, "names", nil, "what the sounds are called in the picture (default their names)")
	f.IntVar(&o.frame, "frame", 256, "samples of a frame, a multiple of 4: more tell frequencies apart, fewer times")
	f.Float64Var(&o.seconds, "seconds", 10, "how much of each sound is drawn, from its beginning")
	command.RunE = func(command *cobra.Command, files []string) error {
		if err := o.check(command, files); err != nil {
			return err
		}
		return o.run(command.Context(), command.OutOrStdout(), files)
	}
	return command
}

// check finds what is wrong with the command line.
func (o *plotSpectrogramOptions) check(command *cobra.Command, files []string) error {
	if err := require(command, "out"); err != nil {
		return err
	}
	switch {
	case strings.ToLower(filepath.Ext(o.out)) != ".png":
		return usage("--out is %s; a picture of sounds must end in .png", o.out)
	case len(files) > mostSpectrograms:
		return usage("%d sounds; at most %d are drawn", len(files), mostSpectrograms)
	case o.names != nil && len(o.names) != len(files):
		return usage("--names has %d names, and there are %d sounds", len(o.names), len(files))
	case o.frame < 8 || o.frame > 1<<16 || o.frame%4 != 0:
		return usage("--frame is %d; it must be a multiple of 4 from 8 to %d", o.frame, 1<<16)
	case !(o.seconds > 0 && o.seconds <= 3600):
		return usage("--seconds is %v; it must be above 0 and at most 3600", o.seconds)
	}
	inputs := paths{}
	for i, file := range files {
		inputs[fmt.Sprintf("sound %d", i+1)] = file
	}
	return distinctPaths(inputs, paths{"out": o.out})
}

// spectrogram is the magnitudes of a sound, frame by frame, in decibels.
type spectrogram struct {
	name           string
	decibels       [][]float64
	loudest        float64 // of them
	rate, samples  int
	rootMeanSquare float64
}

// seconds returns how long it takes.
func (s *spectrogram) seconds() float64 { return float64(s.samples) / float64(s.rate) }

func (o *plotSpectrogramOptions) run(ctx context.Context, out io.Writer, files []string) error {
	if err := checkWritable(o.out); err != nil {
		return err
	}
	var all []spectrogram
	loudest := math.Inf(-1)
	err := orInterrupted(ctx, func() error {
		for i, file := range files {
			s, err := o.spectrogramOf(file)
			if err != nil {
				return err
			}
			if s.name = shownPath(file); o.names != nil {
				s.name = o.names[i]
			}
			loudest = max(loudest, s.loudest)
			all = append(all, s)
		}
		return nil
	})
	if err != nil {
		return err
	}
	var rows [][]*plot.Plot
	for _, s := range all {
		p, err := s.plot(loudest)
		if err != nil {
			return err
		}
		rows = append(rows, []*plot.Plot{p})
	}
	if err := drawTiles(o.out, 18*vg.Centimeter, 6*vg.Centimeter, rows...); err != nil {
		return err
	}
	for _, s := range all {
		fmt.Fprintf(out, "%s: samples=%d seconds=%.3f root_mean_square=%.6f\n", s.name, s.samples, s.seconds(), s.rootMeanSquare)
	}
	return nil
}

// spectrogramOf reads the beginning of a sound.
func (o *plotSpectrogramOptions) spectrogramOf(path string) (s spectrogram, err error) {
	set, err := sound.Open(path, 1)
	if err != nil {
		return s, err
	}
	if set.Files > 1 {
		return s, usage("%s is %d sounds; give each file by itself", path, set.Files)
	}
	s.rate, s.samples = set.Rate, int(min(math.Ceil(o.seconds*float64(set.Rate)), float64(set.Count)))
	if s.samples < o.frame {
		return s, fmt.Errorf("%s has %d samples to draw, less than a frame of %d; give a smaller --frame, or more --seconds", shownPath(path), s.samples, o.frame)
	}
	if set, err = sound.Open(path, s.samples); err != nil {
		return s, err
	}
	mono, values := make([]float64, s.samples), make([]float64, set.Dim())
	if err := set.Load(values, 0); err != nil {
		return s, err
	}
	half := float64(set.Levels() / 2)
	for i, v := range values {
		mono[i/set.Channels] += float64((v - half) / half / float64(set.Channels))
	}
	squares := 0.0
	for _, v := range mono {
		squares += float64(v * v)
	}
	s.rootMeanSquare = math.Sqrt(squares / float64(len(mono)))
	transform, frame := fourier.NewFFT(o.frame), make([]float64, o.frame)
	s.loudest = math.Inf(-1)
	for at := 0; at+o.frame <= len(mono); at += o.frame / 4 {
		copy(frame, mono[at:])
		coefficients := transform.Coefficients(nil, window.Hann(frame))
		decibels := make([]float64, len(coefficients))
		for i, c := range coefficients {
			decibels[i] = 20 * math.Log10(cmplx.Abs(c))
			s.loudest = max(s.loudest, decibels[i])
		}
		s.decibels = append(s.decibels, decibels)
	}
	return s, nil
}

// shownDecibels is how far below the loudest a spectrogram is black.
const shownDecibels = 70

// plot draws time to the right and frequency upwards.
func (s *spectrogram) plot(loudest float64) (*plot.Plot, error) {
	colors := moreland.ExtendedBlackBody()
	colors.SetMin(0)
	colors.SetMax(shownDecibels)
	height := len(s.decibels[0])
	picture := image.NewRGBA(image.Rect(0, 0, len(s.decibels), height))
	for x, frame := range s.decibels {
		for i, v := range frame {
			shade := v - loudest + shownDecibels
			if !(shade > 0) { // silence is −Inf, or NaN where all is silent
				shade = 0
			}
			c, err := colors.At(min(shade, shownDecibels))
			if err != nil {
				return nil, err
			}
			picture.Set(x, height-1-i, c)
		}
	}
	p := plot.New()
	p.Title.Text = s.name
	p.X.Label.Text, p.Y.Label.Text = "seconds", "kHz"
	right, top := s.seconds(), float64(s.rate)/2000
	p.Add(plotter.NewImage(picture, 0, 0, right, top))
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, right, 0, top
	return p, nil
}
