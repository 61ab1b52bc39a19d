package table

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"sync/atomic"

	"github.com/seed-192fdf7a/nf/internal/printable"
)

// A Reader delivers the rows of one table, in order, as blocks of float64. It is used by one goroutine at a time;
// only Progress may be called from others meanwhile.
type Reader struct {
	source   source
	file     string
	policy   BadRows
	names    []string // of every column of the file
	named    bool
	selected []int // positions in names
	chosen   bool  // by Select, SelectAt or Exclude
	parse    map[int]Parse
	limits   map[int]Limit
	texts    []int
	noTexts  Texts // what Read puts texts into
	started  bool  // Read has been called
	failure  error // the fatal error or io.EOF that every later Read returns
	bad      int64
	firstBad *RowError
	closers  []io.Closer
	progress *progress
}

// source is one format's part of a Reader.
type source interface {
	// columns names every column of the file: f0, f1, … where it has no names.
	columns() []string
	named() bool
	// rowCount is the number of rows the file promises, or -1 where only reading tells.
	rowCount() int64
	// textColumns is what Reader.TextColumns returns; textFault says why a column is none of numbers, if it cannot be.
	textColumns() []bool
	textFault(column int) error
	// choose is called once, before the first read.
	choose(choice)
	// read parses whole rows into dst, len(dst)/len(chosen columns) of them unless the file ends first, and adds the texts
	// of each row. A *RowError comes after the rows before it and with the texts of the bad row; the next read begins
	// behind it. io.EOF comes with no rows.
	read(dst []float64, texts *Texts) (rows int, err error)
}

// choice is which columns a source delivers, in which order.
type choice struct {
	columns []int
	parse   []Parse // of each, nil for a number
	limits  []Limit // of each, nil for none
	texts   []int   // those that are delivered as text
}

// Open opens the table at path, whose ending chooses the format, and reads as much as is needed to know its columns.
// An unknown ending, a missing file, a header or shape that cannot be used are errors that name the file.
func Open(path string, options Options) (*Reader, error) {
	if path == "-" {
		in := options.Stdin
		if in == nil {
			in = os.Stdin
		}
		return newCSVReader("standard input", in, options)
	}
	format, err := formatOf(path)
	if err != nil {
		return nil, err
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", path, cause(err))
	}
	r := &Reader{file: path, policy: options.OnBadRow, closers: []io.Closer{file}, progress: &progress{}}
	if err := r.open(file, format, options); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// newCSVReader reads text from any stream; name stands for it in errors.
func newCSVReader(name string, in io.Reader, options Options) (*Reader, error) {
	r := &Reader{file: name, policy: options.OnBadRow, progress: &progress{in: in}}
	source, err := newCSVSource(name, r.progress, anyText, options)
	if err != nil {
		return nil, err
	}
	r.setSource(source)
	return r, nil
}

func (r *Reader) open(file *os.File, format format, options Options) error {
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("cannot read %s: %w", r.file, cause(err))
	}
	if info.IsDir() {
		return fmt.Errorf("cannot read %s: it is a directory", r.file)
	}
	size := int64(-1) // unknown: a pipe or a device
	if info.Mode().IsRegular() {
		size = info.Size()
		r.progress.total = size
	}
	r.progress.in = file

	var source source
	switch {
	case format.container == textFile && format.gzip:
		source, err = newGzipCSVSource(r.file, r.progress, format.text, options)
	case format.container == textFile:
		source, err = newCSVSource(r.file, r.progress, format.text, options)
	case format.container == npyFile:
		source, err = newNPYSource(r.file, r.progress, file, size)
	default:
		source, err = newNPZSource(r.file, r.progress, file, size)
	}
	if err != nil {
		return err
	}
	if closer, ok := source.(io.Closer); ok {
		r.closers = append(r.closers, closer)
	}
	r.setSource(source)
	return nil
}

func (r *Reader) setSource(source source) {
	r.source = source
	r.names, r.named = source.columns(), source.named()
	r.selected = make([]int, len(r.names))
	for i := range r.selected {
		r.selected[i] = i
	}
}

