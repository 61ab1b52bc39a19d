package table

import (
	"archive/zip"
	"bufio"
	"hash/crc32"
	"io"
	"math"

	"github.com/seed-192fdf7a/nf/internal/atomicfile"
)

// npzEncoder writes an archive with one uncompressed array, X.npy, in one pass. The array's header is overwritten at
// the end, when the number of rows is known, and the checksum of the whole is then put together from those of its parts.
type npzEncoder struct {
	file    *atomicfile.File
	out     *bufio.Writer
	options WriteOptions
	columns int
	text    []byte

	archive     *zip.Writer
	entry       *zip.FileHeader
	raw         io.Writer // the entry's bytes
	headerPlace int64     // where in the file the array's header lies
	values      checksum
}

func newNPZEncoder(file *atomicfile.File, options WriteOptions) *npzEncoder {
	out := newBuffer(file)
	return &npzEncoder{file: file, out: out, options: options, archive: zip.NewWriter(out)}
}

func (e *npzEncoder) writeHeader(columns []string) error {
	e.columns = len(columns)
	const sizesFollow = 0x8 // zip's flag for checksum and sizes behind the data
	e.entry = &zip.FileHeader{Name: "X.npy", Method: zip.Store, Flags: sizesFollow}
	var err error
	if e.raw, err = e.archive.CreateRaw(e.entry); err != nil {
		return err
	}
	const localHeaderBytes = 30 // the fixed part of a zip entry's header
	e.headerPlace = int64(localHeaderBytes + len(e.entry.Name) + len(e.entry.Extra))
	_, err = e.raw.Write(npyHeaderBytes(0, e.columns, e.options))
	return err
}

func (e *npzEncoder) writeRows(values []float64) error {
	return writeNPYValues(io.MultiWriter(e.raw, &e.values), values, e.options, &e.text)
}

func (e *npzEncoder) finish(rows int64) error {
	header := npyHeaderBytes(rows, e.columns, e.options)
	e.entry.CRC32 = joinChecksums(crc32.ChecksumIEEE(header), e.values.sum, e.values.bytes)
	size := uint64(int64(len(header)) + e.values.bytes)
	e.entry.CompressedSize64, e.entry.UncompressedSize64 = size, size
	// archive/zip keeps e.entry and writes the directory from it on Close. For an entry of CreateRaw it takes the 32-bit
	// sizes from these two fields.
	//lint:ignore SA1019 archive/zip reads it
	e.entry.CompressedSize = uint32(min(size, math.MaxUint32))
	//lint:ignore SA1019 archive/zip reads it
	e.entry.UncompressedSize = e.entry.CompressedSize
	if err := e.archive.Close(); err != nil {
		return err
	}
	if err := e.out.Flush(); err != nil {
		return err
	}
	_, err := e.file.WriteAt(header, e.headerPlace)
	return err
}

// checksum is the CRC-32 of what is written to it.
type checksum struct {
	sum   uint32
	bytes int64
}

func (c *checksum) Write(p []byte) (int, error) {
	c.sum = crc32.Update(c.sum, crc32.IEEETable, p)
	c.bytes += int64(len(p))
	return len(p), nil
}

// joinChecksums is the CRC-32 of a text a followed by a text b, from the CRC-32 of each and the length of b.
//
// A CRC is linear: appending n bytes multiplies that of a, a polynomial over GF(2), by x^(8n) modulo the generator, and
// adds that of b.
func joinChecksums(a, b uint32, bytesOfB int64) uint32 {
	power := uint32(1) << 23 // x^8; the coefficient of x^k is bit 31-k
	for n := bytesOfB; n > 0; n >>= 1 {
		if n&1 == 1 {
			a = multiplyModuloCRC(a, power)
		}
		power = multiplyModuloCRC(power, power)
	}
	return a ^ b
}

// multiplyModuloCRC multiplies two polynomials over GF(2) modulo the generator of CRC-32.
func multiplyModuloCRC(a, b uint32) uint32 {
	var product uint32
	for ; a != 0; a <<= 1 {
		if a&(1<<31) != 0 {
			product ^= b
		}
		b = b>>1 ^ crc32.IEEE*(b&1) // b times x
	}
	return product
}
