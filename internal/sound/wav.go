package sound

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"github.com/seed-192fdf7a/nf/internal/printable"
)

// The limits of a format.
const (
	maxRate     = 1 << 20
	maxChannels = 64
)

// file is where the samples of a .wav file lie.
type file struct {
	Format
	path   string
	offset int64
	frames int64 // samples of each channel
}

func openFile(path string) (f file, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return f, fmt.Errorf("cannot open the sounds: %w", err)
	}
	if !info.Mode().IsRegular() {
		return f, fmt.Errorf("%s is not a regular file", printable.Name(path))
	}
	opened, err := os.Open(path)
	if err != nil {
		return f, fmt.Errorf("cannot open the sounds: %w", err)
	}
	defer opened.Close()
	f, err = parse(opened, info.Size())
	f.path = path
	if err != nil {
		return f, fmt.Errorf("%s: %w", printable.Name(path), err)
	}
	return f, nil
}

// The codes of what a .wav file holds.
const (
	codePCM        = 1
	codeExtensible = 0xfffe
)

// guidPCM is the end of the name that an extensible format has for whole numbers.
var guidPCM = []byte{0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71}

// unknownSize is what a writer that does not know the size of what follows writes
// in its place.
const unknownSize = math.MaxUint32

// parse finds the samples in a RIFF file (Microsoft, Multimedia Programming
// Interface and Data Specifications 1.0, 1991) of so many bytes.
func parse(r io.ReaderAt, size int64) (f file, err error) {
	var head [12]byte
	if _, err := r.ReadAt(head[:], 0); err != nil || string(head[:4]) != "RIFF" || string(head[8:]) != "WAVE" {
		return f, errors.New("it is not a .wav file: it does not begin with RIFF … WAVE")
	}
	known := false
	for at := int64(12); at+8 <= size; {
		var chunk [8]byte
		if _, err := r.ReadAt(chunk[:], at); err != nil {
			return f, err
		}
		name, length := string(chunk[:4]), int64(binary.LittleEndian.Uint32(chunk[4:]))
		at += 8
		if name == "data" && length == unknownSize {
			length = size - at
		}
		if length > size-at {
			return f, fmt.Errorf("its part %q says %d bytes, and %d are there: it is cut short", name, length, size-at)
		}
		switch name {
		case "fmt ":
			if known {
				return f, errors.New("it has two formats")
			}
			if f.Format, err = parseFormat(r, at, length); err != nil {
				return f, err
			}
			known = true
		case "data":
			if !known {
				return f, errors.New("its samples come before their format")
			}
			f.offset, f.frames = at, length/f.frame()
			if f.frames == 0 {
				return f, errors.New("it has no samples")
			}
			return f, nil
		}
		at += length + length%2
	}
	return f, errors.New("it has no samples: there is no part \"data\"")
}

func parseFormat(r io.ReaderAt, at, length int64) (f Format, err error) {
	if length < 16 {
		return f, fmt.Errorf("its format has %d bytes, want at least 16", length)
	}
	raw := make([]byte, min(length, 40))
	if _, err := r.ReadAt(raw, at); err != nil {
		return f, err
	}
	u16, u32 := binary.LittleEndian.Uint16, binary.LittleEndian.Uint32
	code, rate := int(u16(raw)), u32(raw[4:])
	f = Format{Channels: int(u16(raw[2:])), Bits: int(u16(raw[14:]))}
	if code == codeExtensible && len(raw) == 40 && bytes.Equal(raw[26:], guidPCM) {
		code = int(u16(raw[24:]))
	}
	switch {
	case code != codePCM:
		return f, fmt.Errorf("it holds no plain whole numbers (its code is %d); convert it, such as by sox IN.wav -e signed -b 16 OUT.wav", code)
	case f.Bits != 8 && f.Bits != 16:
		return f, fmt.Errorf("it has samples of %d bits, and 8 and 16 are read; convert it, such as by sox IN.wav -b 16 OUT.wav", f.Bits)
	case f.Channels < 1 || f.Channels > maxChannels:
		return f, fmt.Errorf("it has %d channels, want 1 to %d", f.Channels, maxChannels)
	case rate < 1 || rate > maxRate:
		return f, fmt.Errorf("it has %d samples a second, want 1 to %d", rate, maxRate)
	case int64(u16(raw[12:])) != f.frame():
		return f, fmt.Errorf("the samples of a time are %d bytes, and %d channels of %d bits are %d", u16(raw[12:]), f.Channels, f.Bits, f.frame())
	}
	f.Rate = int(rate)
	return f, nil
}

// decode writes samples as whole numbers from 0.
func (f Format) decode(dst []float64, raw []byte) {
	if f.Bits == 8 {
		for i, v := range raw {
			dst[i] = float64(v)
		}
		return
	}
	for i := range dst {
		dst[i] = float64(binary.LittleEndian.Uint16(raw[2*i:]) ^ 0x8000)
	}
}

// Write writes a .wav file of so many samples for each channel, which next gives
// in blocks until it returns none.
func Write(w io.Writer, f Format, frames int64, next func() ([]float64, error)) error {
	size := frames * f.frame()
	const header = 44
	if frames < 0 || size > unknownSize-header-1 {
		return fmt.Errorf("%d samples are more than a .wav file can hold", frames)
	}
	u16, u32 := binary.LittleEndian.AppendUint16, binary.LittleEndian.AppendUint32
	raw := u32([]byte("RIFF"), uint32(header-8+size+size%2))
	raw = u32(append(raw, "WAVEfmt "...), 16)
	raw = u32(u16(u16(raw, codePCM), uint16(f.Channels)), uint32(f.Rate))
	raw = u16(u16(u32(raw, uint32(int64(f.Rate)*f.frame())), uint16(f.frame())), uint16(f.Bits))
	raw = u32(append(raw, "data"...), uint32(size))
	for {
		if _, err := w.Write(raw); err != nil {
			return err
		}
		values, err := next()
		if err != nil {
			return err
		}
		if len(values) == 0 {
			break
		}
		raw = raw[:0]
		for _, v := range values {
			if f.Bits == 8 {
				raw = append(raw, byte(v))
			} else {
				raw = u16(raw, uint16(v)^0x8000)
			}
		}
	}
	if size%2 == 1 {
		_, err := w.Write([]byte{0})
		return err
	}
	return nil
}
