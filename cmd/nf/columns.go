package main

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/internal/printable"
	"github.com/seed-192fdf7a/nf/internal/table"
)

// tableFlags are the choices of a command that reads tables.
type tableFlags struct {
	header    string
	onBadRow  string
	policies  string // what onBadRow may be, "" for a command that has no such flag
	parsed    table.Header
	badPolicy table.BadRows
}

func (t *tableFlags) addHeader(command *cobra.Command) {
	command.Flags().StringVar(&t.header, "header", "auto", "whether a CSV's first line names the columns: auto, yes or no; auto: if no cell of it is a number, or it has the model's names")
}

func (t *tableFlags) addOnBadRow(command *cobra.Command, policies, help string) {
	t.policies = policies
	command.Flags().StringVar(&t.onBadRow, "on-bad-row", "fail", "what to do with a row that has a missing value, text, NaN or Inf: "+help)
}

func (t *tableFlags) check() error {
	var err error
	if t.parsed, err = table.ParseHeader(t.header); err != nil {
		return usage("--header is %q; it must be auto, yes or no", t.header)
	}
	if t.policies == "" {
		return nil
	}
	if t.badPolicy, err = table.ParseBadRows(t.onBadRow); err != nil || !strings.Contains(t.policies, t.onBadRow) {
		return usage("--on-bad-row is %q; it must be %s", t.onBadRow, t.policies)
	}
	return nil
}

func (t *tableFlags) open(command *cobra.Command, path string, expected []string) (*table.Reader, error) {
	return table.Open(path, table.Options{Header: t.parsed, OnBadRow: t.badPolicy, Expected: expected, Stdin: command.InOrStdin()})
}

// tableColumns are the columns that a command wants of a table.
type tableColumns struct {
	features []string
	context  []flow.ContextColumn
	of       *flow.Config // whose limits the values must keep, or nil
	noise    bool         // the features are the model's noise
	label    string       // or ""
	weights  string       // that of training, or ""
	keep     []string     // delivered as texts
}

// wantedOf returns the columns that a model needs.
func wantedOf(c flow.Config) tableColumns {
	return tableColumns{features: c.Features, context: c.ContextColumns(), of: &c}
}

func (w *tableColumns) contextNames() []string {
	names := make([]string, len(w.context))
	for i, column := range w.context {
		names[i] = column.Name
	}
	return names
}

// model names the columns of features and context.
func (w *tableColumns) model() []string { return slices.Concat(w.features, w.contextNames()) }

// columns is how many numbers a reader delivers for a row.
func (w *tableColumns) columns() int {
	return len(w.features) + len(w.context) + len(w.beside())
}

// beside names the columns of numbers that stand behind the model's.
func (w *tableColumns) beside() []string {
	return without([]string{w.label, w.weights}, []string{""})
}

// createTable begins a table to write. An interruption ends its wait for the
// reader of a pipe.
func createTable(command *cobra.Command, path string, options table.WriteOptions) (w *table.Writer, err error) {
	options.Stdout = command.OutOrStdout()
	if path == "-" && closedStandardOutput() {
		return nil, errors.New("--out is -, but standard output is closed (or the null device, open for reading too); redirect it, or give a file")
	}
	err = orInterrupted(command.Context(), func() (err error) {
		w, err = table.Create(path, options)
		return err
	})
	if err != nil {
		return nil, err
	}
	return w, nil
}

