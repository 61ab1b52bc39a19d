package safetensors

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// reference is a file that the reference implementation made (the Python
// package safetensors 0.8.0, numpy.save).
const reference = "X\x01\x00\x00\x00\x00\x00\x00" +
	`{"__metadata__":{"note":"π \"quoted\"\n"},` +
	`"double":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},` +
	`"empty":{"dtype":"F32","shape":[0,3],"data_offsets":[8,8]},` +
	`"scalar":{"dtype":"F32","shape":[],"data_offsets":[8,12]},` +
	`"weight":{"dtype":"F32","shape":[2,2],"data_offsets":[12,28]},` +
	`"half":{"dtype":"F16","shape":[2],"data_offsets":[28,32]}}      ` +
	"\x00\x00\x00\x00\x00\x00\xd0\x3f" + // double
	"\x00\x00\xe0\x40" + // scalar
	"\x00\x00\x80\x3f\x00\x00\x00\xc0\x00\x00\x00\x3f\x00\x00\x00\x00" + // weight
	"\x00\x3c\x00\xb8" // half

func TestReadReference(t *testing.T) {
	want := File{
		Metadata: map[string]string{"note": "π \"quoted\"\n"},
		Tensors: []Tensor{
			{Name: "double", Shape: []int{1}, Values: []float32{0.25}},
			{Name: "empty", Shape: []int{0, 3}},
			{Name: "scalar", Shape: nil, Values: []float32{7}},
			{Name: "weight", Shape: []int{2, 2}, Values: []float32{1, -2, 0.5, 0}},
			{Name: "half", Shape: []int{2}, Values: []float32{1, -0.5}},
		},
	}
	got, err := readBytes([]byte(reference))
	if err != nil {
		t.Fatal(err)
	}
	if !sameFile(got, want) {
		t.Errorf("read %v, want %v", got, want)
	}
}

func TestReadTruncated(t *testing.T) {
	for name, file := range map[string][]byte{"sample": writeBytes(t, sample()), "reference": []byte(reference)} {
		for cut := range file {
			if _, err := readBytes(file[:cut]); err == nil {
				t.Errorf("%s: no error when only %d of %d bytes are there", name, cut, len(file))
			}
			_, err := Read(bytes.NewReader(file[:cut]), int64(len(file)))
			if !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%s: %d bytes of a stated %d: error %v", name, cut, len(file), err)
			}
		}
		if _, err := readBytes(append(slices.Clone(file), 0)); err == nil {
			t.Errorf("%s: no error for a trailing byte", name)
		}
	}
}

// TestReadDamaged flips every bit: Read may refuse or accept, but must return.
func TestReadDamaged(t *testing.T) {
	file := writeBytes(t, sample())
	for i := range file {
		for bit := range 8 {
			file[i] ^= 1 << bit
			checkRead(t, file)
			file[i] ^= 1 << bit
		}
	}
}

func TestReadReportsErrors(t *testing.T) {
	file := writeBytes(t, sample())
	broken := errors.New("broken disk")
	for cut := range file {
		r := io.MultiReader(bytes.NewReader(file[:cut]), iotest.ErrReader(broken))
		if _, err := Read(r, int64(len(file))); !errors.Is(err, broken) {
			t.Fatalf("a reader that breaks at byte %d: error %v", cut, err)
		}
	}
	if f, err := Read(iotest.OneByteReader(bytes.NewReader(file)), int64(len(file))); err != nil || !sameFile(f, sample()) {
		t.Errorf("byte by byte: %v, %v", f, err)
	}
}

func TestReadStopsAtTheEnd(t *testing.T) {
	file := writeBytes(t, sample())
	r := strings.NewReader(string(file) + "rest")
	if _, err := Read(r, int64(len(file))); err != nil {
		t.Fatal(err)
	}
	if rest, _ := io.ReadAll(r); string(rest) != "rest" {
		t.Errorf("%q is left", rest)
	}
}

