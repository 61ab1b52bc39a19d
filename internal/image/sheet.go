package image

import (
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"strings"
)

// Size is the size of an image, and how many whole numbers from 0 its pixels may
// be; with 0 levels what is drawn is stretched from the least to the largest value.
type Size struct{ Height, Width, Channels, Levels int }

// Dim returns the number of values of an image.
func (s Size) Dim() int { return s.Height * s.Width * s.Channels }

// sheetGap is the pixels between images.
const sheetGap = 2

// WriteSheet draws images, one after the other in values, as a PNG with so many in
// a line. Images of three channels have colors, of others the first is drawn.
func WriteSheet(out io.Writer, values []float64, s Size, across int) error {
	count := len(values) / s.Dim()
	across = max(1, min(across, count))
	down := (count + across - 1) / across
	sheet := image.NewNRGBA(image.Rect(0, 0, across*(s.Width+sheetGap)+sheetGap, down*(s.Height+sheetGap)+sheetGap))
	for i := range sheet.Pix {
		sheet.Pix[i] = 0xff
	}
	low, span := 0.0, float64(max(s.Levels-1, 1))
	if s.Levels == 0 {
		low, span = spread(values)
	}
	shade := func(v float64) uint8 { return uint8(max(0, min(255, float64((v-low)/span*255)+0.5))) }
	for i := range count {
		left, top := sheetGap+i%across*(s.Width+sheetGap), sheetGap+i/across*(s.Height+sheetGap)
		for y := range s.Height {
			for x := range s.Width {
				p := values[i*s.Dim()+(y*s.Width+x)*s.Channels:]
				c := color.NRGBA{R: shade(p[0]), G: shade(p[0]), B: shade(p[0]), A: 0xff}
				if s.Channels == 3 {
					c.G, c.B = shade(p[1]), shade(p[2])
				}
				sheet.SetNRGBA(left+x, top+y, c)
			}
		}
	}
	return png.Encode(out, sheet)
}

// spread returns the least value and how far the largest is from it.
func spread(values []float64) (low, span float64) {
	if len(values) == 0 {
		return 0, 1
	}
	low, high := values[0], values[0]
	for _, v := range values {
		low, high = min(low, v), max(high, v)
	}
	if !(high > low) {
		return low, 1
	}
	return low, high - low
}

// WriteNPYHeader writes the header of a NumPy array of count images: of bytes where
// the pixels have up to 256 levels, else of float64.
func WriteNPYHeader(out io.Writer, count int64, s Size) error {
	shape := fmt.Sprintf("(%d, %d, %d, %d)", count, s.Height, s.Width, s.Channels)
	if s.Channels == 1 {
		shape = fmt.Sprintf("(%d, %d, %d)", count, s.Height, s.Width)
	}
	descr := "<f8"
	if s.bytes() {
		descr = "|u1"
	}
	text := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': %s, }", descr, shape)
	const length = 128
	text += strings.Repeat(" ", length-10-1-len(text)) + "\n"
	header := binary.LittleEndian.AppendUint16([]byte("\x93NUMPY\x01\x00"), uint16(len(text)))
	_, err := out.Write(append(header, text...))
	return err
}

func (s Size) bytes() bool { return s.Levels > 0 && s.Levels <= 256 }

// WriteNPYValues writes values of images.
func WriteNPYValues(out io.Writer, values []float64, s Size) error {
	if !s.bytes() {
		return binary.Write(out, binary.LittleEndian, values)
	}
	raw := make([]byte, len(values))
	for i, v := range values {
		raw[i] = byte(v)
	}
	_, err := out.Write(raw)
	return err
}
