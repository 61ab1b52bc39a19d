package table

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
)

// csvSource reads comma-, semicolon- or tab-separated text.
//
// Empty lines are skipped, as encoding/csv does. In a table of one column an empty line is a row whose value is
// missing, unless only empty lines follow it.
type csvSource struct {
	file      string
	lines     *lineReader
	delimiter byte
	names     []string // nil without a header
	count     int      // columns
	place     []int    // of each column: its position among the selected ones, or -1
	last      int      // columns up to the last selected one
	selected  int
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

// newCSVSource reads the first line of in to learn the columns.
func newCSVSource(file string, in io.Reader, header Header) (*csvSource, error) {
	s := &csvSource{file: file, lines: newLineReader(in)}
	if err := s.checkStart(); err != nil {
		return nil, err
	}
	if err := s.readColumns(header); err != nil {
		return nil, err
	}
	return s, nil
}

type gzipCSVSource struct {
	*csvSource
	unzip *gzip.Reader
}

func newGzipCSVSource(file string, in io.Reader, header Header) (*gzipCSVSource, error) {
	unzip, err := gzip.NewReader(in)
	switch {
	case err == io.EOF:
		return nil, fmt.Errorf("%s: the file is empty", file)
	case errors.Is(err, gzip.ErrHeader):
		return nil, fmt.Errorf("%s: this is not gzip data, although the name ends in .gz", file)
	case err != nil:
		return nil, readFailure(file, 0, err)
	}
	s, err := newCSVSource(file, unzip, header)
	if err != nil {
		return nil, err
	}
	return &gzipCSVSource{s, unzip}, nil
}

func (s *gzipCSVSource) Close() error { return s.unzip.Close() }

func (s *csvSource) columns() []string { return s.names }
func (s *csvSource) width() int        { return s.count }
func (s *csvSource) rowCount() int64   { return -1 }

// checkStart skips a byte order mark and refuses what is clearly not UTF-8 text.
func (s *csvSource) checkStart() error {
	start := s.lines.peek(3)
	switch {
	case bytes.HasPrefix(start, []byte("\xef\xbb\xbf")):
		s.lines.skip(3)
	case bytes.HasPrefix(start, []byte("\xff\xfe")), bytes.HasPrefix(start, []byte("\xfe\xff")):
		return fmt.Errorf("%s: this is UTF-16 text; save it as UTF-8", s.file)
	case bytes.HasPrefix(start, []byte("\x1f\x8b")):
		return fmt.Errorf("%s: this is gzip data; its name must end in .csv.gz", s.file)
	}
	return nil
}

// readColumns reads the first record, decides whether it is a header, and keeps it for later if it is data.
func (s *csvSource) readColumns(header Header) error {
	first, err := s.firstRecord()
	if err != nil {
		return err
	}
	if first.isBroken {
		return fmt.Errorf("%s: line %d: a quote is misplaced: a cell that holds a quote must be quoted, with the quote doubled",
			s.file, first.line)
	}
	cells := s.cells(first)
	if len(cells) > MaxColumns {
		return fmt.Errorf("%s: line %d has more than %d columns, the most a table may have", s.file, first.line, MaxColumns)
	}
	s.count = len(cells)
	s.quoted.limit = s.count
	if header == HeaderAuto {
		if header, err = s.guessHeader(first.line, cells); err != nil {
			return err
		}
	}
	if header == HeaderNo {
		s.held, s.isHeld = first, true
		return nil
	}
	names := make([]string, len(cells))
	for i, cell := range cells {
		names[i] = string(trimBlanks(cell))
	}
	s.names = names
	return checkHeader(s.file, first.line, names)
}

func (s *csvSource) firstRecord() (record, error) {
	for {
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
		s.delimiter = guessDelimiter(line)
		s.quoted = quotedCells{delimiter: s.delimiter, limit: MaxColumns + 1}
		return s.completeRecord(line)
	}
}

// guessDelimiter is the comma, unless the line has none outside quotes and has semicolons or tabs.
func guessDelimiter(line []byte) byte {
	var semicolon, tab, inQuotes bool
	for _, c := range line {
		switch {
		case c == '"':
			inQuotes = !inQuotes
		case inQuotes:
		case c == ',':
			return ','
		case c == ';':
			semicolon = true
		case c == '\t':
			tab = true
		}
	}
	switch {
	case semicolon:
		return ';'
	case tab:
		return '\t'
	}
	return ','
}

// cells are the cells of the first record, at most MaxColumns+1 of them.
func (s *csvSource) cells(r record) [][]byte {
	if !r.isQuoted {
		return bytes.SplitN(r.plain, []byte{s.delimiter}, MaxColumns+1)
	}
	cells := make([][]byte, len(s.quoted.ends))
	for i := range cells {
		cells[i] = s.quoted.cell(i)
	}
	return cells
}

// guessHeader applies the rule of HeaderAuto. Blank cells say nothing either way.
func (s *csvSource) guessHeader(line int64, cells [][]byte) (Header, error) {
	number, text := -1, -1
	for i, cell := range cells {
		switch {
		case len(trimBlanks(cell)) == 0:
		case isNumber(cell):
			if number < 0 {
				number = i
			}
		case text < 0:
			text = i
		}
	}
	switch {
	case number >= 0 && text >= 0:
		return 0, fmt.Errorf("%s: line %d: cell %d (%q) is a number and cell %d (%q) is not, so the line may be a header or data; "+
			"say which with --header yes or --header no", s.file, line,
			number+1, shorten(string(cells[number])), text+1, shorten(string(cells[text])))
	case number >= 0:
		return HeaderNo, nil
	default:
		return HeaderYes, nil
	}
}

func (s *csvSource) selectColumns(columns []int) {
	s.place = make([]int, s.count)
	for i := range s.place {
		s.place[i] = -1
	}
	for position, column := range columns {
		s.place[column] = position
		s.last = max(s.last, column+1)
	}
	s.selected = len(columns)
}

func (s *csvSource) read(dst []float64) (rows int, err error) {
	for len(dst) >= s.selected {
		r, err := s.nextRecord()
		if err != nil {
			if err == io.EOF && rows > 0 {
				err = nil
			}
			return rows, err
		}
		s.row++
		if bad := s.parse(dst[:s.selected], r); bad != nil {
			return rows, bad
		}
		dst = dst[s.selected:]
		rows++
	}
	return rows, nil
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
			if len(line) > 0 {
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
	for column := 0; column < s.last; column++ {
		if !more {
			return s.ragged(r)
		}
		var cell []byte
		cell, rest, more = cutByte(rest, s.delimiter)
		if place := s.place[column]; place >= 0 {
			value, reason := parseNumber(cell)
			if reason != "" {
				if s.cellCount(r) != s.count {
					return s.ragged(r)
				}
				return s.rowError(r, reason, column, cell)
			}
			dst[place] = value
		}
	}
	remaining := 0
	if more {
		remaining = 1 + bytes.Count(rest, []byte{s.delimiter})
	}
	if s.last+remaining != s.count {
		return s.ragged(r)
	}
	return nil
}

func (s *csvSource) parseQuoted(dst []float64, r record) *RowError {
	if s.quoted.count != s.count {
		return s.ragged(r)
	}
	for column, place := range s.place[:s.last] {
		if place < 0 {
			continue
		}
		cell := s.quoted.cell(column)
		value, reason := parseNumber(cell)
		if reason != "" {
			return s.rowError(r, reason, column, cell)
		}
		dst[place] = value
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
	e := &RowError{File: s.file, Row: s.row, Line: r.line, Reason: reason, Value: shorten(string(cell))}
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
	case errors.Is(err, gzip.ErrChecksum):
		return fmt.Errorf("%s: the compressed data is damaged: its checksum is wrong", file)
	}
	return fmt.Errorf("cannot read %s%s: %w", file, where, cause(err))
}
