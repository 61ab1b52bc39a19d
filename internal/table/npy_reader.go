package table

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// npyChunkBytes is how much of an array is held at a time.
const npyChunkBytes = 4 << 20

// npySource reads a NumPy array, chunk by chunk. Rows that lie one after the other are read as a stream; columns that do
// (Fortran order) are read at many places.
type npySource struct {
	file   string
	header npyHeader
	stream io.Reader   // at the next row; in C order
	places io.ReaderAt // of all values, the first at 0; in Fortran order

	wanted    []int // selected columns
	chunk     []byte
	chunkRows int   // rows in the chunk
	chunkNext int   // the next of them
	stride    int   // bytes from a row to the next in the chunk
	offsets   []int // of the wanted values, from the row's first byte
	loaded    int64 // rows read into chunks so far
	delivered int64
	failure   error // what follows the rows of the chunk
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

// npzSource is the array X of an archive.
type npzSource struct {
	*npySource
	entry io.Closer
}

func (s *npzSource) Close() error { return s.entry.Close() }

func newNPZSource(name string, counter *progress, file io.ReaderAt, size int64) (*npzSource, error) {
	if size < 0 {
		return nil, fmt.Errorf("%s: a .npz cannot be read from a pipe, because its directory is at its end", name)
	}
	if size == 0 {
		return nil, fmt.Errorf("%s: the file is empty", name)
	}
	archive, err := zip.NewReader(file, size)
	if errors.Is(err, zip.ErrFormat) {
		return nil, fmt.Errorf("%s: this is not a NumPy archive (or it is truncated): it has no zip directory", name)
	}
	if err != nil {
		return nil, readFailure(name, 0, err)
	}
	var array *zip.File
	var names []string
	for _, f := range archive.File {
		if f.Name == "X.npy" {
			array = f
			break
		}
		names = append(names, strings.TrimSuffix(f.Name, ".npy"))
	}
	switch {
	case array == nil && len(names) == 0:
		return nil, fmt.Errorf("%s: the archive is empty; it must hold an array X", name)
	case array == nil:
		return nil, fmt.Errorf("%s: the archive has no array X; it has %s (save the rows with np.savez(path, X=rows))",
			name, listNames(names))
	}
	entry, err := array.Open()
	if err != nil {
		return nil, readFailure(name, 0, err)
	}
	counter.in, counter.total = entry, int64(min(array.UncompressedSize64, 1<<62))
	s, err := newEntrySource(name, counter, array.UncompressedSize64)
	if err != nil {
		entry.Close()
		return nil, err
	}
	return &npzSource{s, entry}, nil
}

func newEntrySource(name string, entry io.Reader, size uint64) (*npySource, error) {
	h, err := readNPYHeader(entry)
	if err != nil {
		return nil, fmt.Errorf("%s: the array X cannot be used: %w", name, err)
	}
	s := &npySource{file: name, header: h, stream: entry}
	if err := s.checkSize(int64(min(size, 1<<62)) - h.bytes); err != nil {
		return nil, err
	}
	if h.fortran {
		return s, s.holdWhole()
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

// holdWhole reads a Fortran-ordered array from a stream into memory, which grows with what is really there.
func (s *npySource) holdWhole() error {
	promised := s.header.dataBytes()
	if promised > MaxFortranBytes {
		return fmt.Errorf("%s: the array is in Fortran order and has %d bytes; here at most %d are read in that order; "+
			"save it in C order, with np.ascontiguousarray(X), or as .npy", s.file, promised, MaxFortranBytes)
	}
	var held bytes.Buffer
	n, err := io.Copy(&held, io.LimitReader(s.stream, promised))
	if err != nil {
		return readFailure(s.file, 0, err)
	}
	if n < promised {
		return s.truncated(n)
	}
	if err := s.checkEnd(); err != nil {
		return err
	}
	s.places = bytes.NewReader(held.Bytes())
	return nil
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
		return fmt.Errorf("%s: the archive is damaged: the checksum of X is wrong", s.file)
	}
	return readFailure(s.file, 0, err)
}

func (s *npySource) columns() []string { return nil }
func (s *npySource) width() int        { return s.header.columns }
func (s *npySource) rowCount() int64   { return s.header.rows }

func (s *npySource) selectColumns(columns []int) {
	s.wanted = columns
	s.offsets = make([]int, len(columns))
	if s.places == nil {
		s.stride = int(s.header.rowBytes())
		for i, column := range columns {
			s.offsets[i] = column * s.header.values.size
		}
	}
}

func (s *npySource) read(dst []float64) (rows int, err error) {
	width := len(s.wanted)
	for len(dst) >= width {
		if s.chunkNext == s.chunkRows {
			if err := s.load(); err != nil {
				if err == io.EOF && rows > 0 {
					err = nil
				}
				return rows, err
			}
		}
		row := s.chunk[s.chunkNext*s.stride:]
		s.chunkNext++
		s.delivered++
		if bad := s.header.values.decode(dst[:width], row, s.offsets); bad >= 0 {
			return rows, &RowError{
				File: s.file, Row: s.delivered, Column: fmt.Sprintf("f%d", s.wanted[bad]),
				Value: strconv.FormatFloat(dst[bad], 'g', -1, 64), Reason: NotFinite,
			}
		}
		dst = dst[width:]
		rows++
	}
	return rows, nil
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
	rows := min(remaining, max(1, npyChunkBytes/(size*int64(len(s.wanted)))))
	if s.chunk == nil {
		s.chunk = make([]byte, rows*size*int64(len(s.wanted)))
	}
	for i, column := range s.wanted {
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
