package transform

import "math"

// squarings is how often the matrix is squared whose largest eigenvalue is
// looked for, so that a step of the power iteration is 2^squarings of them.
const squarings = 6

// normalize divides a matrix of H rows, m.features columns, by what its spectral norm
// σ is above m.norm. It keeps the factor, then the singular vectors of σ, u and v, or zeros where
// nothing is divided.
func (m residual) normalize(kept, matrix []float64) {
	d := m.features
	u, v := kept[1:1+m.hidden], kept[1+m.hidden:]
	gram, square := make([]float64, d*d), make([]float64, d*d)
	for h := range m.hidden {
		row := matrix[h*d:][:d]
		for i, a := range row {
			for j, b := range row {
				gram[i*d+j] += float64(a * b)
			}
		}
	}
	for range squarings {
		scaleToTrace(gram, d)
		for i := range d {
			into := square[i*d:][:d]
			clear(into)
			for k, a := range gram[i*d:][:d] {
				for j, b := range gram[k*d:][:d] {
					into[j] += float64(a * b)
				}
			}
		}
		gram, square = square, gram
	}
	scaleToTrace(gram, d)
	leading(v, gram)
	var norm float64
	for h := range u {
		u[h] = 0
		for j, a := range matrix[h*d:][:d] {
			u[h] += float64(a * v[j])
		}
		norm += float64(u[h] * u[h])
	}
	norm = math.Sqrt(norm)
	kept[0] = 1
	if !(norm > m.norm) {
		clear(kept[1:])
		return
	}
	kept[0] = m.norm / norm
	for h := range u {
		u[h] /= norm
	}
	for i := range matrix {
		matrix[i] = float64(matrix[i] * kept[0])
	}
}

// scaleToTrace divides a matrix by its trace, unless that is 0.
func scaleToTrace(matrix []float64, d int) {
	var trace float64
	for i := range d {
		trace += matrix[i*d+i]
	}
	if trace == 0 {
		return
	}
	for i := range matrix {
		matrix[i] /= trace
	}
}

// leadingSteps bounds the steps of the power iteration.
const leadingSteps = 400

// leading sets v to the eigenvector of the largest eigenvalue of a symmetric
// matrix, of length 1.
func leading(v, matrix []float64) {
	d := len(v)
	next := make([]float64, d)
	for i := range v {
		v[i] = 1 + float64(i)/float64(8*d)
	}
	for range leadingSteps {
		var length float64
		for i := range next {
			next[i] = 0
			for j, a := range matrix[i*d:][:d] {
				next[i] += float64(a * v[j])
			}
			length += float64(next[i] * next[i])
		}
		length = math.Sqrt(length)
		if !(length > 0) {
			next[0], length = 1, 1 // a matrix of zeros
		}
		var change float64
		for i := range v {
			to := next[i] / length
			change = max(change, math.Abs(to-v[i]))
			v[i] = to
		}
		if change < 1e-15 {
			return
		}
	}
}

// addNormalized adds to dp the gradient of a matrix, given dm, that of what
// normalize made of it: with the factor s = m.norm/σ, s·(dm − ⟨dm, matrix⟩/m.norm·u·vᵀ).
func (m residual) addNormalized(dp, dm, matrix, kept []float64) {
	d := m.features
	s, u, v := kept[0], kept[1:1+m.hidden], kept[1+m.hidden:]
	var along float64
	for i, g := range dm {
		along += float64(g * matrix[i])
	}
	along /= m.norm
	for h, a := range u {
		a = float64(a * along)
		for j := range d {
			dp[h*d+j] += float64(s * (dm[h*d+j] - float64(a*v[j])))
		}
	}
}
