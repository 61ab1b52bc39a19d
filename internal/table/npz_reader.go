package table

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/seed-192fdf7a/nf/internal/printable"
)

// npzSource is the table of an archive: its array X, or x, or the only one that it has; and where it has an array context
// beside X or x, that one's columns behind.
type npzSource struct {
	file    string
	rows    *npySource
	context *npySource // nil where there is none
	entries []io.Closer

	// Of the chosen columns, those of each array with their places in a row.
	rowsPlaces, contextPlaces []int
	buffer                    []float64
	rowsTexts, contextTexts   []int // likewise, of the texts
	texts                     Texts
}

// Close implements io.Closer.
func (s *npzSource) Close() error {
	var errs []error
	for _, array := range []*npySource{s.rows, s.context} {
		if array != nil {
			errs = append(errs, array.Close())
		}
	}
	for _, entry := range s.entries {
		errs = append(errs, entry.Close())
	}
	return errors.Join(errs...)
}

func openArchive(name string, file io.ReaderAt, size int64) (map[string]*zip.File, []string, error) {
	archive, err := zip.NewReader(file, size)
	if errors.Is(err, zip.ErrFormat) {
		return nil, nil, fmt.Errorf("%s: this is not a NumPy archive (or it is truncated): it has no zip directory", name)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s: the archive's directory is damaged, or the file is truncated: %w", name, cause(err))
	}
	arrays, names := map[string]*zip.File{}, make([]string, 0, len(archive.File))
	for _, f := range archive.File {
		array := strings.TrimSuffix(f.Name, ".npy")
		if arrays[array] != nil {
			return nil, nil, fmt.Errorf("%s: the array %s comes twice in the archive", name, printable.Name(array))
		}
		arrays[array] = f
		names = append(names, array)
	}
	return arrays, names, nil
}

func newNPZSource(name string, counter *progress, file io.ReaderAt, size int64) (*npzSource, error) {
	if size < 0 {
		return nil, fmt.Errorf("%s: a .npz cannot be read from a pipe, because its directory is at its end", name)
	}
	if size == 0 {
		return nil, fmt.Errorf("%s: the file is empty", name)
	}
	arrays, names, err := openArchive(name, file, size)
	if err != nil {
		return nil, err
	}
	array, context := "X", ""
	switch {
	case len(names) == 0:
		return nil, fmt.Errorf("%s: the archive is empty; it must hold an array X", name)
	case arrays["X"] != nil:
	case arrays["x"] != nil:
		array = "x"
	case len(names) == 1:
		array = names[0]
	default:
		return nil, fmt.Errorf("%s: the archive has no array X or x; it has %s (save the rows with np.savez(path, X=rows), and a context as context=…)",
			name, printable.List(names))
	}
	if len(names) > 1 && arrays["context"] != nil {
		context = "context"
	}
	s := &npzSource{file: name}
	counter.total = 0 // of the arrays, not of the file
	if s.rows, err = s.openArray(array, arrays[array], counter); err == nil && context != "" {
		s.context, err = s.openArray(context, arrays[context], counter)
	}
	if err == nil && s.context != nil && s.context.header.rows != s.rows.header.rows {
		err = fmt.Errorf("%s: the array %s has %d rows and the array context %d", name, array, s.rows.header.rows, s.context.header.rows)
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *npzSource) openArray(array string, f *zip.File, counter *progress) (*npySource, error) {
	entry, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("%s: the array %s cannot be read: the archive's directory is damaged: %w", s.file, printable.Name(array), cause(err))
	}
	s.entries = append(s.entries, entry)
	size := int64(min(f.UncompressedSize64, 1<<62))
	counter.total += size
	in := counted{entry, counter}
	h, err := readNPYHeader(in)
	if err != nil {
		return nil, fmt.Errorf("%s: the array %s cannot be used: %w", s.file, printable.Name(array), err)
	}
	n := &npySource{file: s.file, array: printable.Name(array), header: h, stream: in}
	if err := n.checkSize(size - h.bytes); err != nil {
		return nil, err
	}
	if h.fortran {
		return n, n.holdWhole()
	}
	return n, nil
}

