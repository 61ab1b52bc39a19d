package safetensors

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// chunkBytes is how much data is read and converted, or converted and written,
// at a time; a multiple of every element's size.
const chunkBytes = 64 << 10

// Read reads a file of size bytes from its start, and no further than its end.
// size must be the true one (os.File.Stat): it bounds what Read allocates.
//
// F32 is read as it is, every bit of a NaN included. F16 and BF16 are widened,
// which is exact; F64 is rounded to the nearest float32, and a finite one
// beyond the range of float32 is an error. I64, I32, I16, I8 and U8 become equal
// float32s, of size up to 2²⁴, and BOOL 0 or 1. Every other dtype is an error.
//
// Read needs memory for the values, at 4 bytes each, and for the header; for
// the latter less than four times its length, and 1 MiB. The order of the
// header's members does not matter, but for empty tensors at one place.
//
// The errors name the tensor and say what is wrong; the caller adds the path.
func Read(r io.Reader, size int64) (File, error) {
	file, err := read(r, size)
	if err != nil {
		return File{}, fmt.Errorf("safetensors: %w", err)
	}
	return file, nil
}

func read(r io.Reader, size int64) (File, error) {
	text, err := readHeader(r, size)
	if err != nil {
		return File{}, err
	}
	h, err := parseHeader(text, size-8-int64(len(text)))
	if err != nil {
		return File{}, err
	}
	buffer := make([]byte, min(chunkBytes, h.dataBytes))
	for i := range h.file.Tensors {
		t := &h.file.Tensors[i]
		if err := readValues(r, t, h.extents[i], buffer); err != nil {
			return File{}, fmt.Errorf("tensor %s: %w", quoted(t.Name), err)
		}
	}
	return h.file, nil
}

// readHeader returns the text of the header.
func readHeader(r io.Reader, size int64) (string, error) {
	if size < 8 {
		return "", fmt.Errorf("the file has %d bytes, too few for a safetensors file", size)
	}
	if size > MaxFileBytes {
		return "", fmt.Errorf("the file has %d bytes, at most %d are supported", size, int64(MaxFileBytes))
	}
	var prefix [8]byte
	if _, err := io.ReadFull(r, prefix[:]); err != nil {
		return "", fmt.Errorf("reading the length of the header: %w", truncated(err))
	}
	length := binary.LittleEndian.Uint64(prefix[:])
	if length > uint64(size-8) {
		return "", fmt.Errorf("the header should have %d bytes, but only %d follow: the file is truncated or not a safetensors file",
			length, size-8)
	}
	if length > MaxHeaderBytes {
		return "", fmt.Errorf("the header has %d bytes, at most %d are supported", length, MaxHeaderBytes)
	}
	var text strings.Builder
	text.Grow(int(length))
	if _, err := io.CopyN(&text, r, int64(length)); err != nil {
		return "", fmt.Errorf("reading the header: %w", truncated(err))
	}
	return text.String(), nil
}

// readValues reads a tensor's values through buffer.
func readValues(r io.Reader, t *Tensor, e extent, buffer []byte) error {
	element := elementTypes[e.element]
	t.Values = make([]float32, int((e.end-e.begin)/int64(element.size)))
	for done := 0; done < len(t.Values); {
		values := t.Values[done:]
		values = values[:min(len(values), len(buffer)/element.size)]
		bytes := buffer[:len(values)*element.size]
		if _, err := io.ReadFull(r, bytes); err != nil {
			return fmt.Errorf("reading its values: %w", truncated(err))
		}
		if bad := element.decode(values, bytes); bad >= 0 {
			return fmt.Errorf("value %d, %s, is too large for float32", done+bad, element.name)
		}
		done += len(values)
	}
	return nil
}

// truncated makes the end of the file, which comes too early wherever Read
// meets it, say so.
func truncated(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("the file is shorter than its stated size: %w", io.ErrUnexpectedEOF)
	}
	return err
}
