package autograd

import (
	"github.com/seed-192fdf7a/nf/internal/freelist"
	"github.com/seed-192fdf7a/nf/kernels"
)

// In float32 the rows of a tile are cut into groups of neighbouring rows, for
// whose elements [kernels.LogisticMixture] has constants: as many rows as fill
// vectors where all rows have the same parameters, otherwise one. Some groups are a
// band, whose elements the other steps take at once. The bits of an element do not
// depend on what else is in its band.

const (
	// mixtureLanes is how many elements a group has at least, where it can.
	mixtureLanes = 32
	// mixtureBandSize bounds the elements of a band, and mixtureConstants the
	// constants of a band whose rows have parameters of their own.
	mixtureBandSize  = 1 << 10
	mixtureConstants = 1 << 14
)

// mixtureTail is the F, 1 − F or F′ from which on an element is computed in
// logarithms, as [LogisticMixture.Forward] states it: below, terms might leave
// the range of float32.
const mixtureTail = 0x1p-80

// mixtureSpace is scratch memory for bands.
var mixtureSpace freelist.Slices[float32]

// mixtureBand is some rows of a tile.
type mixtureBand struct {
	m         *LogisticMixture
	params    kernels.Matrix // of the tile
	broadcast bool           // its rows are the same
	cols      int
	group     int // rows of a group
	most      int // rows of the largest band
	from, n   int // the first row of this one, and its elements

	space     *[]float32
	constants []float32 // of each group: see kernels.LogisticMixture
	prepared  []float32 // room for those of one row
	gradients []float32 // room for those of a group

	sums                        kernels.Matrix // of each element
	left, right, density, leans []float32      // its rows: F, 1 − F, F′ and F″
	pulls                       kernels.Matrix // of each element, on F and F′
	at, other, more             []float32      // of each element: x, and room
}

// mixtureBands prepares for the bands of a tile; the caller calls next, and end.
func (m *LogisticMixture) mixtureBands(rows, cols int, params kernels.Matrix) mixtureBand {
	rows = max(1, rows)
	per := m.Components * cols
	b := mixtureBand{m: m, params: params, broadcast: params.Stride == 0, cols: cols, group: 1}
	bound := max(1, mixtureBandSize/max(1, cols))
	kept := 1
	if b.broadcast {
		b.group = min((mixtureLanes+cols-1)/max(1, cols), rows)
		b.most = min((bound+b.group-1)/b.group*b.group, (rows+b.group-1)/b.group*b.group)
	} else {
		b.most = min(bound, max(1, mixtureConstants/max(1, kernels.MixtureConstants*per)), rows)
		kept = b.most
	}
	n := b.most * cols
	b.space = mixtureSpace.Borrow(kept*kernels.MixtureConstants*per*b.group + 4*per + 3*per*b.group + 9*n)
	rest := *b.space
	take := func(n int) (s []float32) {
		s, rest = rest[:n:n], rest[n:]
		return s
	}
	b.constants = take(kept * kernels.MixtureConstants * per * b.group)
	b.prepared, b.gradients = take(4*per), take(3*per*b.group)
	b.sums, b.pulls = kernels.Dense(take(4*n), 4, n), kernels.Dense(take(2*n), 2, n)
	b.left, b.right, b.density, b.leans = b.sums.Row(0), b.sums.Row(1), b.sums.Row(2), b.sums.Row(3)
	b.at, b.other, b.more = take(n), take(n), take(n)
	if b.broadcast {
		b.prepare(b.constants, params.Row(0))
	}
	return b
}

// next goes on to the next band of so many rows of the tile.
func (b *mixtureBand) next(rows int) bool {
	b.from += b.n / max(1, b.cols)
	count := min(b.most, rows-b.from)
	b.n = count * b.cols
	if b.n == 0 {
		return false
	}
	if !b.broadcast {
		for r := range count {
			b.prepare(b.constantsAt(r), b.params.Row(b.from+r))
		}
	}
	return true
}

func (b *mixtureBand) end() { mixtureSpace.Return(b.space) }

// constantsAt returns the constants of group g of the band.
func (b *mixtureBand) constantsAt(g int) []float32 {
	size := kernels.MixtureConstants * b.m.Components * b.group * b.cols
	if b.broadcast {
		g = 0
	}
	return b.constants[g*size : (g+1)*size]
}