func (s *npzSource) contextColumns() int {
	if s.context == nil {
		return 0
	}
	return s.context.header.columns
}

func (s *npzSource) columns() []string {
	names := s.rows.columns()
	switch {
	case s.context == nil:
	case s.context.named():
		names = append(names, s.context.columns()...)
	default:
		names = append(names, numberedColumns("c", s.context.header.columns)...)
	}
	return names
}

func (s *npzSource) named() bool { return s.rows.named() || s.context != nil && s.context.named() }

func (s *npzSource) rowCount() int64 { return s.rows.rowCount() }

func (s *npzSource) textColumns() []bool {
	if s.context == nil {
		return s.rows.textColumns()
	}
	return slices.Concat(s.rows.textColumns(), s.context.textColumns())
}

func (s *npzSource) textFault(column int) error {
	if own := s.rows.header.columns; column >= own {
		return s.context.textFault(column - own)
	}
	return s.rows.textFault(column)
}

func (s *npzSource) choose(c choice) {
	if s.context == nil {
		s.rows.choose(c)
		return
	}
	own := s.rows.header.columns
	var rows, context choice
	for i, column := range c.columns {
		if column < own {
			rows.columns, rows.parse = append(rows.columns, column), append(rows.parse, c.parse[i])
			rows.limits = append(rows.limits, c.limits[i])
			s.rowsPlaces = append(s.rowsPlaces, i)
		} else {
			context.columns, context.parse = append(context.columns, column-own), append(context.parse, c.parse[i])
			context.limits = append(context.limits, c.limits[i])
			s.contextPlaces = append(s.contextPlaces, i)
		}
	}
	for i, column := range c.texts {
		if column < own {
			rows.texts, s.rowsTexts = append(rows.texts, column), append(s.rowsTexts, i)
		} else {
			context.texts, s.contextTexts = append(context.texts, column-own), append(s.contextTexts, i)
		}
	}
	s.rows.choose(rows)
	s.context.choose(context)
	s.buffer = make([]float64, len(c.columns))
}

func (s *npzSource) read(dst []float64, texts *Texts) (rows int, err error) {
	if s.context == nil {
		return s.rows.read(dst, texts)
	}
	width := len(s.buffer)
	for len(dst) >= width {
		s.texts.reset(0)
		own := s.buffer[:len(s.rowsPlaces)]
		behind := s.buffer[len(s.rowsPlaces):]
		bad, err := s.rows.next(own, &s.texts)
		badContext, contextErr := s.context.next(behind, &s.texts)
		if err == nil || err == io.EOF && contextErr != nil {
			err = contextErr
		}
		if err != nil {
			if err == io.EOF && rows > 0 {
				err = nil
			}
			return rows, err
		}
		s.addTexts(texts)
		if bad == nil {
			if bad = badContext; bad != nil && !s.context.named() {
				bad.Column = "c" + strings.TrimPrefix(bad.Column, "f")
			}
		}
		if bad != nil {
			return rows, bad
		}
		for i, place := range s.rowsPlaces {
			dst[place] = own[i]
		}
		for i, place := range s.contextPlaces {
			dst[place] = behind[i]
		}
		dst = dst[width:]
		rows++
	}
	return rows, nil
}

// addTexts puts the texts of a row, which were read array after array, in the order that was asked for.
func (s *npzSource) addTexts(texts *Texts) {
	count := len(s.rowsTexts) + len(s.contextTexts)
	s.texts.columns = count
	for place := range count {
		at := slices.Index(s.rowsTexts, place)
		if at < 0 {
			at = len(s.rowsTexts) + slices.Index(s.contextTexts, place)
		}
		texts.append(s.texts.Cell(0, at))
	}
}
