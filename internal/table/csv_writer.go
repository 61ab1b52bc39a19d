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
	buffer    *bufio.Writer
	delimiter byte
	columns   int
	text      []byte // one value, or a row with texts
}

func newCSVEncoder(out io.Writer, delimiter byte) *csvEncoder {
	return &csvEncoder{buffer: newBuffer(out), delimiter: delimiter}
}

func (e *csvEncoder) writeHeader(columns []string) error {
	e.columns = len(columns)
	var line bytes.Buffer // csv.NewWriter would take e.buffer for its own and flush it
	header := csv.NewWriter(&line)
	header.Comma = rune(e.delimiter)
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
		separator := e.delimiter
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

func (e *csvEncoder) writeTexts(rows []float64, texts *Texts, front, back []int) error {
	numbers := e.columns - len(front) - len(back)
	for r := range texts.Rows() {
		line := e.text[:0]
		for _, column := range front {
			line = append(e.appendCell(line, texts.Cell(r, column)), e.delimiter)
		}
		for _, v := range rows[r*numbers : (r+1)*numbers] {
			line = append(strconv.AppendFloat(line, v, 'g', -1, 64), e.delimiter)
		}
		for _, column := range back {
			line = append(e.appendCell(line, texts.Cell(r, column)), e.delimiter)
		}
		line[len(line)-1] = '\n'
		e.text = line
		if _, err := e.buffer.Write(line); err != nil {
			return err
		}
	}
	return nil
}

// appendCell adds a text, in quotes where it needs them.
func (e *csvEncoder) appendCell(line, cell []byte) []byte {
	plain := true
	for _, c := range cell {
		plain = plain && c != e.delimiter && c != '"' && c != '\n' && c != '\r'
	}
	if plain {
		return append(line, cell...)
	}
	line = append(line, '"')
	for _, c := range cell {
		if c == '"' {
			line = append(line, '"')
		}
		line = append(line, c)
	}
	return append(line, '"')
}

func (e *csvEncoder) finish(int64) error { return e.buffer.Flush() }

type gzipCSVEncoder struct {
	*csvEncoder
	compressed *gzip.Writer
	out        *bufio.Writer
}

func newGzipCSVEncoder(out io.Writer, delimiter byte) *gzipCSVEncoder {
	buffer := newBuffer(out)
	// The default level costs twice the time of the fastest and saves a tenth of the bytes of decimal digits.
	compressed, err := gzip.NewWriterLevel(buffer, gzip.BestSpeed)
	if err != nil {
		panic(err) // the level is a valid constant
	}
	return &gzipCSVEncoder{newCSVEncoder(compressed, delimiter), compressed, buffer}
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
