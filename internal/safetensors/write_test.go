package safetensors

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
)

func TestRoundTrip(t *testing.T) {
	many := File{}
	for i := range 3000 {
		values := make([]float32, i%7)
		for j := range values {
			values[j] = float32(i) + float32(j)
		}
		many.Tensors = append(many.Tensors, Tensor{Name: fmt.Sprint("layers.", i, ".weight"), Shape: []int{i % 7, 1}, Values: values})
	}
	long := File{Tensors: []Tensor{{Name: "long", Shape: []int{3*chunkBytes + 1}, Values: make([]float32, 3*chunkBytes+1)}}}
	for i := range long.Tensors[0].Values {
		long.Tensors[0].Values[i] = float32(i)
	}
	for name, want := range map[string]File{"empty": {}, "sample": sample(), "many tensors": many, "several chunks": long} {
		t.Run(name, func(t *testing.T) {
			file := writeBytes(t, want)
			got, err := readBytes(file)
			if err != nil {
				t.Fatal(err)
			}
			if !sameFile(got, want) {
				t.Errorf("read %v, wrote %v", got, want)
			}
			if again := writeBytes(t, got); !bytes.Equal(again, file) {
				t.Error("writing what was read makes other bytes")
			}
		})
	}
}

func TestWriteBytes(t *testing.T) {
	want := encode(`{"__metadata__":{"a":"1","b":"2","c":"3"},`+
		`"y":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"x":{"dtype":"F32","shape":[],"data_offsets":[8,12]}}    `,
		0, 0, 128, 63, 0, 0, 0, 192, 0, 0, 0, 63)
	for range 20 { // the order of a map changes from one iteration to the next
		got := writeBytes(t, File{
			Metadata: map[string]string{"c": "3", "a": "1", "b": "2"},
			Tensors:  []Tensor{{Name: "y", Shape: []int{2}, Values: []float32{1, -2}}, {Name: "x", Values: []float32{0.5}}},
		})
		if !bytes.Equal(got, want) {
			t.Fatalf("wrote %q, want %q", got, want)
		}
	}
}

// TestWriteAligns checks the padding, and that any JSON reader reads the header.
func TestWriteAligns(t *testing.T) {
	for length := range 20 {
		f := sample()
		f.Metadata["length"] = strings.Repeat("x", length)
		file := writeBytes(t, f)
		end := 8 + binary.LittleEndian.Uint64(file)
		if end%8 != 0 {
			t.Errorf("the data begins at byte %d", end)
		}
		var header map[string]any
		if err := json.Unmarshal(file[8:end], &header); err != nil {
			t.Fatal(err)
		}
		for key, want := range f.Metadata {
			if got := header[metadataKey].(map[string]any)[key]; got != want {
				t.Errorf("encoding/json reads %q at %q, want %q", got, key, want)
			}
		}
		for _, tensor := range f.Tensors {
			if _, ok := header[tensor.Name]; !ok {
				t.Errorf("encoding/json finds no tensor %q", tensor.Name)
			}
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	keys := map[string]string{}
	for i := range MaxMetadataKeys + 1 {
		keys[fmt.Sprint(i)] = ""
	}
	one := func(tensor Tensor) File { return File{Tensors: []Tensor{tensor}} }
	for name, test := range map[string]struct {
		file  File
		parts []string
	}{
		"duplicate name":     {File{Tensors: []Tensor{{Name: "w", Shape: []int{0}}, {Name: "w", Shape: []int{0}}}}, []string{`"w"`, "two"}},
		"reserved name":      {one(Tensor{Name: metadataKey, Shape: []int{0}}), []string{metadataKey, "reserved"}},
		"name not UTF-8":     {one(Tensor{Name: "\xff", Shape: []int{0}}), []string{"UTF-8"}},
		"too few values":     {one(Tensor{Name: "w", Shape: []int{2, 2}, Values: make([]float32, 3)}), []string{`"w"`, "[2 2]", "4", "3"}},
		"scalar, no value":   {one(Tensor{Name: "w"}), []string{`"w"`, "holds 1"}},
		"negative":           {one(Tensor{Name: "w", Shape: []int{-1, -2}, Values: make([]float32, 2)}), []string{`"w"`, "negative"}},
		"overflow":           {one(Tensor{Name: "w", Shape: []int{1 << 30, 1 << 30, 1 << 4}}), []string{`"w"`, "more elements"}},
		"too many dims":      {one(Tensor{Name: "w", Shape: make([]int, MaxDimensions+1)}), []string{`"w"`, "dimensions"}},
		"key not UTF-8":      {File{Metadata: map[string]string{"\xff": ""}}, []string{metadataKey, "UTF-8"}},
		"metadata not UTF-8": {File{Metadata: map[string]string{"a": "\xff"}}, []string{metadataKey, `"a"`, "UTF-8"}},
		"too many keys":      {File{Metadata: keys}, []string{metadataKey, "1025"}},
		"header too long":    {File{Metadata: map[string]string{"a": strings.Repeat("x", MaxHeaderBytes)}}, []string{"header"}},
	} {
		t.Run(name, func(t *testing.T) {
			var written bytes.Buffer
			wantError(t, Write(&written, test.file), append(test.parts, "safetensors: ")...)
			if written.Len() > 0 {
				t.Errorf("%d bytes were written before the error", written.Len())
			}
		})
	}
}

// limitedWriter fails after a number of bytes.
type limitedWriter struct{ left int }

var errFull = errors.New("disk full")

func (w *limitedWriter) Write(p []byte) (int, error) {
	if len(p) > w.left {
		return w.left, errFull
	}
	w.left -= len(p)
	return len(p), nil
}

func TestWriteReportsErrors(t *testing.T) {
	size := len(writeBytes(t, sample()))
	for limit := range size {
		if err := Write(&limitedWriter{limit}, sample()); !errors.Is(err, errFull) {
			t.Fatalf("a writer that takes %d of %d bytes: error %v", limit, size, err)
		}
	}
	if err := Write(&limitedWriter{size}, sample()); err != nil {
		t.Error(err)
	}
}

func TestElementsOverflow(t *testing.T) {
	if _, err := elements([]int{0, math.MaxInt, math.MaxInt}); err == nil {
		t.Error("an empty tensor hides an overflow")
	}
	if n, err := elements([]int{0, 7, 0, 9}); n != 0 || err != nil {
		t.Errorf("elements of an empty tensor: %d, %v", n, err)
	}
}
