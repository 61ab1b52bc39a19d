package safetensors

import (
	"bytes"
	"encoding/binary"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
)

// encode builds a file from a header and data, right or wrong.
func encode(header string, data ...byte) []byte {
	file := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(file, header...), data...)
}

func readBytes(file []byte) (File, error) {
	return Read(bytes.NewReader(file), int64(len(file)))
}

func writeBytes(t testing.TB, f File) []byte {
	t.Helper()
	var file bytes.Buffer
	if err := Write(&file, f); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// sameFile compares values by their bits; nil and empty are the same.
func sameFile(a, b File) bool {
	return maps.Equal(a.Metadata, b.Metadata) && slices.EqualFunc(a.Tensors, b.Tensors, func(a, b Tensor) bool {
		return a.Name == b.Name && slices.Equal(a.Shape, b.Shape) &&
			slices.EqualFunc(a.Values, b.Values, func(x, y float32) bool { return math.Float32bits(x) == math.Float32bits(y) })
	})
}

// wantError checks that err contains every part.
func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error; want one with %q", parts)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q does not contain %q", err, part)
		}
	}
	if len(err.Error()) > 1000 {
		t.Errorf("the error has %d bytes", len(err.Error()))
	}
}

// sample has every special case that can be written.
func sample() File {
	return File{
		Metadata: map[string]string{"b": "text", "a": "quotes \" \\ / and\nlines\t\x01\x7f", "": "", "π": "\U0001f600\ufffd<&>\u2028"},
		Tensors: []Tensor{
			{Name: "weight", Shape: []int{2, 3}, Values: []float32{
				0, float32(math.Copysign(0, -1)), math.MaxFloat32, math.SmallestNonzeroFloat32,
				float32(math.Inf(-1)), math.Float32frombits(0x7f800001), // a signaling NaN
			}},
			{Name: "z first, empty", Shape: []int{0}},
			{Name: "a second, empty", Shape: []int{3, 0, 2}},
			{Name: "scalar\n\"", Values: []float32{1.5}},
			{Name: "", Shape: []int{1, 1, 1, 1, 1, 1, 1, 1}, Values: []float32{-2}},
		},
	}
}
