package table

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/seed-192fdf7a/nf/internal/printable"
)

// npyType is the type of an array's values, or of a field of its records.
type npyType struct {
	name  string // as NumPy writes it: '<f8'
	size  int    // bytes
	value func(b []byte) float64
	// text appends a value that is text, of type S or U. A type of records that has neither value nor text can be passed
	// over, but not be read.
	text func(to, b []byte) []byte
}

// parseNPYType knows real numbers, integers (those beyond 2^53 are rounded to the nearest float64) and booleans.
func parseNPYType(descr string) (npyType, error) {
	t := parseFieldType(descr)
	if t.value == nil {
		return t, unsupportedType(descr)
	}
	return t, nil
}

// parseFieldType knows those, text, and the sizes of what else NumPy writes in place. It has the size 0 for others.
func parseFieldType(descr string) npyType {
	t := npyType{name: descr}
	if len(descr) < 3 {
		return t
	}
	kind := descr[1]
	size, err := strconv.ParseUint(digitsOf(descr[2:]), 10, 24)
	if err != nil || size == 0 {
		return t
	}
	t.size = int(size)
	var order binary.ByteOrder = binary.LittleEndian
	switch descr[0] {
	case '<':
	case '>':
		order = binary.BigEndian
	case '|': // one byte has no order
		if t.size != 1 && kind != 'S' && kind != 'V' {
			return npyType{name: descr}
		}
	default:
		return npyType{name: descr}
	}
	switch kind {
	case 'S':
		t.text = appendBytes
		return t
	case 'U':
		t.size *= 4
		t.text = func(to, b []byte) []byte { return appendRunes(to, b, order) }
		return t
	case 'V', 'c', 'M', 'm':
		return t
	}
	switch descr[1:] {
	case "f8":
		t.value = func(b []byte) float64 { return math.Float64frombits(order.Uint64(b)) }
	case "f4":
		t.value = func(b []byte) float64 { return float64(math.Float32frombits(order.Uint32(b))) }
	case "f2":
		t.value = func(b []byte) float64 { return fromHalf(order.Uint16(b)) }
	case "i8":
		t.value = func(b []byte) float64 { return float64(int64(order.Uint64(b))) }
	case "i4":
		t.value = func(b []byte) float64 { return float64(int32(order.Uint32(b))) }
	case "i2":
		t.value = func(b []byte) float64 { return float64(int16(order.Uint16(b))) }
	case "i1":
		t.value = func(b []byte) float64 { return float64(int8(b[0])) }
	case "u8":
		t.value = func(b []byte) float64 { return float64(order.Uint64(b)) }
	case "u4":
		t.value = func(b []byte) float64 { return float64(order.Uint32(b)) }
	case "u2":
		t.value = func(b []byte) float64 { return float64(order.Uint16(b)) }
	case "u1":
		t.value = func(b []byte) float64 { return float64(b[0]) }
	case "b1":
		t.value = func(b []byte) float64 {
			if b[0] != 0 {
				return 1
			}
			return 0
		}
	case "f16", "f12": // long double, as this processor or another has it
	default:
		return npyType{name: descr}
	}
	return t
}

// digitsOf is the number that a text begins with: a date's type goes on with its unit, as in M8[ns].
func digitsOf(text string) string {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			if text[i] == '[' {
				return text[:i]
			}
			return ""
		}
	}
	return text
}

func unsupportedType(descr string) error {
	way := "convert with .astype('float64')"
	switch {
	case len(descr) > 1 && (descr[1] == 'U' || descr[1] == 'S'):
		way = "text is read from the fields of a structured array, or from .csv"
	case len(descr) > 1 && descr[1] == 'O':
		way = "it holds Python objects, as a DataFrame of mixed columns does; save it as .csv, or its columns of numbers with .astype('float64')"
	}
	return fmt.Errorf("its dtype is %s; supported are float64, float32, float16, integers, bool, and records of them (%s)", printable.Short(descr), way)
}

// fromHalf is the value of an IEEE 754 half-precision number, exactly.
func fromHalf(bits uint16) float64 {
	sign, exponent, fraction := 1.0, int(bits>>10&31), float64(bits&1023)
	if bits>>15 == 1 {
		sign = -1
	}
	switch {
	case exponent == 31 && fraction != 0:
		return math.NaN()
	case exponent == 31:
		return math.Inf(int(sign))
	case exponent == 0:
		return math.Copysign(math.Ldexp(fraction, -24), sign)
	}
	return math.Copysign(math.Ldexp(1024+fraction, exponent-25), sign)
}

// appendBytes adds a text of one byte a character, which zeros fill up.
func appendBytes(to, b []byte) []byte {
	for len(b) > 0 && b[len(b)-1] == 0 {
		b = b[:len(b)-1]
	}
	return append(to, b...)
}

// appendRunes adds a text of four bytes a character, which zeros fill up.
func appendRunes(to, b []byte, order binary.ByteOrder) []byte {
	for len(b) >= 4 && order.Uint32(b[len(b)-4:]) == 0 {
		b = b[:len(b)-4]
	}
	for ; len(b) >= 4; b = b[4:] {
		to = utf8.AppendRune(to, rune(order.Uint32(b)&math.MaxInt32))
	}
	return to
}

// appendText adds a value as a CSV would hold it. A type that cannot be read adds nothing.
func (t *npyType) appendText(to, b []byte) []byte {
	b = b[:t.size]
	switch {
	case t.text != nil:
		return t.text(to, b)
	case t.value != nil && (t.name[1] == 'i' || t.name[1] == 'u'):
		return t.appendInteger(to, b)
	case t.value != nil:
		return strconv.AppendFloat(to, t.value(b), 'g', -1, 64)
	}
	return to
}

// appendInteger adds all digits of an integer.
func (t *npyType) appendInteger(to, b []byte) []byte {
	var v uint64
	for i := range b {
		at := len(b) - 1 - i // little-endian: the highest byte first
		if t.name[0] == '>' {
			at = i
		}
		v = v<<8 | uint64(b[at])
	}
	if t.name[1] == 'u' {
		return strconv.AppendUint(to, v, 10)
	}
	shift := 64 - 8*len(b)
	return strconv.AppendInt(to, int64(v<<shift)>>shift, 10)
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

// errUnreadable is wrapped by the error for a field that can be read neither as a number nor as text.
var errUnreadable = errors.New("it can be passed over, but not be read")
