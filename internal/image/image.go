// Package image reads sets of images from files, one image at a time, so that a
// set may be larger than memory: NumPy arrays of three or four dimensions, IDX
// files (MNIST's, also compressed), CIFAR-10's binary batches, and directories of
// PNG and JPEG files. It writes sheets of images as PNG.
//
// A set is safe for concurrent use.
package image

import (
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/seed-192fdf7a/nf/internal/printable"
)

// Set is a number of images of one size. The values of an image are ordered line
// by line, the channels of a pixel side by side.
type Set struct {
	Path                    string
	Count                   int
	Height, Width, Channels int
	// Levels is how many whole numbers, from 0, pixels may be; 0 says that they are
	// any numbers.
	Levels int
	// Labels are the classes of the images where their files have them, else nil;
	// Names are the names of the classes.
	Labels []int
	Names  []string

	load  func(dst []float64, i int) error
	close []io.Closer
}

// Dim returns the number of values of an image.
func (s *Set) Dim() int { return s.Height * s.Width * s.Channels }

// Load writes the values of image i.
func (s *Set) Load(dst []float64, i int) error { return s.load(dst, i) }

// Close closes the files.
func (s *Set) Close() error {
	var first error
	for _, c := range s.close {
		if err := c.Close(); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// maxSide and maxChannels bound an image.
const maxSide, maxChannels = 1 << 14, 1 << 10

// maxValues bounds the values of a set, so that no size overflows.
const maxValues = 1 << 50

// check tells what is wrong with the size of the images.
func (s *Set) check() error {
	switch {
	case s.Count < 1:
		return fmt.Errorf("%s has no images", s.shown())
	case s.Height < 1 || s.Height > maxSide || s.Width < 1 || s.Width > maxSide || s.Channels < 1 || s.Channels > maxChannels:
		return fmt.Errorf("%s: images of %d x %d pixels of %d channels, want sides of 1 to %d and 1 to %d channels",
			s.shown(), s.Height, s.Width, s.Channels, maxSide, maxChannels)
	case s.Count > maxValues/s.Dim():
		return fmt.Errorf("%s: %d images of %d x %d pixels, more than any file holds", s.shown(), s.Count, s.Height, s.Width)
	case s.Labels != nil && len(s.Labels) != s.Count:
		return fmt.Errorf("%s: %d labels for %d images", s.shown(), len(s.Labels), s.Count)
	}
	return nil
}

func (s *Set) shown() string { return printable.Name(s.Path) }

// Kinds says in words what [Open] reads.
const Kinds = "a NumPy array .npy [N, H, W] or [N, H, W, C], an IDX file (.idx, -ubyte, also .gz), a CIFAR-10 batch .bin, or a directory of such batches or of .png and .jpg files"

// Open opens a set of images by the name of its file or directory.
func Open(path string) (*Set, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("cannot open the images: %w", err)
	}
	s := &Set{Path: path}
	name := strings.ToLower(filepath.Base(path))
	switch {
	case info.IsDir():
		err = s.openDirectory()
	case !info.Mode().IsRegular():
		err = fmt.Errorf("%s is not a regular file", s.shown())
	case strings.HasSuffix(name, ".npy"):
		err = s.openNPY()
	case strings.HasSuffix(name, ".bin"):
		err = s.openBatches(path)
	case isIDX(name):
		err = s.openIDX()
	default:
		err = fmt.Errorf("%s is no set of images: give %s", s.shown(), Kinds)
	}
	if err == nil {
		err = s.check()
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Named tells whether a name is one that [Open] takes: of a directory, or of a file
// by its ending.
func Named(path string) bool {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return true
	}
	name := strings.ToLower(filepath.Base(path))
	return strings.HasSuffix(name, ".npy") || strings.HasSuffix(name, ".bin") || isIDX(name)
}

// openFile opens a file that ends with the set, and returns its size.
func (s *Set) openFile(path string) (*os.File, int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, fmt.Errorf("cannot open the images: %w", err)
	}
	s.close = append(s.close, f)
	info, err := f.Stat()
	if err != nil {
		return nil, 0, fmt.Errorf("cannot read the images: %w", err)
	}
	return f, info.Size(), nil
}

// findLevels reads all values, which are not bytes, and sets Levels where they are
// whole numbers from 0.
func (s *Set) findLevels() error {
	values, most := make([]float64, s.Dim()), 0.0
	whole := true
	for i := range s.Count {
		if err := s.load(values, i); err != nil {
			return err
		}
		for at, v := range values {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				c := at % s.Channels
				return fmt.Errorf("%s: image %d, line %d, column %d, channel %d is %v", s.shown(), i, at/s.Channels/s.Width, at/s.Channels%s.Width, c, v)
			}
			whole = whole && v >= 0 && v <= 65535 && v == math.Floor(v)
			most = max(most, v)
		}
	}
	if whole {
		s.Levels = levelsOf(int(most))
	}
	return nil
}

// levelsOf returns the levels of pixels of which the largest is most: those of 8
// bits where it takes the upper half of them.
func levelsOf(most int) int {
	if most >= 128 && most <= 255 {
		return 256
	}
	return max(2, most+1)
}

// bytesAt reads image i of those that lie one after the other from an offset on,
// one byte a value.
func (s *Set) bytesAt(file io.ReaderAt, offset int64) func(dst []float64, i int) error {
	return func(dst []float64, i int) error {
		raw := buffers.Borrow(len(dst))
		defer buffers.Return(raw)
		if _, err := file.ReadAt((*raw)[:len(dst)], offset+int64(i)*int64(len(dst))); err != nil {
			return fmt.Errorf("%s: image %d: %w", s.shown(), i, err)
		}
		for k, v := range (*raw)[:len(dst)] {
			dst[k] = float64(v)
		}
		return nil
	}
}
