package kernels

import "math"

// MixtureConstants is the number of constants of a component of a logistic
// mixture: see [Tier.LogisticMixture].
const MixtureConstants = 5

// LogisticMixture sums a mixture of K logistic densities at each x[i], as
// Flow++ (Ho et al., 2019) and Gaussianization flows (Meng et al., 2020) have
// it. With t = (x − μ)/h of a component,
//
//	F = Σ w·σ(t)      1 − F = Σ w·σ(−t)
//	F′ = Σ w/h·σ(t)·σ(−t)      F″ = Σ w/h·σ(t)·σ(−t)·(σ(−t) − σ(t))/h
//
// constants [5·K, n] has for each component five rows of n, an entry for each
// element: μ, 1/h, w/h, what [Tier.LogisticMixtureBackward] says, and w. sums
// [4, n] become F, 1 − F, F′ and F″. Each of the two sides is a sum of its own,
// so that neither loses digits where it is small; their logarithms are [Log]'s.
//
// Where the weights are positive and the results normal, the relative error of
// F, 1 − F and F′ is at most (K + 10 + 3·max|t|)·2⁻²⁴: that of K − 1 additions,
// of a weight's term, and of t, which the exponential magnifies.
//
// Components are added in their order. It panics if the shapes do not fit.
func (t *Tier) LogisticMixture(sums Matrix, x []float32, constants Matrix) {
	n := len(x)
	components := mixtureComponents(constants, n)
	sums.checkOutput("sums", 4, n)
	if components == 0 {
		for r := range sums.Rows {
			clear(sums.Row(r))
		}
		return
	}
	step := max(16, chunk/components)
	for from := 0; from < n; from += step {
		safePoint()
		to := min(from+step, n)
		t.logisticMixture(sums.Data[from:], x[from:to], constants.Data[from:], sums.Stride, constants.Stride, components)
	}
}

// LogisticMixture calls Tier.LogisticMixture on the active tier.
func LogisticMixture(sums Matrix, x []float32, constants Matrix) {
	active.LogisticMixture(sums, x, constants)
}

// mixtureComponents returns K of constants for n elements.
func mixtureComponents(constants Matrix, n int) int {
	components := constants.Rows / MixtureConstants
	constants.check("constants", components*MixtureConstants, n)
	return components
}

// mixtureTerm is what a component contributes to an element: t, and the larger
// and the smaller of σ(t) and σ(−t).
func mixtureTerm(distance, inverse float32) (t, large, small float32) {
	t = float32(distance * inverse)
	e := expRef(math.Float32frombits(math.Float32bits(t) | signBit))
	large = 1 / (1 + e)
	return t, large, float32(e * large)
}

// mixtureLean returns σ(−t) − σ(t).
func mixtureLean(t, large, small float32) float32 {
	return math.Float32frombits(math.Float32bits(small-large) ^ math.Float32bits(t)&signBit)
}

// mixtureSides returns σ(t) and σ(−t).
func mixtureSides(t, large, small float32) (left, right float32) {
	if math.Float32bits(t)&signBit != 0 {
		return small, large
	}
	return large, small
}

func logisticMixtureRef(sums, x, constants []float32, sumsStride, stride, components int) {
	for i, v := range x {
		var left, right, density, bend float32
		for j := range components {
			c := constants[MixtureConstants*j*stride+i:]
			inverse, scaled, weight := c[stride], c[2*stride], c[4*stride]
			t, large, small := mixtureTerm(v-c[0], inverse)
			own := float32(scaled * float32(large*small))
			density += own
			bend += float32(own * float32(inverse*mixtureLean(t, large, small)))
			l, r := mixtureSides(t, large, small)
			left += float32(weight * l)
			right += float32(weight * r)
		}
		sums[i], sums[sumsStride+i], sums[2*sumsStride+i], sums[3*sumsStride+i] = left, right, density, bend
	}
}

// LogisticMixtureBracket sets low[i] and high[i] to the least and the largest x
// at which one component alone has an F of the given logit: the mixture has it
// between them. constants are those of [Tier.LogisticMixture]. Without
// components they are +Inf and −Inf. NaN is left out. It panics if the shapes
// do not fit.
func (t *Tier) LogisticMixtureBracket(low, high, logit []float32, constants Matrix) {
	n := len(logit)
	components := mixtureComponents(constants, n)
	checkLength("LogisticMixtureBracket: low", len(low), n)
	checkLength("LogisticMixtureBracket: high", len(high), n)
	if components == 0 {
		for i := range low {
			low[i], high[i] = float32(math.Inf(1)), float32(math.Inf(-1))
		}
		return
	}
	step := max(16, chunk/components)
	for from := 0; from < n; from += step {
		safePoint()
		to := min(from+step, n)
		t.logisticMixtureBracket(low[from:to], high[from:to], logit[from:to], constants.Data[from:], constants.Stride, components)
	}
}

