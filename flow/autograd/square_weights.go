package autograd

import (
	"sync"
	"sync/atomic"

	"github.com/seed-192fdf7a/nf/internal/parallel"
)

// The three things that a binding makes of a square matrix.
const (
	squareForward  = iota // W, as its matmul wants it
	squareInverse         // W⁻¹
	squareGradient        // what gradients need of the parameters
	squareUses
)

// squareWeights are what a binding makes of a square matrix. Each use is made
// when it is first wanted after a refresh, because most flows need one of the
// two directions. Making it is D³ of work, shared by as many goroutines as the
// binding has, while the graphs that want it too wait.
type squareWeights struct {
	valid [squareUses]atomic.Bool

	lock sync.Mutex // of who makes a use

	weights  [2]weights32 // by direction
	gradient SquareGradient
	logDet   float64
	w        []float64
	narrowed []float32
	bias     []float32
}

func (q *Square) bind(*Binding) bound { return &squareWeights{} }

func (s *squareWeights) refresh() {
	for use := range s.valid {
		s.valid[use].Store(false)
	}
}

// inverseBias returns that of (y − bias)·W⁻¹ = y·W⁻¹ − bias·W⁻¹, where w is W⁻¹.
func inverseBias(bias, w []float64) []float64 {
	sums := make([]float64, len(bias))
	for k, v := range bias {
		for j, w := range w[k*len(bias):][:len(bias)] {
			sums[j] -= float64(v * w)
		}
	}
	return sums
}

// need returns when what use asks for is valid, made by this goroutine or
// another.
func (s *squareWeights) need(b *Binding, q *Square, use int) {
	if s.valid[use].Load() {
		return
	}
	s.lock.Lock()
	defer s.lock.Unlock()
	if !s.valid[use].Load() {
		s.fill(b, q, use)
		s.valid[use].Store(true)
	}
}

func (s *squareWeights) fill(b *Binding, q *Square, use int) {
	share := func(items int, do func(item int)) {
		parallel.For(items, b.workers, func(_, item int) { do(item) })
	}
	p := SquareValues{Narrow: true}
	for _, parameter := range q.parameters {
		p.Parameters = append(p.Parameters, widened(parameter, share))
	}
	if use == squareGradient {
		s.gradient = q.matrix.Gradient(p)
		return
	}
	n := q.matrix.Size()
	if s.w == nil {
		s.w, s.narrowed, s.bias = make([]float64, n*n), make([]float32, n*n), make([]float32, n)
	}
	if s.weights[use].Weights == nil {
		s.weights[use] = weights32{b.backend, b.backend.NewWeights(n, n)}
	}
	logDet := q.matrix.Compute(s.w, p, use == squareInverse, share)
	if !s.valid[squareForward].Load() && !s.valid[squareInverse].Load() {
		s.logDet = logDet
	}
	inBlocks(len(s.w), share, func(from, to int) {
		for i, v := range s.w[from:to] {
			s.narrowed[from+i] = float32(v)
		}
	})
	copy(s.bias, q.bias.Values())
	if use == squareInverse {
		for j, sum := range inverseBias(widened(q.bias, share), s.w) {
			s.bias[j] = float32(sum)
		}
	}
	s.weights[use].Set(s.narrowed, s.bias)
}

// widened returns the values of p in float64.
func widened(p *Parameter, share Share) []float64 {
	wide := make([]float64, p.Size())
	inBlocks(len(wide), share, func(from, to int) {
		for i, v := range p.Values()[from:to] {
			wide[from+i] = float64(v)
		}
	})
	return wide
}

// inBlocks calls do for blocks of n values, shared.
func inBlocks(n int, share Share, do func(from, to int)) {
	const block = 1 << 16
	share((n+block-1)/block, func(item int) { do(item*block, min((item+1)*block, n)) })
}
