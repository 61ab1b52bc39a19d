package table

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"sync/atomic"
)

// A Reader delivers the rows of one table, in order, as blocks of float64. It is used by one goroutine at a time;
// only Progress may be called from others meanwhile.
type Reader struct {
	source   source
	file     string
	policy   BadRows
	names    []string // of every column of the file
	selected []int    // positions in names
	started  bool     // Read has been called
	failure  error    // the fatal error or io.EOF that every later Read returns
	bad      int64
	firstBad *RowError
	closers  []io.Closer
	progress *progress
}

// source is one format's part of a Reader.
type source interface {
	// columns names every column of the file, or is nil where the format has no names and there are width() columns.
	columns() []string
	width() int
	// rowCount is the number of rows the file promises, or -1 where only reading tells.
	rowCount() int64
	// selectColumns is called once, before the first read, with the wanted columns in the wanted order.
	selectColumns(columns []int)
	// read parses whole rows into dst, len(dst)/len(selected columns) of them unless the file ends first. A *RowError
	// comes after the rows before it, and the next read begins behind the bad row. io.EOF comes with no rows.
	read(dst []float64) (rows int, err error)
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

// newCSVReader reads CSV from any stream; name stands for it in errors.
func newCSVReader(name string, in io.Reader, options Options) (*Reader, error) {
	r := &Reader{file: name, policy: options.OnBadRow, progress: &progress{in: in}}
	source, err := newCSVSource(name, r.progress, options.Header)
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
	switch format {
	case formatCSV:
		source, err = newCSVSource(r.file, r.progress, options.Header)
	case formatCSVGzip:
		source, err = newGzipCSVSource(r.file, r.progress, options.Header)
	case formatNPY:
		source, err = newNPYSource(r.file, r.progress, file, size)
	case formatNPZ:
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
	r.names = source.columns()
	if r.names == nil {
		r.names = numberedColumns(source.width())
	}
	r.selected = make([]int, len(r.names))
	for i := range r.selected {
		r.selected[i] = i
	}
}

// numberedColumns names columns that have no names: f0, f1, ….
func numberedColumns(count int) []string {
	names := make([]string, count)
	for i := range names {
		names[i] = fmt.Sprintf("f%d", i)
	}
	return names
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

// AllColumns names every column of the file, in the file's order. The caller may change the slice.
func (r *Reader) AllColumns() []string {
	return append([]string(nil), r.names...)
}

// Select chooses the columns that Read delivers, and their order. The cells of the others are not parsed, so they may
// hold anything. It is an error if a name is not in the file, comes twice, if none is given, or after the first Read.
func (r *Reader) Select(columns []string) error {
	if r.started {
		return fmt.Errorf("%s: columns must be selected before the first row is read", r.file)
	}
	if len(columns) == 0 {
		return fmt.Errorf("%s: no columns are selected", r.file)
	}
	positions, err := r.positions(columns)
	if err != nil {
		return err
	}
	r.selected = positions
	return nil
}

// Exclude takes columns out of those that Read delivers. It is an error if a name is not in the file, comes twice, if
// no column remains, or after the first Read. A name that is in the file but not selected changes nothing.
func (r *Reader) Exclude(columns []string) error {
	if r.started {
		return fmt.Errorf("%s: columns must be selected before the first row is read", r.file)
	}
	positions, err := r.positions(columns)
	if err != nil {
		return err
	}
	excluded := make(map[int]bool, len(positions))
	for _, position := range positions {
		excluded[position] = true
	}
	var rest []int
	for _, position := range r.selected {
		if !excluded[position] {
			rest = append(rest, position)
		}
	}
	if len(rest) == 0 {
		return fmt.Errorf("%s: no columns remain after excluding %s", r.file, listNames(columns))
	}
	r.selected = rest
	return nil
}

func (r *Reader) positions(columns []string) ([]int, error) {
	position := make(map[string]int, len(r.names))
	for i, name := range r.names {
		position[name] = i
	}
	seen := make(map[string]bool, len(columns))
	positions := make([]int, len(columns))
	for i, name := range columns {
		at, ok := position[name]
		if !ok {
			return nil, unknownColumn(r.file, name, r.names)
		}
		if seen[name] {
			return nil, fmt.Errorf("%s: column %q is named twice", r.file, shorten(name))
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
	width := len(r.selected)
	room := len(dst) / width
	if room == 0 {
		panic(fmt.Sprintf("table: dst has %d values, a row has %d", len(dst), width))
	}
	if !r.started {
		r.started = true
		r.source.selectColumns(r.selected)
	}
	for rows < room && r.failure == nil {
		n, err := r.source.read(dst[rows*width : room*width])
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
				return rows, bad
			case BadRowsAsNaN:
				for i := rows * width; i < (rows+1)*width; i++ {
					dst[i] = math.NaN()
				}
				rows++
			}
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

func (p *progress) Read(b []byte) (int, error) {
	n, err := p.in.Read(b)
	p.done.Add(int64(n))
	return n, err
}

type format int

const (
	formatCSV format = iota
	formatCSVGzip
	formatNPY
	formatNPZ
)

func formatOf(path string) (format, error) {
	lower := strings.ToLower(path)
	for _, f := range []struct {
		ending string
		format format
	}{
		{".csv", formatCSV},
		{".csv.gz", formatCSVGzip},
		{".npy", formatNPY},
		{".npz", formatNPZ},
	} {
		if strings.HasSuffix(lower, f.ending) {
			return f.format, nil
		}
	}
	return 0, fmt.Errorf("%s: the file's ending does not name a supported format; supported are .csv, .csv.gz, .npy and .npz, "+
		"and - for CSV on standard input or output", path)
}

// cause strips the operation and path that the os package wraps around an error, which the message names already.
func cause(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
