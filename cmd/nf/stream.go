package main

import (
	"context"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/spf13/cobra"

	"github.com/seed-192fdf7a/nf/internal/printable"
	"github.com/seed-192fdf7a/nf/internal/table"
)

// stream carries a table through some work, block by block: while one block is
// worked on, the next is being read and the one before is being written.
type stream struct {
	reader    *table.Reader
	writer    *table.Writer
	path      string // what is read, for errors
	blockRows int
	inWidth   int // values of a row that the reader delivers
	outWidth  int // values of a row that the writer takes
	// work fills out, one row for each of in.
	work func(out, in []float64) error
	// front and back say which of the texts that the reader delivers are written
	// before and behind a row's values.
	front, back []int
	// finally, unless nil, is told all rows' values when the last is known, and
	// may change them: nothing is written before.
	finally func(out []float64)
}

// block is some rows on their way.
type block struct {
	in, out []float64
	texts   table.Texts
	rows    int
	err     error // why there are no further rows
}

// blocksUnderWay is how many blocks exist: one being read, one worked on, one
// being written and one waiting.
const blocksUnderWay = 4

// maxBlockValues bounds the memory of a block.
const maxBlockValues = 1 << 22

// rowsPerBlock is the number of rows asked for, or as many as memory allows.
func rowsPerBlock(asked, width int) int {
	return max(1, min(asked, maxBlockValues/max(width, 1)))
}

// run writes header and all rows, and completes the output file. If ctx ends
// first, or anything fails, nothing is left under its name.
func (s *stream) run(ctx context.Context, header []string) error {
	defer s.writer.Abort()
	// Whoever comes first decides whether the file is completed: the end of the
	// work, or the interruption.
	var decided atomic.Bool
	work := func() error {
		if err := s.writer.WriteHeader(header); err != nil {
			return err
		}
		if err := s.pump(); err != nil {
			return err
		}
		if bad, _ := s.reader.BadRows(); s.writer.Rows() == 0 && bad == 0 {
			return fmt.Errorf("%s has no rows", shownPath(s.path))
		}
		if err := s.writer.Finish(); err != nil {
			return err
		}
		if !decided.CompareAndSwap(false, true) {
			return errInterrupted
		}
		return s.writer.Close()
	}
	done := make(chan error, 1)
	go func() { done <- work() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		if decided.CompareAndSwap(false, true) {
			return errInterrupted
		}
		return <-done
	}
}

// names picks the names of the texts that are written behind a row's values.
func (s *stream) names(texts []string) []string {
	names := make([]string, len(s.back))
	for i, column := range s.back {
		names[i] = texts[column]
	}
	return names
}

// reportBadRows says on standard error how many rows were bad, if any, and what
// became of them unless they were skipped.
func reportBadRows(command *cobra.Command, r *table.Reader, skipped bool, became string) {
	count, first := r.BadRows()
	if first == nil {
		return
	}
	if skipped {
		became = "skipped"
	}
	complain(command, "%d bad row(s) were %s; the first: %v", count, became, first)
}

// complain writes a line on standard error for the user to know.
func complain(command *cobra.Command, format string, arguments ...any) {
	fmt.Fprintf(command.ErrOrStderr(), "%s: %s\n", command.CommandPath(), printable.Text(fmt.Sprintf(format, arguments...)))
}

func (s *stream) pump() error {
	quit := make(chan struct{})
	defer close(quit)
	// There are never more blocks than a channel holds, so no send blocks.
	free, full, finished := make(chan *block, blocksUnderWay), make(chan *block, blocksUnderWay), make(chan *block, blocksUnderWay)
	written := make(chan error, 1)
	whole := false // set before finished is closed
	rows := s.blockRows
	for range blocksUnderWay {
		free <- &block{in: make([]float64, rows*s.inWidth), out: make([]float64, rows*s.outWidth)}
	}
	go func() {
		for {
			select {
			case b := <-free:
				b.rows, b.err = s.reader.ReadTexts(b.in, &b.texts)
				full <- b
				if b.err != nil {
					return
				}
			case <-quit:
				return
			}
		}
	}()
	go func() {
		var held heldRows
		for b := range finished {
			if s.finally != nil {
				held.add(b, s.outWidth)
			} else if err := s.writer.WriteTexts(b.out[:b.rows*s.outWidth], &b.texts, s.front, s.back); err != nil {
				written <- err
				return
			}
			free <- b
		}
		if s.finally != nil && whole {
			written <- held.write(s)
			return
		}
		written <- nil
	}()
	// leave waits for the writing goroutine, so that nothing is written later.
	leave := func(err error) error {
		close(finished)
		if failed := <-written; err == nil {
			err = failed
		}
		return err
	}
	for {
		var b *block
		select {
		case b = <-full:
		case err := <-written:
			return err
		}
		if b.err != nil && b.err != io.EOF {
			return leave(b.err)
		}
		if b.rows > 0 {
			if err := s.work(b.out[:b.rows*s.outWidth], b.in[:b.rows*s.inWidth]); err != nil {
				return leave(err)
			}
		}
		err := b.err
		finished <- b
		if err == io.EOF {
			whole = true
			return leave(nil)
		}
	}
}

// heldRows are rows that wait for the last one.
type heldRows struct {
	values []float64
	texts  table.Texts
}

func (h *heldRows) add(b *block, width int) {
	h.values = append(h.values, b.out[:b.rows*width]...)
	h.texts.Append(&b.texts)
}

func (h *heldRows) write(s *stream) error {
	s.finally(h.values)
	return s.writer.WriteTexts(h.values, &h.texts, s.front, s.back)
}
