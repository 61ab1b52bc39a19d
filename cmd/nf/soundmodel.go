package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/internal/atomicfile"
	"github.com/seed-192fdf7a/nf/internal/printable"
	"github.com/seed-192fdf7a/nf/internal/sound"
	"github.com/seed-192fdf7a/nf/internal/table"
	"github.com/seed-192fdf7a/nf/kernels"
)

// soundModel is a model of sound, ready to compute.
type soundModel struct {
	eventModel
	format sound.Format
	length int
}

// isSoundFlow tells whether a flow is one of sound, as nf train makes them.
func isSoundFlow(f *flow.Flow) bool {
	c := f.Config()
	return c.Sound != nil && c.Pixels != nil
}

// ofSound tells whether a file is a model of sound. Whatever is wrong with the file
// is found later.
func ofSound(path string) bool {
	f, err := flow.Load(path)
	return err == nil && isSoundFlow(f)
}

// isWAV tells whether a name is that of a .wav file.
func isWAV(path string) bool { return strings.HasSuffix(strings.ToLower(path), ".wav") }

// lengthUsage is the help of --length where a model is used.
const lengthUsage = "of sound: samples of a window (default: those that the model was trained on)"

// loadSoundModel reads a model of sound and prepares it for windows of a length,
// or with 0 of its own.
func loadSoundModel(command *cobra.Command, path string, length, workers int) (*soundModel, error) {
	loaded, err := loadEventModel(command, path, workers, func(f *flow.Flow) (*flow.Flow, error) {
		switch {
		case !isSoundFlow(f):
			return nil, fmt.Errorf("model %s is not one of sound", shownPath(path))
		case length > 0:
			return f.OnGrid(length)
		}
		return f, nil
	})
	if err != nil {
		return nil, err
	}
	m := &soundModel{eventModel: loaded}
	c := m.flow.Config()
	if len(c.Context) > 0 {
		return nil, fmt.Errorf("model %s is conditioned on %s, which no flag gives; use the library", shownPath(path), listed(c.Context))
	}
	m.length = c.Grid[0]
	m.format = sound.Format{Rate: c.Sound.Rate, Channels: len(c.Features), Bits: 16}
	switch c.Pixels.Levels {
	case 256:
		m.format.Bits = 8
	case 65536:
	default:
		return nil, fmt.Errorf("model %s is of samples of %d levels, and .wav files have 256 or 65536; use the library", shownPath(path), c.Pixels.Levels)
	}
	return m, nil
}

// checkLength is a usage error unless --length, if it is given, can be one.
func checkLength(command *cobra.Command, length int) error {
	if command.Flags().Changed("length") && length < 1 {
		return usage("--length is %d; it must be at least 1", length)
	}
	return nil
}

// refuseLength is a usage error if --length is given where there is no sound.
func refuseLength(command *cobra.Command) error {
	if command.Flags().Changed("length") {
		return usage("--length is for a model of sound and .wav files")
	}
	return nil
}

// runSampleSound draws windows into one file, one after the other.
func runSampleSound(command *cobra.Command, o *sampleOptions) error {
	if err := refuseFlagsOf(command, "sound", "context", "log-prob", "header", "class"); err != nil {
		return err
	}
	if err := o.checkDraw(); err != nil {
		return err
	}
	if err := checkLength(command, o.length); err != nil {
		return err
	}
	if err := distinctPaths(paths{"model": o.model}, paths{"out": o.out}); err != nil {
		return err
	}
	m, err := loadSoundModel(command, o.model, o.length, o.workers)
	if err != nil {
		return err
	}
	var drawn atomic.Int64
	bar := startProgress(command, "sampling", o.quiet, func() (int64, int64) { return drawn.Load(), o.count })
	defer bar.stop()
	return orInterrupted(command.Context(), func() error {
		return atomicfile.Write(o.out, func(out io.Writer) error {
			block := make([]float64, min(soundBlock, o.count)*int64(m.flow.Dim()))
			return sound.Write(out, m.format, o.count*int64(m.length), func() ([]float64, error) {
				from := drawn.Load()
				values := block[:min(soundBlock, o.count-from)*int64(m.flow.Dim())]
				if len(values) == 0 {
					return nil, nil
				}
				if err := m.scorer.Sample(values, nil, uint64(from), o.sample, nil); err != nil {
					return nil, err
				}
				if err := checkNumbers(values, m.flow.Dim(), "draw", from); err != nil {
					return nil, err
				}
				drawn.Add(int64(len(values) / m.flow.Dim()))
				return values, nil
			})
		})
	})
}

