package autograd

import (
	"fmt"
	"math"

	"github.com/seed-192fdf7a/nf/internal/freelist"
	"github.com/seed-192fdf7a/nf/internal/limits"
)

// scalarNetwork is a perceptron of one number with one output, whose parameters are
//
//	c [H₁] | w₀ [H₁] | W₁ [H₂, H₁] | b₁ [H₂] | … | w [H_L] | b
//
//	h₁ = a(w₀·x + c)    h_{l+1} = a(W_l·h_l + b_l)    out = w·h_L + b
//
// Without c they are what [scalarNetwork.constants] counts. If it is positive,
// magnitudes stand in the place of weights, and the activation of a layer is a(u) for its first half of units and
// −a(−u) for the others, so that the output increases with x.
type scalarNetwork struct {
	hidden     []int
	positive   bool
	activation Activation
}

// maxScalarLayers and maxScalarParameters bound such a network.
const (
	maxScalarLayers     = 8
	maxScalarParameters = 1 << 20
)

func (n scalarNetwork) check() error {
	if len(n.hidden) < 1 || len(n.hidden) > maxScalarLayers {
		return fmt.Errorf("the network has %d hidden layers, want 1 to %d", len(n.hidden), maxScalarLayers)
	}
	for l, width := range n.hidden {
		if width < 1 || width > limits.Width {
			return fmt.Errorf("hidden layer %d of the network has %d units, want 1 to %d", l, width, limits.Width)
		}
		if n.constants() > maxScalarParameters {
			return fmt.Errorf("the network has %d parameters, at most %d are supported", n.constants(), maxScalarParameters)
		}
	}
	return n.activation.Check()
}

// constants returns the number of parameters without c.
func (n scalarNetwork) constants() int {
	count, width := n.hidden[0], n.hidden[0]
	for _, next := range n.hidden[1:] {
		count += next*width + next
		width = next
	}
	return count + width + 1
}

// scalarUnits are what a pass computes of the hidden units, layer by layer: h, the
// derivatives a′ and a″ of the activation, those of its argument and of h by x; then
// room for the gradients of h and of the latter.
type scalarUnits struct {
	h, slope, bend, k, t, dh, dt []float64
	space                        []float64
}

var scalarSpace freelist.List[scalarUnits]

func (n scalarNetwork) borrow() *scalarUnits {
	s, count := scalarSpace.Borrow(), 0
	for _, width := range n.hidden {
		count += width
	}
	if len(s.space) < 7*count {
		s.space = make([]float64, 7*count)
	}
	for i, part := range [...]*[]float64{&s.h, &s.slope, &s.bend, &s.k, &s.t, &s.dh, &s.dt} {
		*part = s.space[i*count:][:count]
	}
	return s
}

func (s *scalarUnits) end() { scalarSpace.Return(s) }

// weight returns a weight as the network uses it.
func (n scalarNetwork) weight(w float64) float64 {
	if n.positive {
		return math.Abs(w)
	}
	return w
}

// activate computes unit number i of width ones, number at of all.
func (n scalarNetwork) activate(s *scalarUnits, at, i, width int, u float64) {
	f, sign := n.activation.functions(), 1.0
	if n.positive && i >= (width+1)/2 {
		sign = -1
	}
	h, slope := f.at64(float64(sign*u), n.activation.Slope)
	s.h[at], s.slope[at], s.bend[at] = float64(sign*h), slope, 0
	if f.curve != nil {
		s.bend[at] = float64(sign * f.curve.bend64(float64(sign*u)))
	}
	s.t[at] = float64(slope * s.k[at])
}

// at returns the output and its derivative by x.
func (n scalarNetwork) at(s *scalarUnits, x float64, c, p []float64) (out, slope float64) {
	width := n.hidden[0]
	for i, bias := range c {
		w := n.weight(p[i])
		s.k[i] = w
		n.activate(s, i, i, width, bias+float64(w*x))
	}
	p = p[width:]
	before := 0
	for _, next := range n.hidden[1:] {
		from := before
		before += width
		for i := range next {
			u, k := p[next*width+i], 0.0
			for j, w := range p[i*width:][:width] {
				w = n.weight(w)
				u += float64(w * s.h[from+j])
				k += float64(w * s.t[from+j])
			}
			s.k[before+i] = k
			n.activate(s, before+i, i, next, u)
		}
		p = p[next*width+next:]
		width = next
	}
	out = p[width]
	for j, w := range p[:width] {
		w = n.weight(w)
		out += float64(w * s.h[before+j])
		slope += float64(w * s.t[before+j])
	}
	return out, slope
}

// addBackward adds the gradients of c and p to dc and dp, given those of the output
// and of its derivative, behind at; it returns that of x.
func (n scalarNetwork) addBackward(s *scalarUnits, dc, dp []float64, x float64, p []float64, dOut, dSlope float64) (dx float64) {
	signed := func(w, d float64) float64 {
		if n.positive && w < 0 {
			return -d
		}
		return d
	}
	last := len(n.hidden) - 1
	width, at, from := n.hidden[last], len(s.h)-n.hidden[last], len(p)-n.hidden[last]-1
	dp[from+width] += dOut
	for j, w := range p[from:][:width] {
		dp[from+j] += signed(w, float64(dOut*s.h[at+j])+float64(dSlope*s.t[at+j]))
		w = n.weight(w)
		s.dh[at+j], s.dt[at+j] = float64(w*dOut), float64(w*dSlope)
	}
	for l := last; l > 0; l-- {
		next := n.hidden[l]
		width = n.hidden[l-1]
		from -= next*width + next
		before := at - width
		clear(s.dh[before:at])
		clear(s.dt[before:at])
		for i := range next {
			du, dk := s.pull(at + i)
			dp[from+next*width+i] += du
			row, dRow := p[from+i*width:][:width], dp[from+i*width:][:width]
			for j, w := range row {
				dRow[j] += signed(w, float64(du*s.h[before+j])+float64(dk*s.t[before+j]))
				w = n.weight(w)
				s.dh[before+j] += float64(w * du)
				s.dt[before+j] += float64(w * dk)
			}
		}
		at = before
	}
	for i, w := range p[:n.hidden[0]] {
		du, dk := s.pull(i)
		dc[i] += du
		dp[i] += signed(w, float64(du*x)+dk)
		dx += float64(n.weight(w) * du)
	}
	return dx
}

// pull returns the gradients of a unit's argument and of its derivative by x.
func (s *scalarUnits) pull(at int) (du, dk float64) {
	du = float64(s.dh[at]*s.slope[at]) + float64(float64(s.dt[at]*s.k[at])*s.bend[at])
	return du, float64(s.dt[at] * s.slope[at])
}

// solveAnywhere is [Solve] from ±reach on, as far beyond as f must go to reach y,
// and an infinite number where it never does.
func solveAnywhere(y, reach, tolerance float64, f func(x float64) (y, slope float64)) float64 {
	low, high := -reach, reach
	for at, _ := f(low); !(at <= y); at, _ = f(low) {
		if low, high = float64(2*low), low; math.IsInf(low, -1) {
			return low
		}
	}
	for at, _ := f(high); !(at >= y); at, _ = f(high) {
		if low, high = high, float64(2*high); math.IsInf(high, 1) {
			return high
		}
	}
	return Solve(y, low, high, tolerance, f)
}
