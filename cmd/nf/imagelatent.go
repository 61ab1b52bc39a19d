package main

import (
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/spf13/cobra"

	"github.com/seed-192fdf7a/nf/internal/table"
)

// runLatentImages maps images to a table of their noise, or such a table to
// images.
func runLatentImages(command *cobra.Command, o *latentOptions) error {
	if err := refuseFlags(command, "keep", "on-bad-row"); err != nil {
		return err
	}
	if err := o.table.check(); err != nil {
		return err
	}
	if err := distinctPaths(paths{"data": o.data, "model": o.model}, paths{"out": o.out}); err != nil {
		return err
	}
	if o.inverse {
		if err := checkTablePath("data", o.data); err != nil {
			return err
		}
		if err := checkImageOutput(o.out, -1); err != nil {
			return err
		}
	} else {
		if err := checkImagePath("data", o.data); err != nil {
			return err
		}
		if err := checkTablePath("out", o.out); err != nil {
			return err
		}
	}
	m, err := loadImageModel(command, o.model, o.workers)
	if err != nil {
		return err
	}
	names := make([]string, m.size.Dim())
	for i := range names {
		names[i] = fmt.Sprintf("z%d", i)
	}
	if o.inverse {
		return m.imagesOfNoise(command, o, names)
	}
	return m.noiseOfImages(command, o, names)
}

func (m *imageModel) noiseOfImages(command *cobra.Command, o *latentOptions, names []string) error {
	set, contexts, err := m.openImages(o.data, o.classes)
	if err != nil {
		return err
	}
	defer set.Close()
	w, err := createTable(command, o.out, table.WriteOptions{})
	if err != nil {
		return err
	}
	defer w.Abort()
	var done atomic.Int64
	bar := startProgress(command, "mapping", o.quiet, func() (int64, int64) { return done.Load(), int64(set.Count) })
	defer bar.stop()
	return orInterrupted(command.Context(), func() error {
		if err := w.WriteHeader(append(names, "log_det")); err != nil {
			return err
		}
		d := m.size.Dim()
		z, logDet, rows := make([]float64, imageBlock*d), make([]float64, imageBlock), make([]float64, 0, imageBlock*(d+1))
		err := eachBlock(set, contexts, func(x, context []float64, n int) error {
			if err := m.scorer.Forward(z[:n*d], logDet[:n], x, context); err != nil {
				return err
			}
			rows = rows[:0]
			for i := range n {
				rows = append(append(rows, z[i*d:(i+1)*d]...), logDet[i])
			}
			if err := checkNumbers(rows, d+1, "image", done.Load()); err != nil {
				return err
			}
			done.Add(int64(n))
			return w.WriteRows(rows)
		})
		if err != nil {
			return err
		}
		if err := w.Finish(); err != nil {
			return err
		}
		return w.Close()
	})
}

func (m *imageModel) imagesOfNoise(command *cobra.Command, o *latentOptions, names []string) error {
	c := m.flow.Config()
	wanted := tableColumns{features: names, noise: true, of: &c}
	var r *table.Reader
	err := orInterrupted(command.Context(), func() (err error) {
		if r, err = o.table.open(command, o.data, names); err != nil {
			return err
		}
		if !r.Named() && len(r.AllColumns()) == len(names)+1 {
			return r.SelectAt(upTo(len(names))) // as they were written, the log_det behind
		}
		return wanted.choose(r, o.data)
	})
	if err != nil {
		return err
	}
	defer r.Close()
	var z []float64
	rows := 0
	err = orInterrupted(command.Context(), func() (err error) {
		z, rows, err = r.ReadAll()
		return err
	})
	switch {
	case err != nil:
		return err
	case rows == 0:
		return fmt.Errorf("%s has no rows", shownPath(o.data))
	}
	if err := checkImageOutput(o.out, int64(rows)); err != nil {
		return err
	}
	var contexts [][]float64
	if len(m.classes.names) > 0 {
		if contexts, err = m.classesOfRows(o.classes, rows); err != nil {
			return err
		}
	}
	d := m.size.Dim()
	var residual float64
	err = m.writeImages(command, o.out, int64(rows), sheetAcross(int64(rows)), func(dst []float64, from int64) error {
		first, n := int(from), len(dst)/d
		var context []float64
		if contexts != nil {
			context = slices.Concat(contexts[first : first+n]...)
		}
		err := m.scorer.Inverse(dst, nil, z[first*d:(first+n)*d], context)
		residual = max(residual, m.scorer.Residual())
		return err
	})
	if err == nil && !o.quiet {
		tellResidual(command, residual)
	}
	return err
}
