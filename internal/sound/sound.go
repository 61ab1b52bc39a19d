// Package sound reads sets of sounds from .wav files, cut into windows that are
// read one at a time, so that a set may be larger than memory, and writes .wav
// files. Samples are whole numbers from 0: bytes as they are, and 16 bits with
// 32768 added.
//
// A set is safe for concurrent use.
package sound

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/seed-192fdf7a/nf/internal/freelist"
	"github.com/seed-192fdf7a/nf/internal/printable"
)

// Format is what the samples of a sound are.
type Format struct {
	Rate     int // samples a second
	Channels int
	Bits     int // of a sample: 8 or 16
}

// Levels returns how many whole numbers, from 0, a sample may be.
func (f Format) Levels() int { return 1 << f.Bits }

// frame returns the bytes of the samples of a time.
func (f Format) frame() int64 { return int64(f.Channels * f.Bits / 8) }

func (f Format) String() string {
	return fmt.Sprintf("%d Hz, %d channel(s), %d bits", f.Rate, f.Channels, f.Bits)
}

// Set is windows of one length of the sounds of some files, one after the other in
// the order of the files. What is left of a file behind its last window belongs to
// none.
type Set struct {
	Format
	Path   string
	Length int   // samples of a window, for each channel
	Count  int   // windows
	Left   int64 // samples, for each channel, that are in no window
	Files  int

	files  []file
	first  []int // the number of each file's first window
	buffer freelist.Slices[byte]
}

// Kinds says in words what [Open] reads.
const Kinds = "a .wav file, several with commas between them, or a directory of them"

// Named tells whether a name is one that [Open] takes: of a directory, or of .wav
// files by their endings.
func Named(path string) bool {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return true
	}
	return strings.HasSuffix(strings.ToLower(path), ".wav")
}

// Open finds the windows of so many samples in files of one format.
func Open(path string, length int) (*Set, error) {
	names, err := filesOf(path)
	if err != nil {
		return nil, err
	}
	s := &Set{Path: path, Length: length}
	for _, name := range names {
		f, err := openFile(name)
		if err != nil {
			return nil, err
		}
		if len(s.files) == 0 {
			s.Format = f.Format
		} else if f.Format != s.Format {
			return nil, fmt.Errorf("%s has %v, and %s has %v: bring them to one format, such as by sox IN.wav -r %d -c %d -b %d OUT.wav",
				printable.Name(names[0]), s.Format, printable.Name(name), f.Format, s.Rate, s.Channels, s.Bits)
		}
		s.files, s.first = append(s.files, f), append(s.first, s.Count)
		windows := f.frames / int64(length)
		s.Count += int(windows)
		s.Left += f.frames - windows*int64(length)
	}
	s.Files = len(s.files)
	if s.Count == 0 {
		return nil, fmt.Errorf("%s: no file has %d samples, a window; give a smaller --length", printable.Name(path), length)
	}
	return s, nil
}

// filesOf returns the names of the files that a path means.
func filesOf(path string) ([]string, error) {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		var names []string
		err := filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() && strings.EqualFold(filepath.Ext(name), ".wav") {
				names = append(names, name)
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("cannot read the sounds: %w", err)
		}
		if len(names) == 0 {
			return nil, fmt.Errorf("%s has no .wav files", printable.Name(path))
		}
		slices.Sort(names)
		return names, nil
	case err != nil && strings.Contains(path, ","):
		return strings.Split(path, ","), nil
	}
	return []string{path}, nil
}

// Dim returns the number of values of a window.
func (s *Set) Dim() int { return s.Length * s.Channels }

// Load writes the samples of window i, those of a time side by side.
func (s *Set) Load(dst []float64, i int) error {
	at := sort.SearchInts(s.first, i+1) - 1
	f := s.files[at]
	size := int(s.frame()) * s.Length
	raw := s.buffer.Borrow(size)
	defer s.buffer.Return(raw)
	opened, err := os.Open(f.path)
	if err != nil {
		return fmt.Errorf("cannot read the sounds: %w", err)
	}
	defer opened.Close()
	if _, err := opened.ReadAt((*raw)[:size], f.offset+int64(i-s.first[at])*int64(size)); err != nil {
		return fmt.Errorf("cannot read %s: %w; has it changed?", printable.Name(f.path), err)
	}
	s.decode(dst, (*raw)[:size])
	return nil
}

// SHA256 returns the hash of all samples of all files, in hexadecimal.
func (s *Set) SHA256() (string, error) {
	h := sha256.New()
	for _, f := range s.files {
		opened, err := os.Open(f.path)
		if err != nil {
			return "", fmt.Errorf("cannot read the sounds: %w", err)
		}
		_, err = io.Copy(h, io.NewSectionReader(opened, f.offset, f.frames*s.frame()))
		opened.Close()
		if err != nil {
			return "", fmt.Errorf("cannot read %s: %w", printable.Name(f.path), err)
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
