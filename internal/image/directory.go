package image

import (
	"fmt"
	"image"
	"image/color"
	_ "image/jpeg" // a decoder of image.Decode
	_ "image/png"  // a decoder of image.Decode
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// openDirectory opens CIFAR-10's training batches, or the PNG and JPEG files of a
// directory in the order of their paths; where all lie in directories of their
// own, these are their classes.
func (s *Set) openDirectory() error {
	var pictures, batches []string
	err := filepath.WalkDir(s.Path, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		switch strings.ToLower(filepath.Ext(path)) {
		case ".png", ".jpg", ".jpeg":
			pictures = append(pictures, path)
		case ".bin":
			if strings.HasPrefix(filepath.Base(path), "data_batch") {
				batches = append(batches, path)
			}
		}
		return nil
	})
	switch {
	case err != nil:
		return fmt.Errorf("cannot read the images: %w", err)
	case len(pictures) == 0 && len(batches) == 0:
		return fmt.Errorf("%s has no .png, .jpg or data_batch*.bin files", s.shown())
	case len(pictures) == 0:
		slices.Sort(batches)
		return s.openBatches(batches...)
	}
	slices.Sort(pictures)
	return s.openPictures(pictures)
}

func (s *Set) openPictures(paths []string) error {
	s.Count, s.Levels = len(paths), 256
	classes := map[string]int{}
	for _, path := range paths {
		relative, err := filepath.Rel(s.Path, filepath.Dir(path))
		if err != nil || relative == "." {
			classes = nil
			break
		}
		classes[relative] = 0
	}
	for name := range classes {
		s.Names = append(s.Names, name)
	}
	slices.Sort(s.Names)
	for i, name := range s.Names {
		classes[name] = i
	}
	for i, path := range paths {
		config, err := pictureConfig(path)
		if err != nil {
			return err
		}
		channels := 3
		if config.ColorModel == color.GrayModel || config.ColorModel == color.Gray16Model {
			channels = 1
		}
		if i == 0 {
			s.Height, s.Width, s.Channels = config.Height, config.Width, channels
		}
		if config.Height != s.Height || config.Width != s.Width {
			return fmt.Errorf("%s has %d x %d pixels, and %s has %d x %d; a set has one size", path, config.Height, config.Width, paths[0], s.Height, s.Width)
		}
		s.Channels = max(s.Channels, channels)
		if classes != nil {
			relative, _ := filepath.Rel(s.Path, filepath.Dir(path))
			s.Labels = append(s.Labels, classes[relative])
		}
	}
	s.load = func(dst []float64, i int) error { return s.loadPicture(dst, paths[i]) }
	return nil
}

func pictureConfig(path string) (image.Config, error) {
	file, err := os.Open(path)
	if err != nil {
		return image.Config{}, fmt.Errorf("cannot open the images: %w", err)
	}
	defer file.Close()
	config, _, err := image.DecodeConfig(file)
	if err != nil {
		return config, fmt.Errorf("%s: %w", path, err)
	}
	return config, nil
}

// loadPicture reads a file, whose 8 upper bits are taken, and whose transparency
// is not.
func (s *Set) loadPicture(dst []float64, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("cannot open the images: %w", err)
	}
	defer file.Close()
	picture, _, err := image.Decode(file)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	bounds := picture.Bounds()
	if bounds.Dx() != s.Width || bounds.Dy() != s.Height {
		return fmt.Errorf("%s has changed: it has %d x %d pixels", path, bounds.Dy(), bounds.Dx())
	}
	for y := range s.Height {
		for x := range s.Width {
			at := picture.At(bounds.Min.X+x, bounds.Min.Y+y)
			pixel := dst[(y*s.Width+x)*s.Channels:][:s.Channels]
			if s.Channels == 1 {
				pixel[0] = float64(color.GrayModel.Convert(at).(color.Gray).Y)
				continue
			}
			c := color.NRGBAModel.Convert(at).(color.NRGBA)
			pixel[0], pixel[1], pixel[2] = float64(c.R), float64(c.G), float64(c.B)
		}
	}
	return nil
}