// numberedColumns names columns that have no names: f0, f1, ….
func numberedColumns(prefix string, count int) []string {
	names := make([]string, count)
	for i := range names {
		names[i] = fmt.Sprintf("%s%d", prefix, i)
	}
	return names
}

// Named reports whether the file names its columns. Where it does not they are f0, f1, … and, in a context array, c0, c1, ….
func (r *Reader) Named() bool { return r.named }

// ContextColumns is the number of columns, the last ones of the file, that come from the array context of a .npz.
func (r *Reader) ContextColumns() int {
	if pair, ok := r.source.(*npzSource); ok {
		return pair.contextColumns()
	}
	return 0
}

// Columns names the columns that Read delivers, in its order: after Open all columns of the file, after Select or
// Exclude those chosen. The caller may change the slice.
func (r *Reader) Columns() []string {
	names := make([]string, len(r.selected))
	for i, column := range r.selected {
		names[i] = r.names[column]
	}
	return names
}

// AllColumns names every column of the file, in the file's order; a CSV may have columns without a name, or several of
// one. The caller may change the slice.
func (r *Reader) AllColumns() []string {
	return append([]string(nil), r.names...)
}

var errStarted = errors.New("columns must be selected before the first row is read")

// Select chooses the columns that Read delivers, and their order. The cells of the others are not parsed, so they may
// hold anything, and their names do not matter. It is an error if a name is not in the file, stands above several of its
// columns, comes twice, if none is given, or after the first Read.
func (r *Reader) Select(columns []string) error {
	if r.started {
		return fmt.Errorf("%s: %w", r.file, errStarted)
	}
	if len(columns) == 0 {
		return fmt.Errorf("%s: no columns are selected", r.file)
	}
	positions, err := r.positions(columns)
	if err != nil {
		return err
	}
	if err := nameFaults(r.file, r.names, positions); err != nil {
		return err
	}
	r.selected, r.chosen = positions, true
	return nil
}

// SelectAll chooses all columns, in the file's order. It is an error if one has no name of its own, or after the first
// Read.
func (r *Reader) SelectAll() error {
	all := make([]int, len(r.names))
	for i := range all {
		all[i] = i
	}
	if err := r.SelectAt(all); err != nil {
		return err
	}
	return nameFaults(r.file, r.names, all)
}

// SelectAt chooses columns by their positions in AllColumns. Their names do not matter.
func (r *Reader) SelectAt(positions []int) error {
	if r.started {
		return fmt.Errorf("%s: %w", r.file, errStarted)
	}
	r.selected, r.chosen = append([]int(nil), positions...), true
	return nil
}

// Exclude takes columns out of those that Read delivers, all of a name. It is an error if a name is not in the file,
// comes twice, if no column remains or one that remains has no name of its own, or after the first Read. A name that is
// in the file but not selected changes nothing.
func (r *Reader) Exclude(columns []string) error {
	if r.started {
		return fmt.Errorf("%s: %w", r.file, errStarted)
	}
	if _, err := r.positions(columns); err != nil {
		return err
	}
	excluded := make(map[string]bool, len(columns))
	for _, name := range columns {
		excluded[name] = true
	}
	var rest []int
	for _, position := range r.selected {
		if !excluded[r.names[position]] {
			rest = append(rest, position)
		}
	}
	if len(rest) == 0 {
		return fmt.Errorf("%s: no columns remain after excluding %s", r.file, printable.List(columns))
	}
	if err := nameFaults(r.file, r.names, rest); err != nil {
		return err
	}
	r.selected, r.chosen = rest, true
	return nil
}

// SelectTexts chooses columns that ReadTexts delivers as text besides the others. The errors are those of Select.
func (r *Reader) SelectTexts(columns []string) error {
	if r.started {
		return fmt.Errorf("%s: %w", r.file, errStarted)
	}
	positions, err := r.positions(columns)
	if err != nil {
		return err
	}
	if err := nameFaults(r.file, r.names, positions); err != nil {
		return err
	}
	for _, position := range positions {
		if err := r.source.textFault(position); errors.Is(err, errUnreadable) {
			return err
		}
	}
	r.texts = positions
	return nil
}

