package safetensors

import (
	"bytes"
	"testing"
)

// checkRead reads file. What Read accepts, Write must write, and Read then
// read the same.
func checkRead(t *testing.T, file []byte) {
	t.Helper()
	f, err := readBytes(file)
	if err != nil {
		if f.Metadata != nil || f.Tensors != nil {
			t.Errorf("a File comes with the error %v", err)
		}
		return
	}
	values := 0
	for _, tensor := range f.Tensors {
		values += len(tensor.Values)
	}
	if 2*values > len(file) {
		t.Errorf("%d values from %d bytes", values, len(file))
	}
	written := writeBytes(t, f)
	again, err := readBytes(written)
	if err != nil {
		t.Fatal(err)
	}
	if !sameFile(f, again) {
		t.Errorf("read %+v, and after writing %+v", f, again)
	}
	if !bytes.Equal(written, writeBytes(t, again)) {
		t.Error("writing twice makes other bytes")
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte{})
	f.Add(encode("{}"))
	f.Add(writeBytes(f, sample()))
	f.Add([]byte(reference))
	f.Add(encode(`{"__metadata__":{"\ud83d\ude00":"\u0000"},"x":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}`, 0, 0, 0, 0, 0, 0, 240, 63))
	f.Add(encode(`{"x":{"dtype":"BF16","shape":[1,2],"data_offsets":[0,4]},"y":{"dtype":"F32","shape":[0],"data_offsets":[4,4]}}`, 128, 63, 0, 0))
	f.Add(encode(`{"x":{"dtype":"F32","shape":[4294967296,4294967296,0],"data_offsets":[0,0]}}`))
	f.Fuzz(checkRead)
}
