package kernels

import (
	"math"
	"math/rand/v2"
	"testing"
)

// mixtureOf is a mixture of weights that sum to 1 for n elements, and elements that
// reach into its tails.
func mixtureOf(random *rand.Rand, components, n int) (x []float32, constants Matrix) {
	x = make([]float32, n)
	for i := range x {
		x[i] = float32(random.NormFloat64() * math.Exp2(float64(random.IntN(5))))
	}
	rows := MixtureConstants * components
	constants = Dense(make([]float32, rows*n), rows, n)
	for i := range n {
		weights, total := make([]float64, components), 0.0
		for j := range weights {
			weights[j] = 0.1 + random.Float64()
			total += weights[j]
		}
		for j, w := range weights {
			h, w := math.Exp(random.NormFloat64()), w/total
			for k, v := range []float64{2 * random.NormFloat64(), 1 / h, w / h, random.Float64(), w} {
				constants.Row(MixtureConstants*j + k)[i] = float32(v)
			}
		}
	}
	return x, constants
}

// TestLogisticMixtureAccuracy holds the bound of LogisticMixture's comment
// against sums in float64, and the gradients to them.
func TestLogisticMixtureAccuracy(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 5))
	const n = 200
	for _, components := range []int{1, 4, 50} {
		x, constants := mixtureOf(random, components, n)
		pulls := Dense(make([]float32, 2*n), 2, n)
		for i := range pulls.Data {
			pulls.Data[i] = float32(random.NormFloat64())
		}
		for _, tier := range Tiers() {
			sums, gradients := Dense(make([]float32, 4*n), 4, n), Dense(make([]float32, 3*components*n), 3*components, n)
			tier.LogisticMixture(sums, x, constants)
			tier.LogisticMixtureBackward(gradients, x, constants, sums, pulls)
			low, high, logit := make([]float32, n), make([]float32, n), make([]float32, n)
			for i := range logit {
				logit[i] = float32(math.Log(float64(sums.Row(0)[i]) / float64(sums.Row(1)[i])))
			}
			tier.LogisticMixtureBracket(low, high, logit, constants)
			for i, v := range x {
				var want [4]float64
				var largest, bend float64
				least, most := math.Inf(1), math.Inf(-1)
				at := func(j, k int) float64 { return float64(constants.Row(MixtureConstants*j + k)[i]) }
				for j := range components {
					d := float64(v) - at(j, 0)
					s := d * at(j, 1)
					left, right := 1/(1+math.Exp(-s)), 1/(1+math.Exp(s))
					largest = max(largest, math.Abs(s))
					want[0] += at(j, 4) * left
					want[1] += at(j, 4) * right
					want[2] += at(j, 2) * left * right
					want[3] += at(j, 2) * left * right * at(j, 1) * (right - left)
					bend += at(j, 2) * left * right * at(j, 1)
					place := at(j, 0) + float64(logit[i])/at(j, 1)
					least, most = min(least, place), max(most, place)
				}
				for k, w := range want[:3] {
					bound := (float64(components) + 10 + 3*largest) * 0x1p-24
					if e := math.Abs(float64(sums.Row(k)[i])/w - 1); w > 0x1p-126 && !(e <= bound) {
						t.Fatalf("%s, K = %d: sum %d at %v is wrong by %v, more than %v", tier.Name(), components, k, v, e, bound)
					}
				}
				near(t, "F″", float64(sums.Row(3)[i]), want[3], 1e-5*bend)
				near(t, "the bracket's low end", float64(low[i]), least, 1e-5*(1+math.Abs(least)))
				near(t, "the bracket's high end", float64(high[i]), most, 1e-5*(1+math.Abs(most)))
				g, d := float64(pulls.Row(0)[i]), float64(pulls.Row(1)[i])
				for j := range components {
					distance := float64(v) - at(j, 0)
					s := distance * at(j, 1)
					left, right := 1/(1+math.Exp(-s)), 1/(1+math.Exp(s))
					own, lean := at(j, 2)*left*right, right-left
					near(t, "dμ", float64(gradients.Row(j)[i]), -own*(g+d*at(j, 1)*lean), 1e-4*own*(math.Abs(g)+math.Abs(d)*at(j, 1))+1e-37)
					near(t, "du", float64(gradients.Row(components + j)[i]), -own*(g*distance+d*(1+lean*s))*at(j, 3),
						1e-4*own*(math.Abs(g*distance)+math.Abs(d)*(1+math.Abs(s)))+1e-37)
					near(t, "da", float64(gradients.Row(2*components + j)[i]), g*at(j, 4)*(left-want[0])+d*(own-at(j, 4)*want[2]),
						1e-5*(math.Abs(g)*at(j, 4)+math.Abs(d)*(own+at(j, 4)*want[2])))
				}
				if t.Failed() {
					t.Fatalf("%s, K = %d, x = %v", tier.Name(), components, v)
				}
			}
		}
	}
}
