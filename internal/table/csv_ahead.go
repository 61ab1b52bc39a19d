package table

import (
	"bytes"
	"io"
)

// What is looked at before the first row is delivered, to tell a header from data and a delimiter from a part of a name.
const (
	aheadRecords = 20
	textRecords  = 1000 // to tell a column of texts
	aheadBytes   = 1 << 16
)

// peekLines returns unread bytes without consuming them: at least count lines, or most bytes, or all that there are. It
// is valid until the next call.
func (l *lineReader) peekLines(count, most int) []byte {
	lines, counted := 0, 0
	for {
		unread := l.buffer[l.start:l.end]
		lines += bytes.Count(unread[counted:], []byte{'\n'})
		counted = len(unread)
		if lines >= count || counted >= most || l.failure != nil {
			return unread[:min(counted, most)]
		}
		l.fill()
	}
}

// aheadLines returns the whole, not empty lines that come next, at most count of them, without consuming them.
func (s *csvSource) aheadLines(count int) [][]byte {
	text := s.lines.peekLines(count, aheadBytes)
	ended := s.lines.failure == io.EOF && len(text) == s.lines.end-s.lines.start
	var lines [][]byte
	for len(text) > 0 && len(lines) < count {
		line, rest, whole := cutByte(text, '\n')
		if !whole && !ended {
			break
		}
		if line = withoutReturn(line); len(line) > 0 {
			lines = append(lines, line)
		}
		text = rest
	}
	return lines
}

// ahead returns the cells of the records that come next, at most count of them, as far as they can be seen without
// consuming them. Their bytes are valid until the next read.
func (s *csvSource) ahead(count int) []cells {
	lines := s.aheadLines(count)
	var records []cells
	for len(lines) > 0 {
		line := s.normalized(bytes.Clone(lines[0]))
		lines = lines[1:]
		if bytes.IndexByte(line, '"') < 0 {
			records = append(records, cells{texts: bytes.SplitN(line, []byte{s.delimiter}, MaxColumns+1)})
			continue
		}
		q := quotedCells{delimiter: s.delimiter, limit: MaxColumns + 1}
		ok := q.addLine(line)
		for ok && q.open && len(lines) > 0 {
			ok = q.addLine(lines[0])
			lines = lines[1:]
		}
		if !ok || q.open {
			break
		}
		records = append(records, q.all())
	}
	return records
}

// cells is one record cut into cells.
type cells struct {
	texts  [][]byte
	quoted []bool // nil where none is
}

func (c cells) isQuoted(i int) bool { return c.quoted != nil && c.quoted[i] }

// TextColumns reports of each column of the file whether it holds text rather than numbers, as far as the first rows
// tell: at least half of its cells are words. Blank cells and the usual marks of a missing value count for nothing. It is asked before the first Read.
func (r *Reader) TextColumns() []bool { return r.source.textColumns() }

func (s *csvSource) textColumns() []bool {
	records := s.ahead(textRecords)
	if s.isHeld {
		records = append([]cells{s.cells(s.held)}, records...)
	}
	words, numbers, texts := make([]int, s.count), make([]int, s.count), make([]bool, s.count)
	for _, record := range records {
		if len(record.texts) != s.count {
			continue
		}
		for i, cell := range record.texts {
			switch {
			case isMissingMark(cell):
			case isNumber(cell):
				numbers[i]++
			default:
				words[i]++
			}
		}
	}
	for i := range texts {
		texts[i] = words[i] > 0 && words[i] >= numbers[i]
	}
	return texts
}

// isMissingMark reports whether a cell is blank or one of the marks that tools write for a value that they do not have,
// so that it says nothing of whether a column is one of numbers.
func isMissingMark(cell []byte) bool {
	switch cell = trimBlanks(cell); {
	case len(cell) > 4:
		return false
	case len(cell) == 0:
		return true
	}
	for _, mark := range []string{"?", "-", ".", "NA", "N/A", "#N/A", "NaN", "null", "nil"} {
		if bytes.EqualFold(cell, []byte(mark)) {
			return true
		}
	}
	return false
}
