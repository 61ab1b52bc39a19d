package table

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"github.com/seed-192fdf7a/nf/internal/printable"
)

// csvSource reads comma-, semicolon- or tab-separated text.
//
// Empty lines are skipped, as encoding/csv does. In a table of one column an empty line is a row whose value is
// missing, unless only empty lines follow it.
type csvSource struct {
	file      string
	lines     *lineReader
	delimiter byte
	blanks    bool     // the delimiter is any number of blanks
	names     []string // nil without a header
	count     int      // columns
	place     []wanted // of each column up to the last selected one
	selected  int
	texts     []int // columns that are delivered as text
	row       int64

	quoted    quotedCells
	held      record // a record that was read but not yet delivered
	isHeld    bool
	emptyLine int64 // the first of the empty lines before the held record
	empty     int64 // how many of them are still to be delivered
}

// record is one row of text. Its bytes are valid until the next record is read.
type record struct {
	line     int64  // where it begins
	plain    []byte // the line, if it holds no quotes
	isQuoted bool   // the cells are in csvSource.quoted
	isBroken bool   // it breaks the quoting rules
}

// wanted says what becomes of a column's cells.
type wanted struct {
	place int // its position among the selected ones, or -1
	parse Parse
	limit Limit
}

// newCSVSource reads the first lines of in to learn the columns. Text that is compressed by gzip is known by its start.
func newCSVSource(file string, in io.Reader, kind textKind, options Options) (*csvSource, error) {
	s := &csvSource{file: file, lines: newLineReader(in)}
	if bytes.HasPrefix(s.lines.peek(2), []byte("\x1f\x8b")) {
		unzip, err := newGunzip(file, s.lines.rest())
		if err != nil {
			return nil, err
		}
		s.lines = newLineReader(unzip)
	}
	if err := s.checkStart(); err != nil {
		return nil, err
	}
	if err := s.readColumns(kind, options); err != nil {
		return nil, err
	}
	return s, nil
}

// newGzipCSVSource reads a file whose name says that it is compressed.
func newGzipCSVSource(file string, in io.Reader, kind textKind, options Options) (*csvSource, error) {
	unzip, err := newGunzip(file, in)
	if err != nil {
		return nil, err
	}
	return newCSVSource(file, unzip, kind, options)
}

func (s *csvSource) named() bool { return s.names != nil }

func (s *csvSource) columns() []string {
	if s.names == nil {
		return numberedColumns("f", s.count)
	}
	return s.names
}

func (s *csvSource) rowCount() int64 { return -1 }

// checkStart skips a byte order mark and refuses what is clearly not UTF-8 text.
func (s *csvSource) checkStart() error {
	start := s.lines.peek(4)
	switch {
	case bytes.HasPrefix(start, []byte("\xef\xbb\xbf")):
		s.lines.skip(3)
	case bytes.HasPrefix(start, []byte("\xff\xfe\x00\x00")), bytes.HasPrefix(start, []byte("\x00\x00\xfe\xff")):
		return fmt.Errorf("%s: this is UTF-32 text; save it as UTF-8", s.file)
	case bytes.HasPrefix(start, []byte("\xff\xfe")), bytes.HasPrefix(start, []byte("\xfe\xff")):
		return fmt.Errorf("%s: this is UTF-16 text; save it as UTF-8", s.file)
	case bytes.HasPrefix(start, []byte("\x93NUM")):
		return fmt.Errorf("%s: this is a NumPy array, not text; its name must end in .npy", s.file)
	case bytes.HasPrefix(start, []byte("PAR1")):
		return fmt.Errorf("%s: this is Parquet, not text; convert it to .csv or .npy", s.file)
	}
	return nil
}

// readColumns reads the first record, decides whether it is a header, and keeps it for later if it is data.
func (s *csvSource) readColumns(kind textKind, options Options) error {
	first, err := s.firstRecord(kind)
	if err != nil {
		return err
	}
	if first.isBroken {
		return fmt.Errorf("%s: line %d: a quote is misplaced: a cell that holds a quote must be quoted, with the quote doubled",
			s.file, first.line)
	}
	cells := s.cells(first)
	if len(cells.texts) > MaxColumns {
		return fmt.Errorf("%s: line %d has more than %d columns, the most a table may have", s.file, first.line, MaxColumns)
	}
	s.count = len(cells.texts)
	s.quoted.limit = s.count
	following := s.ahead(aheadRecords)
	header := options.Header
	if header == HeaderAuto {
		if header, err = s.guessHeader(first.line, cells, following, options.Expected); err != nil {
			return err
		}
	}
	if header == HeaderNo {
		s.held, s.isHeld = first, true
		return nil
	}
	names := make([]string, len(cells.texts))
	for i, cell := range cells.texts {
		names[i] = string(trimBlanks(cell))
	}
	switch headerShift(names, following) {
	case -1:
		names = append([]string{""}, names...)
	case 1:
		names = append(names, "")
	case 2:
		names = names[:len(names)-1]
	}
	if len(names) > MaxColumns {
		return fmt.Errorf("%s: line %d has more than %d columns, the most a table may have", s.file, first.line+1, MaxColumns)
	}
	s.names, s.count = names, len(names)
	s.quoted.limit = s.count
	return checkEncoding(s.file, first.line, names)
}

