package sound

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// wav returns a file of the given samples.
func wav(t testing.TB, f Format, values []float64) []byte {
	t.Helper()
	var out bytes.Buffer
	rest := values
	err := Write(&out, f, int64(len(values)/f.Channels), func() ([]float64, error) {
		n := min(3*f.Channels, len(rest))
		block := rest[:n]
		rest = rest[n:]
		return block, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// ramp returns samples that go through all levels.
func ramp(f Format, frames int) []float64 {
	values := make([]float64, frames*f.Channels)
	for i := range values {
		values[i] = float64(i * 7919 % f.Levels())
	}
	return values
}

// TestWindows writes files of each format and reads their windows.
func TestWindows(t *testing.T) {
	for _, f := range []Format{{8000, 1, 8}, {44100, 2, 16}, {1, 3, 8}} {
		d := t.TempDir()
		a, b := ramp(f, 23), ramp(f, 10)
		for name, values := range map[string][]float64{"b.wav": b, "A/a.WAV": a} {
			path := filepath.Join(d, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, wav(t, f, values), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		for _, path := range []string{d, d + "/A/a.WAV," + d + "/b.wav"} {
			s, err := Open(path, 5)
			if err != nil {
				t.Fatal(err)
			}
			if s.Format != f || s.Count != 6 || s.Left != 3 || s.Files != 2 {
				t.Fatalf("%v: %+v", f, s)
			}
			for i := range s.Count {
				got, want := make([]float64, s.Dim()), a
				at := i * s.Dim()
				if i > 3 {
					want, at = b, (i-4)*s.Dim()
				}
				if err := s.Load(got, i); err != nil || !slices.Equal(got, want[at:at+s.Dim()]) {
					t.Errorf("%v: window %d is %v (%v), want %v", f, i, got, err, want[at:at+s.Dim()])
				}
			}
		}
		if _, err := Open(d, 24); err == nil || !strings.Contains(err.Error(), "--length") {
			t.Errorf("windows longer than all files: %v", err)
		}
	}
}

// edited returns a file with some bytes replaced.
func edited(file []byte, at int, bytes ...byte) []byte {
	file = slices.Clone(file)
	copy(file[at:], bytes)
	return file
}

// TestHostileHeaders reads files whose headers are wrong.
func TestHostileHeaders(t *testing.T) {
	f := Format{8000, 1, 16}
	whole := wav(t, f, ramp(f, 20))
	extensible := slices.Concat(whole[:16], []byte{40, 0, 0, 0, 0xfe, 0xff}, whole[22:36], []byte{22, 0, 16, 0, 0, 0, 0, 0, 1, 0}, guidPCM, whole[36:])
	listed := slices.Concat(whole[:12], []byte("LIST\x03\x00\x00\x00abc\x00"), whole[12:])
	for name, file := range map[string][]byte{"plain": whole, "extensible": extensible, "with a list": listed, "streamed": edited(whole, 40, 255, 255, 255, 255)} {
		got, err := parse(bytes.NewReader(file), int64(len(file)))
		if err != nil || got.Format != f || got.frames != 20 {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	for want, file := range map[string][]byte{
		"begin with RIFF":      []byte("RIFX"),
		"cut short":            whole[:60],
		"no part \"data\"":     whole[:30+6],
		"no samples":           edited(whole, 40, 1, 0, 0, 0),
		"before their format":  slices.Concat(whole[:12], whole[36:]),
		"two formats":          slices.Concat(whole[:36], whole[12:]),
		"format has 4 bytes":   slices.Concat(whole[:16], []byte{4, 0, 0, 0}, whole[20:24], whole[36:]),
		"code is 3":            edited(whole, 20, 3),
		"24 bits":              edited(whole, 34, 24),
		"0 channels":           edited(whole, 22, 0, 0),
		"0 samples a second":   edited(whole, 24, 0, 0, 0, 0),
		"4294967295 samples a": edited(whole, 24, 255, 255, 255, 255),
		"of a time are 7":      edited(whole, 32, 7),
	} {
		if _, err := parse(bytes.NewReader(file), int64(len(file))); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	d := t.TempDir()
	for i, f := range []Format{{8000, 1, 16}, {8000, 2, 16}} {
		if err := os.WriteFile(fmt.Sprintf("%s/%d.wav", d, i), wav(t, f, ramp(f, 9)), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Open(d, 2); err == nil || !strings.Contains(err.Error(), "one format") {
		t.Errorf("files of two formats: %v", err)
	}
	if _, err := Open(d+"/none.wav", 2); err == nil {
		t.Error("a file that is not there opens")
	}
	if err := Write(&bytes.Buffer{}, f, 1<<32, nil); err == nil || !strings.Contains(err.Error(), "more than a .wav") {
		t.Errorf("a file that is too large: %v", err)
	}
}

// FuzzWAV holds what a file says of its samples against its size.
func FuzzWAV(f *testing.F) {
	for _, format := range []Format{{8000, 1, 8}, {44100, 2, 16}} {
		whole := wav(f, format, ramp(format, 5))
		f.Add(whole)
		f.Add(whole[:len(whole)-1])
		f.Add(edited(whole, 4, binary.LittleEndian.AppendUint32(nil, 1<<31)...))
		f.Add(edited(whole, 40, 255, 255, 255, 255))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := parse(bytes.NewReader(text), int64(len(text)))
		if err != nil {
			return
		}
		if end := got.offset + got.frames*got.frame(); got.frames < 1 || got.offset < 44 || end > int64(len(text)) {
			t.Errorf("%+v lies outside of %d bytes", got, len(text))
		}
	})
}
