package table

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"strconv"
	"strings"
)

// npyMagic begins every .npy file. The format is described in numpy.lib.format (NEP 1): the magic, two version bytes, the
// length of the header (2 bytes in version 1, 4 in versions 2 and 3, little-endian), the header, and the raw values.
const npyMagic = "\x93NUMPY"

// maxNPYHeaderBytes is the longest header that is read. NumPy itself refuses more than 10,000 by default.
const maxNPYHeaderBytes = 1 << 16

// npyHeader is what the header of a .npy says.
type npyHeader struct {
	values  npyType
	fortran bool // columns are contiguous rather than rows
	rows    int64
	columns int
	bytes   int64 // of everything before the values
}

// rowBytes is the size of one row, at most MaxColumns values.
func (h npyHeader) rowBytes() int64 { return int64(h.columns) * int64(h.values.size) }

// dataBytes is the size of all values; readNPYHeader has checked that it does not overflow.
func (h npyHeader) dataBytes() int64 { return h.rows * h.rowBytes() }

// readNPYHeader reads the header and leaves in at the first value. Errors do not name the file.
func readNPYHeader(in io.Reader) (npyHeader, error) {
	var start [12]byte
	if _, err := io.ReadFull(in, start[:8]); err != nil {
		if err == io.EOF {
			return npyHeader{}, errors.New("it is empty")
		}
		if err != io.ErrUnexpectedEOF {
			return npyHeader{}, err
		}
	}
	if string(start[:6]) != npyMagic {
		return npyHeader{}, errors.New("it is not a NumPy array: it does not begin as a .npy file does")
	}
	lengthBytes := 4
	switch major := start[6]; major {
	case 1:
		lengthBytes = 2
	case 2, 3:
	default:
		return npyHeader{}, fmt.Errorf("its format version is %d.%d; versions 1 to 3 are read", major, start[7])
	}
	if _, err := io.ReadFull(in, start[8:8+lengthBytes]); err != nil {
		return npyHeader{}, headerBreaksOff(err)
	}
	length := binary.LittleEndian.Uint32(start[8:])
	if length > maxNPYHeaderBytes {
		return npyHeader{}, fmt.Errorf("its header claims %d bytes; at most %d are read", length, maxNPYHeaderBytes)
	}
	text := make([]byte, length)
	if _, err := io.ReadFull(in, text); err != nil {
		return npyHeader{}, headerBreaksOff(err)
	}
	h, err := parseNPYHeader(string(text))
	h.bytes = int64(8 + lengthBytes + len(text))
	return h, err
}

func headerBreaksOff(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errors.New("it breaks off within its header: the file is truncated")
	}
	return err
}

// parseNPYHeader reads the header's text, a Python dictionary with the keys descr, fortran_order and shape.
func parseNPYHeader(text string) (npyHeader, error) {
	entries, err := parsePythonDictionary(text)
	if err != nil {
		return npyHeader{}, fmt.Errorf("its header cannot be read: %w", err)
	}
	for _, key := range []string{"descr", "fortran_order", "shape"} {
		if _, ok := entries[key]; !ok {
			return npyHeader{}, fmt.Errorf("its header has no %s", key)
		}
	}
	if len(entries) != 3 {
		return npyHeader{}, errors.New("its header has more than descr, fortran_order and shape")
	}
	var h npyHeader
	if h.values, err = parseNPYType(entries["descr"]); err != nil {
		return npyHeader{}, err
	}
	switch entries["fortran_order"] {
	case "True":
		h.fortran = true
	case "False":
	default:
		return npyHeader{}, fmt.Errorf("its header's fortran_order is %s; it must be True or False", shorten(entries["fortran_order"]))
	}
	if err := h.setShape(entries["shape"]); err != nil {
		return npyHeader{}, err
	}
	return h, nil
}

