package image

import (
	"fmt"
	"os"
)

// CIFAR-10's binary batches are records of a label and the red, then the green,
// then the blue values of 32 x 32 pixels.
const (
	cifarSide   = 32
	cifarPixels = cifarSide * cifarSide
	cifarRecord = 1 + 3*cifarPixels
)

var cifarNames = []string{"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"}

// openBatches opens CIFAR-10's batches as one set.
func (s *Set) openBatches(paths ...string) error {
	s.Height, s.Width, s.Channels, s.Levels, s.Names = cifarSide, cifarSide, 3, 256, cifarNames
	type batch struct {
		file  *os.File
		first int
	}
	var batches []batch
	for _, path := range paths {
		file, size, err := s.openFile(path)
		if err != nil {
			return err
		}
		if size == 0 || size%cifarRecord != 0 {
			return fmt.Errorf("%s has %d bytes, and CIFAR-10's batches are records of %d", path, size, cifarRecord)
		}
		batches = append(batches, batch{file, s.Count})
		for i := range size / cifarRecord {
			var label [1]byte
			if _, err := file.ReadAt(label[:], i*cifarRecord); err != nil {
				return fmt.Errorf("%s: image %d: %w", path, i, err)
			}
			if int(label[0]) >= len(cifarNames) {
				return fmt.Errorf("%s: image %d has the label %d, and CIFAR-10's are 0 to 9", path, i, label[0])
			}
			s.Labels = append(s.Labels, int(label[0]))
		}
		s.Count += int(size / cifarRecord)
	}
	s.load = func(dst []float64, i int) error {
		b := batches[0]
		for _, next := range batches {
			if next.first <= i {
				b = next
			}
		}
		raw := buffers.Borrow(cifarRecord)
		defer buffers.Return(raw)
		if _, err := b.file.ReadAt((*raw)[:cifarRecord], int64(i-b.first)*cifarRecord); err != nil {
			return fmt.Errorf("%s: image %d: %w", s.shown(), i, err)
		}
		for k, v := range (*raw)[1:cifarRecord] {
			dst[k%cifarPixels*3+k/cifarPixels] = float64(v)
		}
		return nil
	}
	return nil
}
