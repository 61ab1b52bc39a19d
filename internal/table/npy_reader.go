package table

import (
	"archive/zip"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"

	"github.com/seed-192fdf7a/nf/internal/printable"
)

// npyChunkBytes is how much of an array is held at a time.
const npyChunkBytes = 4 << 20

// npySource reads a NumPy array, chunk by chunk. Rows that lie one after the other are read as a stream; columns that do
// (Fortran order) are read at many places.
type npySource struct {
	file   string
	array  string // its name in an archive
	header npyHeader
	stream io.Reader   // at the next row; in C order
	places io.ReaderAt // of all values, the first at 0; in Fortran order

	wanted    choice
	chunk     []byte
	chunkRows int   // rows in the chunk
	chunkNext int   // the next of them
	stride    int   // bytes from a row to the next in the chunk
	offsets   []int // of the wanted values, and of the texts behind them, from the row's first byte
	direct    bool  // all wanted values are of the array's own type
	cell      []byte
	loaded    int64 // rows read into chunks so far
	delivered int64
	failure   error // what follows the rows of the chunk
	held      *held // a Fortran-ordered array of a stream
}

// newNPYSource reads from stream, which counts what it reads, or where rows are scattered from file. size is the
// file's, or -1 for a pipe.
func newNPYSource(name string, stream *progress, file io.ReaderAt, size int64) (*npySource, error) {
	h, err := readNPYHeader(stream)
	if err != nil {
		return nil, fmt.Errorf("%s: the array cannot be used: %w", name, cause(err))
	}
	s := &npySource{file: name, header: h, stream: stream}
	if size >= 0 {
		if err := s.checkSize(size - h.bytes); err != nil {
			return nil, err
		}
	}
	if h.fortran {
		if size < 0 {
			return s, s.holdWhole()
		}
		s.places = io.NewSectionReader(countingReaderAt{file, stream}, h.bytes, h.dataBytes())
	}
	return s, nil
}

// checkSize compares the bytes behind the header with what the header promises.
func (s *npySource) checkSize(have int64) error {
	h := s.header
	switch promised := h.dataBytes(); {
	case have < promised:
		return s.truncated(max(have, 0))
	case have > promised:
		return fmt.Errorf("%s: the header promises %d rows of %d columns (%d bytes), but %d bytes more follow",
			s.file, h.rows, h.columns, promised, have-promised)
	}
	return nil
}

func (s *npySource) truncated(have int64) error {
	h := s.header
	if h.fortran {
		return fmt.Errorf("%s: the header promises %d rows of %d columns (%d bytes in Fortran order), but only %d bytes are there: "+
			"the file is truncated", s.file, h.rows, h.columns, h.dataBytes(), have)
	}
	return fmt.Errorf("%s: the header promises %d rows of %d columns (%d bytes), but only %d whole rows are there: "+
		"the file is truncated", s.file, h.rows, h.columns, h.dataBytes(), have/h.rowBytes())
}

// holdWhole reads a Fortran-ordered array from a stream, what is really there of it: into memory, or a temporary file if
// it is large.
func (s *npySource) holdWhole() error {
	promised := s.header.dataBytes()
	if promised > MaxFortranBytes {
		return fmt.Errorf("%s: the array is in Fortran order and has %d bytes; here at most %d are read in that order; "+
			"save it in C order, with np.ascontiguousarray(X), or as .npy", s.file, promised, MaxFortranBytes)
	}
	held, err := hold(io.LimitReader(s.stream, promised), promised)
	if err != nil {
		return readFailure(s.file, 0, err)
	}
	s.held = held
	if held.size < promised {
		return s.truncated(held.size)
	}
	if err := s.checkEnd(); err != nil {
		return err
	}
	s.places = held
	return nil
}

// Close lets go of what is held.
func (s *npySource) Close() error {
	if s.held == nil {
		return nil
	}
	return s.held.Close()
}

// checkEnd makes sure that a stream ends where its values do, which in an archive also checks the checksum.
func (s *npySource) checkEnd() error {
	var one [1]byte
	_, err := io.ReadFull(s.stream, one[:])
	switch err {
	case io.EOF:
		return nil
	case nil:
		return fmt.Errorf("%s: more bytes follow the %d rows of %d columns that the header promises",
			s.file, s.header.rows, s.header.columns)
	case zip.ErrChecksum:
		return fmt.Errorf("%s: the archive is damaged: the checksum of %s is wrong", s.file, s.array)
	}
	return readFailure(s.file, 0, err)
}

func (s *npySource) named() bool     { return s.header.fields != nil }
func (s *npySource) rowCount() int64 { return s.header.rows }

func (s *npySource) columns() []string {
	if s.header.fields == nil {
		return numberedColumns("f", s.header.columns)
	}
	names := make([]string, len(s.header.fields))
	for i, field := range s.header.fields {
		names[i] = field.name
	}
	return names
}

func (s *npySource) textColumns() []bool {
	texts := make([]bool, s.header.columns)
	for i := range texts {
		_, values := s.header.column(i)
		texts[i] = values.text != nil
	}
	return texts
}

func (s *npySource) textFault(column int) error {
	if s.header.fields == nil {
		return nil
	}
	field := s.header.fields[column]
	switch {
	case field.fault != "":
		return fmt.Errorf("%s: the field %q cannot be used, because %s; %w", s.file, printable.Short(field.name), field.fault, errUnreadable)
	case field.values.value == nil:
		return fmt.Errorf("%s: the field %q holds text (%s), not numbers", s.file, printable.Short(field.name), field.values.name)
	}
	return nil
}

