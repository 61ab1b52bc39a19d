package autograd

import (
	"math"

	"github.com/seed-192fdf7a/nf/internal/freelist"
	"github.com/seed-192fdf7a/nf/kernels"
)

// sigmoidLayers are the layers of a [DenseSigmoidal] with its parameters, and what a
// pass computes in them.
type sigmoidLayers struct {
	layers [MaxSigmoidLayers]sigmoidLayer
	// x is what the first layer sees, whose log dx/dx is 0.
	x, xSlope [1]float64
	space     []float64
}

// sigmoidLayer is one layer: what does not depend on x, then what at computes of it, and
// what goes back.
type sigmoidLayer struct {
	sigmoidParameters
	diagonal float64
	// center is μ with its spread, logScale log s.
	center, logScale []float64
	// of and into are U and W, and the norms the logs of what softmax divided their rows by.
	of, into, ofNorm, intoNorm []float64

	// in is what the layer sees, and inSlope the logs of its derivatives by x.
	in, inSlope []float64
	// Of each unit: what it sees of the layer before, t = (that − μ)/s, log dt/dx,
	// the logs of σ(t) and σ(−t), the sums of either and log dt/dx, and room.
	seen, t, slope, left, right, leftSlope, rightSlope, e, f []float64
	// Of each row of U the shares of the inputs in dt/dx; of each row of W those
	// of the units in what left, right and dy/dx are sums of.
	inShares, leftShares, rightShares, slopeShares []float64

	// Of each output: the logs of W·σ(t) and W·σ(−t), their difference, the log of its
	// derivative by x, and the gradients of these last two.
	logLeft, logRight, out, outSlope, dOut, dSlope []float64
}

var sigmoidSpace freelist.List[sigmoidLayers]

// borrow returns the layers of parameters.
func (m *DenseSigmoidal) borrow(p []float64) *sigmoidLayers {
	s, h := sigmoidSpace.Borrow(), m.Hidden
	size := 0
	for l := range m.Layers {
		in, out := m.inputs(l), m.outputs(l)
		size += 12*h + 2*h*in + 4*h*out + 7*out
	}
	if len(s.space) < size {
		s.space = make([]float64, size)
	}
	space := s.space
	take := func(n int) []float64 {
		part := space[:n:n]
		space = space[n:]
		return part
	}
	for l := range m.Layers {
		in, out, q := m.inputs(l), m.outputs(l), &s.layers[l]
		for _, part := range [...]*[]float64{&q.center, &q.logScale, &q.ofNorm, &q.seen, &q.t, &q.slope, &q.left, &q.right, &q.leftSlope, &q.rightSlope, &q.e, &q.f} {
			*part = take(h)
		}
		for _, part := range [...]*[]float64{&q.of, &q.inShares} {
			*part = take(h * in)
		}
		for _, part := range [...]*[]float64{&q.into, &q.leftShares, &q.rightShares, &q.slopeShares} {
			*part = take(h * out)
		}
		for _, part := range [...]*[]float64{&q.intoNorm, &q.logLeft, &q.logRight, &q.out, &q.outSlope, &q.dOut, &q.dSlope} {
			*part = take(out)
		}
		q.sigmoidParameters = m.layer(p, l)
		m.prepare(q)
	}
	return s
}

func (s *sigmoidLayers) end() {
	for l := range s.layers {
		s.layers[l].sigmoidParameters = sigmoidParameters{} // they are the caller's
	}
	sigmoidSpace.Return(s)
}

// prepare computes what does not depend on x.
func (m *DenseSigmoidal) prepare(q *sigmoidLayer) {
	offsets := LogisticMixture{Components: m.Hidden}
	if len(q.r) == 0 {
		offsets.Spread = m.Spread
	}
	q.diagonal = m.Diagonal
	for k, raw := range q.raw {
		q.center[k] = offsets.mean(k, q.mean)
		q.logScale[k] = float64(m.Bound * kernels.Tanh64(raw/m.Bound))
	}
	q.softmax(q.of, q.ofNorm, q.u, q.r)
	q.softmax(q.into, q.intoNorm, q.w, q.a)
}

