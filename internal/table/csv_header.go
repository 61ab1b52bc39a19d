package table

import (
	"bytes"
	"fmt"
	"math"

	"github.com/seed-192fdf7a/nf/internal/printable"
)

// guessHeader applies the rule of HeaderAuto to the first record. Blank cells say nothing either way.
func (s *csvSource) guessHeader(line int64, first cells, following []cells, expected []string) (Header, error) {
	if namesInFull(first.texts, expected) {
		return HeaderYes, nil
	}
	number, text := -1, -1
	for i, cell := range first.texts {
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
	const ask = "say which with --header yes or --header no"
	switch {
	case number >= 0 && text >= 0:
		return 0, fmt.Errorf("%s: line %d: cell %d (%q) is a number and cell %d (%q) is not, so the line may be a header or data; %s",
			s.file, line, number+1, printable.Short(string(first.texts[number])), text+1, printable.Short(string(first.texts[text])), ask)
	case number < 0:
		return HeaderYes, nil
	}
	if why := headerOfNumbers(first, following); why != "" {
		return 0, fmt.Errorf("%s: line %d holds numbers, but may be a header, because %s; %s", s.file, line, why, ask)
	}
	return HeaderNo, nil
}

// namesInFull reports whether each of the names stands in exactly one cell.
func namesInFull(texts [][]byte, names []string) bool {
	if len(names) == 0 {
		return false
	}
	count := make(map[string]int, len(texts))
	for _, cell := range texts {
		count[string(trimBlanks(cell))]++
	}
	for _, name := range names {
		if count[name] != 1 {
			return false
		}
	}
	return true
}

// headerOfNumbers says why a first line of numbers may name columns, as it does where a table was made of an array
// (0, 1, 2, …) or by pivoting (years), or "" if it does not look so.
func headerOfNumbers(first cells, following []cells) string {
	texts := first.texts
	corner := len(trimBlanks(texts[0])) == 0 && len(texts) > 1
	if corner {
		return "its first cell is blank, as above row names"
	}
	values, integers, distinct := make([]float64, len(texts)), true, true
	seen := make(map[float64]bool, len(texts))
	quoted := true
	for i, cell := range texts {
		v, reason := parseNumber(cell)
		if reason != "" {
			return ""
		}
		values[i] = v
		distinct = distinct && !seen[v]
		seen[v] = true
		integers = integers && isWhole(cell)
		quoted = quoted && first.isQuoted(i)
	}
	if quoted && unquotedBelow(len(texts), following) {
		return "its cells are quoted and those below are not"
	}
	if !distinct {
		return ""
	}
	count := len(values)
	switch evenly := risesEvenly(values); {
	case (values[0] == 0 || values[0] == 1) && (count == 1 || evenly && values[1] == values[0]+1):
		return fmt.Sprintf("it counts from %v", values[0])
	case evenly && (count >= 4 || count == 3 && integers):
		return "it rises in even steps"
	case integers && fractionBelow(count, following):
		return "it holds whole numbers and the lines below do not"
	case count >= 8 && rises(values) && fallsBelow(count, following):
		return "it rises from cell to cell and the lines below do not"
	}
	return ""
}

// isWhole reports whether a number is written with digits alone.
func isWhole(cell []byte) bool {
	cell = bytes.TrimLeft(trimBlanks(cell), "+-")
	for _, c := range cell {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(cell) > 0
}

func risesEvenly(values []float64) bool {
	if len(values) < 2 {
		return false
	}
	step := values[1] - values[0]
	for i := range values[1:] {
		if d := values[i+1] - values[i]; !(d > 0) || math.Abs(d-step) > 1e-9*math.Abs(step) {
			return false
		}
	}
	return true
}

func rises(values []float64) bool {
	for i := range values[1:] {
		if !(values[i+1] > values[i]) {
			return false
		}
	}
	return true
}

func unquotedBelow(count int, following []cells) bool {
	for _, record := range following {
		if len(record.texts) == count {
			for i := range count {
				if !record.isQuoted(i) && len(trimBlanks(record.texts[i])) > 0 {
					return true
				}
			}
		}
	}
	return false
}

func fractionBelow(count int, following []cells) bool {
	for _, record := range following {
		if len(record.texts) == count {
			for _, cell := range record.texts {
				if _, reason := parseNumber(cell); reason == "" && !isWhole(cell) {
					return true
				}
			}
		}
	}
	return false
}

func fallsBelow(count int, following []cells) bool {
	for _, record := range following {
		values := make([]float64, 0, count)
		for _, cell := range record.texts {
			if v, reason := parseNumber(cell); reason == "" {
				values = append(values, v)
			}
		}
		if len(values) == count && !rises(values) {
			return true
		}
	}
	return false
}

// headerShift says where the header lacks a cell that all lines below have: -1 in front, where R leaves out the name of
// the row names, 1 at the end, where lines end in a delimiter, and 0 where it does not. It is 2 where the header ends in
// a delimiter and the lines do not.
func headerShift(names []string, following []cells) int {
	if len(following) == 0 {
		return 0
	}
	count := len(names)
	atEnd, inFront, shorter := true, true, count > 1 && names[count-1] == ""
	for row, record := range following {
		shorter = shorter && len(record.texts) == count-1
		if len(record.texts) != count+1 {
			atEnd, inFront = false, false
			continue
		}
		atEnd = atEnd && len(trimBlanks(record.texts[count])) == 0
		inFront = inFront && isRowName(record, row, count == 1)
	}
	switch {
	case shorter:
		return 2
	case atEnd:
		return 1
	case inFront:
		return -1
	}
	return 0
}

// isRowName reports whether a record begins with what R writes in front of a row: a quoted name, a word, or the row's
// number. Behind a header of one column a number may as well be the first half of one with a decimal comma.
func isRowName(record cells, row int, alone bool) bool {
	cell := record.texts[0]
	value, reason := parseNumber(cell)
	return record.isQuoted(0) || reason == NotANumber || !alone && reason == "" && value == float64(row+1)
}
