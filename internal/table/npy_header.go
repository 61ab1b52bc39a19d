package table

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"strconv"
	"strings"

	"github.com/seed-192fdf7a/nf/internal/limits"
	"github.com/seed-192fdf7a/nf/internal/printable"
)

// npyMagic begins every .npy file. The format is described in numpy.lib.format (NEP 1): the magic, two version bytes, the
// length of the header (2 bytes in version 1, 4 in versions 2 and 3, little-endian), the header, and the raw values.
const npyMagic = "\x93NUMPY"

// maxNPYHeaderBytes is the longest header that is read.
const maxNPYHeaderBytes = limits.NPYHeaderBytes

// npyHeader is what the header of a .npy says.
type npyHeader struct {
	values  npyType    // of all values; without a value where there are fields
	fields  []npyField // of a structured array, whose rows are records
	fortran bool       // columns are contiguous rather than rows
	rows    int64
	columns int
	bytes   int64 // of everything before the values
}

// npyField is one named value of a record.
type npyField struct {
	name   string
	offset int // bytes from the record's beginning
	values npyType
	fault  string // why the field is no column, or ""
}

// rowBytes is the size of one row, at most MaxColumns values.
func (h npyHeader) rowBytes() int64 {
	if h.fields != nil {
		return int64(h.values.size)
	}
	return int64(h.columns) * int64(h.values.size)
}

// column is where in a row a column lies, and its type.
func (h *npyHeader) column(i int) (offset int, values *npyType) {
	if h.fields != nil {
		return h.fields[i].offset, &h.fields[i].values
	}
	return i * h.values.size, &h.values
}

// dataBytes is the size of all values; readNPYHeader has checked that it does not overflow.
func (h npyHeader) dataBytes() int64 { return h.rows * h.rowBytes() }

// readNPYHeader reads the header and leaves in at the first value. Errors do not name the file.
func readNPYHeader(in io.Reader) (npyHeader, error) {
	text, size, err := readNPYText(in)
	if err != nil {
		return npyHeader{}, err
	}
	h, err := parseNPYHeader(text)
	h.bytes = size
	return h, err
}

// readNPYText reads the header's text and its size, with all that is before the values.
func readNPYText(in io.Reader) (header string, size int64, err error) {
	var start [12]byte
	if _, err := io.ReadFull(in, start[:8]); err != nil {
		if err == io.EOF {
			return "", 0, errors.New("it is empty")
		}
		if err != io.ErrUnexpectedEOF {
			return "", 0, err
		}
	}
	if string(start[:6]) != npyMagic {
		return "", 0, errors.New("it is not a NumPy array: it does not begin as a .npy file does")
	}
	lengthBytes := 4
	switch major := start[6]; major {
	case 1:
		lengthBytes = 2
	case 2, 3:
	default:
		return "", 0, fmt.Errorf("its format version is %d.%d; versions 1 to 3 are read", major, start[7])
	}
	if _, err := io.ReadFull(in, start[8:8+lengthBytes]); err != nil {
		return "", 0, headerBreaksOff(err)
	}
	length := binary.LittleEndian.Uint32(start[8:])
	if length > maxNPYHeaderBytes {
		return "", 0, fmt.Errorf("its header claims %d bytes; at most %d are read", length, maxNPYHeaderBytes)
	}
	text := make([]byte, length)
	if _, err := io.ReadFull(in, text); err != nil {
		return "", 0, headerBreaksOff(err)
	}
	header = string(text)
	if start[6] < 3 { // Latin-1
		header = fromLatin1(text)
	}
	return header, int64(8 + lengthBytes + len(text)), nil
}

func headerBreaksOff(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errors.New("it breaks off within its header: the file is truncated")
	}
	return err
}

// parseNPYHeader reads the header's text, a Python dictionary with the keys descr, fortran_order and shape.
func parseNPYHeader(text string) (npyHeader, error) {
	entries, fortran, err := npyEntries(text)
	if err != nil {
		return npyHeader{}, err
	}
	h := npyHeader{fortran: fortran}
	if err := h.setType(entries["descr"]); err != nil {
		return npyHeader{}, err
	}
	if err := h.setShape(entries["shape"]); err != nil {
		return npyHeader{}, err
	}
	return h, nil
}

// npyEntries returns the texts of the header's three keys, and what fortran_order is.
func npyEntries(text string) (entries map[string]string, fortran bool, err error) {
	if entries, err = parsePythonDictionary(text); err != nil {
		return nil, false, fmt.Errorf("its header cannot be read: %w", err)
	}
	for _, key := range []string{"descr", "fortran_order", "shape"} {
		if _, ok := entries[key]; !ok {
			return nil, false, fmt.Errorf("its header has no %s", key)
		}
	}
	if len(entries) != 3 {
		return nil, false, errors.New("its header has more than descr, fortran_order and shape")
	}
	switch entries["fortran_order"] {
	case "True":
		return entries, true, nil
	case "False":
		return entries, false, nil
	}
	return nil, false, fmt.Errorf("its header's fortran_order is %s; it must be True or False", printable.Short(entries["fortran_order"]))
}

