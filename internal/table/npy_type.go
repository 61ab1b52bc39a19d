package table

import (
	"encoding/binary"
	"fmt"
	"math"
)

// npyType is the type of an array's values.
type npyType struct {
	name  string // as NumPy writes it: '<f8'
	size  int    // bytes
	value func(b []byte) float64
}

// parseNPYType knows real numbers, integers (those beyond 2^53 are rounded to the nearest float64) and booleans.
func parseNPYType(descr string) (npyType, error) {
	t := npyType{name: descr}
	if len(descr) != 3 {
		return t, unsupportedType(descr)
	}
	var order binary.ByteOrder
	switch descr[0] {
	case '<':
		order = binary.LittleEndian
	case '>':
		order = binary.BigEndian
	case '|': // one byte has no order
		if descr[2] != '1' {
			return t, unsupportedType(descr)
		}
	default:
		return t, unsupportedType(descr)
	}
	switch descr[1:] {
	case "f8":
		t.size, t.value = 8, func(b []byte) float64 { return math.Float64frombits(order.Uint64(b)) }
	case "f4":
		t.size, t.value = 4, func(b []byte) float64 { return float64(math.Float32frombits(order.Uint32(b))) }
	case "i8":
		t.size, t.value = 8, func(b []byte) float64 { return float64(int64(order.Uint64(b))) }
	case "i4":
		t.size, t.value = 4, func(b []byte) float64 { return float64(int32(order.Uint32(b))) }
	case "i2":
		t.size, t.value = 2, func(b []byte) float64 { return float64(int16(order.Uint16(b))) }
	case "i1":
		t.size, t.value = 1, func(b []byte) float64 { return float64(int8(b[0])) }
	case "u8":
		t.size, t.value = 8, func(b []byte) float64 { return float64(order.Uint64(b)) }
	case "u4":
		t.size, t.value = 4, func(b []byte) float64 { return float64(order.Uint32(b)) }
	case "u2":
		t.size, t.value = 2, func(b []byte) float64 { return float64(order.Uint16(b)) }
	case "u1":
		t.size, t.value = 1, func(b []byte) float64 { return float64(b[0]) }
	case "b1":
		t.size, t.value = 1, func(b []byte) float64 {
			if b[0] != 0 {
				return 1
			}
			return 0
		}
	default:
		return t, unsupportedType(descr)
	}
	return t, nil
}

func unsupportedType(descr string) error {
	return fmt.Errorf("its dtype is %s; supported are float64, float32, integers and bool (convert with .astype('float64'))",
		shorten(descr))
}

// decode puts the values at the given offsets of row into dst and reports the first that is not finite, or -1.
func (t npyType) decode(dst []float64, row []byte, offsets []int) int {
	switch t.name {
	case "<f8":
		for i, at := range offsets {
			dst[i] = math.Float64frombits(binary.LittleEndian.Uint64(row[at:]))
		}
	case "<f4":
		for i, at := range offsets {
			dst[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(row[at:])))
		}
	default:
		for i, at := range offsets {
			dst[i] = t.value(row[at:])
		}
	}
	for i, v := range dst[:len(offsets)] {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return i
		}
	}
	return -1
}