// logit is element j of a row of which softmax is taken.
func (q *sigmoidLayer) logit(matrix, shift []float64, row, j int) float64 {
	switch {
	case len(shift) == 0: // one column
		return 0
	case len(matrix) == 0: // one row
		return shift[j]
	case row == j:
		return matrix[row*len(shift)+j] + shift[j] + q.diagonal
	}
	return matrix[row*len(shift)+j] + shift[j]
}

// softmax sets w to the softmax of rows, to each of which shift is added, and norms to
// their logs of Σ e^v.
func (q *sigmoidLayer) softmax(w, norms, matrix, shift []float64) {
	n := len(w) / len(norms)
	for i := range norms {
		row, largest := w[i*n:][:n], math.Inf(-1)
		for j := range row {
			row[j] = q.logit(matrix, shift, i, j)
			largest = max(largest, row[j])
		}
		sum := 0.0
		for j, v := range row {
			row[j] = kernels.Exp64(v - largest)
			sum += row[j]
		}
		for j, v := range row {
			row[j] = v / sum
		}
		norms[i] = largest + kernels.Log64(sum)
	}
}

// leastSum is where a sum of products may have lost terms to the range of float64.
const leastSum = 1e-250

// mixed returns log Σ_k w_k·e^v_k, given e_k = e^(v_k − top), and sets the shares of
// the terms. Where the products are too small it takes them in logarithms,
// log_k + v_k.
func mixed(shares, w, e []float64, top float64, term func(k int) float64) float64 {
	sum := 0.0
	for k, v := range w {
		shares[k] = float64(v * e[k])
		sum += shares[k]
	}
	if sum < leastSum {
		top = math.Inf(-1)
		for k := range shares {
			shares[k] = term(k)
			top = max(top, shares[k])
		}
		sum = 0
		for k, v := range shares {
			shares[k] = kernels.Exp64(v - top)
			sum += shares[k]
		}
	}
	for k := range shares {
		shares[k] /= sum
	}
	return top + kernels.Log64(sum)
}

// scaledExp sets e to e^(v − the largest), which it returns.
func scaledExp(e, v []float64) (top float64) {
	top = math.Inf(-1)
	for _, v := range v {
		top = max(top, v)
	}
	for k, v := range v {
		e[k] = kernels.Exp64(v - top)
	}
	return top
}

// at returns y and log dy/dx.
func (m *DenseSigmoidal) at(s *sigmoidLayers, x float64) (y, logDet float64) {
	s.x[0] = x
	for l := range m.Layers {
		q := &s.layers[l]
		if l == 0 {
			q.forward(s.x[:], s.xSlope[:])
		} else {
			q.forward(s.layers[l-1].out, s.layers[l-1].outSlope)
		}
	}
	last := &s.layers[m.Layers-1]
	return last.out[0], last.outSlope[0]
}

// forward computes the layer of what it sees.
func (q *sigmoidLayer) forward(in, inSlope []float64) {
	q.in, q.inSlope = in, inSlope
	n := len(in)
	top := scaledExp(q.e[:n], inSlope)
	for k := range q.t {
		row := q.of[k*n:][:n]
		seen := 0.0
		for j, w := range row {
			seen += float64(w * in[j])
		}
		slope := mixed(q.inShares[k*n:][:n], row, q.e[:n], top, func(j int) float64 {
			return q.logit(q.u, q.r, k, j) - q.ofNorm[k] + inSlope[j]
		})
		q.seen[k] = seen
		q.t[k] = float64((seen - q.center[k]) * kernels.Exp64(-q.logScale[k]))
		q.slope[k] = slope - q.logScale[k]
		q.left[k], q.right[k] = -kernels.Softplus64(-q.t[k]), -kernels.Softplus64(q.t[k])
		q.leftSlope[k], q.rightSlope[k] = q.left[k]+q.slope[k], q.right[k]+q.slope[k]
	}
	q.sum(q.logLeft, q.leftShares, q.left)
	q.sum(q.logRight, q.rightShares, q.right)
	q.differentiate()
}

