package table

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"io"
	"strconv"
)

type csvEncoder struct {
	buffer  *bufio.Writer
	columns int
	text    []byte // one value
}

func newCSVEncoder(out io.Writer) *csvEncoder {
	return &csvEncoder{buffer: newBuffer(out)}
}

func (e *csvEncoder) writeHeader(columns []string) error {
	e.columns = len(columns)
	var line bytes.Buffer // csv.NewWriter would take e.buffer for its own and flush it
	header := csv.NewWriter(&line)
	if err := header.Write(columns); err != nil {
		return err
	}
	header.Flush()
	_, err := e.buffer.Write(line.Bytes())
	return err
}

func (e *csvEncoder) writeRows(values []float64) error {
	column := 0
	for _, v := range values {
		column++
		separator := byte(',')
		if column == e.columns {
			separator, column = '\n', 0
		}
		e.text = append(strconv.AppendFloat(e.text[:0], v, 'g', -1, 64), separator)
		if _, err := e.buffer.Write(e.text); err != nil {
			return err
		}
	}
	return nil
}

func (e *csvEncoder) finish(int64) error { return e.buffer.Flush() }

type gzipCSVEncoder struct {
	*csvEncoder
	compressed *gzip.Writer
	out        *bufio.Writer
}

func newGzipCSVEncoder(out io.Writer) *gzipCSVEncoder {
	buffer := newBuffer(out)
	// The default level costs twice the time of the fastest and saves a tenth of the bytes of decimal digits.
	compressed, err := gzip.NewWriterLevel(buffer, gzip.BestSpeed)
	if err != nil {
		panic(err) // the level is a valid constant
	}
	return &gzipCSVEncoder{newCSVEncoder(compressed), compressed, buffer}
}

func (e *gzipCSVEncoder) finish(rows int64) error {
	if err := e.csvEncoder.finish(rows); err != nil {
		return err
	}
	if err := e.compressed.Close(); err != nil {
		return err
	}
	return e.out.Flush()
}
