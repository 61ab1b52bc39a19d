package main

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"maps"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/train"
	"github.com/seed-192fdf7a/nf/internal/printable"
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/internal/table"
)

// trainingData is what a training reads.
type trainingData struct {
	features, context    []string
	columns              tableColumns // the same as the table has them
	categories           []flow.Category
	discrete             []flow.Discrete
	train, valid         train.Data
	trainRows, validRows int
	badRows              int64 // left out
	zeroRows             int   // left out for their weight
	// sha256 is over the float64 values (little-endian, row-major, features
	// before context, and then the weight) of --data, then of --valid.
	sha256 string
}

func readTrainingData(command *cobra.Command, o *trainOptions) (*trainingData, error) {
	d := &trainingData{}
	digest := sha256.New()
	rows, count, err := readRows(command, o, o.data, d)
	if err != nil {
		return nil, err
	}
	rows = d.setContext(rows)
	hashValues(digest, rows)
	if rows, count, err = d.withoutZeros(rows, count, o.data); err != nil {
		return nil, err
	}
	if o.valid == "" {
		if err := d.split(rows, count, o); err != nil {
			return nil, err
		}
	} else {
		if count < 2 {
			return nil, fmt.Errorf("%s has %d row%s; training needs at least 2", shownPath(o.data), count, d.ofWeight())
		}
		d.train, d.trainRows = dataOf(rows, count, d.widths()), count
		if rows, count, err = readRows(command, o, o.valid, d); err != nil {
			return nil, err
		}
		rows = d.expand(rows)
		hashValues(digest, rows)
		if rows, count, err = d.withoutZeros(rows, count, o.valid); err != nil {
			return nil, err
		}
		d.valid, d.validRows = dataOf(rows, count, d.widths()), count
	}
	d.sha256 = hex.EncodeToString(digest.Sum(nil))
	return d, nil
}

// widths are those of the parts of a row: features, context and weight.
func (d *trainingData) widths() []int {
	return []int{len(d.features), len(d.context), len(d.columns.beside())}
}

// ofWeight says, behind a number of rows, which ones were counted.
func (d *trainingData) ofWeight() string {
	if d.columns.weights == "" {
		return ""
	}
	return " of a weight above 0"
}

// withoutZeros leaves out the rows of weight 0.
func (d *trainingData) withoutZeros(rows []float64, count int, path string) (kept []float64, left int, err error) {
	if d.columns.weights == "" {
		return rows, count, nil
	}
	width := len(rows) / count
	kept = rows[:0]
	for ; len(rows) > 0; rows = rows[width:] {
		if rows[width-1] != 0 {
			kept = append(kept, rows[:width]...)
		}
	}
	left = len(kept) / width
	if left == 0 {
		return nil, 0, fmt.Errorf("%s: column %q, the --row-weights, is 0 in every row", shownPath(path), printable.Short(d.columns.weights))
	}
	d.zeroRows += count - left
	return kept, left, nil
}

// readRows reads all rows of a table: features, the table's columns of context,
// and the weight. The first table read decides what they are.
func readRows(command *cobra.Command, o *trainOptions, path string, d *trainingData) (rows []float64, count int, err error) {
	expected := d.columns.model()
	if d.features == nil {
		expected = without(slices.Concat(o.columns, o.context, []string{o.rowWeights}), []string{""})
	}
	r, err := o.table.open(command, path, expected)
	if err != nil {
		return nil, 0, err
	}
	defer r.Close()
	var texts []*levelCollector
	if d.features == nil {
		if texts, err = d.decideColumns(r, path, o); err != nil {
			return nil, 0, err
		}
	} else if err := d.columns.choose(r, path); err != nil {
		return nil, 0, err
	}
	bar := startProgress(command, "reading "+printable.Text(shownPath(path)), o.quiet, r.Progress)
	rows, count, err = r.ReadAll()
	bar.stop()
	if err != nil {
		return nil, 0, err
	}
	bad, first := r.BadRows()
	d.badRows += bad
	switch {
	case count == 0 && bad > 0:
		return nil, 0, fmt.Errorf("%s has no good row; the first bad one: %w", shownPath(path), first)
	case count == 0:
		return nil, 0, fmt.Errorf("%s has no rows", shownPath(path))
	}
	reportBadRows(command, r, true, "")
	for i, collector := range texts {
		if collector == nil {
			continue
		}
		if d.columns.context[i].Levels, err = collector.finish(rows, len(d.features)+i, d.columns.columns()); err != nil {
			return nil, 0, fmt.Errorf("%s: %w", shownPath(path), err)
		}
	}
	if err := checkSupport(path, rows, d, o.intervals, bad > 0); err != nil {
		return nil, 0, err
	}
	return rows, count, d.findGrids(path, rows, o, bad > 0)
}