// setShape reads the shape, a tuple such as (1000, 8) or (1000,).
func (h *npyHeader) setShape(text string) error {
	inner, ok := strings.CutPrefix(text, "(")
	inner, closed := strings.CutSuffix(inner, ")")
	if !ok || !closed {
		return fmt.Errorf("its header's shape is %s; it must be a tuple", shorten(text))
	}
	var sizes []int64
	for _, part := range strings.Split(inner, ",") {
		part = strings.TrimSuffix(strings.TrimSpace(part), "L") // Python 2 wrote long integers so
		if part == "" {
			continue
		}
		size, err := strconv.ParseInt(part, 10, 64)
		if err != nil || size < 0 {
			return fmt.Errorf("its header's shape is %s: %q is not a size", shorten(text), shorten(part))
		}
		sizes = append(sizes, size)
	}
	columns := int64(1)
	switch len(sizes) {
	case 1:
	case 2:
		columns = sizes[1]
	default:
		return fmt.Errorf("its shape is %s: a table has one or two dimensions, not %d", shorten(text), len(sizes))
	}
	h.rows = sizes[0]
	switch {
	case columns == 0:
		return fmt.Errorf("its shape is %s: it has no columns", shorten(text))
	case columns > MaxColumns:
		return fmt.Errorf("its shape is %s: it has more than %d columns, the most a table may have", shorten(text), MaxColumns)
	}
	h.columns = int(columns)
	if high, low := bits.Mul64(uint64(h.rows), uint64(h.rowBytes())); high != 0 || low > 1<<62 {
		return fmt.Errorf("its shape is %s: no file holds that many rows", shorten(text))
	}
	if h.columns == 1 || h.rows <= 1 {
		h.fortran = false // both orders are the same
	}
	return nil
}

// parsePythonDictionary cuts a literal such as {'descr': '<f8', 'shape': (3, 4), } into keys and the texts of their
// values: strings without their quotes, brackets of any kind up to their closing one, and plain words.
func parsePythonDictionary(text string) (map[string]string, error) {
	inner, ok := strings.CutPrefix(strings.TrimSpace(text), "{")
	inner, closed := strings.CutSuffix(inner, "}")
	if !ok || !closed {
		return nil, errors.New("it is not a dictionary")
	}
	entries := map[string]string{}
	for rest := strings.TrimSpace(inner); rest != ""; {
		if rest[0] != '\'' && rest[0] != '"' {
			return nil, fmt.Errorf("a key in quotes is expected at %q", shorten(rest))
		}
		key, behind, err := cutPythonValue(rest)
		if err != nil {
			return nil, err
		}
		behind, ok := strings.CutPrefix(strings.TrimSpace(behind), ":")
		if !ok {
			return nil, fmt.Errorf("a colon is missing behind %q", shorten(key))
		}
		value, behind, err := cutPythonValue(strings.TrimSpace(behind))
		if err != nil {
			return nil, err
		}
		if _, twice := entries[key]; twice {
			return nil, fmt.Errorf("%q comes twice", shorten(key))
		}
		entries[key] = value
		behind = strings.TrimSpace(behind)
		if behind != "" {
			if behind, ok = strings.CutPrefix(behind, ","); !ok {
				return nil, fmt.Errorf("a comma is missing before %q", shorten(behind))
			}
		}
		rest = strings.TrimSpace(behind)
	}
	return entries, nil
}

// cutPythonValue cuts one value off the front of a literal.
func cutPythonValue(text string) (value, rest string, err error) {
	if text == "" {
		return "", "", errors.New("a value is missing at its end")
	}
	switch text[0] {
	case '\'', '"':
		end := strings.IndexByte(text[1:], text[0])
		if end < 0 {
			return "", "", fmt.Errorf("a closing quote is missing behind %q", shorten(text))
		}
		return text[1 : 1+end], text[2+end:], nil
	case '(', '[':
		depth := 0
		for i := 0; i < len(text); i++ {
			switch text[i] {
			case '(', '[':
				depth++
			case ')', ']':
				depth--
			}
			if depth == 0 {
				return text[:i+1], text[i+1:], nil
			}
		}
		return "", "", fmt.Errorf("a closing bracket is missing behind %q", shorten(text))
	}
	end := strings.IndexAny(text, ",: ")
	if end < 0 {
		end = len(text)
	}
	return text[:end], text[end:], nil
}
