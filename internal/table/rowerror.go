package table

import (
	"fmt"
	"strings"

	"github.com/seed-192fdf7a/nf/internal/printable"
)

// Reason says what is wrong with a row.
type Reason string

const (
	MissingValue Reason = "missing value"           // the cell is empty or blank
	NotANumber   Reason = "not a number"            // the cell holds text
	NotFinite    Reason = "not finite"              // the cell holds NaN or an infinity
	OutOfRange   Reason = "outside float64's range" // the cell holds a number that overflows float64
	CellCount    Reason = "wrong number of cells"   // the row is ragged; Column is empty
	NotUTF8      Reason = "not UTF-8 text"
	NotALabel    Reason = "not a label: 1, true or anomaly, or else 0, -1, false or normal"
	// NegativeWeight, BeyondFloat32 and FarFloat32 are reasons of a Limit.
	NegativeWeight Reason = "below 0, and so no weight of a row"
	BeyondFloat32  Reason = "beyond float32's range"
	FarFloat32     Reason = "beyond float32's range once standardized, so nothing can be computed of it"
	BadQuote       Reason = "misplaced quote" // the row breaks the quoting rules; Column is empty
)

// RowError is one row that cannot be used. Only the first fault of a row is reported. It is not the end of the file:
// the reader that returned it goes on with the next row.
type RowError struct {
	File   string // the path as given, or "standard input"
	Row    int64  // the row among the data rows, the first being 1
	Line   int64  // the line of the file where the row begins, the first being 1; 0 in formats without lines
	Column string // the name of the column, or "" where the whole row is at fault
	Value  string // the cell as it stands in the file, shortened; for CellCount what was found and expected
	Reason Reason
}

func (e *RowError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: row %d", e.File, e.Row)
	if e.Line > 0 {
		fmt.Fprintf(&b, " (line %d)", e.Line)
	}
	if e.Column != "" {
		fmt.Fprintf(&b, ", column %q", printable.Short(e.Column))
	}
	b.WriteString(": ")
	switch e.Reason {
	case MissingValue:
		b.WriteString("the value is missing")
	case CellCount:
		b.WriteString(e.Value)
	case BadQuote:
		b.WriteString(`a quote is misplaced: a cell that holds a quote must be quoted, with the quote doubled`)
	case NotANumber:
		fmt.Fprintf(&b, "%q is not a number", e.Value)
		if looksLikeDecimalComma(e.Value) {
			b.WriteString(" (decimals need a point, not a comma)")
		}
	default:
		fmt.Fprintf(&b, "%q is %s", e.Value, e.Reason)
	}
	return b.String()
}

func looksLikeDecimalComma(cell string) bool {
	whole, fraction, found := strings.Cut(cell, ",")
	return found && isNumber([]byte(whole+"."+fraction))
}
