package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-192fdf7a/nf/internal/table"
)

// tableFlags are the choices of a command that reads tables.
type tableFlags struct {
	header    string
	onBadRow  string
	parsed    table.Header
	badPolicy table.BadRows
}

func (t *tableFlags) addHeader(command *cobra.Command) {
	command.Flags().StringVar(&t.header, "header", "auto", "whether a CSV's first line names the columns: auto, yes or no; auto: if no cell of it is a number")
}

func (t *tableFlags) addOnBadRow(command *cobra.Command) {
	command.Flags().StringVar(&t.onBadRow, "on-bad-row", "fail", "what to do with a row that has a missing value, text, NaN or Inf: fail, skip it, or nan (score it NaN)")
}

func (t *tableFlags) check() error {
	var err error
	if t.parsed, err = table.ParseHeader(t.header); err != nil {
		return usage("--header is %q; it must be auto, yes or no", t.header)
	}
	if t.onBadRow == "" {
		return nil
	}
	if t.badPolicy, err = table.ParseBadRows(t.onBadRow); err != nil {
		return usage("--on-bad-row is %q; it must be fail, skip or nan", t.onBadRow)
	}
	return nil
}

func (t *tableFlags) open(command *cobra.Command, path string) (*table.Reader, error) {
	return table.Open(path, table.Options{Header: t.parsed, OnBadRow: t.badPolicy, Stdin: command.InOrStdin()})
}

// openSelected opens a table and selects columns as selectColumns does. An
// interruption ends its wait for a silent pipe.
func (t *tableFlags) openSelected(command *cobra.Command, path string, wanted, extra []string, namesOnly bool) (*table.Reader, error) {
	var r *table.Reader
	err := orInterrupted(command.Context(), func() (err error) {
		if r, err = t.open(command, path); err != nil {
			return err
		}
		return selectColumns(r, path, wanted, extra, namesOnly)
	})
	return r, err
}

// tableEndings are the endings that internal/table reads and writes.
var tableEndings = []string{".csv", ".csv.gz", ".npy", ".npz"}

// checkTablePath is a usage error for a name that no table format has.
func checkTablePath(flag, path string) error {
	lower := strings.ToLower(path)
	switch {
	case path == "-":
		return nil
	case strings.HasSuffix(lower, ".parquet"):
		return usage("--%s is %s: this version does not read or write Parquet; convert it to .csv, .csv.gz, .npy or .npz", flag, path)
	case slices.ContainsFunc(tableEndings, func(ending string) bool { return strings.HasSuffix(lower, ending) }):
		return nil
	}
	return usage("--%s is %s: a table's name must end in .csv, .csv.gz, .npy or .npz, or be - for CSV on standard input or output", flag, path)
}

// nameless reports whether columns are the names that a table without any is
// given.
func nameless(columns []string) bool {
	for i, name := range columns {
		if name != fmt.Sprintf("f%d", i) {
			return false
		}
	}
	return true
}

// selectColumns makes r deliver the wanted columns, then the extra ones. They
// go by name; where the file has no names, and exactly as many columns as are
// wanted besides the extra ones, the wanted ones go by position, unless
// namesOnly.
func selectColumns(r *table.Reader, path string, wanted, extra []string, namesOnly bool) error {
	found := r.AllColumns()
	if missing := without(extra, found); len(missing) > 0 {
		return fmt.Errorf("%s has no column %q; its columns are %s", shownPath(path), missing[0], listed(found))
	}
	missing := without(wanted, found)
	if len(missing) == 0 {
		return r.Select(slices.Concat(wanted, extra))
	}
	if nameless(found) {
		others := without(found, extra)
		if !namesOnly && len(others) == len(wanted) {
			return r.Select(slices.Concat(others, extra))
		}
		if namesOnly {
			return fmt.Errorf("%s has %d columns without names; give it a header, because the model tells features from context by name: %s",
				shownPath(path), len(found), listed(wanted))
		}
		return fmt.Errorf("%s has %d columns without names; the model needs exactly these %d: %s",
			shownPath(path), len(others), len(wanted), listed(wanted))
	}
	return fmt.Errorf("%s lacks %d of the model's %d columns: %s; its columns are %s",
		shownPath(path), len(missing), len(wanted), listed(missing), listed(found))
}

// without returns the names that are not among the others.
func without(names, others []string) []string {
	known := make(map[string]bool, len(others))
	for _, name := range others {
		known[name] = true
	}
	var rest []string
	for _, name := range names {
		if !known[name] {
			rest = append(rest, name)
		}
	}
	return rest
}

func shownPath(path string) string {
	if path == "-" {
		return "standard input"
	}
	return path
}

// splitRows deals the columns of rows out to matrices of the given widths, one
// after the other.
func splitRows(rows []float64, into [][]float64, widths []int) {
	width := 0
	for _, w := range widths {
		width += w
	}
	if width == 0 {
		return
	}
	for r := range len(rows) / width {
		row := rows[r*width:]
		for i, w := range widths {
			copy(into[i][r*w:(r+1)*w], row[:w])
			row = row[w:]
		}
	}
}