func fromLatin1(text []byte) string {
	runes := make([]rune, len(text))
	for i, c := range text {
		runes[i] = rune(c)
	}
	return string(runes)
}

// setType reads the type, a string such as '<f8' or the list of a structured array's fields.
func (h *npyHeader) setType(descr string) (err error) {
	if name, isString := unquotedPython(descr); isString {
		h.values, err = parseNPYType(name)
		return err
	}
	if !strings.HasPrefix(descr, "[") {
		return fmt.Errorf("its header's descr is %s; it must be a type or a list of fields", printable.Short(descr))
	}
	h.fields = []npyField{}
	size, err := h.addFields(descr, "", 0, 0)
	if err != nil {
		return err
	}
	if len(h.fields) == 0 {
		return errors.New("its records have no fields")
	}
	h.values = npyType{name: descr, size: size}
	return nil
}

// addFields reads a list of fields, ('name', type) or ('name', type, shape) each, which lie one after the other from
// offset on, and returns where they end. A record within a record has its fields named outer.inner.
func (h *npyHeader) addFields(list, prefix string, offset, depth int) (end int, err error) {
	const mostBytes, deepest = 1 << 24, 8
	if depth > deepest {
		return 0, fmt.Errorf("its records are nested more than %d deep", deepest)
	}
	fields, err := pythonItems(list, '[', ']')
	if err != nil {
		return 0, fmt.Errorf("its fields cannot be read: %w", err)
	}
	for _, text := range fields {
		parts, err := pythonItems(text, '(', ')')
		if err != nil || len(parts) != 2 && len(parts) != 3 {
			return 0, fmt.Errorf("its field %s cannot be read: it must have a name and a type", printable.Short(text))
		}
		name, isString := unquotedPython(parts[0])
		if pair, err := pythonItems(parts[0], '(', ')'); err == nil && len(pair) == 2 { // a title and the name
			name, isString = unquotedPython(pair[1])
		}
		if !isString {
			return 0, fmt.Errorf("its field %s has no name", printable.Short(text))
		}
		count := 1
		if len(parts) == 3 {
			sizes, err := parseShape(parts[2])
			if err != nil {
				return 0, err
			}
			for _, size := range sizes {
				if size > mostBytes {
					return 0, errTooWide
				}
				if count *= int(size); count > mostBytes {
					return 0, errTooWide
				}
			}
		}
		typeName, isString := unquotedPython(parts[1])
		begin := offset
		switch {
		case isString:
			values := parseFieldType(typeName)
			if values.size == 0 {
				return 0, unsupportedType(typeName)
			}
			offset += values.size * count
			if name == "" && strings.HasPrefix(typeName, "|V") {
				break // what aligns the next field
			}
			field := npyField{name: prefix + name, offset: begin, values: values}
			if len(parts) == 3 {
				field.fault = "it is an array of the shape " + parts[2]
			} else if values.value == nil && values.text == nil {
				field.fault = "its dtype is " + typeName
			}
			h.fields = append(h.fields, field)
		case count != 1 || len(parts) == 3:
			return 0, fmt.Errorf("its field %q is an array of records", printable.Short(name))
		default:
			if offset, err = h.addFields(parts[1], prefix+name+".", offset, depth+1); err != nil {
				return 0, err
			}
		}
		if offset > mostBytes {
			return 0, errTooWide
		}
		if len(h.fields) > MaxColumns {
			return 0, fmt.Errorf("its records have more than %d fields, the most columns that a table may have", MaxColumns)
		}
	}
	return offset, nil
}

var errTooWide = errors.New("its records have more than 16 MiB each")

// parseShape reads a tuple such as (1000, 8) or (1000,), as Python reads it.
func parseShape(text string) (sizes []int64, err error) {
	parts, err := pythonItems(text, '(', ')')
	if err != nil {
		return nil, fmt.Errorf("its header's shape is %s; it must be a tuple: %w", printable.Short(text), err)
	}
	for _, part := range parts {
		part = strings.TrimSuffix(part, "L") // Python 2 wrote long integers so
		size, err := strconv.ParseInt(part, 10, 64)
		if err != nil || size < 0 || part[0] == '+' || len(part) > 1 && part[0] == '0' {
			return nil, fmt.Errorf("its header's shape is %s: %q is not a size", printable.Short(text), printable.Short(part))
		}
		sizes = append(sizes, size)
	}
	return sizes, nil
}

// setShape takes the shape of one or two dimensions.
func (h *npyHeader) setShape(text string) error {
	sizes, err := parseShape(text)
	if err != nil {
		return err
	}
	columns := int64(1)
	switch len(sizes) {
	case 1:
	case 2:
		columns = sizes[1]
	default:
		return fmt.Errorf("its shape is %s: a table has one or two dimensions, not %d", printable.Short(text), len(sizes))
	}
	h.rows = sizes[0]
	switch {
	case columns == 0:
		return fmt.Errorf("its shape is %s: it has no columns", printable.Short(text))
	case columns > MaxColumns:
		return fmt.Errorf("its shape is %s: it has more than %d columns, the most a table may have", printable.Short(text), MaxColumns)
	case h.fields != nil && columns > 1:
		return fmt.Errorf("its shape is %s: records stand in one dimension", printable.Short(text))
	}
	h.columns = int(columns)
	if h.fields != nil {
		h.columns = len(h.fields)
	}
	if high, low := bits.Mul64(uint64(h.rows), uint64(h.rowBytes())); high != 0 || low > 1<<62 {
		return fmt.Errorf("its shape is %s: no file holds that many rows", printable.Short(text))
	}
	if columns == 1 || h.rows <= 1 {
		h.fortran = false // both orders are the same
	}
	return nil
}

