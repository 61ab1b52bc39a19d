package table

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// Array is a matrix of a NumPy archive, or a vector, which has one column.
type Array struct {
	Rows, Columns int
	Values        []float64 // row-major
}

// MaxArrayBytes is the size of the largest array that ReadArrays reads.
const MaxArrayBytes = 1 << 30

// ReadArrays reads the arrays of a .npz by their names. One of another name,
// one that is larger than MaxArrayBytes or has more than two dimensions, and a
// value that is not finite are errors.
func ReadArrays(path string, names ...string) (map[string]Array, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("table: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("table: %w", err)
	}
	archive, err := zip.NewReader(file, info.Size())
	if err != nil {
		return nil, fmt.Errorf("table: %s: this is not a NumPy archive, or it is truncated: %w", path, err)
	}
	arrays := map[string]Array{}
	for _, f := range archive.File {
		name := strings.TrimSuffix(f.Name, ".npy")
		if !slices.Contains(names, name) {
			return nil, fmt.Errorf("table: %s: the array %s is not known; known are %s", path, shorten(name), listNames(names))
		}
		if _, twice := arrays[name]; twice {
			return nil, fmt.Errorf("table: %s: the array %s comes twice", path, name)
		}
		a, err := readArray(f)
		if err != nil {
			return nil, fmt.Errorf("table: %s: the array %s cannot be used: %w", path, name, err)
		}
		arrays[name] = a
	}
	return arrays, nil
}

// readArray reads one entry. Its memory grows with what is really there.
func readArray(f *zip.File) (Array, error) {
	entry, err := f.Open()
	if err != nil {
		return Array{}, err
	}
	defer entry.Close()
	h, err := readNPYHeader(entry)
	if err != nil {
		return Array{}, err
	}
	if h.dataBytes() > MaxArrayBytes {
		return Array{}, fmt.Errorf("it has %d bytes, at most %d are read", h.dataBytes(), int64(MaxArrayBytes))
	}
	var data bytes.Buffer
	if _, err := io.Copy(&data, io.LimitReader(entry, h.dataBytes()+1)); err != nil {
		return Array{}, err
	}
	if int64(data.Len()) != h.dataBytes() {
		return Array{}, errors.New("its size is not what its header promises: the file is damaged")
	}
	a := Array{Rows: int(h.rows), Columns: h.columns, Values: make([]float64, int(h.rows)*h.columns)}
	columnBytes, rowBytes := h.values.size, int(h.rowBytes())
	if h.fortran {
		columnBytes, rowBytes = int(h.rows)*h.values.size, h.values.size
	}
	offsets := make([]int, h.columns)
	for c := range offsets {
		offsets[c] = c * columnBytes
	}
	for r := range a.Rows {
		if bad := h.values.decode(a.Values[r*h.columns:][:h.columns], data.Bytes()[r*rowBytes:], offsets); bad >= 0 {
			return Array{}, fmt.Errorf("row %d, column %d: the value is not finite", r, bad)
		}
	}
	return a, nil
}
