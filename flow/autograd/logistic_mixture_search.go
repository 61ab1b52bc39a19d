package autograd

import (
	"math"

	"github.com/seed-192fdf7a/nf/internal/freelist"
	"github.com/seed-192fdf7a/nf/kernels"
)

// mixtureSearch finds the x that become the y of a band, all at once: each
// element takes its own steps of Newton's method within its own bracket until it
// has arrived, and then stays.
type mixtureSearch struct {
	y                  []float32
	target             []float32 // F of the element, or −(1 − F) if that is the smaller
	low, high          []float32
	tolerance          []float32
	tails              []bool // left to the statement in logarithms
	done               []bool
	ratio              []float32
	active, iterations int
}

// mixtureSearches keeps searches that nobody uses.
var mixtureSearches freelist.List[mixtureSearch]

// mixtureSteps32 bounds the steps of an element: as many as a bracket needs that
// is halved by each.
const mixtureSteps32 = 60

// begin takes the band's elements of y, and puts the middle of their brackets
// into the band.
func (s *mixtureSearch) begin(b *mixtureBand, y kernels.Matrix) {
	n := b.n
	if len(s.y) < n {
		for _, v := range []*[]float32{&s.y, &s.target, &s.low, &s.high, &s.tolerance, &s.ratio} {
			*v = make([]float32, n)
		}
		s.tails, s.done = make([]bool, n), make([]bool, n)
	}
	b.read(y)
	copy(s.y[:n], b.at[:n])
	for i, v := range s.y[:n] {
		s.target[i] = math.Float32frombits(math.Float32bits(v) | 1<<31)
	}
	if b.m.Logit {
		kernels.Sigmoid(s.target[:n], s.target[:n])
	} else {
		kernels.NormalCDF(s.target[:n], s.target[:n])
	}
	s.active, s.iterations = 0, 0
	for i := range n {
		q := float64(s.target[i])
		s.tails[i] = !(q > mixtureTail)
		s.done[i] = s.tails[i]
		b.at[i], s.ratio[i] = 0, 0
		if s.tails[i] {
			continue
		}
		logit := kernels.Log64(q / (1 - q))
		if s.y[i] > 0 {
			logit, s.target[i] = -logit, -s.target[i]
		}
		s.ratio[i] = float32(logit)
		s.active++
	}
	b.groups(func(from, to int, constants kernels.Matrix) {
		kernels.LogisticMixtureBracket(s.low[from:to], s.high[from:to], s.ratio[from:to], constants)
	})
	for i := range n {
		if !s.tails[i] {
			b.at[i] = float32(0.5*s.low[i]) + float32(0.5*s.high[i])
			s.tolerance[i] = float32(0x1p-24 * (s.high[i] - s.low[i]))
		}
	}
}

// step moves every element that has not arrived, once.
func (s *mixtureSearch) step(b *mixtureBand) {
	s.iterations++
	ratio := s.ratio[:b.n]
	for i, q := range s.target[:b.n] {
		if q > 0 {
			ratio[i] = b.left[i] / q
		} else {
			ratio[i] = b.right[i] / -q
		}
	}
	kernels.Log(ratio, ratio)
	for i := range ratio {
		if s.done[i] {
			continue
		}
		x, excess, part := b.at[i], ratio[i], b.left[i]
		if s.target[i] < 0 {
			excess, part = -excess, b.right[i]
		}
		if excess > 0 {
			s.high[i] = x
		} else {
			s.low[i] = x
		}
		next := x - float32(excess*part)/b.density[i]
		if !(next >= s.low[i] && next <= s.high[i]) {
			next = float32(0.5*s.low[i]) + float32(0.5*s.high[i])
		}
		distance := next - x
		b.at[i] = next
		if !(distance > s.tolerance[i] || -distance > s.tolerance[i]) || s.iterations >= mixtureSteps32 {
			s.done[i] = true
			s.active--
		}
	}
}
