package image

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
)

// isIDX tells whether a file name is one of IDX files.
func isIDX(name string) bool {
	name = strings.TrimSuffix(name, ".gz")
	return strings.HasSuffix(name, ".idx") || strings.HasSuffix(name, "-ubyte") || strings.HasSuffix(name, ".ubyte")
}

// maxUnpacked bounds what a compressed file may become in memory.
const maxUnpacked = 4 << 30

// idxHeader reads the header of an IDX file of bytes: a magic number that ends
// with the number of dimensions, and the sizes of these.
func idxHeader(in io.Reader) (sizes []int, bytes int64, err error) {
	var magic [4]byte
	if _, err := io.ReadFull(in, magic[:]); err != nil {
		return nil, 0, fmt.Errorf("it breaks off within its header: %w", err)
	}
	if magic[0] != 0 || magic[1] != 0 || magic[2] != 8 || magic[3] < 1 || magic[3] > 4 {
		return nil, 0, fmt.Errorf("it begins with % x, and an IDX file of bytes with 00 00 08 and the number of dimensions", magic)
	}
	for range magic[3] {
		var size [4]byte
		if _, err := io.ReadFull(in, size[:]); err != nil {
			return nil, 0, fmt.Errorf("it breaks off within its header: %w", err)
		}
		sizes = append(sizes, int(binary.BigEndian.Uint32(size[:])))
	}
	return sizes, 4 + 4*int64(len(sizes)), nil
}

// openIDX opens images of three dimensions, or of four: the last the channels.
func (s *Set) openIDX() error {
	file, size, err := s.openFile(s.Path)
	if err != nil {
		return err
	}
	var at io.ReaderAt = file
	var stream io.Reader = file
	if strings.HasSuffix(strings.ToLower(s.Path), ".gz") {
		unpacked, err := gunzip(file)
		if err != nil {
			return fmt.Errorf("%s: %w", s.shown(), err)
		}
		r := bytes.NewReader(unpacked)
		at, stream, size = r, r, int64(len(unpacked))
	}
	sizes, header, err := idxHeader(stream)
	if err != nil {
		return fmt.Errorf("%s: %w", s.shown(), err)
	}
	if len(sizes) < 3 {
		return fmt.Errorf("%s: %d dimensions; images have three or four, and labels, which have one, are for --classes", s.shown(), len(sizes))
	}
	s.Count, s.Height, s.Width, s.Channels, s.Levels = sizes[0], sizes[1], sizes[2], 1, 256
	if len(sizes) == 4 {
		s.Channels = sizes[3]
	}
	if err := s.check(); err != nil {
		return err
	}
	if want := header + int64(s.Count)*int64(s.Dim()); size != want {
		return fmt.Errorf("%s: the header promises %d images of %d x %d, %d bytes, and the file has %d", s.shown(), s.Count, s.Height, s.Width, want, size)
	}
	s.load = s.bytesAt(at, header)
	return nil
}

func gunzip(in io.Reader) ([]byte, error) {
	z, err := gzip.NewReader(in)
	var all []byte
	if err == nil {
		all, err = io.ReadAll(io.LimitReader(z, maxUnpacked+1))
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("it cannot be unpacked by gzip: %w", err)
	case len(all) > maxUnpacked:
		return nil, fmt.Errorf("it unpacks to more than %d bytes; unpack it first", int64(maxUnpacked))
	}
	return all, nil
}
