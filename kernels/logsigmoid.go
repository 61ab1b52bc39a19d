package kernels

// LogSigmoid sets dst[i] to log(sigmoid(src[i])), which is −softplus(−src[i])
// and has its bits: −0 for +Inf, −Inf for −Inf. dst may be src. It panics if
// the lengths differ.
func (t *Tier) LogSigmoid(dst, src []float32) { unary("LogSigmoid: src", t.logSigmoid, dst, src) }

// LogSigmoid calls Tier.LogSigmoid on the active tier.
func LogSigmoid(dst, src []float32) { active.LogSigmoid(dst, src) }

func logSigmoidRef(x float32) float32 { return -softplusRef(-x) }

func logSigmoidSliceRef(dst, src []float32) {
	for i, x := range src {
		dst[i] = logSigmoidRef(x)
	}
}
