package table

import "bytes"

// quotedCells splits a record that holds quotes into cells, by the rules of RFC 4180 as encoding/csv reads them: a
// quoted cell begins and ends with a quote, may hold the delimiter and line breaks, and doubles a quote it holds.
type quotedCells struct {
	delimiter byte
	limit     int    // cells kept; those behind are only counted
	text      []byte // the kept cells, one after the other
	ends      []int  // where in text each of them ends
	quoted    []bool // whether each of them was in quotes
	wasQuoted bool   // whether the cell under way is
	count     int    // all cells
	open      bool   // the last line ended inside a quoted cell
}

func (q *quotedCells) reset() {
	q.text, q.ends, q.quoted, q.count, q.open, q.wasQuoted = q.text[:0], q.ends[:0], q.quoted[:0], 0, false, false
}

// all returns the kept cells; they are valid until reset.
func (q *quotedCells) all() cells {
	c := cells{texts: make([][]byte, len(q.ends)), quoted: q.quoted}
	for i := range c.texts {
		c.texts[i] = q.cell(i)
	}
	return c
}

// cell is kept cell i, valid until reset.
func (q *quotedCells) cell(i int) []byte {
	begin := 0
	if i > 0 {
		begin = q.ends[i-1]
	}
	return q.text[begin:q.ends[i]]
}

// addLine splits one more line of the record; if it leaves a quoted cell open, the record goes on with the next line.
// It reports whether the line keeps the rules.
func (q *quotedCells) addLine(line []byte) (ok bool) {
	if q.open {
		q.text = append(q.text, '\n')
	}
	for {
		if !q.open {
			if len(line) > 0 && line[0] == '"' {
				q.open, q.wasQuoted = true, true
				line = line[1:]
			} else {
				cell, rest, more := cutByte(line, q.delimiter)
				if bytes.IndexByte(cell, '"') >= 0 {
					return false
				}
				q.text = append(q.text, cell...)
				q.endCell()
				if !more {
					return true
				}
				line = rest
				continue
			}
		}
		part, rest, closed := cutByte(line, '"')
		q.text = append(q.text, part...)
		if !closed {
			return true
		}
		line = rest
		switch {
		case len(line) == 0:
			q.endCell()
			return true
		case line[0] == '"':
			q.text = append(q.text, '"')
			line = line[1:]
		case line[0] == q.delimiter:
			q.endCell()
			line = line[1:]
		default:
			return false
		}
	}
}

func (q *quotedCells) endCell() {
	q.open = false
	q.count++
	if q.count <= q.limit {
		q.ends = append(q.ends, len(q.text))
		q.quoted = append(q.quoted, q.wasQuoted)
	}
	q.wasQuoted = false
}

func cutByte(line []byte, separator byte) (before, after []byte, found bool) {
	if i := bytes.IndexByte(line, separator); i >= 0 {
		return line[:i], line[i+1:], true
	}
	return line, nil, false
}