// openTable opens a table and selects the wanted columns: numbers for features,
// context and label, in this order, and texts for what is kept. An interruption
// ends its wait for a silent pipe.
func (t *tableFlags) openTable(command *cobra.Command, path string, wanted tableColumns) (*table.Reader, error) {
	var r *table.Reader
	err := orInterrupted(command.Context(), func() (err error) {
		if r, err = t.open(command, path, wanted.model()); err != nil {
			return err
		}
		return wanted.choose(r, path)
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// checkTablePath is a usage error for a name that no table format has.
func checkTablePath(flag, path string) error {
	switch {
	case table.HasFormat(path):
		return nil
	case strings.HasSuffix(strings.ToLower(path), ".parquet"):
		return usage("--%s is %s: this version does not read or write Parquet; convert it to .csv, .csv.gz, .npy or .npz", flag, path)
	}
	return usage("--%s is %s: a table's name must end in %s, or be - for CSV on standard input or output", flag, path, table.Endings)
}

// choose makes r deliver the wanted columns. They go by name; where the file has
// no names, or only numbers that count from 0, they go by position: the features
// and then the context, if it has exactly as many columns besides those that are
// named otherwise.
func (w *tableColumns) choose(r *table.Reader, path string) error {
	found := r.AllColumns()
	beside := w.beside()
	others := slices.Concat(w.keep, beside)
	if missing := without(others, found); len(missing) > 0 {
		return fmt.Errorf("%s has no column %s; its columns are %s", shownPath(path), quoted(missing[0], found), listed(found))
	}
	model := w.model()
	missing := without(model, found)
	switch {
	case len(missing) == 0:
		if err := r.Select(slices.Concat(model, beside)); err != nil {
			return err
		}
	case !r.Named() || counted(found):
		positions, err := w.positions(r, path, found)
		if err != nil {
			return err
		}
		for _, name := range beside {
			positions = append(positions, slices.Index(found, name))
		}
		if err := r.SelectAt(positions); err != nil {
			return err
		}
	default:
		hint := ""
		if alike := printable.Alike(missing[0], found); alike != "" {
			hint = fmt.Sprintf("; the file's %s is not the model's %s", strconv.QuoteToASCII(printable.Short(alike)), strconv.QuoteToASCII(printable.Short(missing[0])))
		}
		return fmt.Errorf("%s lacks %d of the model's %d columns: %s; its columns are %s%s",
			shownPath(path), len(missing), len(model), listed(missing), listed(found), hint)
	}
	for i, column := range w.context {
		if column.Levels != nil {
			r.Interpret(len(w.features)+i, levelParser(column))
		}
	}
	w.limit(r)
	if w.label != "" {
		r.Interpret(len(model), table.ParseLabel)
	}
	if w.weights != "" {
		r.Limit(len(model), func(v float64) table.Reason {
			if v < 0 {
				return table.NegativeWeight
			}
			return ""
		})
	}
	if len(w.keep) > 0 {
		return r.SelectTexts(w.keep)
	}
	return nil
}

// limit makes rows bad whose context, or whose noise, float32 cannot hold.
func (w *tableColumns) limit(r *table.Reader) {
	if w.of == nil {
		return
	}
	if w.noise {
		for i := range w.features {
			r.Limit(i, func(v float64) table.Reason {
				if math.IsInf(float64(float32(v)), 0) {
					return table.BeyondFloat32
				}
				return ""
			})
		}
	}
	at := 0
	for i, column := range w.context {
		if value := at; column.Levels == nil {
			r.Limit(len(w.features)+i, func(v float64) table.Reason {
				if !w.of.StandardizeContext.Holds(v, value) {
					return table.FarFloat32
				}
				return ""
			})
		}
		at += column.Values()
	}
}

// positions finds the wanted columns in a file without names.
func (w *tableColumns) positions(r *table.Reader, path string, found []string) ([]int, error) {
	own := len(found) - r.ContextColumns()
	take := func(leaveOut []string) (features, context []int) {
		for i, name := range found {
			switch {
			case slices.Contains(leaveOut, name):
			case i < own:
				features = append(features, i)
			default:
				context = append(context, i)
			}
		}
		return features, context
	}
	// A kept column may be one of the model's, or one beside them.
	for _, leaveOut := range [][]string{slices.Concat(w.keep, w.beside()), w.beside()} {
		features, context := take(leaveOut)
		all := slices.Concat(features, context)
		switch {
		case r.ContextColumns() > 0 && len(features) == len(w.features) && (len(w.context) == 0 || len(context) == len(w.context)):
			return all[:len(w.features)+len(w.context)], nil
		case r.ContextColumns() == 0 && len(all) == len(w.features)+len(w.context):
			return all, nil
		}
	}
	features, context := take(w.beside())
	needs := fmt.Sprintf("exactly these %d: %s", len(w.model()), listed(w.model()))
	if len(w.context) > 0 {
		needs = fmt.Sprintf("exactly these %d, features and then context: %s; %s", len(w.model()), listed(w.features), listed(w.contextNames()))
	}
	if r.ContextColumns() > 0 {
		return nil, fmt.Errorf("%s has %d columns of rows and %d of context, without names; the model needs %s", shownPath(path), len(features), len(context), needs)
	}
	return nil, fmt.Errorf("%s has %d columns without names; the model needs %s", shownPath(path), len(features), needs)
}

// counted reports whether columns are named 0, 1, 2, …, as what made a table of
// an array does.
func counted(columns []string) bool {
	for i, name := range columns {
		if name != strconv.Itoa(i) {
			return false
		}
	}
	return true
}

// levelParser reads the texts of a categorical column as the numbers of their levels.
func levelParser(column flow.ContextColumn) table.Parse {
	levels := make(map[string]float64, len(column.Levels))
	for i, level := range column.Levels {
		levels[level] = float64(i)
	}
	fault := table.Reason("not one of the texts that the model knows in this column: " + listed(column.Levels))
	return func(cell []byte) (float64, table.Reason) {
		level, ok := levels[string(cell)]
		switch {
		case ok:
			return level, ""
		case len(cell) == 0:
			return 0, table.MissingValue
		}
		return 0, fault
	}
}

// expandContext writes the context values of an event: numbers as they are, and
// the number of a level as its one-hot values. With a level of NaN all are.
func expandContext(to, cells []float64, columns []flow.ContextColumn) []float64 {
	for i, column := range columns {
		if column.Levels == nil {
			to = append(to, cells[i])
			continue
		}
		for level := range column.Levels {
			switch {
			case cells[i] != cells[i]:
				to = append(to, cells[i])
			case level == int(cells[i]):
				to = append(to, 1)
			default:
				to = append(to, 0)
			}
		}
	}
	return to
}

// checkKeep finds what is wrong with --keep, alone and beside the columns that
// the command itself writes.
func checkKeep(command *cobra.Command, keep []string, out string, written ...string) error {
	if !command.Flags().Changed("keep") {
		return nil
	}
	if len(keep) == 0 {
		return usage("--keep is empty")
	}
	if err := checkNames("keep", keep); err != nil {
		return err
	}
	for _, name := range keep {
		if slices.Contains(written, name) {
			return usage("--keep names %q, a column that the output has already", name)
		}
	}
	if !table.HoldsText(out) {
		return usage("--keep carries cells as they are written, and --out %s holds numbers alone; write .csv", out)
	}
	return nil
}

// checkNames finds what is wrong with a list of column names in a flag.
func checkNames(flag string, names []string) error {
	for i, name := range names {
		if name == "" {
			return usage("--%s has an empty name in it", flag)
		}
		if slices.Contains(names[:i], name) {
			return usage("--%s names %q twice", flag, name)
		}
	}
	return nil
}

// textsOf are the numbers of the first n columns of texts.
func textsOf(n int) []int {
	places := make([]int, n)
	for i := range places {
		places[i] = i
	}
	return places
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

// quoted writes a name in quotes, and if another of the names looks like it in
// such a way that the two can be told apart.
func quoted(name string, names []string) string {
	if printable.Alike(name, names) != "" {
		return strconv.QuoteToASCII(printable.Short(name))
	}
	return strconv.Quote(printable.Short(name))
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