func (s *npySource) choose(c choice) {
	s.wanted, s.direct = c, s.header.fields == nil
	for _, parse := range c.parse {
		s.direct = s.direct && parse == nil
	}
	s.offsets = make([]int, len(c.columns)+len(c.texts))
	if s.places == nil {
		s.stride = int(s.header.rowBytes())
		for i, column := range slices.Concat(c.columns, c.texts) {
			s.offsets[i], _ = s.header.column(column)
		}
	}
}

func (s *npySource) read(dst []float64, texts *Texts) (rows int, err error) {
	width := len(s.wanted.columns)
	for len(dst) >= width {
		bad, err := s.next(dst[:width], texts)
		if err != nil {
			if err == io.EOF && rows > 0 {
				err = nil
			}
			return rows, err
		}
		if bad != nil {
			return rows, bad
		}
		dst = dst[width:]
		rows++
	}
	return rows, nil
}

// next reads one row, and the texts of a bad one too.
func (s *npySource) next(dst []float64, texts *Texts) (*RowError, error) {
	if s.chunkNext == s.chunkRows {
		if err := s.load(); err != nil {
			return nil, err
		}
	}
	row := s.chunk[s.chunkNext*s.stride:]
	s.chunkNext++
	s.delivered++
	width := len(s.wanted.columns)
	for i, column := range s.wanted.texts {
		_, values := s.header.column(column)
		s.cell = values.appendText(s.cell[:0], row[s.offsets[width+i]:])
		texts.append(s.cell)
	}
	if s.direct {
		if bad := s.header.values.decode(dst, row, s.offsets[:width]); bad >= 0 {
			return s.numberError(bad, dst[bad], NotFinite), nil
		}
		return s.overLimit(dst), nil
	}
	for i, column := range s.wanted.columns {
		_, values := s.header.column(column)
		b := row[s.offsets[i]:]
		if parse := s.wanted.parse[i]; parse != nil {
			s.cell = values.appendText(s.cell[:0], b)
			v, reason := parse(trimBlanks(s.cell))
			if reason != "" {
				return s.rowError(column, string(s.cell), reason), nil
			}
			dst[i] = v
			continue
		}
		if dst[i] = values.value(b); math.IsNaN(dst[i]) || math.IsInf(dst[i], 0) {
			return s.numberError(i, dst[i], NotFinite), nil
		}
	}
	return s.overLimit(dst), nil
}

// overLimit is the error of the first value of a row that its column's limit
// refuses, or nil.
func (s *npySource) overLimit(row []float64) *RowError {
	for i, limit := range s.wanted.limits {
		if limit == nil {
			continue
		}
		if fault := limit(row[i]); fault != "" {
			return s.numberError(i, row[i], fault)
		}
	}
	return nil
}

// numberError is the error of a number in a wanted column.
func (s *npySource) numberError(wanted int, value float64, reason Reason) *RowError {
	return s.rowError(s.wanted.columns[wanted], strconv.FormatFloat(value, 'g', -1, 64), reason)
}

func (s *npySource) rowError(column int, value string, reason Reason) *RowError {
	e := &RowError{File: s.file, Row: s.delivered, Column: fmt.Sprintf("f%d", column), Value: printable.Short(value), Reason: reason}
	if s.header.fields != nil {
		e.Column = s.header.fields[column].name
	}
	return e
}

// load reads the next rows into the chunk, at least one unless it fails.
func (s *npySource) load() error {
	if s.failure != nil {
		return s.failure
	}
	remaining := s.header.rows - s.loaded
	if remaining == 0 {
		s.failure = io.EOF
		if s.places == nil {
			if err := s.checkEnd(); err != nil {
				s.failure = err
			}
		}
		return s.failure
	}
	if s.places != nil {
		return s.loadColumns(remaining)
	}
	rows := min(remaining, max(1, npyChunkBytes/int64(s.stride)))
	if s.chunk == nil {
		s.chunk = make([]byte, rows*int64(s.stride))
	}
	n, err := io.ReadFull(s.stream, s.chunk[:rows*int64(s.stride)])
	s.chunkRows, s.chunkNext = n/s.stride, 0
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		s.failure = s.truncated(s.loaded*int64(s.stride) + int64(n))
	} else if err != nil {
		s.failure = readFailure(s.file, 0, err)
	}
	s.loaded += int64(s.chunkRows)
	if s.chunkRows == 0 {
		return s.failure
	}
	return nil
}

// loadColumns reads the next rows of each wanted column, one column behind the other.
func (s *npySource) loadColumns(remaining int64) error {
	size := int64(s.header.values.size)
	columns := slices.Concat(s.wanted.columns, s.wanted.texts)
	rows := min(remaining, max(1, npyChunkBytes/(size*int64(max(1, len(columns))))))
	if s.chunk == nil {
		s.chunk = make([]byte, rows*size*int64(len(columns)))
	}
	for i, column := range columns {
		s.offsets[i] = i * int(rows*size)
		part := s.chunk[s.offsets[i]:][:rows*size]
		n, err := s.places.ReadAt(part, (int64(column)*s.header.rows+s.loaded)*size)
		if n < len(part) {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			s.failure = readFailure(s.file, 0, err)
			return s.failure
		}
	}
	s.stride = int(size)
	s.chunkRows, s.chunkNext = int(rows), 0
	s.loaded += rows
	return nil
}

// countingReaderAt counts what is read of a file at any place.
type countingReaderAt struct {
	file    io.ReaderAt
	counter *progress
}

func (r countingReaderAt) ReadAt(b []byte, offset int64) (int, error) {
	n, err := r.file.ReadAt(b, offset)
	r.counter.done.Add(int64(n))
	return n, err
}
