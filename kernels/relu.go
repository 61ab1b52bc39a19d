package kernels

// ReLU sets dst[i] to src[i] where src[i] > 0 or src[i] is NaN, and to +0
// elsewhere. dst may be src. It panics if the lengths differ.
func (t *Tier) ReLU(dst, src []float32) {
	checkLength("ReLU: src", len(src), len(dst))
	for len(dst) > 0 {
		safePoint()
		n := min(len(dst), chunk)
		t.relu(dst[:n], src[:n])
		dst, src = dst[n:], src[n:]
	}
}

// ReLU calls Tier.ReLU on the active tier.
func ReLU(dst, src []float32) { active.ReLU(dst, src) }

func reluRef(dst, src []float32) {
	for i, x := range src {
		dst[i] = reluScalar(x)
	}
}

// reluScalar keeps NaN: a comparison with it is false.
func reluScalar(x float32) float32 {
	if x <= 0 {
		return 0
	}
	return x
}

// ReLUBackward is the derivative of ReLU at its output y: it sets dx[i] to
// dy[i] where y[i] > 0 or y[i] is NaN, and to +0 elsewhere. dx may be dy or y.
// It panics if the lengths differ.
func (t *Tier) ReLUBackward(dx, y, dy []float32) {
	checkLength("ReLUBackward: y", len(y), len(dx))
	checkLength("ReLUBackward: dy", len(dy), len(dx))
	for len(dx) > 0 {
		safePoint()
		n := min(len(dx), chunk)
		t.reluBackward(dx[:n], y[:n], dy[:n])
		dx, y, dy = dx[n:], y[n:], dy[n:]
	}
}

// ReLUBackward calls Tier.ReLUBackward on the active tier.
func ReLUBackward(dx, y, dy []float32) { active.ReLUBackward(dx, y, dy) }

func reluBackwardRef(dx, y, dy []float32) {
	for i, v := range y {
		if v <= 0 {
			dx[i] = 0
		} else {
			dx[i] = dy[i]
		}
	}
}
