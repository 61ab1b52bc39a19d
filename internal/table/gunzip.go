package table

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
)

// gunzip reads gzip data: one or more members, one after the other, and zeros behind them, with which tapes and some
// tools fill up. Anything else behind a member is an error of its own; gzip.Reader would take it for a broken member.
type gunzip struct {
	in     *bufio.Reader
	member *gzip.Reader
	err    error
}

var errBehindGzip = errors.New("bytes that are no gzip data follow the compressed text")

func newGunzip(file string, in io.Reader) (*gunzip, error) {
	g := &gunzip{in: bufio.NewReaderSize(in, 1<<16)}
	var err error
	g.member, err = gzip.NewReader(g.in)
	switch {
	case err == io.EOF:
		return nil, fmt.Errorf("%s: the file is empty", file)
	case errors.Is(err, gzip.ErrHeader):
		return nil, fmt.Errorf("%s: this is not gzip data, although the name ends in .gz", file)
	case err != nil:
		return nil, readFailure(file, 0, err)
	}
	g.member.Multistream(false)
	return g, nil
}

func (g *gunzip) Read(b []byte) (int, error) {
	for g.err == nil {
		n, err := g.member.Read(b)
		if err == io.EOF {
			err = g.next()
		}
		g.err = err
		if n > 0 {
			return n, nil
		}
		if len(b) == 0 {
			break
		}
	}
	return 0, g.err
}

// next begins the next member, or returns io.EOF.
func (g *gunzip) next() error {
	start, err := g.in.Peek(2)
	if len(start) == 0 {
		return err
	}
	if start[0] == 0 {
		for {
			c, err := g.in.ReadByte()
			if err != nil {
				return err
			}
			if c != 0 {
				return errBehindGzip
			}
		}
	}
	if start[0] != 0x1f || len(start) > 1 && start[1] != 0x8b {
		return errBehindGzip
	}
	if err := g.member.Reset(g.in); err != nil {
		if err == io.EOF {
			return io.ErrUnexpectedEOF
		}
		return err
	}
	g.member.Multistream(false)
	return nil
}
