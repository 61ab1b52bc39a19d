package table

import (
	"bytes"
	"fmt"
	"math"
	"strconv"

	"github.com/seed-192fdf7a/nf/internal/printable"
)

// parseNumber reads a cell as a decimal number; blanks around it do not count. The reason is "" if it is one.
func parseNumber(cell []byte) (value float64, reason Reason) {
	cell = trimBlanks(cell)
	if len(cell) == 0 {
		return 0, MissingValue
	}
	value, err := strconv.ParseFloat(string(cell), 64)
	if math.Abs(value) <= math.MaxFloat64 && err == nil {
		// Go's own notation has more than decimal numbers: 1_000 and 0x1p4 are text in a table.
		for _, c := range cell {
			if c == '_' || c == 'x' || c == 'X' {
				return 0, NotANumber
			}
		}
		return value, ""
	}
	switch {
	case err == nil:
		return 0, NotFinite
	case math.IsInf(value, 0) && !bytes.ContainsAny(cell, "_xX"):
		return 0, OutOfRange
	default:
		return 0, NotANumber
	}
}

// ParseNumber reads a text as a cell of a table is read: a finite decimal number.
func ParseNumber(text string) (float64, error) {
	value, reason := parseNumber([]byte(text))
	if reason != "" {
		return 0, fmt.Errorf("%q is %s", printable.Short(text), reason)
	}
	return value, nil
}

// isNumber reports whether a cell parses as a number, be it finite or not.
func isNumber(cell []byte) bool {
	_, reason := parseNumber(cell)
	return reason == "" || reason == NotFinite || reason == OutOfRange
}

func trimBlanks(cell []byte) []byte {
	for len(cell) > 0 && (cell[0] == ' ' || cell[0] == '\t') {
		cell = cell[1:]
	}
	for len(cell) > 0 && (cell[len(cell)-1] == ' ' || cell[len(cell)-1] == '\t') {
		cell = cell[:len(cell)-1]
	}
	return cell
}
