package table

import (
	"errors"
	"fmt"
	"io"

	"github.com/seed-192fdf7a/nf/internal/printable"
)

// NPYArray describes a NumPy array of numbers, of any dimensions, for those who read its values themselves: its values
// follow the header, in C order.
type NPYArray struct {
	Type   string // as NumPy writes it: "<f8"
	Shape  []int64
	Header int64 // bytes before the values
	Size   int   // bytes of a value
	value  func([]byte) float64
}

// Value returns the value of its bytes.
func (a *NPYArray) Value(b []byte) float64 { return a.value(b) }

// Bytes returns how many the values take.
func (a *NPYArray) Bytes() int64 {
	n := int64(a.Size)
	for _, s := range a.Shape {
		n *= s
	}
	return n
}

// maxArrayBytes bounds an array, so that no size overflows.
const maxArrayBytes = 1 << 50

// ReadNPYArray reads the header of a NumPy array and leaves in at the first value. Errors do not name the file.
func ReadNPYArray(in io.Reader) (*NPYArray, error) {
	text, size, err := readNPYText(in)
	if err != nil {
		return nil, err
	}
	entries, fortran, err := npyEntries(text)
	if err != nil {
		return nil, err
	}
	descr, ok := unquotedPython(entries["descr"])
	if !ok {
		return nil, fmt.Errorf("its values are of type %s; plain numbers are read", printable.Short(entries["descr"]))
	}
	t, err := parseNPYType(descr)
	if err != nil {
		return nil, err
	}
	a := &NPYArray{Type: descr, Header: size, Size: t.size, value: t.value}
	if a.Shape, err = parseShape(entries["shape"]); err != nil {
		return nil, err
	}
	total := int64(t.size)
	for _, s := range a.Shape {
		if s > 0 && total > maxArrayBytes/s {
			return nil, fmt.Errorf("its shape is %s: no file holds that many values", printable.Short(entries["shape"]))
		}
		total *= s
	}
	if fortran && len(a.Shape) > 1 {
		return nil, errors.New("it is in Fortran order; save it in C order, with np.ascontiguousarray(X)")
	}
	return a, nil
}