// firstRecord reads the first line that is not empty, and those that belong to it. Its bytes stay valid.
func (s *csvSource) firstRecord(kind textKind) (record, error) {
	for separator := false; ; {
		line, err := s.lines.next()
		if err == io.EOF {
			return record{}, fmt.Errorf("%s: the file is empty: it has neither a header nor rows", s.file)
		}
		if err != nil {
			return record{}, readFailure(s.file, s.lines.number, err)
		}
		if len(line) == 0 {
			continue
		}
		if bytes.IndexByte(line, 0) >= 0 {
			return record{}, fmt.Errorf("%s: line %d holds zero bytes: this is not CSV text", s.file, s.lines.number)
		}
		line = bytes.Clone(line)
		if countOutsideQuotes(line, '\r') > 0 {
			return record{}, s.strayReturn(line)
		}
		if s.lines.number == 1 && !separator {
			if s.delimiter, separator = separatorLine(line); separator {
				continue
			}
		}
		if !separator {
			s.setDelimiter(kind, line)
		}
		if s.blanks {
			// numpy.savetxt puts a number sign and a blank in front of its header.
			line = s.normalized(bytes.TrimPrefix(line, []byte("# ")))
		}
		s.quoted = quotedCells{delimiter: s.delimiter, limit: MaxColumns + 1}
		return s.completeRecord(line)
	}
}

// strayReturn is the error for a first line that holds carriage returns.
func (s *csvSource) strayReturn(line []byte) error {
	what := "carriage returns alone end its lines"
	if bytes.IndexByte(line, '\r') >= len(bytes.TrimRight(line, "\r")) {
		what = "its lines end in more than one carriage return"
	}
	return fmt.Errorf("%s: line %d holds a carriage return (CR): %s; write it with lines that end in a line feed (LF) or CR LF", s.file, s.lines.number, what)
}

// cells are the cells of the first record, at most MaxColumns+1 of them.
func (s *csvSource) cells(r record) cells {
	if !r.isQuoted {
		return cells{texts: bytes.SplitN(r.plain, []byte{s.delimiter}, MaxColumns+1)}
	}
	return s.quoted.all()
}

func (s *csvSource) choose(c choice) {
	last := 0
	for _, column := range c.columns {
		last = max(last, column+1)
	}
	s.place = make([]wanted, last)
	for i := range s.place {
		s.place[i].place = -1
	}
	for position, column := range c.columns {
		s.place[column] = wanted{position, c.parse[position], c.limits[position]}
	}
	s.selected, s.texts = len(c.columns), c.texts
}

// textFault is nil: any cell of a text file may turn out to be a number.
func (s *csvSource) textFault(int) error { return nil }

func (s *csvSource) read(dst []float64, texts *Texts) (rows int, err error) {
	for len(dst) >= s.selected {
		r, err := s.nextRecord()
		if err != nil {
			if err == io.EOF && rows > 0 {
				err = nil
			}
			return rows, err
		}
		s.row++
		if len(s.texts) > 0 {
			s.appendTexts(texts, r)
		}
		if bad := s.parse(dst[:s.selected], r); bad != nil {
			return rows, bad
		}
		dst = dst[s.selected:]
		rows++
	}
	return rows, nil
}

// appendTexts adds the cells of a record that are wanted as text; they are blank where the record has no such columns.
func (s *csvSource) appendTexts(texts *Texts, r record) {
	whole := !r.isBroken && s.cellCount(r) == s.count
	for _, column := range s.texts {
		var cell []byte
		switch {
		case whole && r.isQuoted:
			cell = s.quoted.cell(column)
		case whole:
			rest := r.plain
			for range column {
				_, rest, _ = cutByte(rest, s.delimiter)
			}
			cell, _, _ = cutByte(rest, s.delimiter)
		}
		texts.append(cell)
	}
}

func (s *csvSource) nextRecord() (record, error) {
	if !s.isHeld {
		for {
			line, err := s.lines.next()
			if err == io.EOF {
				return record{}, io.EOF
			}
			if err != nil {
				return record{}, readFailure(s.file, s.lines.number, err)
			}
			if line = s.normalized(line); len(line) > 0 {
				r, err := s.completeRecord(line)
				if err != nil || s.empty == 0 {
					return r, err
				}
				s.held, s.isHeld = r, true
				break
			}
			if s.count == 1 {
				if s.empty == 0 {
					s.emptyLine = s.lines.number
				}
				s.empty++
			}
		}
	}
	if s.empty > 0 {
		s.empty--
		s.emptyLine++
		return record{line: s.emptyLine - 1}, nil
	}
	s.isHeld = false
	return s.held, nil
}

