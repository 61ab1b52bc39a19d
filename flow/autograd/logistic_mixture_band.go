package autograd

import (
	"math"

	"github.com/seed-192fdf7a/nf/internal/freelist"
	"github.com/seed-192fdf7a/nf/kernels"
)

// In float32 the rows of a tile are cut into bands, whose terms, one for each
// element and component, are computed by vector kernels over a whole band. Sums
// over the components run in their order, so that the bits of an element do not
// depend on what else is in its band.

// mixtureTerms bounds the terms of a band, unless one row has more.
const mixtureTerms = 1 << 12

// mixtureTail is the F, 1 − F or F′ from which on an element is computed in
// logarithms, as [LogisticMixture.Forward] states it: below, terms might leave
// the range of float32.
const mixtureTail = 0x1p-80

// mixtureSpace is scratch memory for bands.
var mixtureSpace freelist.Slices[float32]

// mixtureBand is some rows of a tile. Terms lie component after component, the
// elements of the band in each.
type mixtureBand struct {
	m         *LogisticMixture
	params    kernels.Matrix // of the tile
	broadcast bool           // its rows are the same
	cols      int
	most      int // rows of the largest band
	from, n   int // the first row of this one, and its elements

	space                    *[]float32
	offsets                  []float32 // of the means, see Spread
	bend                     []float32 // of each parameter: tanh(u/b)
	inverse, scaled, weights []float32 // 1/h, w/h and w
	t, e                     []float32 // of each term: t and e^−|t|
	left, right, density     []float32 // of each element: F, 1 − F and F′
	at, other, more          []float32 // of each element: x, and room
}

// mixtureBands prepares for the bands of a tile; the caller calls next, and end.
func (m *LogisticMixture) mixtureBands(rows, cols int, params kernels.Matrix) mixtureBand {
	per := m.Components * cols
	b := mixtureBand{m: m, params: params, broadcast: params.Stride == 0, cols: cols}
	b.most = min(max(1, mixtureTerms/max(1, per)), max(1, rows))
	prepared := b.most * per
	if b.broadcast {
		prepared = per
	}
	b.space = mixtureSpace.Borrow(4*prepared + 2*b.most*per + 6*b.most*cols + m.Components)
	rest := *b.space
	take := func(n int) (s []float32) {
		s, rest = rest[:n:n], rest[n:]
		return s
	}
	b.bend, b.inverse, b.scaled, b.weights = take(prepared), take(prepared), take(prepared), take(prepared)
	b.t, b.e = take(b.most*per), take(b.most*per)
	b.offsets = take(m.Components)
	for j := range b.offsets {
		b.offsets[j] = float32(m.offset(j))
	}
	n := b.most * cols
	b.left, b.right, b.density, b.at, b.other, b.more = take(n), take(n), take(n), take(n), take(n), take(n)
	if b.broadcast && rows > 0 {
		b.prepare(0, params.Row(0))
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
			b.prepare(r*b.m.Components*b.cols, b.params.Row(b.from+r))
		}
	}
	return true
}

func (b *mixtureBand) end() { mixtureSpace.Return(b.space) }

// prepare computes what does not depend on x of the parameters of one row, to
// the given place of the constants.
func (b *mixtureBand) prepare(at int, p []float32) {
	per := b.m.Components * b.cols
	bend, inverse, scaled, weights := b.bend[at:at+per], b.inverse[at:at+per], b.scaled[at:at+per], b.weights[at:at+per]
	kernels.Scale(bend, p[per:2*per], float32(1/b.m.Bound))
	kernels.Tanh(bend, bend)
	kernels.Scale(inverse, bend, float32(-b.m.Bound))
	kernels.Exp(inverse, inverse)
	if !b.m.Weights {
		w := 1 / float32(b.m.Components)
		for i := range weights {
			weights[i] = w
		}
	} else {
		softmaxBlocks(weights, p[2*per:3*per], b.cols)
	}
	for i, w := range weights {
		scaled[i] = float32(w * inverse[i])
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

// constants returns where the constants of component j of row r of the band
// begin.
func (b *mixtureBand) constants(j, r int) int {
	if b.broadcast {
		return j * b.cols
	}
	return (r*b.m.Components + j) * b.cols
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

// evaluate computes t and e^−|t| of each term at x, and F, 1 − F and F′ of each
// element.
func (b *mixtureBand) evaluate() {
	n, cols := b.n, b.cols
	all := b.m.Components * n
	for j := range b.m.Components {
		for r := range n / cols {
			k := b.constants(j, r)
			x, inverse := b.at[r*cols:(r+1)*cols], b.inverse[k:k+cols]
			mean := b.params.Row(b.from + r)[j*cols : (j+1)*cols]
			t, e := b.t[j*n+r*cols:][:cols], b.e[j*n+r*cols:][:cols]
			offset := b.offsets[j]
			for c, v := range x {
				u := float32((v - (mean[c] + offset)) * inverse[c])
				t[c] = u
				e[c] = math.Float32frombits(math.Float32bits(u) | 1<<31)
			}
		}
	}
	kernels.Exp(b.e[:all], b.e[:all])
	clear(b.left[:n])
	clear(b.right[:n])
	clear(b.density[:n])
	for j := range b.m.Components {
		for r := range n / cols {
			k := b.constants(j, r)
			scaled, weights := b.scaled[k:k+cols], b.weights[k:k+cols]
			t, e := b.t[j*n+r*cols:][:cols], b.e[j*n+r*cols:][:cols]
			left, right, density := b.left[r*cols:][:cols], b.right[r*cols:][:cols], b.density[r*cols:][:cols]
			for c, v := range e {
				large := 1 / (1 + v)
				small := float32(v * large)
				density[c] += float32(scaled[c] * float32(large*small))
				large, small = float32(weights[c]*large), float32(weights[c]*small)
				if t[c] < 0 {
					large, small = small, large
				}
				left[c] += large
				right[c] += small
			}
		}
	}
}

// tail tells whether an element is to be computed in logarithms.
func (b *mixtureBand) tail(i int) bool {
	return !(b.left[i] > mixtureTail && b.right[i] > mixtureTail && b.density[i] > mixtureTail)
}

// lean returns 1 − 2σ(t) for e = e^−|t|, and σ(t)·σ(−t).
func lean(t, e float32) (lean, product float32) {
	large := 1 / (1 + e)
	small := float32(e * large)
	if t < 0 {
		return large - small, float32(large * small)
	}
	return small - large, float32(large * small)
}