// LogisticMixtureBracket calls Tier.LogisticMixtureBracket on the active tier.
func LogisticMixtureBracket(low, high, logit []float32, constants Matrix) {
	active.LogisticMixtureBracket(low, high, logit, constants)
}

func logisticMixtureBracketRef(low, high, logit, constants []float32, stride, components int) {
	for i, v := range logit {
		low[i], high[i] = float32(math.Inf(1)), float32(math.Inf(-1))
		for j := range components {
			c := constants[MixtureConstants*j*stride+i:]
			x := c[0] + v/c[stride]
			if x < low[i] {
				low[i] = x
			}
			if x > high[i] {
				high[i] = x
			}
		}
	}
}

// LogisticMixtureBackward writes the gradients of a mixture's parameters, given
// x, constants and what [Tier.LogisticMixture] made of them, sums, of which it
// reads the first three rows. pulls [2, n] are the gradients g of F and d of F′.
// gradients [2·K, n] become those of the means, then those of u, of which log h is a
// function with the derivative that is the fourth constant; with [3·K, n], those
// of a follow, w being the softmax of a:
//
//	dμ = −w/h·σ(t)σ(−t)·(g + d·l/h)      l = σ(−t) − σ(t)
//	du = −w/h·σ(t)σ(−t)·(g·(x − μ) + d·(1 + l·t))·dlog h/du
//	da = g·w·(σ(t) − F) + d·(w/h·σ(t)σ(−t) − w·F′)
//
// where σ(t) − F is taken of 1 − F, if that is smaller. gradients overlap
// nothing. It panics if the shapes do not fit.
func (t *Tier) LogisticMixtureBackward(gradients Matrix, x []float32, constants, sums, pulls Matrix) {
	n := len(x)
	components := mixtureComponents(constants, n)
	weights := 0
	if gradients.Rows == 3*components {
		weights = 1
	}
	gradients.checkOutput("gradients", (2+weights)*components, n)
	sums.check("sums", 4, n)
	pulls.check("pulls", 2, n)
	if components == 0 {
		return
	}
	step := max(16, chunk/components)
	for from := 0; from < n; from += step {
		safePoint()
		to := min(from+step, n)
		t.logisticMixtureBackward(gradients.Data[from:], x[from:to], constants.Data[from:], sums.Data[from:], pulls.Data[from:],
			gradients.Stride, constants.Stride, sums.Stride, pulls.Stride, components, weights)
	}
}

// LogisticMixtureBackward calls Tier.LogisticMixtureBackward on the active tier.
func LogisticMixtureBackward(gradients Matrix, x []float32, constants, sums, pulls Matrix) {
	active.LogisticMixtureBackward(gradients, x, constants, sums, pulls)
}

func logisticMixtureBackwardRef(gradients, x, constants, sums, pulls []float32, gradientsStride, stride, sumsStride, pullsStride, components, weights int) {
	for i, v := range x {
		byF, byDensity := pulls[i], pulls[pullsStride+i]
		smaller, density, side := sums[i], sums[2*sumsStride+i], uint32(0)
		if right := sums[sumsStride+i]; smaller > right {
			smaller, side = right, signBit
		}
		for j := range components {
			c := constants[MixtureConstants*j*stride+i:]
			inverse, slope, weight := c[stride], c[3*stride], c[4*stride]
			distance := v - c[0]
			t, large, small := mixtureTerm(distance, inverse)
			own := float32(c[2*stride] * float32(large*small))
			lean := mixtureLean(t, large, small)
			gradients[j*gradientsStride+i] = -float32(own * (byF + float32(byDensity*float32(inverse*lean))))
			d := float32(byF*distance) + float32(byDensity*(1+float32(lean*t)))
			gradients[(components+j)*gradientsStride+i] = -float32(float32(own*d) * slope)
			if weights == 0 {
				continue
			}
			part, _ := mixtureSides(math.Float32frombits(math.Float32bits(t)^side), large, small)
			part = math.Float32frombits(math.Float32bits(part-smaller) ^ side)
			bump := own - float32(weight*density)
			gradients[(2*components+j)*gradientsStride+i] = float32(byF*float32(weight*part)) + float32(byDensity*bump)
		}
	}
}