// soundBlock is how many windows are under way at once.
const soundBlock = 256

// soundSummary is what nf score says of sound.
type soundSummary struct {
	Windows     int    `json:"windows"`
	Left        int64  `json:"samples_left_out"`
	MeanLogProb number `json:"mean_log_prob"`
	// StandardError is that of the mean.
	StandardError    number `json:"standard_error"`
	NatsPerSample    number `json:"nats_per_sample"`
	BitsPerDim       number `json:"bits_per_dim"`
	Counted          string `json:"counted"`
	WindowsPerSecond number `json:"windows_per_second"`
	BLAS             string `json:"blas"`
	Kernels          string `json:"kernels"`
}

// runScoreSound writes the log-density of each window, in nats.
func runScoreSound(command *cobra.Command, o *scoreOptions) error {
	if err := refuseFlagsOf(command, "sound", "model-weights", "keep", "label", "threshold", "quantile", "on-bad-row", "header", "batch", "classes", "importance"); err != nil {
		return err
	}
	if err := checkTablePath("out", o.out); err != nil {
		return err
	}
	if err := checkLength(command, o.length); err != nil {
		return err
	}
	if err := distinctPaths(paths{"data": o.data, "model": o.models[0]}, paths{"out": o.out}); err != nil {
		return err
	}
	m, err := loadSoundModel(command, o.models[0], o.length, o.workers)
	if err != nil {
		return err
	}
	set, err := sound.Open(o.data, m.length)
	if err != nil {
		return err
	}
	if set.Format.Channels != m.format.Channels || set.Format.Bits != m.format.Bits {
		return fmt.Errorf("%s has %v, and the model is of %v", printable.Name(o.data), set.Format, m.format)
	}
	w, err := createTable(command, o.out, table.WriteOptions{Vector: true})
	if err != nil {
		return err
	}
	defer w.Abort()
	var done atomic.Int64
	bar := startProgress(command, "scoring", o.quiet, func() (int64, int64) { return done.Load(), int64(set.Count) })
	defer bar.stop()
	started := time.Now()
	var sums runningMean
	err = orInterrupted(command.Context(), func() error {
		if err := w.WriteHeader([]string{"log_prob"}); err != nil {
			return err
		}
		logProb := make([]float64, soundBlock)
		x := make([]float64, min(soundBlock, set.Count)*set.Dim())
		for from := 0; from < set.Count; from += soundBlock {
			n := min(soundBlock, set.Count-from)
			for i := range n {
				if err := set.Load(x[i*set.Dim():(i+1)*set.Dim()], from+i); err != nil {
					return err
				}
			}
			if err := m.scorer.LogProb(logProb[:n], x[:n*set.Dim()], nil); err != nil {
				return err
			}
			if err := checkNumbers(logProb[:n], 1, "window", done.Load()); err != nil {
				return err
			}
			sums.add(logProb[:n]...)
			done.Add(int64(n))
			if err := w.WriteRows(logProb[:n]); err != nil {
				return err
			}
		}
		if err := w.Finish(); err != nil {
			return err
		}
		return w.Close()
	})
	if err != nil {
		return err
	}
	bar.stop()
	sums.warn(command, "windows")
	mean := sums.mean()
	s := soundSummary{
		Windows: set.Count, Left: set.Left, MeanLogProb: number(mean), StandardError: number(sums.standardError()),
		NatsPerSample: number(-mean / float64(set.Dim())), BitsPerDim: number(m.flow.BitsPerDim(mean)),
		Counted: describeSound(m.flow.Config()), WindowsPerSecond: number(float64(set.Count) / time.Since(started).Seconds()),
		BLAS: m.backend.Name(), Kernels: kernels.Active().Name(),
	}
	out := command.OutOrStdout()
	if o.out == "-" {
		out = command.ErrOrStderr()
	}
	if o.json {
		return json.NewEncoder(out).Encode(s)
	}
	_, err = fmt.Fprintf(out, "windows=%d samples_left_out=%d mean_log_prob=%.6f standard_error=%.6f nats_per_sample=%.6f bits_per_dim=%.4f windows_per_second=%.1f blas=%s kernels=%s\ncounted: %s\n",
		s.Windows, s.Left, mean, float64(s.StandardError), float64(s.NatsPerSample), float64(s.BitsPerDim), float64(s.WindowsPerSecond), s.BLAS, s.Kernels, s.Counted)
	return err
}