// decideColumns takes the features and the context from the first table, selects
// them, and returns a collector of levels for each context column of texts.
func (d *trainingData) decideColumns(r *table.Reader, path string, o *trainOptions) ([]*levelCollector, error) {
	found := r.AllColumns()
	context := o.context
	var weights []string
	if o.rowWeights != "" {
		weights = []string{o.rowWeights}
	}
	if own := len(found) - r.ContextColumns(); len(context) == 0 {
		context = without(found[own:], slices.Concat(o.columns, o.exclude, weights)) // the array context of a .npz
	}
	// Select knows best what to say about a name that is not there.
	for _, names := range [][]string{o.columns, context, weights} {
		if len(names) > 0 {
			if err := r.Select(names); err != nil {
				return nil, err
			}
		}
	}
	d.features = o.columns
	if len(d.features) == 0 {
		all := textsOf(len(found))
		if err := r.SelectAt(all); err != nil {
			return nil, err
		}
		if leaveOut := slices.Concat(o.exclude, context, weights); len(leaveOut) > 0 && len(without(found, leaveOut)) == 0 {
			if err := r.SelectAt(all); err != nil {
				return nil, err
			}
			if len(o.exclude) > 0 {
				if err := r.Exclude(o.exclude); err != nil {
					return nil, err
				}
			}
			return nil, fmt.Errorf("%s: --exclude, --context and --row-weights leave no column to model", shownPath(path))
		} else if len(leaveOut) > 0 {
			if err := r.Exclude(leaveOut); err != nil {
				return nil, err
			}
		} else if err := r.SelectAll(); err != nil {
			return nil, err
		}
		d.features = r.Columns()
	} else if len(o.exclude) > 0 {
		if missing := without(o.exclude, found); len(missing) > 0 {
			return nil, r.Exclude(missing)
		}
		if d.features = without(d.features, o.exclude); len(d.features) == 0 {
			return nil, fmt.Errorf("%s: --exclude and --context leave no column to model", shownPath(path))
		}
	}
	isText := map[string]bool{}
	for i, text := range r.TextColumns() {
		isText[found[i]] = text
	}
	for _, name := range d.features {
		if isText[name] {
			return nil, textFeature(path, name)
		}
	}
	d.columns = tableColumns{features: d.features, weights: o.rowWeights}
	for _, name := range context {
		d.columns.context = append(d.columns.context, flow.ContextColumn{Name: name})
	}
	if err := d.columns.choose(r, path); err != nil {
		return nil, err
	}
	texts := make([]*levelCollector, len(context))
	for i, name := range context {
		if isText[name] {
			texts[i] = &levelCollector{column: name, numbers: map[string]float64{}}
			r.Interpret(len(d.features)+i, texts[i].parse)
		}
	}
	return texts, nil
}

// textFeature says why a column of texts is no feature.
func textFeature(path, name string) error {
	return fmt.Errorf("%s: column %q holds text, which has no density: probabilities of discrete values are no density of numbers; "+
		"condition on it with --context %s, or leave it out with --exclude %s", shownPath(path), printable.Short(name), flagValue([]string{name}), flagValue([]string{name}))
}