// Interpret makes a selected column, given by its position in Columns, one whose cells parse reads. A cell that it
// refuses makes its row a bad one.
func (r *Reader) Interpret(selected int, parse Parse) {
	if r.parse == nil {
		r.parse = map[int]Parse{}
	}
	r.parse[r.selected[selected]] = parse
}

// A Limit says why a value of a column cannot be used, or "".
type Limit func(value float64) (fault Reason)

// Limit holds the numbers of a selected column, given by its position in Columns, against a limit: a value with a fault
// makes its row a bad one.
func (r *Reader) Limit(selected int, limit Limit) {
	if r.limits == nil {
		r.limits = map[int]Limit{}
	}
	r.limits[r.selected[selected]] = limit
}

func (r *Reader) positions(columns []string) ([]int, error) {
	position := make(map[string]int, len(r.names))
	for i, name := range r.names {
		if _, twice := position[name]; !twice && name != "" {
			position[name] = i
		}
	}
	seen := make(map[string]bool, len(columns))
	positions := make([]int, len(columns))
	for i, name := range columns {
		at, ok := position[name]
		if !ok {
			return nil, unknownColumn(r.file, name, r.names)
		}
		if seen[name] {
			return nil, fmt.Errorf("%s: column %q is named twice", r.file, printable.Short(name))
		}
		seen[name] = true
		positions[i] = at
	}
	return positions, nil
}

// Read fills dst, row-major with len(Columns()) values a row, with as many whole rows as fit and returns their number.
// It returns fewer only at the end of the file or before a bad row. io.EOF comes with rows = 0.
//
// A *RowError comes with the rows before it, and the next Read goes on with the row behind it (OnBadRow other than
// FailOnBadRow never returns one). Any other error is final: the rows that came with it are good, and every later
// Read returns the error again. Read panics if dst cannot hold one row.
func (r *Reader) Read(dst []float64) (rows int, err error) {
	return r.ReadTexts(dst, &r.noTexts)
}

// ReadTexts is Read, and puts the texts of the columns that SelectTexts chose into texts, for each row that it delivers. A
// bad row that is delivered as NaN has its texts too, unless its cells cannot be told apart.
func (r *Reader) ReadTexts(dst []float64, texts *Texts) (rows int, err error) {
	width := len(r.selected)
	room := len(dst) / width
	if room == 0 {
		panic(fmt.Sprintf("table: dst has %d values, a row has %d", len(dst), width))
	}
	texts.reset(len(r.texts))
	if !r.started {
		r.start()
	}
	for rows < room && r.failure == nil {
		n, err := r.source.read(dst[rows*width:room*width], texts)
		rows += n
		bad, isBad := err.(*RowError)
		switch {
		case err == nil:
		case isBad:
			r.bad++
			if r.firstBad == nil {
				r.firstBad = bad
			}
			switch r.policy {
			case FailOnBadRow:
				texts.truncate(rows)
				return rows, bad
			case BadRowsAsNaN:
				for i := rows * width; i < (rows+1)*width; i++ {
					dst[i] = math.NaN()
				}
				rows++
			}
			texts.truncate(rows)
		default:
			r.failure = err
		}
	}
	if r.failure == io.EOF && rows > 0 {
		return rows, nil
	}
	if r.failure != nil {
		return rows, r.failure
	}
	return rows, nil
}

// start hands the choice of columns to the source.
func (r *Reader) start() {
	r.started = true
	if r.failure != nil {
		return
	}
	if !r.chosen {
		if r.failure = nameFaults(r.file, r.names, r.selected); r.failure != nil {
			return
		}
	}
	c := choice{columns: r.selected, parse: make([]Parse, len(r.selected)), limits: make([]Limit, len(r.selected)), texts: r.texts}
	for i, column := range r.selected {
		c.limits[i] = r.limits[column]
		if c.parse[i] = r.parse[column]; c.parse[i] != nil {
			continue
		}
		if r.failure = r.source.textFault(column); r.failure != nil {
			return
		}
	}
	r.source.choose(c)
}

