package transform

import (
	"fmt"
	"math"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
)

// PeriodicConvolutionSpec describes a convolution on a grid whose ends meet
// (Hoogeboom, van den Berg and Welling, 2019, §4):
//
//	z[s]_i = Σ_taps Σ_j w[tap]_ji·x[s + tap]_j     w = A, and I + A in the middle
//	log-det = Σ_frequencies log|det M|             M_ij = Σ_taps w[tap]_ji·e^{2πi·tap·frequency}
//
// It is a matrix for each frequency of the grid, whose determinants and inverses
// are computed once, in float64, by Fourier transforms of its own; Inverse is exact.
// Where one of them is singular the log-det is −Inf. Training begins near the
// identity. Images are not periodic: permutations of sites are not needed, but the
// convolution sees across opposite borders.
type PeriodicConvolutionSpec struct {
	// Kernel is the size of the window, odd and at most that of the grid.
	Kernel int `json:"kernel"`
}

// maxPeriodic bounds what a periodic convolution keeps: values of a complex matrix
// for each frequency.
const maxPeriodic = 1 << 22

// Check implements [Spec].
func (s *PeriodicConvolutionSpec) Check(shape Shape, _ int) error {
	if err := checkWindow(shape, s.Kernel); err != nil {
		return fmt.Errorf("periodic-convolution: %w", err)
	}
	g := lines(shape.Grid)
	if s.Kernel > g[1] || g[0] > 1 && s.Kernel > g[0] {
		return fmt.Errorf("periodic-convolution: a window of %d sites goes round a grid of %v", s.Kernel, shape.Grid)
	}
	if n := shape.Features; n > maxConvolved || g[0]*g[1] > maxPeriodic/(2*n*n) {
		return fmt.Errorf("periodic-convolution: %d features on a grid of %v are too many: sites times twice the square of the features may be %d", n, shape.Grid, maxPeriodic)
	}
	return nil
}

// Output implements [Spec].
func (s *PeriodicConvolutionSpec) Output(in Shape, _ bool) Shape { return in }

// Build implements [Spec]: the parameter weight is A, of the taps line by line, each
// by the feature that comes in and the one that goes out.
func (s *PeriodicConvolutionSpec) Build(shape Shape, _ int, scope autograd.Scope) Transform {
	grid := lines(shape.Grid)
	m := &periodic{grid: grid, features: shape.Features, taps: around(grid, s.Kernel)}
	for axis, n := range grid {
		m.twiddles[axis] = make([]complex128, n)
		for k := range n {
			sin, cos := kernels.SinCos2Pi64(float64(k) / float64(n))
			m.twiddles[axis][k] = complex(cos, sin)
		}
	}
	n := shape.Features * shape.Features
	p := scope.New("weight", 1, len(m.taps)*n)
	return newEventTransform(m, p, scope, func(columns []int) { m.columns = columns }, func(values []float32, seed uint64) {
		kernels.NormalRows(values, 1, len(values), seed, random.Initialization, 0)
		kernels.Scale(values, values, 0.02)
	})
}

// periodic prepares the weights, the derivative of log|det J| by each, the inverse
// of M of each frequency, by its complex values, and log|det J|.
type periodic struct {
	grid     [2]int
	features int
	taps     [][2]int
	columns  []int
	twiddles [2][]complex128 // e^{2πik/n} of each axis
}

func (m *periodic) sites() int { return m.grid[0] * m.grid[1] }

func (m *periodic) weights() int { return len(m.taps) * m.features * m.features }

func (m *periodic) Prepared() int {
	return 2*m.weights() + 2*m.sites()*m.features*m.features + 1
}

// turn is e^{2πi·tap·frequency}.
func (m *periodic) turn(tap, frequency int) complex128 {
	line, site := m.taps[tap][0]*(frequency/m.grid[1]), m.taps[tap][1]*(frequency%m.grid[1])
	return times(m.twiddles[0][modulo(line, m.grid[0])], m.twiddles[1][modulo(site, m.grid[1])])
}

func modulo(a, n int) int { return ((a % n) + n) % n }

// times is the product of complex numbers, none of whose products is fused.
func times(a, b complex128) complex128 {
	return complex(float64(real(a)*real(b))-float64(imag(a)*imag(b)), float64(real(a)*imag(b))+float64(imag(a)*real(b)))
}

// over is 1/a.
func over(a complex128) complex128 {
	n := float64(real(a)*real(a)) + float64(imag(a)*imag(a))
	return complex(real(a)/n, -imag(a)/n)
}

func (m *periodic) Prepare(prepared, p []float64) {
	n, d := m.weights(), m.features
	w, slopes, inverses := prepared[:n], prepared[n:2*n], prepared[2*n:]
	copy(w, p)
	middle := len(m.taps) / 2 * d * d
	for i := range d {
		w[middle+i*d+i]++
	}
	clear(slopes)
	var logDet float64
	matrix := make([]complex128, d*d)
	for f := range m.sites() {
		clear(matrix)
		for tap := range m.taps {
			turn := m.turn(tap, f)
			for j := range d {
				for i := range d {
					v := w[(tap*d+j)*d+i]
					matrix[i*d+j] += complex(float64(v*real(turn)), float64(v*imag(turn)))
				}
			}
		}
		inverse, log := invertComplex(matrix, d)
		logDet += log
		for tap := range m.taps {
			turn := m.turn(tap, f)
			for j := range d {
				for i := range d {
					slopes[(tap*d+j)*d+i] += real(times(inverse[j*d+i], turn))
				}
			}
		}
		for i, v := range inverse {
			inverses[2*(f*d*d+i)], inverses[2*(f*d*d+i)+1] = real(v), imag(v)
		}
	}
	prepared[len(prepared)-1] = logDet
}

