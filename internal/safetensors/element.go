package safetensors

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
)

// An elementType is a dtype that Read converts to float32.
type elementType struct {
	name string
	size int // bytes
	// decode fills dst from len(dst) elements of src. It returns the index of
	// the first element that float32 cannot hold, or -1.
	decode func(dst []float32, src []byte) int
}

var elementTypes = []elementType{
	{"F32", 4, decodeFloat32},
	{"F64", 8, decodeFloat64},
	{"F16", 2, decodeFloat16},
	{"BF16", 2, decodeBrainFloat16},

	{"I64", 8, decodeIntegers(8, func(b []byte) int64 { return int64(binary.LittleEndian.Uint64(b)) })},
	{"I32", 4, decodeIntegers(4, func(b []byte) int64 { return int64(int32(binary.LittleEndian.Uint32(b))) })},
	{"I16", 2, decodeIntegers(2, func(b []byte) int64 { return int64(int16(binary.LittleEndian.Uint16(b))) })},
	{"I8", 1, decodeIntegers(1, func(b []byte) int64 { return int64(int8(b[0])) })},
	{"U8", 1, decodeIntegers(1, func(b []byte) int64 { return int64(b[0]) })},
	{"BOOL", 1, decodeIntegers(1, func(b []byte) int64 { return int64(min(b[0], 1)) })},
}

// elementTypeNamed returns the index in elementTypes.
func elementTypeNamed(name string) (int, error) {
	for i := range elementTypes {
		if elementTypes[i].name == name {
			return i, nil
		}
	}
	var names []string
	for _, t := range elementTypes {
		names = append(names, t.name)
	}
	return 0, fmt.Errorf("%s is not supported: %s are", quoted(name), strings.Join(names, ", "))
}

func decodeFloat32(dst []float32, src []byte) int {
	for i := range dst {
		dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(src[4*i:]))
	}
	return -1
}

func decodeFloat64(dst []float32, src []byte) int {
	for i := range dst {
		wide := math.Float64frombits(binary.LittleEndian.Uint64(src[8*i:]))
		dst[i] = float32(wide)
		if math.IsInf(float64(dst[i]), 0) && !math.IsInf(wide, 0) {
			return i
		}
	}
	return -1
}

func decodeFloat16(dst []float32, src []byte) int {
	for i := range dst {
		dst[i] = fromFloat16(binary.LittleEndian.Uint16(src[2*i:]))
	}
	return -1
}

func decodeBrainFloat16(dst []float32, src []byte) int {
	for i := range dst {
		dst[i] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(src[2*i:])) << 16)
	}
	return -1
}

// decodeIntegers returns a decoder of whole numbers of so many bytes. float32
// holds all of those up to 2²⁴.
func decodeIntegers(size int, value func([]byte) int64) func(dst []float32, src []byte) int {
	return func(dst []float32, src []byte) int {
		for i := range dst {
			v := value(src[i*size:])
			if v < -1<<24 || v > 1<<24 {
				return i
			}
			dst[i] = float32(v)
		}
		return -1
	}
}

// fromFloat16 widens an IEEE 754 binary16 (1 sign, 5 exponent, 10 fraction
// bits), which is always exact.
func fromFloat16(half uint16) float32 {
	sign := uint32(half&0x8000) << 16
	exponent := uint32(half>>10) & 0x1f
	fraction := uint32(half & 0x3ff)
	switch exponent {
	case 0: // zero or subnormal: fraction · 2⁻²⁴
		return math.Float32frombits(math.Float32bits(float32(float32(fraction)*0x1p-24)) | sign)
	case 0x1f: // infinity or NaN
		return math.Float32frombits(sign | 0x7f800000 | fraction<<13)
	}
	const rebias = 127 - 15
	return math.Float32frombits(sign | (exponent+rebias)<<23 | fraction<<13)
}