// ReadAll reads all rows that remain, row-major with len(Columns()) values a row. On an error the rows before it are
// returned with it; after a *RowError it may be called again for the rows behind.
func (r *Reader) ReadAll() (data []float64, rows int, err error) {
	const firstBlock = 1 << 16 // values
	width := len(r.selected)
	data = make([]float64, 0, max(firstBlock, width))
	for {
		if cap(data)-len(data) < width {
			grown := make([]float64, len(data), 2*cap(data))
			copy(grown, data)
			data = grown
		}
		n, err := r.Read(data[len(data):cap(data)])
		data = data[:len(data)+n*width]
		rows += n
		if err == io.EOF {
			return data, rows, nil
		}
		if err != nil {
			return data, rows, err
		}
	}
}

// RowCount is the number of rows the file promises, bad ones included, and whether it is known before reading: NumPy
// files say it, CSV files do not.
func (r *Reader) RowCount() (rows int64, known bool) {
	rows = r.source.rowCount()
	return max(rows, 0), rows >= 0
}

// BadRows is the number of bad rows met so far, and the first of them (nil if there was none), whatever OnBadRow says.
func (r *Reader) BadRows() (count int64, first *RowError) {
	return r.bad, r.firstBad
}

// Progress is how many bytes of the file have been read, and how many it has (0 where that is unknown, as on standard
// input); of a .npz it is the bytes of the array. Read works ahead by a buffer, so it is a little early. Any goroutine may call it at any time.
func (r *Reader) Progress() (done, total int64) {
	done, total = r.progress.done.Load(), r.progress.total
	if total > 0 {
		done = min(done, total)
	}
	return done, total
}

// Close releases the file. It leaves standard input open.
func (r *Reader) Close() error {
	var first error
	for i := len(r.closers) - 1; i >= 0; i-- {
		if err := r.closers[i].Close(); err != nil && first == nil {
			first = fmt.Errorf("cannot close %s: %w", r.file, cause(err))
		}
	}
	r.closers = nil
	if r.failure == nil {
		r.failure = fmt.Errorf("%s: the reader is closed", r.file)
	}
	return first
}

// progress counts the bytes that a file has given.
type progress struct {
	in    io.Reader
	done  atomic.Int64
	total int64
}

// counted is a stream whose bytes count.
type counted struct {
	in      io.Reader
	counter *progress
}

func (c counted) Read(b []byte) (int, error) {
	n, err := c.in.Read(b)
	c.counter.done.Add(int64(n))
	return n, err
}

func (p *progress) Read(b []byte) (int, error) {
	n, err := p.in.Read(b)
	p.done.Add(int64(n))
	return n, err
}

// format is what a file's ending says of it.
type format struct {
	container container
	gzip      bool
	text      textKind
}

type container int

const (
	textFile container = iota
	npyFile
	npzFile
)

// Endings says which names tables have, for messages.
const Endings = ".csv, .tsv or .txt (or one of them and .gz), .npy or .npz"

// HasFormat reports whether a file's name ends as a table's does.
func HasFormat(path string) bool {
	_, err := formatOf(path)
	return path == "-" || err == nil
}

// HoldsText reports whether a table of that name can hold text beside numbers.
func HoldsText(path string) bool {
	f, err := formatOf(path)
	return path == "-" || err == nil && f.container == textFile
}

func formatOf(path string) (format, error) {
	lower := strings.ToLower(path)
	plain, zipped := strings.CutSuffix(lower, ".gz")
	for _, f := range []struct {
		ending string
		format format
	}{
		{".csv", format{gzip: zipped, text: anyText}},
		{".tsv", format{gzip: zipped, text: tabText}},
		{".txt", format{gzip: zipped, text: freeText}},
	} {
		if strings.HasSuffix(plain, f.ending) {
			return f.format, nil
		}
	}
	switch {
	case strings.HasSuffix(lower, ".npy"):
		return format{container: npyFile}, nil
	case strings.HasSuffix(lower, ".npz"):
		return format{container: npzFile}, nil
	}
	return format{}, fmt.Errorf("%s: the file's ending does not name a supported format; supported are %s, "+
		"and - for CSV on standard input or output", path, Endings)
}

// cause strips the operation and path that the os package wraps around an error, which the message names already.
func cause(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