// parsePythonDictionary cuts a literal such as {'descr': '<f8', 'shape': (3, 4), } into keys and the texts of their
// values, which keep their quotes and brackets.
func parsePythonDictionary(text string) (map[string]string, error) {
	inner, ok := strings.CutPrefix(strings.TrimSpace(text), "{")
	inner, closed := strings.CutSuffix(inner, "}")
	if !ok || !closed {
		return nil, errors.New("it is not a dictionary")
	}
	entries := map[string]string{}
	for rest := strings.TrimSpace(inner); rest != ""; {
		key, behind, err := cutPythonValue(rest)
		if err != nil {
			return nil, err
		}
		key, isString := unquotedPython(key)
		if !isString {
			return nil, fmt.Errorf("a key in quotes is expected at %q", printable.Short(rest))
		}
		behind, ok := strings.CutPrefix(strings.TrimSpace(behind), ":")
		if !ok {
			return nil, fmt.Errorf("a colon is missing behind %q", printable.Short(key))
		}
		value, behind, err := cutPythonValue(strings.TrimSpace(behind))
		if err != nil {
			return nil, err
		}
		if _, twice := entries[key]; twice {
			return nil, fmt.Errorf("%q comes twice", printable.Short(key))
		}
		entries[key] = value
		behind = strings.TrimSpace(behind)
		if behind != "" {
			if behind, ok = strings.CutPrefix(behind, ","); !ok {
				return nil, fmt.Errorf("a comma is missing before %q", printable.Short(behind))
			}
		}
		rest = strings.TrimSpace(behind)
	}
	return entries, nil
}

// pythonItems cuts a list or tuple into the texts of its items.
func pythonItems(text string, open, closing byte) (items []string, err error) {
	if len(text) < 2 || text[0] != open || text[len(text)-1] != closing {
		return nil, fmt.Errorf("%q does not stand in %c and %c", printable.Short(text), open, closing)
	}
	for rest := strings.TrimSpace(text[1 : len(text)-1]); rest != ""; {
		item, behind, err := cutPythonValue(rest)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
		behind = strings.TrimSpace(behind)
		if behind == "" {
			break
		}
		if behind[0] != ',' {
			return nil, fmt.Errorf("a comma is missing before %q", printable.Short(behind))
		}
		rest = strings.TrimSpace(behind[1:])
	}
	return items, nil
}

// unquotedPython is what a string literal holds.
func unquotedPython(literal string) (text string, isString bool) {
	if len(literal) < 2 || literal[0] != '\'' && literal[0] != '"' {
		return "", false
	}
	var b strings.Builder
	for rest := literal[1 : len(literal)-1]; rest != ""; {
		r, _, tail, err := strconv.UnquoteChar(rest, literal[0])
		if err != nil {
			if tail = rest[1:]; strings.HasPrefix(rest, `\'`) || strings.HasPrefix(rest, `\"`) {
				r, tail = rune(rest[1]), rest[2:]
			} else {
				r = rune(rest[0])
			}
		}
		b.WriteRune(r)
		rest = tail
	}
	return b.String(), true
}

// cutPythonValue cuts one value off the front of a literal: a string, brackets of any kind up to their closing one, or a
// plain word.
func cutPythonValue(text string) (value, rest string, err error) {
	if text == "" {
		return "", "", errors.New("a value is missing at its end")
	}
	switch text[0] {
	case '\'', '"':
		end := stringEnd(text)
		if end < 0 {
			return "", "", fmt.Errorf("a closing quote is missing behind %q", printable.Short(text))
		}
		return text[:end], text[end:], nil
	case '(', '[':
		depth := 0
		for i := 0; i < len(text); i++ {
			switch text[i] {
			case '\'', '"':
				end := stringEnd(text[i:])
				if end < 0 {
					return "", "", fmt.Errorf("a closing quote is missing behind %q", printable.Short(text[i:]))
				}
				i += end - 1
			case '(', '[':
				depth++
			case ')', ']':
				depth--
			}
			if depth == 0 {
				return text[:i+1], text[i+1:], nil
			}
		}
		return "", "", fmt.Errorf("a closing bracket is missing behind %q", printable.Short(text))
	}
	end := strings.IndexAny(text, ",: ")
	if end < 0 {
		end = len(text)
	}
	if end == 0 {
		return "", "", fmt.Errorf("a value is missing before %q", printable.Short(text))
	}
	return text[:end], text[end:], nil
}

// stringEnd is where a string literal that begins the text ends, or -1.
func stringEnd(text string) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case text[0]:
			return i + 1
		}
	}
	return -1
}
