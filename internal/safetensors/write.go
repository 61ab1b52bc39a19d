package safetensors

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"
)

// Write writes a file of F32 tensors, in the order given, that Read reads back
// bit for bit. The same File makes the same bytes: metadata is sorted by key,
// and the header is padded with spaces so that the data begins at a multiple of
// 8 bytes.
//
// What Read would refuse is an error, found before the first byte is written.
// Write does not change the File.
func Write(w io.Writer, f File) error {
	if err := write(w, f); err != nil {
		return fmt.Errorf("safetensors: %w", err)
	}
	return nil
}

func write(w io.Writer, f File) error {
	text, err := formatHeader(f)
	if err != nil {
		return err
	}
	if _, err := w.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(text)))); err != nil {
		return fmt.Errorf("writing the header: %w", err)
	}
	if _, err := w.Write(text); err != nil {
		return fmt.Errorf("writing the header: %w", err)
	}
	buffer := make([]byte, 0, chunkBytes)
	for _, t := range f.Tensors {
		for chunk := range slices.Chunk(t.Values, chunkBytes/4) {
			buffer = buffer[:0]
			for _, value := range chunk {
				buffer = binary.LittleEndian.AppendUint32(buffer, math.Float32bits(value))
			}
			if _, err := w.Write(buffer); err != nil {
				return fmt.Errorf("writing tensor %s: %w", quoted(t.Name), err)
			}
		}
	}
	return nil
}

// formatHeader returns the padded header.
func formatHeader(f File) ([]byte, error) {
	text := []byte{'{'}
	if len(f.Metadata) > 0 {
		var err error
		if text, err = appendMetadata(text, f.Metadata); err != nil {
			return nil, fmt.Errorf("%s: %w", metadataKey, err)
		}
	}
	names := make(map[string]bool, len(f.Tensors))
	offset := int64(0)
	for _, t := range f.Tensors {
		if err := checkTensor(t); err != nil {
			return nil, fmt.Errorf("tensor %s: %w", quoted(t.Name), err)
		}
		if names[t.Name] {
			return nil, fmt.Errorf("two tensors are named %s", quoted(t.Name))
		}
		names[t.Name] = true
		if len(text) > 1 {
			text = append(text, ',')
		}
		end := offset + 4*int64(len(t.Values))
		text = appendTensor(text, t, offset, end)
		offset = end
	}
	text = append(text, '}')
	for len(text)%8 != 0 {
		text = append(text, ' ')
	}
	if len(text) > MaxHeaderBytes {
		return nil, fmt.Errorf("the header would have %d bytes, at most %d are supported", len(text), MaxHeaderBytes)
	}
	if offset > MaxFileBytes-8-int64(len(text)) {
		return nil, fmt.Errorf("the file would have more than %d bytes", int64(MaxFileBytes))
	}
	return text, nil
}

func checkTensor(t Tensor) error {
	if t.Name == metadataKey {
		return errors.New("the name is reserved for metadata")
	}
	if !utf8.ValidString(t.Name) {
		return errors.New("the name is not valid UTF-8")
	}
	count, err := elements(t.Shape)
	if err != nil {
		return err
	}
	if count != len(t.Values) {
		return fmt.Errorf("the shape %v holds %d values, not %d", t.Shape, count, len(t.Values))
	}
	return nil
}

func appendMetadata(text []byte, metadata map[string]string) ([]byte, error) {
	if len(metadata) > MaxMetadataKeys {
		return nil, fmt.Errorf("there are %d keys, at most %d are supported", len(metadata), MaxMetadataKeys)
	}
	text = append(text, `"`+metadataKey+`":`...)
	separator := byte('{')
	for _, key := range slices.Sorted(maps.Keys(metadata)) {
		if !utf8.ValidString(key) || !utf8.ValidString(metadata[key]) {
			return nil, fmt.Errorf("key %s: the key or its value is not valid UTF-8", quoted(key))
		}
		text = appendString(append(text, separator), key)
		text = appendString(append(text, ':'), metadata[key])
		separator = ','
	}
	return append(text, '}'), nil
}

func appendTensor(text []byte, t Tensor, begin, end int64) []byte {
	text = appendString(text, t.Name)
	text = append(text, `:{"dtype":"F32","shape":[`...)
	for i, size := range t.Shape {
		if i > 0 {
			text = append(text, ',')
		}
		text = strconv.AppendInt(text, int64(size), 10)
	}
	text = append(text, `],"data_offsets":[`...)
	text = strconv.AppendInt(text, begin, 10)
	text = append(text, ',')
	text = strconv.AppendInt(text, end, 10)
	return append(text, `]}`...)
}

// appendString appends a JSON string. The bytes are the reference
// implementation's, and must never change: encoding/json promises neither.
func appendString(text []byte, s string) []byte {
	const hexadecimal = "0123456789abcdef"
	text = append(text, '"')
	for _, c := range []byte(s) {
		switch {
		case c == '"' || c == '\\':
			text = append(text, '\\', c)
		case c == '\b':
			text = append(text, `\b`...)
		case c == '\f':
			text = append(text, `\f`...)
		case c == '\n':
			text = append(text, `\n`...)
		case c == '\r':
			text = append(text, `\r`...)
		case c == '\t':
			text = append(text, `\t`...)
		case c < ' ':
			text = append(text, `\u00`...)
			text = append(text, hexadecimal[c>>4], hexadecimal[c&15])
		default:
			text = append(text, c)
		}
	}
	return append(text, '"')
}