// sum sets logs to log(W·e^v), and the shares of the terms.
func (q *sigmoidLayer) sum(logs, shares, v []float64) {
	top, n := scaledExp(q.e, v), len(v)
	for i := range logs {
		logs[i] = mixed(shares[i*n:][:n], q.into[i*n:][:n], q.e, top, func(k int) float64 { return q.logWeight(i, k) + v[k] })
	}
}

// logWeight returns log W_ik.
func (q *sigmoidLayer) logWeight(i, k int) float64 { return q.logit(q.w, q.a, i, k) - q.intoNorm[i] }

// differentiate sets the outputs and log dy/dx of each, by the smaller of the two sums and its
// shares, so that no difference of large logarithms makes it inexact far out.
func (q *sigmoidLayer) differentiate() {
	n := len(q.t)
	topLeft, topRight := scaledExp(q.e, q.leftSlope), scaledExp(q.f, q.rightSlope)
	for i, left := range q.logLeft {
		right := q.logRight[i]
		shares, e, top := q.leftShares, q.f, topRight
		if left > right {
			shares, e, top = q.rightShares, q.e, topLeft
		}
		rate := mixed(q.slopeShares[i*n:][:n], shares[i*n:][:n], e, top, func(k int) float64 {
			return q.logWeight(i, k) + q.left[k] + q.rightSlope[k] - min(left, right)
		})
		q.out[i], q.outSlope[i] = left-right, rate-max(left, right)
	}
}

// back sets the gradients of the parameters and of what the layer sees, given those
// of its outputs and of their derivatives.
func (m *DenseSigmoidal) back(q *sigmoidLayer, dp sigmoidParameters, dIn, dInSlope []float64) {
	n, width := len(q.in), len(q.t)
	dLeft, dRight := q.e, q.f
	clear(dLeft)
	clear(dRight)
	clear(dIn)
	clear(dInSlope)
	dSlope := q.leftSlope // they are not read any more
	clear(dSlope)
	for i, dOut := range q.dOut {
		byLeft, byRight, byRate := dOut-q.dSlope[i], -dOut-q.dSlope[i], q.dSlope[i]
		for k, w := range q.into[i*width:][:width] {
			left, right := float64(byLeft*q.leftShares[i*width+k]), float64(byRight*q.rightShares[i*width+k])
			rate := float64(byRate * q.slopeShares[i*width+k])
			dLeft[k] += left + rate
			dRight[k] += right + rate
			dSlope[k] += rate
			d := left + right + rate + float64(w*byRate)
			dp.a[k] += d
			if len(dp.w) > 0 {
				dp.w[i*width+k] = d
			}
		}
	}
	for k, t := range q.t {
		dT := float64(dLeft[k]*kernels.Exp64(q.right[k])) - float64(dRight[k]*kernels.Exp64(q.left[k]))
		dSeen := float64(dT * kernels.Exp64(-q.logScale[k]))
		dp.mean[k] = -dSeen
		bend := kernels.Tanh64(q.raw[k] / m.Bound)
		dp.raw[k] = -float64((float64(dT*t) + dSlope[k]) * (1 - float64(bend*bend)))
		for j, w := range q.of[k*n:][:n] {
			share := q.inShares[k*n+j]
			dIn[j] += float64(dSeen * w)
			dInSlope[j] += float64(dSlope[k] * share)
			if len(dp.r) > 0 {
				d := float64(float64(w*dSeen)*(q.in[j]-q.seen[k])) + float64(dSlope[k]*(share-w))
				dp.r[j] += d
				dp.u[k*n+j] = d
			}
		}
	}
}
