package table

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/seed-192fdf7a/nf/internal/atomicfile"
)

// A Writer writes one table. The methods are called by one goroutine at a time; only Abort may be called from another
// one meanwhile. Errors name the path.
//
//	w, err := table.Create(path, table.WriteOptions{})
//	…
//	defer w.Abort() // does nothing after Close
//	err = w.WriteHeader(names)
//	err = w.WriteRows(block) // as often as there are blocks
//	err = w.Close()
type Writer struct {
	name    string
	output  output
	encoder encoder
	vector  bool // WriteOptions.Vector, where the format has it
	columns int  // 0 before WriteHeader
	rows    int64
	failure error // the first error; every later call returns it
	closed  bool
}

// output is where an encoder's bytes go.
type output interface {
	io.Writer
	Commit() error
	Abort()
}

// encoder is one format's part of a Writer.
type encoder interface {
	writeHeader(columns []string) error
	writeRows(values []float64) error
	finish(rows int64) error // writes all that is left
}

const writeBufferBytes = 1 << 18

// Create begins the table at path, whose ending chooses the format: .csv, .csv.gz, .npy, .npz (array X), or "-" for
// CSV on standard output. The rows go to a temporary file in the same directory, so that path is either absent (or as
// it was) or complete. A directory that is missing or not writable is an error here, before any work is done.
func Create(path string, options WriteOptions) (*Writer, error) {
	if path == "-" {
		out := options.Stdout
		if out == nil {
			out = os.Stdout
		}
		stream := &streamOutput{out: out}
		return &Writer{name: "standard output", output: stream, encoder: newCSVEncoder(stream)}, nil
	}
	format, err := formatOf(path)
	if err != nil {
		return nil, err
	}
	file, err := atomicfile.Create(path)
	if err != nil {
		return nil, err
	}
	w := &Writer{name: path, output: file}
	switch format {
	case formatCSV:
		w.encoder = newCSVEncoder(file)
	case formatCSVGzip:
		w.encoder = newGzipCSVEncoder(file)
	case formatNPY:
		w.encoder, w.vector = newNPYEncoder(file, options), options.Vector
	case formatNPZ:
		w.encoder, w.vector = newNPZEncoder(file, options), options.Vector
	}
	return w, nil
}

// WriteHeader names the columns, once, before the first row. NPY and NPZ keep only their number.
func (w *Writer) WriteHeader(columns []string) error {
	switch {
	case w.failure != nil:
		return w.failure
	case w.columns > 0:
		return fmt.Errorf("cannot write %s: the header is already written", w.name)
	case len(columns) == 0:
		return fmt.Errorf("cannot write %s: a table needs at least one column", w.name)
	case w.vector && len(columns) > 1:
		return fmt.Errorf("cannot write %s: a one-dimensional array holds one column, not %d", w.name, len(columns))
	}
	w.columns = len(columns)
	return w.keep(w.encoder.writeHeader(columns))
}

// WriteRows writes whole rows, row-major with one value a column. In CSV a value is the shortest decimal that reads
// back as the same float64; NaN is NaN, infinities are +Inf and -Inf. It does not keep rows.
func (w *Writer) WriteRows(rows []float64) error {
	switch {
	case w.failure != nil:
		return w.failure
	case w.columns == 0:
		return fmt.Errorf("cannot write %s: the header must be written before the rows", w.name)
	case len(rows)%w.columns != 0:
		return fmt.Errorf("cannot write %s: %d values are not whole rows of %d columns", w.name, len(rows), w.columns)
	}
	w.rows += int64(len(rows) / w.columns)
	return w.keep(w.encoder.writeRows(rows))
}

// Rows is the number of rows written so far.
func (w *Writer) Rows() int64 { return w.rows }

// Close completes the file and puts it under its name. On an error nothing is left behind, neither under the name nor
// beside it, and whatever was there before is untouched; an error of an earlier call is returned again. After Abort it
// is an error; a second Close does nothing.
func (w *Writer) Close() error {
	if w.closed {
		return w.failure
	}
	w.closed = true
	if w.failure == nil && w.columns == 0 {
		w.failure = fmt.Errorf("cannot write %s: it has no header", w.name)
	}
	if w.failure == nil {
		w.keep(w.encoder.finish(w.rows))
	}
	if w.failure == nil {
		w.keep(w.output.Commit())
	}
	if w.failure != nil {
		w.output.Abort()
	}
	return w.failure
}

// Abort discards what was written and removes the temporary file (on standard output, what has been passed on stays).
// After Close or Abort it does nothing. Any goroutine may call it, so that a signal handler can.
func (w *Writer) Abort() { w.output.Abort() }

func (w *Writer) keep(err error) error {
	if err != nil && w.failure == nil {
		w.failure = err
	}
	return err
}

// streamOutput is an output that cannot be taken back.
type streamOutput struct {
	out     io.Writer
	mu      sync.Mutex
	aborted bool
}

func (s *streamOutput) Write(p []byte) (int, error) {
	// The lock is not held while writing: a reader that does not read must not keep Abort from returning.
	if err := s.Commit(); err != nil {
		return 0, err
	}
	n, err := s.out.Write(p)
	if err != nil {
		return n, fmt.Errorf("cannot write standard output: %w", cause(err))
	}
	return n, nil
}

func (s *streamOutput) Commit() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.aborted {
		return fmt.Errorf("cannot write standard output: %w", atomicfile.ErrAborted)
	}
	return nil
}

func (s *streamOutput) Abort() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.aborted = true
}

func newBuffer(out io.Writer) *bufio.Writer { return bufio.NewWriterSize(out, writeBufferBytes) }
