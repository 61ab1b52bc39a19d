package safetensors

import (
	"encoding/binary"
	"math"
	"testing"
)

// TestFloat16 compares all 65,536 values with the definition.
func TestFloat16(t *testing.T) {
	for bits := range 1 << 16 {
		sign, exponent, fraction := 1.0, bits>>10&31, float64(bits&1023)
		if bits>>15 == 1 {
			sign = -1
		}
		var want float64
		switch {
		case exponent == 31 && fraction != 0:
			want = math.NaN()
		case exponent == 31:
			want = math.Inf(int(sign))
		case exponent == 0:
			want = math.Copysign(math.Ldexp(fraction, -24), sign)
		default:
			want = sign * math.Ldexp(1024+fraction, exponent-25)
		}
		got := fromFloat16(uint16(bits))
		if math.IsNaN(want) {
			if got == got {
				t.Errorf("%#04x is %v, want NaN", bits, got)
			}
		} else if math.Float32bits(got) != math.Float32bits(float32(want)) {
			t.Errorf("%#04x is %v, want %v", bits, got, want)
		}
	}
}

func TestReadConverts(t *testing.T) {
	const header = `{"d":{"dtype":"F64","shape":[4],"data_offsets":[0,32]},` +
		`"h":{"dtype":"F16","shape":[2],"data_offsets":[32,36]},` +
		`"b":{"dtype":"BF16","shape":[2],"data_offsets":[36,40]}}`
	var data []byte
	for _, value := range []float64{0.1, math.Inf(-1), -1e-60, math.NaN()} {
		data = binary.LittleEndian.AppendUint64(data, math.Float64bits(value))
	}
	for _, bits := range []uint16{0x3c00, 0xc000, 0x3f80, 0xc000} {
		data = binary.LittleEndian.AppendUint16(data, bits)
	}
	f, err := readBytes(encode(header, data...))
	if err != nil {
		t.Fatal(err)
	}
	d, h, b := f.Tensors[0].Values, f.Tensors[1].Values, f.Tensors[2].Values
	if d[0] != 0.1 || !math.IsInf(float64(d[1]), -1) || math.Float32bits(d[2]) != 1<<31 || d[3] == d[3] {
		t.Errorf("F64: %v", d)
	}
	if h[0] != 1 || h[1] != -2 || b[0] != 1 || b[1] != -2 {
		t.Errorf("F16: %v, BF16: %v", h, b)
	}
	binary.LittleEndian.PutUint64(data[8:], math.Float64bits(-1e39))
	_, err = readBytes(encode(header, data...))
	wantError(t, err, `"d"`, "value 1", "F64", "too large")
}

func TestIntegers(t *testing.T) {
	for _, test := range []struct {
		element string
		src     []byte
		want    []float32
		bad     int
	}{
		{"I64", []byte{5, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, []float32{5, -1}, -1},
		{"I64", []byte{0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0}, []float32{1 << 24, 0}, 1},
		{"I64", []byte{0, 0, 0, 0, 0, 0, 0, 0x80}, []float32{0}, 0},
		{"I32", []byte{0xfe, 0xff, 0xff, 0xff}, []float32{-2}, -1},
		{"I16", []byte{0, 0x80}, []float32{-32768}, -1},
		{"I8", []byte{0x80}, []float32{-128}, -1},
		{"U8", []byte{200}, []float32{200}, -1},
		{"BOOL", []byte{0, 1, 2}, []float32{0, 1, 1}, -1},
	} {
		i, err := elementTypeNamed(test.element)
		if err != nil {
			t.Fatal(err)
		}
		got := make([]float32, len(test.want))
		if bad := elementTypes[i].decode(got, test.src); bad != test.bad {
			t.Errorf("%s %v: the first bad value is %d, want %d", test.element, test.src, bad, test.bad)
		}
		for k, v := range got {
			if v != test.want[k] {
				t.Errorf("%s %v: value %d is %v, want %v", test.element, test.src, k, v, test.want[k])
			}
		}
	}
}
