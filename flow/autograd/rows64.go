package autograd

import "github.com/seed-192fdf7a/nf/kernels"

// math64 is the plain loops.
type math64 struct{}

func (math64) product(c, a, b, start grid[float64]) {
	for i := range c.rows {
		for j := range c.cols {
			var sum float64
			if start.data != nil {
				sum = start.data[i*start.rowStride+j*start.columnStride]
			}
			for k := range a.cols {
				sum += float64(a.data[i*a.rowStride+k*a.columnStride] * b.data[k*b.rowStride+j*b.columnStride])
			}
			c.data[i*c.rowStride+j*c.columnStride] = sum
		}
	}
}

func (math64) triangle(_, _, _, _ grid[float64], _ bool) bool { return false }

func (math64) below(_, _, _ grid[float64], _ int) bool { return false }

func (math64) add(dst, a, b []float64) {
	for i := range dst {
		dst[i] = a[i] + b[i]
	}
}

func (math64) multiply(dst, a, b grid[float64]) {
	for r := range dst.rows {
		row, factors := dst.row(r), b.row(r%b.rows)
		for c, v := range a.row(r) {
			row[c] = float64(v * factors[c])
		}
	}
}

func (math64) scale(dst, src []float64, factor float64) {
	for i := range dst {
		dst[i] = float64(src[i] * factor)
	}
}

func (math64) addScaled(dst, src []float64, factor float64) {
	for i := range dst {
		dst[i] += float64(src[i] * factor)
	}
}

func (math64) standardize(dst, src []float64, mean, factor float64) {
	for i := range dst {
		dst[i] = float64((src[i] - mean) * factor)
	}
}

func (math64) softmax(row []float64) {
	m, sum := row[0], 0.0
	for _, v := range row {
		m = max(m, v)
	}
	for i, v := range row {
		row[i] = kernels.Exp64(v - m)
		sum += row[i]
	}
	for i := range row {
		row[i] /= sum
	}
}

func (math64) softmaxBackward(dy, y []float64) {
	var sum float64
	for i, d := range dy {
		sum += float64(y[i] * d)
	}
	for i, d := range dy {
		dy[i] = float64(y[i] * (d - sum))
	}
}

func (math64) moments(mean, variance []float64, x grid[float64]) {
	for r := range x.rows {
		var sum, squares float64
		for _, v := range x.row(r) {
			sum += v
		}
		mean[r] = sum / float64(x.cols)
		for _, v := range x.row(r) {
			d := v - mean[r]
			squares += float64(d * d)
		}
		variance[r] = squares / float64(x.cols)
	}
}

func (math64) sums(dst []float64, x grid[float64]) {
	for r := range x.rows {
		dst[r] = 0
		for _, v := range x.row(r) {
			dst[r] += v
		}
	}
}

func (math64) dots(dst []float64, a, b grid[float64]) {
	for r := range a.rows {
		dst[r] = 0
		other := b.row(r)
		for c, v := range a.row(r) {
			dst[r] += float64(v * other[c])
		}
	}
}

func (math64) addColumns(dst []float64, x grid[float64]) {
	for r := range x.rows {
		for c, v := range x.row(r) {
			dst[c] += v
		}
	}
}

func (a arithmetic64) attend(how attention, y, q, k, v matrix) {
	values := attended[float64]{how, q.grid64(), k.grid64(), v.grid64()}
	values.forward(math64{}, &a.doubles, y.grid64())
}

func (a arithmetic64) attendBackward(how attention, dy, dq, dk, dv, q, k, v matrix) {
	values := attended[float64]{how, q.grid64(), k.grid64(), v.grid64()}
	values.backward(math64{}, &a.doubles, dy.grid64(), dq.grid64(), dk.grid64(), dv.grid64())
}

func (a arithmetic64) attendTangent(how attention, y matrix, in [6]matrix) {
	values := newAttendedTangent(how, grids64(in))
	values.forward(math64{}, &a.doubles, y.grid64())
}

func (a arithmetic64) attendTangentBackward(how attention, dy matrix, gradients, in [6]matrix) {
	values := newAttendedTangent(how, grids64(in))
	values.backward(math64{}, &a.doubles, dy.grid64(), grids64(gradients))
}

func grids64(m [6]matrix) (out [6]grid[float64]) {
	for i, v := range m {
		if v.of != nil {
			out[i] = v.grid64()
		}
	}
	return out
}

func (a arithmetic64) newCache(c Cache) Cache {
	c.wide.take(&a.doubles, &c, a.recording)
	return c
}

func (a arithmetic64) attendNext(c Cache, site int, y, q, k, v matrix) {
	c.wide.next(&c, site, math64{}, &a.doubles, q.grid64(), k.grid64(), v.grid64(), y.grid64())
}

func (a arithmetic64) attendNextBackward(c Cache, site int, dy, dq, dk, dv, q matrix) {
	c.wide.backward(&c, site, math64{}, &a.doubles, q.grid64(), dy.grid64(), dq.grid64(), dk.grid64(), dv.grid64())
}

func (arithmetic64) layerNorm(n norm, y, shift matrix, epsilon float64) {
	v := n.wide()
	v.forward(math64{}, y.grid64(), shift.wide().only(), epsilon)
}

func (a arithmetic64) layerNormBackward(n norm, dy, dx, dGain, dShift matrix) {
	v := n.wide()
	v.backward(math64{}, &a.doubles, dy.grid64(), dx.grid64(), dGain.wide().only(), dShift.wide().only())
}

func (a arithmetic64) layerNormTangent(n norm, y, v matrix, epsilon float64) {
	values := n.wide()
	values.tangent(math64{}, &a.doubles, y.grid64(), v.grid64(), epsilon)
}

func (a arithmetic64) layerNormTangentBackward(n norm, dy, v, dx, dv, dGain matrix) {
	values := n.wide()
	values.tangentBackward(math64{}, &a.doubles, dy.grid64(), v.grid64(), dx.grid64(), dv.grid64(), dGain.wide().only())
}