// invertComplex is [invert] of a complex matrix.
func invertComplex(a []complex128, n int) (inverse []complex128, logDet float64) {
	inverse = make([]complex128, n*n)
	for i := range n {
		inverse[i*n+i] = 1
	}
	size := func(v complex128) float64 { return float64(real(v)*real(v)) + float64(imag(v)*imag(v)) }
	for k := range n {
		pivot := k
		for i := k + 1; i < n; i++ {
			if size(a[i*n+k]) > size(a[pivot*n+k]) {
				pivot = i
			}
		}
		largest := size(a[pivot*n+k])
		if !(largest > 0) {
			return make([]complex128, n*n), math.Inf(-1)
		}
		logDet += float64(0.5 * kernels.Log64(largest))
		if pivot != k {
			for j := range n {
				a[k*n+j], a[pivot*n+j] = a[pivot*n+j], a[k*n+j]
				inverse[k*n+j], inverse[pivot*n+j] = inverse[pivot*n+j], inverse[k*n+j]
			}
		}
		scale := over(a[k*n+k])
		for j := range n {
			a[k*n+j], inverse[k*n+j] = times(a[k*n+j], scale), times(inverse[k*n+j], scale)
		}
		for i := range n {
			if factor := a[i*n+k]; i != k && factor != 0 {
				for j := range n {
					a[i*n+j] -= times(factor, a[k*n+j])
					inverse[i*n+j] -= times(factor, inverse[k*n+j])
				}
			}
		}
	}
	return inverse, logDet
}

// convolve adds to y the convolution of x, or with turned its transpose.
func (m *periodic) convolve(y, w, x []float64, turned bool) {
	m.each(func(out, in, weight int) {
		if turned {
			out, in = in, out
		}
		y[out] += float64(w[weight] * x[in])
	})
}

// each calls do for each value that goes out, each that comes in, and their weight.
func (m *periodic) each(do func(out, in, weight int)) {
	d := m.features
	for s := range m.sites() {
		for tap, t := range m.taps {
			seen := modulo(s/m.grid[1]+t[0], m.grid[0])*m.grid[1] + modulo(s%m.grid[1]+t[1], m.grid[1])
			for j := range d {
				for i := range d {
					do(s*d+i, seen*d+j, (tap*d+j)*d+i)
				}
			}
		}
	}
}

func (m *periodic) Forward(y, prepared, x []float64) (logDet float64) {
	out := make([]float64, len(x))
	m.convolve(out, prepared, inOrder(x, m.columns), false)
	back(y, out, m.columns, false)
	return prepared[len(prepared)-1]
}

func (m *periodic) Inverse(x, prepared, y []float64) {
	back(x, m.solve(prepared, inOrder(y, m.columns), false), m.columns, false)
}

func (m *periodic) SolveTransposed(v, prepared, _, g []float64) {
	back(v, m.solve(prepared, inOrder(g, m.columns), true), m.columns, false)
}

// solve returns J⁻¹·z, or with transposed J⁻ᵀ·z: at each frequency the inverse
// matrix, or its conjugate transpose.
func (m *periodic) solve(prepared, z []float64, transposed bool) []float64 {
	d := m.features
	inverses := prepared[2*m.weights():]
	spectrum := make([]complex128, len(z))
	for i, v := range z {
		spectrum[i] = complex(v, 0)
	}
	m.transform(spectrum, false)
	solved := make([]complex128, len(z))
	for f := range m.sites() {
		for i := range d {
			for j := range d {
				at := 2 * (f*d*d + i*d + j)
				v := complex(inverses[at], inverses[at+1])
				if transposed {
					at = 2 * (f*d*d + j*d + i)
					v = complex(inverses[at], -inverses[at+1])
				}
				solved[f*d+i] += times(v, spectrum[f*d+j])
			}
		}
	}
	m.transform(solved, true)
	out := make([]float64, len(z))
	for i, v := range solved {
		out[i] = real(v) / float64(m.sites())
	}
	return out
}

// transform replaces the values of each feature by their Fourier transform, along
// one axis and then the other, with inverse by the conjugate one.
func (m *periodic) transform(values []complex128, inverse bool) {
	d := m.features
	steps := [2]int{m.grid[1] * d, d}
	for axis, n := range m.grid {
		line := make([]complex128, n)
		for first := range values {
			if first/steps[axis]%n != 0 {
				continue // it does not begin a line along the axis
			}
			for k := range n {
				var sum complex128
				for s := range n {
					t := m.twiddles[axis][k*s%n]
					if !inverse {
						t = complex(real(t), -imag(t))
					}
					sum += times(values[first+s*steps[axis]], t)
				}
				line[k] = sum
			}
			for k, v := range line {
				values[first+k*steps[axis]] = v
			}
		}
	}
}

func (m *periodic) Backward(dx, dp, prepared, x, dy []float64, dLogDet float64) {
	x, dy = inOrder(x, m.columns), inOrder(dy, m.columns)
	into := make([]float64, len(x))
	m.convolve(into, prepared, dy, true)
	back(dx, into, m.columns, true)
	if dp == nil {
		return
	}
	m.each(func(out, in, weight int) { dp[weight] += float64(x[in] * dy[out]) })
	n := m.weights()
	for i, slope := range prepared[n : 2*n] {
		dp[i] += float64(dLogDet * slope)
	}
}
