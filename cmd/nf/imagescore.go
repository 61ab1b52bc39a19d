package main

import (
	"encoding/json"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-192fdf7a/nf/internal/table"
	"github.com/seed-192fdf7a/nf/kernels"
)

// imageSummary is what nf score says of images.
type imageSummary struct {
	Images      int    `json:"images"`
	MeanLogProb number `json:"mean_log_prob"`
	// StandardError is that of the mean.
	StandardError number  `json:"standard_error"`
	BitsPerDim    *number `json:"bits_per_dim,omitempty"`
	Counted       string  `json:"counted"`
	// Importance is how many draws of the noise a bound is of.
	Importance      int    `json:"importance,omitempty"`
	ImagesPerSecond number `json:"images_per_second"`
	BLAS            string `json:"blas"`
	Kernels         string `json:"kernels"`
}

// runScoreImages writes the log-density of each image, in nats.
func runScoreImages(command *cobra.Command, o *scoreOptions) error {
	if err := refuseFlags(command, "model-weights", "keep", "label", "threshold", "quantile", "on-bad-row", "header", "batch", "length"); err != nil {
		return err
	}
	if err := checkTablePath("out", o.out); err != nil {
		return err
	}
	if err := distinctPaths(paths{"data": o.data, "model": o.models[0]}, paths{"out": o.out}); err != nil {
		return err
	}
	if o.importance < 1 || o.importance > mostImportance {
		return usage("--importance is %d; it must be 1 to %d", o.importance, mostImportance)
	}
	m, err := loadImageModel(command, o.models[0], o.workers)
	if err != nil {
		return err
	}
	if o.importance > 1 && bitsPerDim(m.flow, 0) == "" {
		return usage("--importance is for models of whole numbers with bits/dim, and %s is none", o.models[0])
	}
	set, contexts, err := m.openImages(o.data, o.classes)
	if err != nil {
		return err
	}
	defer set.Close()
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
		logProb := make([]float64, imageBlock)
		err := eachBlock(set, contexts, func(x, context []float64, n int) error {
			if err := m.logProb(logProb[:n], x, context, o.importance); err != nil {
				return err
			}
			if err := checkNumbers(logProb[:n], 1, "image", done.Load()); err != nil {
				return err
			}
			sums.add(logProb[:n]...)
			done.Add(int64(n))
			return w.WriteRows(logProb[:n])
		})
		if err != nil {
			return err
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
	sums.warn(command, "images")
	warnForced(command, m.scorer)
	mean := sums.mean()
	s := imageSummary{
		Images: set.Count, MeanLogProb: number(mean), StandardError: number(sums.standardError()),
		Counted: describeImages(m.flow.Config()), ImagesPerSecond: number(float64(set.Count) / time.Since(started).Seconds()),
		BLAS: m.backend.Name(), Kernels: kernels.Active().Name(),
	}
	out := command.OutOrStdout()
	if o.out == "-" {
		out = command.ErrOrStderr()
	}
	if o.importance > 1 {
		s.Importance = o.importance
		s.Counted += fmt.Sprintf(", by %d draws of the noise", o.importance)
	}
	bits := bitsPerDim(m.flow, mean)
	if bits != "" {
		v := number(m.flow.BitsPerDim(mean))
		s.BitsPerDim = &v
	}
	if o.json {
		return json.NewEncoder(out).Encode(s)
	}
	_, err = fmt.Fprintf(out, "images=%d mean_log_prob=%.6f standard_error=%.6f%s images_per_second=%.0f blas=%s kernels=%s\ncounted: %s\n",
		s.Images, float64(s.MeanLogProb), float64(s.StandardError), bits, float64(s.ImagesPerSecond), s.BLAS, s.Kernels, s.Counted)
	return err
}

// mostImportance bounds --importance.
const mostImportance = 1 << 20

// logProb is the log-density of images by so many draws of their noise.
func (m *imageModel) logProb(dst, x, context []float64, draws int) error {
	if draws == 1 {
		return m.scorer.LogProb(dst, x, context)
	}
	return m.scorer.LogProbDraws(dst, x, context, draws)
}
