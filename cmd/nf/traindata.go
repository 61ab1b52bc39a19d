package main

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"math"
	"slices"

	"github.com/spf13/cobra"

	"github.com/seed-192fdf7a/nf/flow/train"
	"github.com/seed-192fdf7a/nf/internal/random"
)

// trainingData is what a training reads.
type trainingData struct {
	features, context    []string
	train, valid         train.Data
	trainRows, validRows int
	// sha256 is over the float64 values (little-endian, row-major, features
	// before context) of --data, then of --valid.
	sha256 string
}

func readTrainingData(command *cobra.Command, o *trainOptions) (*trainingData, error) {
	d := &trainingData{context: o.context}
	digest := sha256.New()
	rows, count, err := readRows(command, o, o.data, d)
	if err != nil {
		return nil, err
	}
	hashValues(digest, rows)
	widths := []int{len(d.features), len(d.context)}
	if o.valid == "" {
		if err := d.split(rows, count, o); err != nil {
			return nil, err
		}
	} else {
		if count < 2 {
			return nil, fmt.Errorf("%s has %d row; training needs at least 2", shownPath(o.data), count)
		}
		d.train, d.trainRows = dataOf(rows, count, widths), count
		if rows, count, err = readRows(command, o, o.valid, d); err != nil {
			return nil, err
		}
		hashValues(digest, rows)
		d.valid, d.validRows = dataOf(rows, count, widths), count
	}
	d.sha256 = hex.EncodeToString(digest.Sum(nil))
	return d, nil
}

// readRows reads all rows of a table, features before context. The first table
// read decides what the features are.
func readRows(command *cobra.Command, o *trainOptions, path string, d *trainingData) (rows []float64, count int, err error) {
	r, err := o.table.open(command, path)
	if err != nil {
		return nil, 0, err
	}
	defer r.Close()
	if d.features == nil {
		d.features = r.AllColumns()
		if len(o.columns) > 0 {
			d.features = o.columns
		}
		// Select and Exclude know best what to say about a name that is not there.
		for _, names := range [][]string{o.columns, o.context} {
			if len(names) > 0 {
				if err := r.Select(names); err != nil {
					return nil, 0, err
				}
			}
		}
		if err := r.Select(r.AllColumns()); err != nil {
			return nil, 0, err
		}
		if len(o.exclude) > 0 {
			if err := r.Exclude(o.exclude); err != nil {
				return nil, 0, err
			}
		}
		d.features = without(without(d.features, o.exclude), o.context)
		if len(d.features) == 0 {
			return nil, 0, fmt.Errorf("%s: --exclude and --context leave no column to model", shownPath(path))
		}
	}
	wanted := slices.Concat(d.features, d.context)
	if err := selectColumns(r, path, wanted, nil, len(d.context) > 0); err != nil {
		return nil, 0, err
	}
	bar := startProgress(command, "reading "+shownPath(path), o.quiet, r.Progress)
	rows, count, err = r.ReadAll()
	bar.stop()
	if err == nil && count == 0 {
		err = fmt.Errorf("%s has no rows", shownPath(path))
	}
	if err == nil {
		err = checkSupport(path, rows, d, o.intervals)
	}
	return rows, count, err
}

// split draws the validation rows. Both parts keep the table's order.
func (d *trainingData) split(rows []float64, count int, o *trainOptions) error {
	if count < 3 {
		return fmt.Errorf("%s has %d row(s); training needs at least 3, 2 to train on and 1 to validate on", shownPath(o.data), count)
	}
	n := int(math.Round(float64(o.validFraction * float64(count))))
	d.validRows = min(max(n, 1), count-2)
	d.trainRows = count - d.validRows
	order := make([]int, count)
	random.Permutation(order, o.fit.Seed, random.Split, 0)
	isValid := make([]bool, count)
	for _, row := range order[:d.validRows] {
		isValid[row] = true
	}
	widths := []int{len(d.features), len(d.context)}
	width := widths[0] + widths[1]
	training, validation := make([]float64, 0, d.trainRows*width), make([]float64, 0, d.validRows*width)
	for i, valid := range isValid {
		row := rows[i*width : (i+1)*width]
		if valid {
			validation = append(validation, row...)
		} else {
			training = append(training, row...)
		}
	}
	d.train, d.valid = dataOf(training, d.trainRows, widths), dataOf(validation, d.validRows, widths)
	return nil
}

// dataOf separates the features from the context.
func dataOf(rows []float64, count int, widths []int) train.Data {
	if widths[1] == 0 {
		return train.Data{Rows: rows}
	}
	d := train.Data{Rows: make([]float64, count*widths[0]), Context: make([]float64, count*widths[1])}
	splitRows(rows, [][]float64{d.Rows, d.Context}, widths)
	return d
}

func hashValues(digest hash.Hash, values []float64) {
	buffer := make([]byte, 0, 1<<16)
	for _, v := range values {
		buffer = binary.LittleEndian.AppendUint64(buffer, math.Float64bits(v))
		if len(buffer) == cap(buffer) {
			digest.Write(buffer)
			buffer = buffer[:0]
		}
	}
	digest.Write(buffer)
}
