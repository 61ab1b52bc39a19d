package table

import "strings"

// Texts holds the cells of some columns as text, exactly as they stand in the file, for the rows of one block. Its zero
// value is for [Reader.ReadTexts].
type Texts struct {
	columns int
	bytes   []byte
	ends    []int // of each cell, row-major
}

// Rows is the number of rows that are held.
func (t *Texts) Rows() int {
	if t.columns == 0 {
		return 0
	}
	return len(t.ends) / t.columns
}

// Columns is the number of columns that are held.
func (t *Texts) Columns() int { return t.columns }

// Cell is a cell, valid until the next read.
func (t *Texts) Cell(row, column int) []byte {
	i := row*t.columns + column
	begin := 0
	if i > 0 {
		begin = t.ends[i-1]
	}
	return t.bytes[begin:t.ends[i]]
}

// Append adds the rows of other texts of the same columns.
func (t *Texts) Append(other *Texts) {
	for row := range other.Rows() {
		t.AppendRow(other, row)
	}
}

// AppendRow adds a row of other texts of the same columns.
func (t *Texts) AppendRow(other *Texts, row int) {
	t.columns = other.columns
	for column := range other.columns {
		t.append(other.Cell(row, column))
	}
}

func (t *Texts) reset(columns int) {
	t.columns, t.bytes, t.ends = columns, t.bytes[:0], t.ends[:0]
}

func (t *Texts) append(cell []byte) {
	t.bytes = append(t.bytes, cell...)
	t.ends = append(t.ends, len(t.bytes))
}

func (t *Texts) truncate(rows int) {
	if n := rows * t.columns; n < len(t.ends) {
		t.ends = t.ends[:n]
		t.bytes = t.bytes[:0]
		if n > 0 {
			t.bytes = t.bytes[:t.ends[n-1]]
		}
	}
}

// A Parse turns a cell, without the blanks around it, into a value, or says why it cannot: the rest of a sentence that
// begins with the cell, such as "not a number". It must not keep the cell.
type Parse func(cell []byte) (value float64, fault Reason)

// ParseLabel reads a cell of a column that marks anomalies: 1 for 1, true or anomaly, 0 for 0, false or normal, in any
// case, and -1 for -1, which is the other word for no anomaly. Other numbers and words are no labels.
func ParseLabel(cell []byte) (value float64, fault Reason) {
	if len(cell) == 0 {
		return 0, MissingValue
	}
	switch word := strings.ToLower(string(cell)); word {
	case "true", "anomaly":
		return 1, ""
	case "false", "normal":
		return 0, ""
	}
	switch v, reason := parseNumber(cell); {
	case reason == NotFinite:
		return 0, reason
	case reason == "" && v == 1:
		return 1, ""
	case reason == "" && (v == 0 || v == -1):
		return v, ""
	}
	return 0, NotALabel
}
