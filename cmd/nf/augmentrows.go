package main

import (
	"fmt"
	"io"
	"math"

	"github.com/spf13/cobra"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/internal/table"
	"github.com/seed-192fdf7a/nf/kernels"
)

// augmentation makes new rows of those of a table.
type augmentation struct {
	options        *augmentOptions
	scorer         *flow.Scorer
	width, columns int   // of a row: features, and the table's columns of context
	carried        []int // of the latter, those written behind as numbers
	expander       contextExpander
	class          int // place of the class among the texts, -1 for none

	rows, contexts []float64
	texts          table.Texts
	z              []float64
	members        [][]int // rows of each class, in order of appearance
	classOf        []int
	sources        []int // of each new row, the row that it is made of
	infinite       infiniteRows
}

// read reads the table.
func (a *augmentation) read(command *cobra.Command, wanted tableColumns) error {
	r, err := a.options.table.openTable(command, a.options.data, wanted)
	if err != nil {
		return err
	}
	defer r.Close()
	bar := startProgress(command, "reading", a.options.quiet, r.Progress)
	defer bar.stop()
	width := wanted.columns()
	block := make([]float64, rowsPerBlock(latentBlockRows, width)*width)
	err = orInterrupted(command.Context(), func() error {
		var texts table.Texts
		for {
			n, err := r.ReadTexts(block, &texts)
			for row := range n {
				a.rows = append(a.rows, block[row*width:row*width+a.width]...)
				a.contexts = append(a.contexts, block[row*width+a.width:(row+1)*width]...)
			}
			a.texts.Append(&texts)
			if err == io.EOF {
				return nil
			} else if err != nil {
				return err
			}
		}
	})
	if err != nil {
		return err
	}
	bar.stop()
	reportBadRows(command, r, true, "")
	if len(a.rows) == 0 {
		return fmt.Errorf("%s has no rows", shownPath(a.options.data))
	}
	return nil
}

// toNoise maps all rows.
func (a *augmentation) toNoise() error {
	a.z = make([]float64, len(a.rows))
	block := rowsPerBlock(latentBlockRows, a.width+a.columns)
	for n, from := len(a.rows)/a.width, 0; from < n; from += block {
		to := min(from+block, n)
		context := a.expander.expand(a.contexts[from*a.columns : to*a.columns])
		if err := a.scorer.Forward(a.z[from*a.width:to*a.width], nil, a.rows[from*a.width:to*a.width], context); err != nil {
			return err
		}
	}
	for i, v := range a.z {
		if v-v != 0 {
			return fmt.Errorf("%s: row %d is so far outside that float32 cannot hold its noise; leave it out", shownPath(a.options.data), i/a.width+1)
		}
	}
	return nil
}

// choose decides which rows new ones are made of.
func (a *augmentation) choose() error {
	numbers := map[string]int{}
	for row := range len(a.rows) / a.width {
		class := 0
		if a.class >= 0 {
			name := string(a.texts.Cell(row, a.class))
			known := false
			if class, known = numbers[name]; !known {
				class = len(numbers)
				numbers[name] = class
			}
		}
		if class == len(a.members) {
			a.members = append(a.members, nil)
		}
		a.members[class] = append(a.members[class], row)
		a.classOf = append(a.classOf, class)
	}
	if !a.options.balance {
		for row := range a.classOf {
			for range a.options.number {
				a.sources = append(a.sources, row)
			}
		}
		return nil
	}
	most := 0
	for _, rows := range a.members {
		most = max(most, len(rows))
	}
	for _, rows := range a.members {
		for i := range most - len(rows) {
			a.sources = append(a.sources, rows[i%len(rows)])
		}
	}
	if len(a.sources) == 0 && !a.options.withData {
		return fmt.Errorf("%s: all %d classes of column %q have %d rows: there is nothing to balance", shownPath(a.options.data), len(a.members), a.options.classes, most)
	}
	return nil
}

// write writes the rows, if they are wanted, and the new ones.
func (a *augmentation) write(w *table.Writer, written []int) error {
	if a.options.withData {
		all := make([]int, len(a.classOf))
		for i := range all {
			all[i] = i
		}
		if err := a.writeRows(w, a.rows, all, written); err != nil {
			return err
		}
	}
	block := rowsPerBlock(latentBlockRows, a.width+a.columns)
	for from := 0; from < len(a.sources); from += block {
		sources := a.sources[from:min(from+block, len(a.sources))]
		z, cells := make([]float64, 0, len(sources)*a.width), make([]float64, 0, len(sources)*a.columns)
		for i, source := range sources {
			z = append(z, a.moved(source, uint64(from+i))...)
			cells = append(cells, a.contexts[source*a.columns:(source+1)*a.columns]...)
		}
		if err := a.scorer.Inverse(z, nil, z, a.expander.expand(cells)); err != nil {
			return err
		}
		a.infinite.add(z, int64(from))
		if err := a.writeRows(w, z, sources, written); err != nil {
			return err
		}
	}
	return w.Finish()
}

// writeRows writes rows with the context and the texts of others.
func (a *augmentation) writeRows(w *table.Writer, rows []float64, of, written []int) error {
	var out []float64
	var texts table.Texts
	for i, source := range of {
		out = append(out, rows[i*a.width:(i+1)*a.width]...)
		for _, column := range a.carried {
			out = append(out, a.contexts[source*a.columns+column])
		}
		texts.AppendRow(&a.texts, source)
	}
	return w.WriteTexts(out, &texts, nil, written)
}

// moved returns the noise of the new row number i.
func (a *augmentation) moved(source int, i uint64) []float64 {
	z := append([]float64(nil), a.z[source*a.width:(source+1)*a.width]...)
	if class := a.members[a.classOf[source]]; a.options.mix && len(class) > 1 {
		var words [2]uint32
		kernels.PhiloxWords(words[:], a.options.seed, random.Mixing, i)
		at := int(uint64(words[0]) * uint64(len(class)-1) >> 32)
		if class[at] >= source {
			at++ // the row itself is left out
		}
		partner := class[at]
		share := float64(float64(words[1]>>8) / (1 << 24))
		size := math.Sqrt(float64(share*share) + float64((1-share)*(1-share)))
		for c, y := range a.z[partner*a.width : (partner+1)*a.width] {
			z[c] = (float64(share*z[c]) + float64((1-share)*y)) / size
		}
	}
	noise := make([]float32, a.width)
	kernels.NormalRows(noise, 1, a.width, a.options.seed, random.Augmentation, i)
	stays := math.Sqrt(1 - float64(a.options.noise*a.options.noise))
	for c := range z {
		z[c] = float64(stays*z[c]) + float64(a.options.noise*float64(noise[c]))
	}
	return z
}
