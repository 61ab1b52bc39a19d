package image

import (
	"bufio"
	"fmt"
	"io"

	"github.com/seed-192fdf7a/nf/internal/freelist"
	"github.com/seed-192fdf7a/nf/internal/table"
)

// buffers is room for the bytes of images.
var buffers freelist.Slices[byte]

// openNPY opens an array [N, H, W] or [N, H, W, C].
func (s *Set) openNPY() error {
	file, size, err := s.openFile(s.Path)
	if err != nil {
		return err
	}
	a, err := table.ReadNPYArray(bufio.NewReader(file))
	if err != nil {
		return fmt.Errorf("%s: %w", s.shown(), err)
	}
	if len(a.Shape) != 3 && len(a.Shape) != 4 {
		return fmt.Errorf("%s: an array of %d dimensions; images have three or four: [N, H, W] or [N, H, W, C]", s.shown(), len(a.Shape))
	}
	if have := size - a.Header; have != a.Bytes() {
		return fmt.Errorf("%s: the header promises %d bytes of values and %d are there", s.shown(), a.Bytes(), have)
	}
	const most = 1 << 40
	for _, n := range a.Shape {
		if n > most {
			return fmt.Errorf("%s: an array of %d images or pixels", s.shown(), n)
		}
	}
	s.Count, s.Height, s.Width, s.Channels = int(a.Shape[0]), int(a.Shape[1]), int(a.Shape[2]), 1
	if len(a.Shape) == 4 {
		s.Channels = int(a.Shape[3])
	}
	if err := s.check(); err != nil {
		return err
	}
	if a.Type == "|u1" {
		s.Levels = 256
		s.load = s.bytesAt(file, a.Header)
		return nil
	}
	s.load = func(dst []float64, i int) error {
		n := len(dst) * a.Size
		raw := buffers.Borrow(n)
		defer buffers.Return(raw)
		if _, err := file.ReadAt((*raw)[:n], a.Header+int64(i)*int64(n)); err != nil {
			return fmt.Errorf("%s: image %d: %w", s.shown(), i, err)
		}
		for k := range dst {
			dst[k] = a.Value((*raw)[k*a.Size : (k+1)*a.Size])
		}
		return nil
	}
	return s.findLevels()
}

// readNPYLabels reads an array of one dimension of whole numbers.
func readNPYLabels(in io.Reader) ([]int, error) {
	a, err := table.ReadNPYArray(in)
	if err != nil {
		return nil, err
	}
	if len(a.Shape) != 1 {
		return nil, fmt.Errorf("an array of %d dimensions; labels have one", len(a.Shape))
	}
	var labels []int
	value := make([]byte, a.Size)
	for i := range a.Shape[0] {
		if _, err := io.ReadFull(in, value); err != nil {
			return nil, fmt.Errorf("label %d: %w", i, err)
		}
		v := a.Value(value)
		if v != float64(int(v)) {
			return nil, fmt.Errorf("label %d is %v, no whole number", i, v)
		}
		labels = append(labels, int(v))
	}
	return labels, nil
}