func TestReadHeaderLength(t *testing.T) {
	body := strings.Repeat(" ", 100)
	for _, length := range []uint64{0, 1, 2, 99, 100, 101, 1 << 31, 1 << 32, 1<<63 - 8, 1<<63 - 1, 1 << 63, math.MaxUint64 - 7, math.MaxUint64} {
		file := append(binary.LittleEndian.AppendUint64(nil, length), body...)
		_, err := readBytes(file)
		if length > 100 {
			wantError(t, err, fmt.Sprint(length), "100")
		} else {
			wantError(t, err, "header")
		}
	}
	for _, size := range []int64{math.MinInt64, -1, 0, 7, MaxFileBytes + 1, math.MaxInt64} {
		_, err := Read(bytes.NewReader(encode("{}")), size)
		wantError(t, err, fmt.Sprint(size))
	}
	// The limit of the header, on a file that is large enough to hold it.
	_, err := Read(bytes.NewReader(binary.LittleEndian.AppendUint64(nil, MaxHeaderBytes+1)), MaxFileBytes)
	wantError(t, err, fmt.Sprint(MaxHeaderBytes), fmt.Sprint(MaxHeaderBytes+1))
}

// tensor is the header's text for one tensor of float32.
func tensor(name, shape, offsets string) string {
	return fmt.Sprintf(`%q:{"dtype":"F32","shape":%s,"data_offsets":%s}`, name, shape, offsets)
}

