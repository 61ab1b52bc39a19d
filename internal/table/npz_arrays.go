package table

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/seed-192fdf7a/nf/internal/limits"
	"github.com/seed-192fdf7a/nf/internal/printable"
)

// Array is a matrix of a NumPy archive, or a vector, which has one column.
type Array struct {
	Rows, Columns int
	Values        []float64 // row-major
}

// MaxArrayBytes is the size of the largest array that ReadArrays reads.
const MaxArrayBytes = limits.ArrayBytes

// ReadArrays reads the arrays of a .npz by their names. One of another name,
// one that is larger than MaxArrayBytes or has more than two dimensions, and a
// value that is not finite are errors. accept, unless nil, is asked about each
// array's shape before its values are read.
func ReadArrays(path string, accept func(name string, rows, columns int) error, names ...string) (map[string]Array, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("table: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("table: %w", err)
	}
	arrays, err := readArrays(path, file, info.Size(), accept, names)
	if err != nil {
		return nil, fmt.Errorf("table: %w", err)
	}
	return arrays, nil
}

func readArrays(path string, file io.ReaderAt, size int64, accept func(name string, rows, columns int) error, names []string) (map[string]Array, error) {
	entries, found, err := openArchive(path, file, size)
	if err != nil {
		return nil, err
	}
	arrays := map[string]Array{}
	for _, name := range found {
		if !slices.Contains(names, name) {
			return nil, fmt.Errorf("%s: the array %s is not known; known are %s", path, printable.Name(name), printable.List(names))
		}
		arrays[name], err = readArray(entries[name], func(rows, columns int) error {
			if accept == nil {
				return nil
			}
			return accept(name, rows, columns)
		})
		if err != nil {
			return nil, fmt.Errorf("%s: the array %s cannot be used: %w", path, printable.Name(name), err)
		}
	}
	return arrays, nil
}

// readArray reads one entry. Its memory grows with what is really there.
func readArray(f *zip.File, accept func(rows, columns int) error) (Array, error) {
	entry, err := f.Open()
	if err != nil {
		return Array{}, err
	}
	defer entry.Close()
	h, err := readNPYHeader(entry)
	if err != nil {
		return Array{}, err
	}
	if h.fields != nil {
		return Array{}, errors.New("it is a structured array, where a plain one of numbers is wanted")
	}
	if h.dataBytes() > MaxArrayBytes {
		return Array{}, fmt.Errorf("it has %d bytes, at most %d are read", h.dataBytes(), int64(MaxArrayBytes))
	}
	a := Array{Rows: int(h.rows), Columns: h.columns}
	if err := accept(a.Rows, a.Columns); err != nil {
		return Array{}, err
	}
	if a.Values, err = readValues(entry, h.values, a.Rows*a.Columns); err != nil {
		var bad notFinite
		if errors.As(err, &bad) {
			row, column := int(bad)/h.columns, int(bad)%h.columns
			if h.fortran {
				row, column = int(bad)%a.Rows, int(bad)/a.Rows
			}
			return Array{}, fmt.Errorf("row %d, column %d: the value is not finite", row, column)
		}
		return Array{}, err
	}
	if h.fortran {
		byColumn := a.Values
		a.Values = make([]float64, len(byColumn))
		for i, v := range byColumn {
			a.Values[i%a.Rows*a.Columns+i/a.Rows] = v
		}
	}
	return a, nil
}

// notFinite is the index of a value that is no finite number.
type notFinite int

func (notFinite) Error() string { return "a value is not finite" }

// readValues reads count values, and makes sure that nothing follows them.
func readValues(in io.Reader, of npyType, count int) ([]float64, error) {
	const chunk = 1 << 12
	buffer, offsets := make([]byte, chunk*of.size), make([]int, chunk)
	for i := range offsets {
		offsets[i] = i * of.size
	}
	damaged := errors.New("its size is not what its header promises: the file is damaged")
	var values []float64
	for len(values) < count {
		n := min(chunk, count-len(values))
		if _, err := io.ReadFull(in, buffer[:n*of.size]); err == io.EOF || err == io.ErrUnexpectedEOF {
			return nil, damaged
		} else if err != nil {
			return nil, err
		}
		at := len(values)
		values = slices.Grow(values, n)[:at+n]
		if bad := of.decode(values[at:], buffer[:n*of.size], offsets[:n]); bad >= 0 {
			return nil, notFinite(at + bad)
		}
	}
	switch n, err := io.ReadFull(in, buffer[:1]); {
	case n > 0:
		return nil, damaged
	case err != io.EOF:
		return nil, err
	}
	return values, nil
}
