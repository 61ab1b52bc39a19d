package table

import (
	"fmt"
	"io"

	"github.com/seed-192fdf7a/nf/internal/limits"
)

// Limits that keep memory bounded whatever a file claims to hold.
const (
	// MaxColumns is the largest number of columns a table may have.
	MaxColumns = limits.Columns
	// MaxRecordBytes is the longest CSV record: a line, or several where a quoted cell holds line breaks.
	MaxRecordBytes = limits.RecordBytes
	// MaxFortranBytes is the largest Fortran-ordered array inside a .npz, or on a pipe, that is read: it has to be kept
	// whole, because its rows are complete only at its end. A .npy on disk has no such limit.
	MaxFortranBytes = limits.ArrayBytes
	// maxHeldBytes is how much of such an array is kept in memory; a larger one goes to a temporary file.
	maxHeldBytes = limits.HeldBytes
)

// Header says whether the first line of a CSV names the columns. It is ignored for NumPy files, which have no names.
type Header int

const (
	// HeaderAuto takes the first line for a header if no cell of it parses as a number, or if it holds all names that
	// Options.Expected has. A mixture is an error, and so are numbers that may be names: 0, 1, 2, … or other even
	// steps, whole numbers above rows that have fractions, quoted ones above others, those beside a blank first cell.
	HeaderAuto Header = iota
	// HeaderYes takes the first line for a header whatever it holds.
	HeaderYes
	// HeaderNo takes the first line for data; the columns are f0, f1, ….
	HeaderNo
)

// ParseHeader turns the words auto, yes and no of a command line into a Header.
func ParseHeader(word string) (Header, error) {
	switch word {
	case "auto":
		return HeaderAuto, nil
	case "yes":
		return HeaderYes, nil
	case "no":
		return HeaderNo, nil
	}
	return 0, fmt.Errorf("header is %q; it must be auto, yes or no", word)
}

// BadRows says what Read does with a row that it cannot use.
type BadRows int

const (
	// FailOnBadRow makes Read return the *RowError. Read may be called again: it goes on after the bad row.
	FailOnBadRow BadRows = iota
	// SkipBadRows leaves the row out and counts it.
	SkipBadRows
	// BadRowsAsNaN delivers the row with NaN in every column and counts it, so that rows keep their positions. No other
	// row that Read delivers holds a NaN.
	BadRowsAsNaN
)

// ParseBadRows turns the words fail, skip and nan of a command line into a BadRows.
func ParseBadRows(word string) (BadRows, error) {
	switch word {
	case "fail":
		return FailOnBadRow, nil
	case "skip":
		return SkipBadRows, nil
	case "nan":
		return BadRowsAsNaN, nil
	}
	return 0, fmt.Errorf("bad-row policy is %q; it must be fail, skip or nan", word)
}

// Options are the choices of a reader. The zero value is the usual one.
type Options struct {
	Header   Header
	OnBadRow BadRows
	// Expected are names that the caller will ask for. A first line that holds each of them once is a header.
	Expected []string
	// Stdin is what "-" reads; nil means os.Stdin.
	Stdin io.Reader
}

// WriteOptions are the choices of a writer. The zero value is the usual one.
type WriteOptions struct {
	// Float32 makes NPY and NPZ files hold '<f4' rather than '<f8'. CSV ignores it.
	Float32 bool
	// Vector makes a single column a one-dimensional array in NPY and NPZ, shape (rows,) rather than (rows, 1).
	// CSV ignores it; with more columns it is an error.
	Vector bool
	// Stdout is what "-" writes to; nil means os.Stdout.
	Stdout io.Writer
}