func TestReadRefuses(t *testing.T) {
	const x = `"x"`
	keys := make([]string, MaxMetadataKeys+1)
	for i := range keys {
		keys[i] = fmt.Sprintf(`"%d":""`, i)
	}
	for name, test := range map[string]struct {
		header string
		data   int // bytes
		parts  []string
	}{
		"empty header":       {"", 0, []string{"header"}},
		"leading space":      {" {}", 0, []string{"begin"}},
		"byte order mark":    {"\ufeff{}", 0, []string{"begin"}},
		"list":               {"[]", 0, []string{"begin"}},
		"not UTF-8":          {"{\"\xff\":{}}", 0, []string{"UTF-8"}},
		"open":               {"{", 0, []string{"ends"}},
		"two objects":        {"{}{}", 0, []string{"end of the header"}},
		"NUL padding":        {"{}\x00", 0, []string{"end of the header"}},
		"trailing comma":     {"{" + tensor("x", "[0]", "[0,0]") + ",}", 0, []string{"string"}},
		"missing comma":      {"{" + tensor("x", "[0]", "[0,0]") + tensor("y", "[0]", "[0,0]") + "}", 0, []string{`","`}},
		"missing colon":      {`{"x"{}}`, 0, []string{`":"`}},
		"key is a number":    {`{1:{}}`, 0, []string{"string"}},
		"control character":  {"{\"x\n\":{}}", 0, []string{"control"}},
		"unknown escape":     {`{"\x41":{}}`, 0, []string{"escape"}},
		"escape at the end":  {`{"\`, 0, []string{"escape"}},
		"short escape":       {`{"\u12":{}}`, 0, []string{"escape"}},
		"signed escape":      {`{"\u+123":{}}`, 0, []string{"escape"}},
		"half a surrogate":   {`{"\ud83d":{}}`, 0, []string{"escape"}},
		"surrogates swapped": {`{"\ude00\ud83d":{}}`, 0, []string{"escape"}},
		"surrogate and text": {`{"\ud83d\u0041":{}}`, 0, []string{"escape"}},

		"tensor is null":        {`{"x":null}`, 0, []string{x, `"{"`}},
		"tensor is a list":      {`{"x":[]}`, 0, []string{x, `"{"`}},
		"no dtype":              {`{"x":{"shape":[0],"data_offsets":[0,0]}}`, 0, []string{x, "dtype", "missing"}},
		"no shape":              {`{"x":{"dtype":"F32","data_offsets":[0,0]}}`, 0, []string{x, "shape", "missing"}},
		"no data_offsets":       {`{"x":{"dtype":"F32","shape":[0]}}`, 0, []string{x, "data_offsets", "missing"}},
		"unknown key":           {`{"x":{"dtype":"F32","shape":[0],"data_offsets":[0,0],"more":0}}`, 0, []string{x, `"more"`}},
		"key of another case":   {`{"x":{"Dtype":"F32","shape":[0],"data_offsets":[0,0]}}`, 0, []string{x, `"Dtype"`}},
		"dtype twice":           {`{"x":{"dtype":"F32","dtype":"F32","shape":[0],"data_offsets":[0,0]}}`, 0, []string{x, "dtype", "twice"}},
		"shape twice":           {`{"x":{"dtype":"F32","shape":[0],"shape":[0],"data_offsets":[0,0]}}`, 0, []string{x, "shape", "twice"}},
		"dtype is a number":     {`{"x":{"dtype":32,"shape":[0],"data_offsets":[0,0]}}`, 0, []string{x, "dtype", "string"}},
		"dtype U64":             {`{"x":{"dtype":"U64","shape":[1],"data_offsets":[0,8]}}`, 8, []string{x, "dtype", `"U64"`}},
		"dtype f32":             {`{"x":{"dtype":"f32","shape":[1],"data_offsets":[0,4]}}`, 4, []string{x, "dtype", `"f32"`}},
		"dtype very long":       {`{"x":{"dtype":"` + strings.Repeat("F", 5000) + `","shape":[1],"data_offsets":[0,4]}}`, 4, []string{x, "dtype"}},
		"name very long":        {"{" + tensor(strings.Repeat("é", 5000), "[1]", "[0,8]") + "}", 8, []string{"…"}},
		"shape is a number":     {"{" + tensor("x", "1", "[0,4]") + "}", 4, []string{x, "shape"}},
		"shape is nested":       {"{" + tensor("x", "[[1]]", "[0,4]") + "}", 4, []string{x, "shape", "whole number"}},
		"negative dimension":    {"{" + tensor("x", "[-1]", "[0,4]") + "}", 4, []string{x, "shape", "'-'"}},
		"two negatives":         {"{" + tensor("x", "[-1,-1]", "[0,4]") + "}", 4, []string{x, "shape", "'-'"}},
		"minus zero":            {"{" + tensor("x", "[-0]", "[0,0]") + "}", 0, []string{x, "shape", "'-'"}},
		"fraction":              {"{" + tensor("x", "[1.0]", "[0,4]") + "}", 4, []string{x, "shape", "'.'"}},
		"exponent":              {"{" + tensor("x", "[1e0]", "[0,4]") + "}", 4, []string{x, "shape", "'e'"}},
		"leading zero":          {"{" + tensor("x", "[01]", "[0,4]") + "}", 4, []string{x, "shape", "begins with 0"}},
		"dimension of 2^63":     {"{" + tensor("x", "[9223372036854775808]", "[0,4]") + "}", 4, []string{x, "shape", "larger"}},
		"dimension of 2^64+1":   {"{" + tensor("x", "[18446744073709551617]", "[0,4]") + "}", 4, []string{x, "shape", "larger"}},
		"too many dimensions":   {"{" + tensor("x", "[1,1,1,1,1,1,1,1,1]", "[0,4]") + "}", 4, []string{x, "shape", "more than 8"}},
		"product is 2^64":       {"{" + tensor("x", "[4294967296,4294967296]", "[0,0]") + "}", 0, []string{x}},
		"product is 2^64 + 1":   {"{" + tensor("x", "[274177,67280421310721]", "[0,4]") + "}", 4, []string{x}},
		"bytes are 2^64":        {"{" + tensor("x", "[4611686018427387904]", "[0,0]") + "}", 0, []string{x}},
		"overflow, then 0":      {"{" + tensor("x", "[4294967296,4294967296,0]", "[0,0]") + "}", 0, []string{x}},
		"0, then overflow":      {"{" + tensor("x", "[0,4294967296,4294967296]", "[0,0]") + "}", 0, []string{x}},
		"shape larger than it":  {"{" + tensor("x", "[2,2]", "[0,12]") + "}", 12, []string{x, "[2 2]", "12"}},
		"shape smaller than it": {"{" + tensor("x", "[2]", "[0,12]") + "}", 12, []string{x, "[2]", "12"}},
		"half an element":       {"{" + tensor("x", "[1]", "[0,6]") + "}", 6, []string{x, "6"}},
		"scalar without data":   {"{" + tensor("x", "[]", "[0,0]") + "}", 0, []string{x}},
		"one offset":            {"{" + tensor("x", "[0]", "[0]") + "}", 0, []string{x, "data_offsets", "1"}},
		"three offsets":         {"{" + tensor("x", "[0]", "[0,0,0]") + "}", 0, []string{x, "data_offsets", "2"}},
		"negative offset":       {"{" + tensor("x", "[1]", "[-4,0]") + "}", 4, []string{x, "data_offsets", "'-'"}},
		"offsets swapped":       {"{" + tensor("x", "[1]", "[4,0]") + "}", 4, []string{x, "[4, 0]", "before"}},
		"beyond the end":        {"{" + tensor("x", "[2]", "[0,8]") + "}", 7, []string{x, "[0, 8]", "7"}},
		"offsets near 2^63":     {"{" + tensor("x", "[1]", "[9223372036854775803,9223372036854775807]") + "}", 4, []string{x, "beyond"}},

		"gap at the start":  {"{" + tensor("x", "[1]", "[4,8]") + "}", 8, []string{x, "0 to 4"}},
		"gap":               {"{" + tensor("w", "[1]", "[0,4]") + "," + tensor("x", "[1]", "[8,12]") + "}", 12, []string{x, "4 to 8"}},
		"gap, empty inside": {"{" + tensor("w", "[1]", "[0,4]") + "," + tensor("x", "[0]", "[6,6]") + "," + tensor("y", "[1]", "[8,12]") + "}", 12, []string{x, "4 to 6"}},
		"overlap":           {"{" + tensor("w", "[2]", "[0,8]") + "," + tensor("x", "[1]", "[4,8]") + "}", 8, []string{x, `"w"`, "overlap"}},
		"same data":         {"{" + tensor("w", "[1]", "[0,4]") + "," + tensor("x", "[1]", "[0,4]") + "}", 4, []string{x, `"w"`, "overlap"}},
		"empty inside":      {"{" + tensor("w", "[2]", "[0,8]") + "," + tensor("x", "[0]", "[4,4]") + "}", 8, []string{x, "overlap"}},
		"data of nobody":    {"{}", 3, []string{"last 3 bytes"}},
		"trailing data":     {"{" + tensor("x", "[1]", "[0,4]") + "}", 5, []string{"last 1 bytes"}},

		"name twice":          {"{" + tensor("x", "[1]", "[0,4]") + "," + tensor("y", "[0]", "[4,4]") + "," + tensor("x", "[1]", "[4,8]") + "}", 8, []string{x, "twice"}},
		"name twice, escaped": {"{" + tensor("x", "[0]", "[0,0]") + `,"\u0078":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}`, 0, []string{x, "twice"}},
		"metadata twice":      {`{"__metadata__":{},"\u005f_metadata__":{}}`, 0, []string{metadataKey, "twice"}},
		"metadata null":       {`{"__metadata__":null}`, 0, []string{metadataKey, `"{"`}},
		"metadata key twice":  {`{"__metadata__":{"a":"1","a":"1"}}`, 0, []string{metadataKey, `"a"`, "twice"}},
		"metadata number":     {`{"__metadata__":{"a":1}}`, 0, []string{metadataKey, `"a"`, "string"}},
		"metadata nested":     {`{"__metadata__":{"a":{"b":"c"}}}`, 0, []string{metadataKey, `"a"`, "string"}},
		"too many keys":       {`{"__metadata__":{` + strings.Join(keys, ",") + `}}`, 0, []string{metadataKey, "1024"}},
		"deep objects":        {strings.Repeat(`{"x":`, 1<<20), 0, []string{"header byte"}},
		"deep lists":          {`{"x":{"shape":` + strings.Repeat("[", 4<<20), 0, []string{x, "shape"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := readBytes(encode(test.header, make([]byte, test.data)...))
			wantError(t, err, append(test.parts, "safetensors: ")...)
		})
	}
}

func TestReadAccepts(t *testing.T) {
	value := []byte{0, 0, 128, 63}
	for name, test := range map[string]struct {
		header string
		data   []byte
		want   File
	}{
		"nothing":        {"{}", nil, File{}},
		"empty metadata": {`{"__metadata__":{}}`, nil, File{}},
		"white space": {"{\n \"x\"\t: {\"shape\" : [ 1 , 1 ],\r\n \"data_offsets\":[ 0,4 ] ,\"dtype\":\"F32\"} } \n", value,
			File{Tensors: []Tensor{{"x", []int{1, 1}, []float32{1}}}}},
		"escapes": {`{"\u0041\/\"\\\b\f\n\r\t\ud83d\ude00é\u00e9":{"d\u0074ype":"F\u00332","shape":[1],"data_offsets":[0,4]}}`, value,
			File{Tensors: []Tensor{{"A/\"\\\b\f\n\r\t\U0001f600éé", []int{1}, []float32{1}}}}},
		"metadata last": {"{" + tensor("x", "[1]", "[0,4]") + `,"__metadata__":{"a":"\u0000"}}`, value,
			File{map[string]string{"a": "\x00"}, []Tensor{{"x", []int{1}, []float32{1}}}}},
		"any order": {"{" + tensor("c", "[1]", "[4,8]") + "," + tensor("e", "[0]", "[4,4]") + "," + tensor("d", "[0]", "[4,4]") + "," + tensor("a", "[1]", "[0,4]") + "}",
			slices.Concat(value, value),
			File{Tensors: []Tensor{{"a", []int{1}, []float32{1}}, {"e", []int{0}, nil}, {"d", []int{0}, nil}, {"c", []int{1}, []float32{1}}}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := readBytes(encode(test.header, test.data...))
			if err != nil {
				t.Fatal(err)
			}
			if !sameFile(got, test.want) {
				t.Errorf("read %+v, want %+v", got, test.want)
			}
		})
	}
}

// TestReadMemory holds Read to its word on files made to cost the most.
func TestReadMemory(t *testing.T) {
	var zeros, eights, names []string
	for i := range 100_000 {
		zeros = append(zeros, tensor(fmt.Sprintf("%x", i), "[0]", "[0,0]"))
		eights = append(eights, tensor(fmt.Sprintf("%x", i), "[0,0,0,0,0,0,0,0]", "[0,0]"))
		names = append(names, tensor(fmt.Sprintf("transforms.%d.conditioner.layers.0.weight", i), "[64,0]", "[0,0]"))
	}
	keys := make([]string, MaxMetadataKeys)
	for i := range keys {
		keys[i] = fmt.Sprintf(`"%x":""`, i)
	}
	const large = 32 << 20
	for name, test := range map[string]struct {
		file   []byte
		factor float64 // of the file's bytes that may be allocated, beyond 1 MiB
	}{
		"one large tensor":    {encode("{"+tensor("x", "[8388608]", "[0,33554432]")+"}", make([]byte, large)...), 1.01},
		"one large BF16":      {encode(`{"x":{"dtype":"BF16","shape":[16777216],"data_offsets":[0,33554432]}}`, make([]byte, large)...), 2.01},
		"empty tensors":       {encode("{" + strings.Join(zeros, ",") + "}"), 4},
		"empty, 8 dimensions": {encode("{" + strings.Join(eights, ",") + "}"), 4},
		"long names":          {encode("{" + strings.Join(names, ",") + "}"), 4},
		"metadata keys":       {encode(`{"__metadata__":{` + strings.Join(keys, ",") + `}}`), 4},
		"one long text":       {encode(`{"__metadata__":{"a":"` + strings.Repeat(`\n`, 8<<20) + `"}}`), 4},
		"one long name":       {encode("{" + tensor(strings.Repeat("a", 16<<20), "[0]", "[0,0]") + "}"), 4},
		"white space":         {encode("{}" + strings.Repeat(" ", 16<<20)), 4},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if _, err := readBytes(test.file); err != nil {
				t.Fatal(err)
			}
			runtime.ReadMemStats(&after)
			allocated := float64(after.TotalAlloc - before.TotalAlloc)
			t.Logf("%.2f bytes allocated for each of %d", allocated/float64(len(test.file)), len(test.file))
			if allocated > test.factor*float64(len(test.file))+1<<20 {
				t.Errorf("%.0f bytes allocated for a file of %d, more than %.2f times", allocated, len(test.file), test.factor)
			}
		})
	}
}

// TestReadMemoryRefused: a header that promises much costs nothing.
func TestReadMemoryRefused(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := readBytes(encode("{" + tensor("x", "[4294967296]", "[0,17179869184]") + "}"))
	wantError(t, err, `"x"`)
	_, err = readBytes(binary.LittleEndian.AppendUint64(nil, MaxHeaderBytes))
	wantError(t, err, "header")
	runtime.ReadMemStats(&after)
	if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 1<<20 {
		t.Errorf("%d bytes allocated", allocated)
	}
}

func BenchmarkRead(b *testing.B) {
	many := File{}
	for i := range 100_000 {
		many.Tensors = append(many.Tensors, Tensor{Name: fmt.Sprintf("transforms.%d.conditioner.layers.0.weight", i), Shape: []int{1, 1}, Values: []float32{1}})
	}
	for name, f := range map[string]File{
		"tensors=100000": many,
		"tensors=1":      {Tensors: []Tensor{{"x", []int{16 << 20}, make([]float32, 16<<20)}}},
	} {
		file := writeBytes(b, f)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(file)))
			for b.Loop() {
				if _, err := readBytes(file); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
