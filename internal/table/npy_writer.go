package table

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/seed-192fdf7a/nf/internal/atomicfile"
)

// npyEncoder writes a NumPy array whose number of rows is known only at the end: the header is written first as a
// placeholder of the same length.
type npyEncoder struct {
	file    *atomicfile.File
	out     *bufio.Writer
	options WriteOptions
	columns int
	text    []byte
}

func newNPYEncoder(file *atomicfile.File, options WriteOptions) *npyEncoder {
	return &npyEncoder{file: file, out: newBuffer(file), options: options}
}

func (e *npyEncoder) writeHeader(columns []string) error {
	e.columns = len(columns)
	_, err := e.out.Write(npyHeaderBytes(0, e.columns, e.options))
	return err
}

func (e *npyEncoder) writeRows(values []float64) error {
	return writeNPYValues(e.out, values, e.options, &e.text)
}

func (e *npyEncoder) finish(rows int64) error {
	if err := e.out.Flush(); err != nil {
		return err
	}
	_, err := e.file.WriteAt(npyHeaderBytes(rows, e.columns, e.options), 0)
	return err
}

// npyHeaderBytes is everything before the values, of one length whatever the number of rows.
func npyHeaderBytes(rows int64, columns int, options WriteOptions) []byte {
	descr := "<f8"
	if options.Float32 {
		descr = "<f4"
	}
	shape := fmt.Sprintf("(%d, %d)", rows, columns)
	if options.Vector {
		shape = fmt.Sprintf("(%d,)", rows)
	}
	dictionary := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': %s, }", descr, shape)
	const length = 128 // a multiple of 64, as NumPy aligns it; the longest dictionary has 89 bytes
	text := dictionary + strings.Repeat(" ", length-10-1-len(dictionary)) + "\n"
	header := append([]byte(npyMagic), 1, 0)
	header = binary.LittleEndian.AppendUint16(header, uint16(len(text)))
	return append(header, text...)
}

// writeNPYValues writes values as they lie in a .npy file; scratch is kept between calls.
func writeNPYValues(out io.Writer, values []float64, options WriteOptions, scratch *[]byte) error {
	const most = 1 << 13 // values at a time
	for len(values) > 0 {
		part := values[:min(len(values), most)]
		values = values[len(part):]
		bytes := (*scratch)[:0]
		for _, v := range part {
			if options.Float32 {
				bytes = binary.LittleEndian.AppendUint32(bytes, math.Float32bits(float32(v)))
			} else {
				bytes = binary.LittleEndian.AppendUint64(bytes, math.Float64bits(v))
			}
		}
		*scratch = bytes
		if _, err := out.Write(bytes); err != nil {
			return err
		}
	}
	return nil
}