// prepare computes what does not depend on x of the parameters of one row, for
// each row of a group.
func (b *mixtureBand) prepare(constants, p []float32) {
	k, cols := b.m.Components, b.cols
	per := k * cols
	inverse, slope, weights, scaled := b.prepared[:per], b.prepared[per:2*per], b.prepared[2*per:3*per], b.prepared[3*per:]
	bend := slope
	kernels.Scale(bend, p[per:2*per], float32(1/b.m.Bound))
	kernels.Tanh(bend, bend)
	kernels.Scale(inverse, bend, float32(-b.m.Bound))
	kernels.Exp(inverse, inverse)
	for i, v := range bend {
		slope[i] = 1 - float32(v*v)
	}
	if !b.m.Weights {
		w := 1 / float32(k)
		for i := range weights {
			weights[i] = w
		}
	} else {
		softmaxBlocks(weights, p[2*per:3*per], cols)
	}
	for i, w := range weights {
		scaled[i] = float32(w * inverse[i])
	}
	stride := b.group * cols
	for j := range k {
		offset := float32(b.m.offset(j))
		block := constants[kernels.MixtureConstants*j*stride:][:kernels.MixtureConstants*stride]
		for c, v := range p[j*cols : (j+1)*cols] {
			block[c] = v + offset
		}
		for i, from := range [...][]float32{inverse, scaled, slope, weights} {
			copy(block[(i+1)*stride:], from[j*cols:(j+1)*cols])
		}
		for i := range kernels.MixtureConstants {
			row := block[i*stride : (i+1)*stride]
			for done := cols; done < stride; done *= 2 {
				copy(row[done:], row[:done])
			}
		}
	}
}

// softmaxBlocks sets w to the softmax over the blocks of a, each of w columns.
func softmaxBlocks(w, a []float32, cols int) {
	for c := range cols {
		largest := a[c]
		for i := c; i < len(a); i += cols {
			largest = max(largest, a[i])
		}
		for i := c; i < len(a); i += cols {
			w[i] = a[i] - largest
		}
	}
	kernels.Exp(w, w)
	for c := range cols {
		var sum float32
		for i := c; i < len(a); i += cols {
			sum += w[i]
		}
		for i := c; i < len(a); i += cols {
			w[i] /= sum
		}
	}
}

// parameters returns the parameters of an element in float64, in p.
func (b *mixtureBand) parameters(p []float64, i int) []float64 {
	row, c := b.params.Row(b.from+i/b.cols), i%b.cols
	for j := range p {
		p[j] = float64(row[j*b.cols+c])
	}
	return p
}

// read sets at to the elements of the band in x.
func (b *mixtureBand) read(x kernels.Matrix) {
	for r := range b.n / b.cols {
		copy(b.at[r*b.cols:(r+1)*b.cols], x.Row(b.from+r))
	}
}

// groups calls f with the elements [from, to) of each group of the band, and its
// constants.
func (b *mixtureBand) groups(f func(from, to int, constants kernels.Matrix)) {
	size := b.group * b.cols
	for from, g := 0, 0; from < b.n; from, g = from+size, g+1 {
		to := min(from+size, b.n)
		f(from, to, kernels.Matrix{Data: b.constantsAt(g), Rows: kernels.MixtureConstants * b.m.Components, Cols: to - from, Stride: size})
	}
}

// columnsOf returns columns of a matrix as a view.
func columnsOf(m kernels.Matrix, from, to int) kernels.Matrix {
	return kernels.Matrix{Data: m.Data[from:], Rows: m.Rows, Cols: to - from, Stride: m.Stride}
}

// evaluate computes F, 1 − F, F′ and F″ of each element at x.
func (b *mixtureBand) evaluate() {
	b.groups(func(from, to int, constants kernels.Matrix) {
		kernels.LogisticMixture(columnsOf(b.sums, from, to), b.at[from:to], constants)
	})
}

// tail tells whether an element is to be computed in logarithms.
func (b *mixtureBand) tail(i int) bool {
	return !(b.left[i] > mixtureTail && b.right[i] > mixtureTail && b.density[i] > mixtureTail)
}
