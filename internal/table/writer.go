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

	finished, closed bool
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

// textEncoder is an encoder of a format that holds text.
type textEncoder interface {
	writeTexts(rows []float64, texts *Texts, front, back []int) error
}

const writeBufferBytes = 1 << 18

// Create begins the table at path, whose ending chooses the format: .csv, .tsv or .txt (both of tabs), one of them and
// .gz, .npy, .npz (array X), or "-" for CSV on standard output. The rows go to a temporary file in the same directory, so that path is either absent (or as
// it was) or complete. A directory that is missing or not writable is an error here, before any work is done.
func Create(path string, options WriteOptions) (*Writer, error) {
	if path == "-" {
		out := options.Stdout
		if out == nil {
			out = os.Stdout
		}
		stream := &streamOutput{out: out}
		return &Writer{name: "standard output", output: stream, encoder: newCSVEncoder(stream, ',')}, nil
	}
	format, err := formatOf(path)
	if err != nil {
		return nil, err
	}
	if info, err := os.Stat(path); err == nil && format.container != textFile && info.Mode()&(os.ModeNamedPipe|os.ModeSocket) != 0 {
		return nil, fmt.Errorf("cannot write %s: a NumPy file cannot be written to a pipe, because its beginning is written last; write .csv", path)
	}
	file, err := atomicfile.Create(path)
	if err != nil {
		return nil, err
	}
	w := &Writer{name: path, output: file}
	delimiter := byte(',')
	if format.text != anyText {
		delimiter = '\t'
	}
	switch {
	case format.container == textFile && format.gzip:
		w.encoder = newGzipCSVEncoder(file, delimiter)
	case format.container == textFile:
		w.encoder = newCSVEncoder(file, delimiter)
	case format.container == npyFile:
		w.encoder, w.vector = newNPYEncoder(file, options), options.Vector
	default:
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
	case w.finished:
		return fmt.Errorf("cannot write %s: its rows have ended", w.name)
	case len(rows)%w.columns != 0:
		return fmt.Errorf("cannot write %s: %d values are not whole rows of %d columns", w.name, len(rows), w.columns)
	}
	w.rows += int64(len(rows) / w.columns)
	return w.keep(w.encoder.writeRows(rows))
}

// WriteTexts is WriteRows for rows of a text file that begin with texts, as they are, or end with them: front and back
// say which columns of texts those are. rows holds the numbers between them.
func (w *Writer) WriteTexts(rows []float64, texts *Texts, front, back []int) error {
	if len(front) == 0 && len(back) == 0 {
		return w.WriteRows(rows)
	}
	numbers := w.columns - len(front) - len(back)
	encoder, ok := w.encoder.(textEncoder)
	switch {
	case w.failure != nil:
		return w.failure
	case w.columns == 0:
		return fmt.Errorf("cannot write %s: the header must be written before the rows", w.name)
	case w.finished:
		return fmt.Errorf("cannot write %s: its rows have ended", w.name)
	case !ok:
		return fmt.Errorf("cannot write %s: an array of numbers holds no text", w.name)
	case numbers < 1 || len(rows) != texts.Rows()*numbers:
		return fmt.Errorf("cannot write %s: %d values and the texts of %d rows are no rows of %d columns", w.name, len(rows), texts.Rows(), w.columns)
	}
	w.rows += int64(texts.Rows())
	return w.keep(encoder.writeTexts(rows, texts, front, back))
}

// Rows is the number of rows written so far.
func (w *Writer) Rows() int64 { return w.rows }

// Finish writes all that is left, which may wait where the output is a pipe, so that Close has nothing to do but to give
// the file its name. It ends the rows; a second one does nothing.
func (w *Writer) Finish() error {
	if w.finished {
		return w.failure
	}
	w.finished = true
	if w.failure == nil && w.columns == 0 {
		w.failure = fmt.Errorf("cannot write %s: it has no header", w.name)
	}
	if w.failure == nil {
		w.keep(w.encoder.finish(w.rows))
	}
	return w.failure
}

// Close completes the file and puts it under its name. On an error nothing is left behind, neither under the name nor
// beside it, and whatever was there before is untouched; an error of an earlier call is returned again. After Abort it
// is an error; a second Close does nothing.
func (w *Writer) Close() error {
	if w.closed {
		return w.failure
	}
	w.closed = true
	if w.Finish() == nil {
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
