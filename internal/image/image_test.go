package image

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// value is what image i of the tests has in line y, column x, channel c.
func value(i, y, x, c int) byte { return byte(i*37 + y*11 + x*5 + c*3) }

// fill returns the bytes of n images.
func fill(n, height, width, channels int) (raw []byte) {
	for i := range n {
		for y := range height {
			for x := range width {
				for c := range channels {
					raw = append(raw, value(i, y, x, c))
				}
			}
		}
	}
	return raw
}

func write(t *testing.T, path string, parts ...[]byte) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, slices.Concat(parts...), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func zipped(t *testing.T, raw []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(raw); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func idx(sizes ...uint32) []byte {
	raw := []byte{0, 0, 8, byte(len(sizes))}
	for _, s := range sizes {
		raw = binary.BigEndian.AppendUint32(raw, s)
	}
	return raw
}

func npy(descr string, shape string) []byte {
	text := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': %s, }\n", descr, shape)
	return append(binary.LittleEndian.AppendUint16([]byte("\x93NUMPY\x01\x00"), uint16(len(text))), text...)
}

func floats(values []byte, scale float64) (raw []byte) {
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint64(raw, math.Float64bits(float64(v)*scale))
	}
	return raw
}

func picture(t *testing.T, i, height, width int, gray bool) []byte {
	t.Helper()
	var out bytes.Buffer
	img := image.Image(image.NewGray(image.Rect(0, 0, width, height)))
	if !gray {
		img = image.NewNRGBA(image.Rect(0, 0, width, height))
	}
	for y := range height {
		for x := range width {
			if g, ok := img.(*image.Gray); ok {
				g.SetGray(x, y, color.Gray{Y: value(i, y, x, 0)})
			} else {
				img.(*image.NRGBA).SetNRGBA(x, y, color.NRGBA{R: value(i, y, x, 0), G: value(i, y, x, 1), B: value(i, y, x, 2), A: 255})
			}
		}
	}
	if err := png.Encode(&out, img); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// batch is a batch of CIFAR-10 of n images, the first of number from.
func batch(from, n int) (raw []byte) {
	for i := from; i < from+n; i++ {
		raw = append(raw, byte(i%10))
		for c := range 3 {
			for y := range 32 {
				for x := range 32 {
					raw = append(raw, value(i, y, x, c))
				}
			}
		}
	}
	return raw
}

func TestOpen(t *testing.T) {
	d := t.TempDir()
	at := func(name string) string { return filepath.Join(d, name) }
	write(t, at("pictures/b.png"), picture(t, 1, 4, 6, true))
	write(t, at("pictures/a.png"), picture(t, 0, 4, 6, true))
	write(t, at("classes/dog/x.png"), picture(t, 1, 4, 6, false))
	write(t, at("classes/cat/x.png"), picture(t, 0, 4, 6, false))
	write(t, at("cifar/data_batch_2.bin"), batch(2, 1))
	write(t, at("cifar/data_batch_1.bin"), batch(0, 2))
	write(t, at("cifar/test_batch.bin"), batch(0, 1))
	small := []byte{0, 3, 1, 2, 16, 5, 0, 9}
	for _, c := range []struct {
		path                           string
		count, height, width, channels int
		levels                         int
		labels                         []int
		names                          []string
	}{
		{write(t, at("gray.npy"), npy("|u1", "(3, 4, 6)"), fill(3, 4, 6, 1)), 3, 4, 6, 1, 256, nil, nil},
		{write(t, at("color.npy"), npy("|u1", "(2, 4, 6, 3)"), fill(2, 4, 6, 3)), 2, 4, 6, 3, 256, nil, nil},
		{write(t, at("whole.npy"), npy("<f8", "(2, 4, 6)"), floats(fill(2, 4, 6, 1), 1)), 2, 4, 6, 1, 96, nil, nil},
		{write(t, at("raw-images-idx3-ubyte"), idx(2, 4, 6), fill(2, 4, 6, 1)), 2, 4, 6, 1, 256, nil, nil},
		{write(t, at("images.idx.gz"), zipped(t, append(idx(2, 4, 6, 3), fill(2, 4, 6, 3)...))), 2, 4, 6, 3, 256, nil, nil},
		{at("pictures"), 2, 4, 6, 1, 256, nil, nil},
		{at("classes"), 2, 4, 6, 3, 256, []int{0, 1}, []string{"cat", "dog"}},
		{at("cifar"), 3, 32, 32, 3, 256, []int{0, 1, 2}, cifarNames},
		{at("cifar/data_batch_1.bin"), 2, 32, 32, 3, 256, []int{0, 1}, cifarNames},
	} {
		s, err := Open(c.path)
		if err != nil {
			t.Fatal(err)
		}
		if s.Count != c.count || s.Height != c.height || s.Width != c.width || s.Channels != c.channels || s.Levels != c.levels ||
			!slices.Equal(s.Labels, c.labels) || !slices.Equal(s.Names, c.names) {
			t.Errorf("%s is read as %+v, want %+v", c.path, s, c)
		}
		values := make([]float64, s.Dim())
		for i := range s.Count {
			if err := s.Load(values, i); err != nil {
				t.Fatal(err)
			}
			for k, v := range values {
				if want := float64(value(i, k/c.channels/c.width, k/c.channels%c.width, k%c.channels)); v != want {
					t.Fatalf("%s: image %d, value %d is %v, want %v", c.path, i, k, v, want)
				}
			}
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	for name, want := range map[string]struct {
		scale  float64
		levels int
	}{"seventeen.npy": {1, 17}, "numbers.npy": {0.1, 0}} {
		s, err := Open(write(t, at(name), npy("<f8", "(2, 2, 2)"), floats(small, want.scale)))
		if err != nil {
			t.Fatal(err)
		}
		if s.Levels != want.levels {
			t.Errorf("%s has %d levels, want %d", name, s.Levels, want.levels)
		}
		s.Close()
	}
}

func TestOpenFails(t *testing.T) {
	d := t.TempDir()
	at := func(name string) string { return filepath.Join(d, name) }
	write(t, at("sizes/a.png"), picture(t, 0, 4, 6, true))
	write(t, at("sizes/b.png"), picture(t, 0, 4, 8, true))
	write(t, at("nothing/a.txt"), []byte("x"))
	write(t, at("broken/a.png"), []byte("x"))
	nan := floats([]byte{1, 2, 3, 4}, 1)
	binary.LittleEndian.PutUint64(nan[8:], math.Float64bits(math.NaN()))
	for path, want := range map[string]string{
		at("absent.npy"): "cannot open",
		write(t, at("table.npy"), npy("<f8", "(4, 2)"), floats(make([]byte, 8), 1)): "2 dimensions; images have three or four",
		write(t, at("short.npy"), npy("|u1", "(3, 4, 6)"), fill(2, 4, 6, 1)):        "promises 72 bytes of values and 48 are there",
		write(t, at("empty.npy"), npy("|u1", "(0, 4, 6)")):                          "has no images",
		write(t, at("huge.npy"), npy("|u1", "(3, 100000000, 6)")):                   "promises",
		write(t, at("nan.npy"), npy("<f8", "(1, 2, 2)"), nan):                       "image 0, line 0, column 1, channel 0 is NaN",
		write(t, at("labels-ubyte"), idx(3), []byte{1, 2, 3}):                       "labels, which have one",
		write(t, at("short-ubyte"), idx(3, 4, 6), fill(2, 4, 6, 1)):                 "promises 3 images",
		write(t, at("other-ubyte"), []byte("\x01\x02\x03\x04\x05")):                 "an IDX file of bytes",
		write(t, at("cut-ubyte"), idx(3, 4)[:9]):                                    "breaks off within its header",
		write(t, at("other.gz-ubyte.gz"), []byte("no gzip")):                        "gzip",
		write(t, at("odd.bin"), make([]byte, 3072)):                                 "records of 3073",
		write(t, at("label.bin"), append([]byte{10}, make([]byte, 3072)...)):        "the label 10",
		write(t, at("image.txt"), []byte("x")):                                      "give a NumPy array",
		at("sizes"):                                                                 "a set has one size",
		at("nothing"):                                                               "has no .png, .jpg",
		at("broken"):                                                                "a.png",
	} {
		if s, err := Open(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
			if s != nil {
				s.Close()
			}
		}
	}
}

func TestReadLabels(t *testing.T) {
	d := t.TempDir()
	at := func(name string) string { return filepath.Join(d, name) }
	for _, path := range []string{
		write(t, at("a-ubyte"), idx(3), []byte{5, 0, 4}), write(t, at("a.idx.gz"), zipped(t, append(idx(3), 5, 0, 4))),
		write(t, at("a.npy"), npy("|u1", "(3,)"), []byte{5, 0, 4}), write(t, at("a.csv"), []byte("label\n5\n0\n4\n")), write(t, at("a.txt"), []byte("5\n0\n4")),
	} {
		if labels, err := ReadLabels(path); err != nil || !slices.Equal(labels, []int{5, 0, 4}) {
			t.Errorf("%s: %v, %v", path, labels, err)
		}
	}
	for path, want := range map[string]string{
		at("absent"): "cannot open",
		write(t, at("b-ubyte"), idx(3), []byte{5, 0}):                     "promises 3 labels",
		write(t, at("b.idx"), idx(3, 1), []byte{5, 0, 4}):                 "labels have one",
		write(t, at("b.npy"), npy("<f8", "(1,)"), floats([]byte{1}, 0.5)): "no whole number",
		write(t, at("c.npy"), npy("<f8", "(1, 1)"), floats([]byte{1}, 1)): "labels have one",
		write(t, at("b.csv"), []byte("5\nx\n")):                           "line 2",
	} {
		if _, err := ReadLabels(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
}

// TestSheet reads back what is drawn, and what is written as an array.
func TestSheet(t *testing.T) {
	for _, channels := range []int{1, 3} {
		s := Size{Height: 4, Width: 6, Channels: channels, Levels: 256}
		var values []float64
		for _, v := range fill(3, 4, 6, channels) {
			values = append(values, float64(v))
		}
		var out bytes.Buffer
		if err := WriteSheet(&out, values, s, 2); err != nil {
			t.Fatal(err)
		}
		sheet, err := png.Decode(&out)
		if err != nil {
			t.Fatal(err)
		}
		if size := sheet.Bounds().Size(); size != (image.Point{X: 2*8 + 2, Y: 2*6 + 2}) {
			t.Errorf("the sheet has the size %v", size)
		}
		want := color.NRGBA{R: value(2, 3, 5, 0), G: value(2, 3, 5, min(1, channels-1)), B: value(2, 3, 5, channels-1), A: 255}
		if got := color.NRGBAModel.Convert(sheet.At(2+5, 2+6+3)); got != want {
			t.Errorf("the last pixel of the third image is %v, want %v", got, want)
		}
		var array bytes.Buffer
		if err := WriteNPYHeader(&array, 3, s); err != nil {
			t.Fatal(err)
		}
		if err := WriteNPYValues(&array, values, s); err != nil {
			t.Fatal(err)
		}
		set, err := Open(write(t, filepath.Join(t.TempDir(), "a.npy"), array.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		back := make([]float64, set.Dim())
		if err := set.Load(back, 2); err != nil || !slices.Equal(back, values[2*set.Dim():]) {
			t.Errorf("the array's last image is %v (%v)", back, err)
		}
		set.Close()
	}
}

// FuzzIDX reads headers of any bytes.
func FuzzIDX(f *testing.F) {
	f.Add(append(idx(2, 1, 1), 3, 4))
	f.Add(idx(1<<31, 1<<31, 1<<31))
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := Open(write(t, filepath.Join(t.TempDir(), "a.idx"), raw))
		if err != nil {
			return
		}
		defer s.Close()
		if err := s.Load(make([]float64, s.Dim()), s.Count-1); err != nil {
			t.Errorf("a file that is whole cannot be read: %v", err)
		}
	})
}