// completeRecord makes a record of a line, and of those after it while a quoted cell is open.
func (s *csvSource) completeRecord(line []byte) (record, error) {
	begin := s.lines.number
	if bytes.IndexByte(line, '"') < 0 {
		return record{line: begin, plain: line}, nil
	}
	s.quoted.reset()
	for {
		if !s.quoted.addLine(line) {
			return record{line: begin, isQuoted: true, isBroken: true}, nil
		}
		if !s.quoted.open {
			return record{line: begin, isQuoted: true}, nil
		}
		if len(s.quoted.text) > MaxRecordBytes {
			return record{}, fmt.Errorf("%s: the record at line %d is longer than %d bytes, the most a record may have; "+
				"a closing quote may be missing", s.file, begin, MaxRecordBytes)
		}
		var err error
		line, err = s.lines.next()
		if err == io.EOF {
			return record{}, fmt.Errorf("%s: line %d: a quoted cell begins here and has no closing quote", s.file, begin)
		}
		if err != nil {
			return record{}, readFailure(s.file, s.lines.number, err)
		}
	}
}

// parse puts the selected cells of a record into dst.
func (s *csvSource) parse(dst []float64, r record) *RowError {
	switch {
	case r.isBroken:
		return s.rowError(r, BadQuote, -1, nil)
	case r.isQuoted:
		return s.parseQuoted(dst, r)
	default:
		return s.parsePlain(dst, r)
	}
}

func (s *csvSource) parsePlain(dst []float64, r record) *RowError {
	rest, more := r.plain, true
	for column := range s.place {
		if !more {
			return s.ragged(r)
		}
		var cell []byte
		cell, rest, more = cutByte(rest, s.delimiter)
		if want := &s.place[column]; want.place >= 0 {
			value, reason := want.value(cell)
			if reason != "" {
				if s.cellCount(r) != s.count {
					return s.ragged(r)
				}
				return s.rowError(r, reason, column, cell)
			}
			dst[want.place] = value
		}
	}
	remaining := 0
	if more {
		remaining = 1 + bytes.Count(rest, []byte{s.delimiter})
	}
	if len(s.place)+remaining != s.count {
		return s.ragged(r)
	}
	return nil
}

func (w *wanted) value(cell []byte) (float64, Reason) {
	if w.parse != nil {
		return w.parse(trimBlanks(cell))
	}
	value, fault := parseNumber(cell)
	if fault == "" && w.limit != nil {
		fault = w.limit(value)
	}
	return value, fault
}

func (s *csvSource) parseQuoted(dst []float64, r record) *RowError {
	if s.quoted.count != s.count {
		return s.ragged(r)
	}
	for column := range s.place {
		want := &s.place[column]
		if want.place < 0 {
			continue
		}
		cell := s.quoted.cell(column)
		value, reason := want.value(cell)
		if reason != "" {
			return s.rowError(r, reason, column, cell)
		}
		dst[want.place] = value
	}
	return nil
}

func (s *csvSource) cellCount(r record) int {
	if r.isQuoted {
		return s.quoted.count
	}
	return 1 + bytes.Count(r.plain, []byte{s.delimiter})
}

func (s *csvSource) ragged(r record) *RowError {
	where := "the header"
	if s.names == nil {
		where = "the first row"
	}
	e := s.rowError(r, CellCount, -1, nil)
	e.Value = fmt.Sprintf("it has %d cells, %s has %d", s.cellCount(r), where, s.count)
	return e
}

func (s *csvSource) rowError(r record, reason Reason, column int, cell []byte) *RowError {
	e := &RowError{File: s.file, Row: s.row, Line: r.line, Reason: reason, Value: printable.Short(string(cell))}
	if column >= 0 {
		e.Column = fmt.Sprintf("f%d", column)
		if s.names != nil {
			e.Column = s.names[column]
		}
	}
	return e
}

// readFailure is the error for a stream that broke behind the given line.
func readFailure(file string, line int64, err error) error {
	where := ""
	if line > 0 {
		where = fmt.Sprintf(" behind line %d", line)
	}
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%s: the data breaks off%s: the file is truncated", file, where)
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, errBehindGzip):
		return fmt.Errorf("%s: %w%s; cut the file off there, or compress it again", file, errBehindGzip, where)
	case errors.Is(err, gzip.ErrChecksum):
		return fmt.Errorf("%s: the compressed data is damaged: its checksum is wrong", file)
	}
	return fmt.Errorf("cannot read %s%s: %w", file, where, cause(err))
}
