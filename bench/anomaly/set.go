// Package anomaly measures flows as unsupervised anomaly detectors in the
// protocol of ADBench (Han, Hu, Huang, Jiang and Zhao, NeurIPS 2022,
// 2206.09426), so that the figures may stand beside those of its tables:
//
//   - a set of fewer than 1,000 rows is drawn anew to 1,000 with replacement,
//     and of one of more than 10,000 rows 10,000 are drawn without;
//   - 70 % of the normal and 70 % of the anomalous rows, drawn at random, are
//     the training part, the others the test part;
//   - the detector is fitted to the whole training part, anomalies among it,
//     and sees no label;
//   - the figure is the area under the ROC curve of the test part, as the mean
//     over the seeds.
//
// ADBench scales each column to [0, 1] first. A flow standardizes its columns,
// which undoes any such scaling, so it is left out here. The draws are those of
// nf's generator, not of NumPy's. Small sets share rows between the training and
// the test part, because of the first rule; so they do in the tables.
package anomaly

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seed-192fdf7a/nf/internal/table"
)

// Set is a labelled table.
type Set struct {
	Name    string // the file's, without its ending
	Columns []string
	Rows    []float64 // row-major
	Anomaly []bool    // of each row
}

// Label is the column that says which rows are anomalies: those with a 1.
const Label = "label"

// Read reads a set from a table with a column named [Label].
func Read(path string) (*Set, error) {
	r, err := table.Open(path, table.Options{})
	if err != nil {
		return nil, err
	}
	defer r.Close()
	at := slices.Index(r.Columns(), Label)
	if at < 0 || len(r.Columns()) < 2 {
		return nil, fmt.Errorf("%s: want a column named %q, where anomalies have a 1 and other rows a 0, and at least one more", path, Label)
	}
	values, rows, err := r.ReadAll()
	if err != nil {
		return nil, err
	}
	name, _, _ := strings.Cut(filepath.Base(path), ".")
	s := &Set{Name: name, Columns: slices.Delete(slices.Clone(r.Columns()), at, at+1)}
	width := len(s.Columns) + 1
	for i := range rows {
		row := values[i*width : (i+1)*width]
		if row[at] != 0 && row[at] != 1 {
			return nil, fmt.Errorf("%s: row %d has the label %v, want 0 or 1", path, i+1, row[at])
		}
		s.Anomaly = append(s.Anomaly, row[at] == 1)
		s.Rows = append(append(s.Rows, row[:at]...), row[at+1:]...)
	}
	return s, nil
}

// Anomalies returns the number of anomalies.
func (s *Set) Anomalies() (n int) {
	for _, a := range s.Anomaly {
		if a {
			n++
		}
	}
	return n
}

// pick returns the set of the chosen rows, in their order.
func (s *Set) pick(rows []int) *Set {
	out := &Set{Name: s.Name, Columns: s.Columns}
	for _, r := range rows {
		out.Rows = append(out.Rows, s.Rows[r*len(s.Columns):(r+1)*len(s.Columns)]...)
		out.Anomaly = append(out.Anomaly, s.Anomaly[r])
	}
	return out
}

// keep returns the set of the chosen columns.
func (s *Set) keep(columns []int) *Set {
	out := &Set{Name: s.Name, Anomaly: s.Anomaly}
	for _, c := range columns {
		out.Columns = append(out.Columns, s.Columns[c])
	}
	for r := range s.Anomaly {
		for _, c := range columns {
			out.Rows = append(out.Rows, s.Rows[r*len(s.Columns)+c])
		}
	}
	return out
}
