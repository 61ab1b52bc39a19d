package kernels

import (
	"fmt"
	"math"

	"github.com/seed-192fdf7a/nf/internal/freelist"
	"github.com/seed-192fdf7a/nf/kernels/asm"
)

// NormalRows fills dst, rows by cols without gaps, with standard normals. Row r
// is made of the Philox words of index first+r: each block of four words
// w0 … w3 gives four columns, by Box and Muller (1958),
//
//	u1 = (w0>>8 + 1)·2⁻²⁴   in (0, 1]
//	u2 = (w1>>8)·2⁻²⁴       in [0, 1)
//	n0 = √(−2 log u1)·cos(2π·u2)
//	n1 = √(−2 log u1)·sin(2π·u2)
//
// and n2, n3 in the same way from w2, w3. So a value depends on (seed, stream,
// first+r, column) alone, not on rows or cols. No value is beyond ±5.77.
// It panics if dst does not hold rows·cols values.
func (t *Tier) NormalRows(dst []float32, rows, cols int, seed uint64, stream uint32, first uint64) {
	if rows < 0 || cols < 0 || len(dst) != rows*cols {
		panic(fmt.Sprintf("kernels: NormalRows: dst has %d values, want %dx%d", len(dst), rows, cols))
	}
	if len(dst) == 0 {
		return
	}
	blocks := blocksOf("NormalRows", cols)
	if cols%4 == 0 {
		// Blocks follow each other in dst, over the ends of rows.
		n := len(dst) / groupWords * groupWords
		for done := 0; done < n; done += chunk {
			safePoint()
			t.normal(dst[done:min(done+chunk, n)], countersAt(uint64(done/4), blocks, seed, stream, first))
		}
		if n < len(dst) {
			buffer := normalBuffers.Borrow()
			t.normal(buffer[:groupWords], countersAt(uint64(n/4), blocks, seed, stream, first))
			copy(dst[n:], buffer[:])
			normalBuffers.Return(buffer)
		}
		return
	}
	buffer := normalBuffers.Borrow()
	padded := int(blocks) * 4
	total := rows * padded // values, were rows whole blocks
	row, column := 0, 0    // where the next value of the buffer goes
	for done := 0; done < total; done += len(buffer) {
		safePoint()
		n := min(len(buffer), (total-done+groupWords-1)/groupWords*groupWords)
		t.normal(buffer[:n], countersAt(uint64(done/4), blocks, seed, stream, first))
		values := buffer[:min(n, total-done)]
		if cols < 4 {
			copyNarrow(dst[done/4*cols:], values, cols)
			continue
		}
		for len(values) > 0 {
			take := min(len(values), padded-column)
			copy(dst[row*cols+min(column, cols):(row+1)*cols], values[:take])
			values = values[take:]
			if column += take; column == padded {
				row, column = row+1, 0
			}
		}
	}
	normalBuffers.Return(buffer)
}

// copyNarrow keeps the first cols < 4 of every four values. Copies of a
// constant size spare a call for each.
func copyNarrow(dst, values []float32, cols int) {
	for ; len(values) >= 4; values = values[4:] {
		switch cols {
		case 1:
			dst[0] = values[0]
		case 2:
			*(*[2]float32)(dst) = [2]float32(values)
		case 3:
			*(*[3]float32)(dst) = [3]float32(values)
		}
		dst = dst[cols:]
	}
}

// NormalRows calls Tier.NormalRows on the active tier.
func NormalRows(dst []float32, rows, cols int, seed uint64, stream uint32, first uint64) {
	active.NormalRows(dst, rows, cols, seed, stream, first)
}

// Buffers for what does not fill whole groups. They are recycled because the
// compiler cannot see that a kernel keeps none of its arguments, and would
// allocate one a call.
type normalBuffer [16 * groupWords]float32

var (
	normalBuffers freelist.List[normalBuffer]
	wordBuffers   freelist.List[[groupWords]uint32]
)

// normalPair returns two independent normals from two words.
func normalPair(w0, w1 uint32) (n0, n1 float32) {
	u1 := float32(float32(w0>>8+1) * 0x1p-24)
	u2 := float32(float32(w1>>8) * 0x1p-24)
	radius := float32(math.Sqrt(float64(float32(-2 * logRef(u1)))))
	sin, cos := sinCos2PiRef(u2)
	return float32(radius * cos), float32(radius * sin)
}

// normalRef fills dst, a multiple of groupWords.
func normalRef(dst []float32, c asm.Counters) {
	for ; len(dst) > 0; dst = dst[groupWords:] {
		for lane := range groupBlocks {
			w := philoxBlock(c.Key, [4]uint32{c.Block[lane], c.IndexLow[lane], c.IndexHigh[lane], c.Stream})
			n := dst[4*lane:][:4]
			n[0], n[1] = normalPair(w[0], w[1])
			n[2], n[3] = normalPair(w[2], w[3])
		}
		nextGroup(&c)
	}
}