// setContext takes the context's columns from those of the table, whose levels
// are known, and returns the rows with its values.
func (d *trainingData) setContext(rows []float64) []float64 {
	for _, column := range d.columns.context {
		if column.Levels == nil {
			d.context = append(d.context, column.Name)
			continue
		}
		category := flow.Category{Column: column.Name, Levels: column.Levels}
		d.categories = append(d.categories, category)
		for level := range category.Levels {
			d.context = append(d.context, category.Name(level))
		}
	}
	return d.expand(rows)
}

// expand returns rows of features and context values for rows as the table has
// them.
func (d *trainingData) expand(rows []float64) []float64 {
	if len(d.categories) == 0 {
		return rows
	}
	features, cells, width := len(d.features), len(d.features)+len(d.columns.context), d.columns.columns()
	expanded := make([]float64, 0, len(rows)/width*(features+len(d.context)+width-cells))
	for ; len(rows) > 0; rows = rows[width:] {
		expanded = append(expanded, rows[:features]...)
		expanded = append(expandContext(expanded, rows[features:cells], d.columns.context), rows[cells:width]...)
	}
	return expanded
}

// levelCollector numbers the texts of a column as they come.
type levelCollector struct {
	column  string
	numbers map[string]float64
	tooMany bool
}

func (c *levelCollector) parse(cell []byte) (float64, table.Reason) {
	level, known := c.numbers[string(cell)]
	switch {
	case known:
	case len(cell) == 0:
		return 0, table.MissingValue
	case !utf8.Valid(cell):
		return 0, table.NotUTF8
	case len(c.numbers) == flow.MaxLevels:
		c.tooMany = true
	default:
		level = float64(len(c.numbers))
		c.numbers[string(cell)] = level
	}
	return level, ""
}

// finish returns the levels in ascending order and numbers the cells of the
// column, one in each row, by it.
func (c *levelCollector) finish(rows []float64, at, width int) ([]string, error) {
	if c.tooMany {
		return nil, fmt.Errorf("the context column %q holds more than %d different texts, the most that are taken for categories; leave it out of --context",
			printable.Short(c.column), flow.MaxLevels)
	}
	levels := slices.Sorted(maps.Keys(c.numbers))
	place := make([]float64, len(levels))
	for i, level := range levels {
		place[int(c.numbers[level])] = float64(i)
	}
	for ; at < len(rows); at += width {
		rows[at] = place[int(rows[at])]
	}
	return levels, nil
}

// split draws the validation rows. Both parts keep the table's order.
func (d *trainingData) split(rows []float64, count int, o *trainOptions) error {
	if count < 3 {
		return fmt.Errorf("%s has %d row(s)%s; training needs at least 3, 2 to train on and 1 to validate on", shownPath(o.data), count, d.ofWeight())
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
	widths := d.widths()
	width := len(rows) / count
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

// dataOf separates the features from the context and the weights.
func dataOf(rows []float64, count int, widths []int) train.Data {
	if widths[1]+widths[2] == 0 {
		return train.Data{Rows: rows}
	}
	d := train.Data{Rows: make([]float64, count*widths[0]), Context: make([]float64, count*widths[1])}
	if widths[2] > 0 {
		d.Weights = make([]float64, count)
	}
	splitRows(rows, [][]float64{d.Rows, d.Context, d.Weights}, widths)
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

// effectiveRows is how many equal rows have a mean of the variance that the mean
// of weighted ones has: (Σw)²/Σw² (Kish, 1965).
func effectiveRows(weights []float64) float64 {
	var sum, squares float64
	largest := slices.Max(weights)
	for _, w := range weights {
		w /= largest
		sum, squares = sum+w, squares+float64(w*w)
	}
	return sum * sum / squares
}
