package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
)

// read takes a table from a CSV file with a header: label names the column of
// zeros and ones, and the others are numbers, which are standardized.
func read(path, label string) (*table, error) {
	if label == "" {
		return nil, errors.New("-data needs -label, the column of zeros and ones")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(rows) < 3 {
		return nil, fmt.Errorf("%s has no header and two rows", path)
	}
	header := rows[0]
	at := slices.Index(header, label)
	if at < 0 {
		return nil, fmt.Errorf("%s has no column %q, which -label names; it has %q", path, label, header)
	}
	t := &table{columns: []string{"intercept"}}
	for c, name := range header {
		if c != at {
			t.columns = append(t.columns, name)
		}
	}
	for r, cells := range rows[1:] {
		x := []float64{1}
		for c, cell := range cells {
			v, err := strconv.ParseFloat(cell, 64)
			switch {
			case err != nil || v-v != 0:
				return nil, fmt.Errorf("%s row %d column %q: %q is no finite number", path, r+1, header[c], cell)
			case c != at:
				x = append(x, v)
			case v != 0 && v != 1:
				return nil, fmt.Errorf("%s row %d column %q: the label is %q, want 0 or 1", path, r+1, label, cell)
			default:
				t.y = append(t.y, v == 1)
			}
		}
		t.x = append(t.x, x)
	}
	return t, t.standardize(path)
}

// standardize gives the columns behind the intercept the mean 0 and the standard
// deviation 1.
func (t *table) standardize(path string) error {
	n := float64(len(t.x))
	for c := 1; c < len(t.columns); c++ {
		var mean, variance float64
		for _, x := range t.x {
			mean += x[c] / n
		}
		for _, x := range t.x {
			variance += (x[c] - mean) * (x[c] - mean) / n
		}
		if !(variance > 0) {
			return fmt.Errorf("%s column %q is constant, like the intercept: leave it out", path, t.columns[c])
		}
		for _, x := range t.x {
			x[c] = (x[c] - mean) / math.Sqrt(variance)
		}
	}
	return nil
}
