package train

import (
	"math"
	"slices"

	"github.com/seed-192fdf7a/nf/kernels"
)

// maxShape is the Pareto shape k̂ up to which importance weights are reliable
// (Vehtari, Simpson, Gelman, Yao and Gabry, 2024).
const maxShape = 0.7

// minTail is the smallest number of weights that a tail is fitted to.
const minTail = 5

// sameWeights is the spread, as a part of the largest weight, below which the
// largest weights are the same.
const sameWeights = 1e-3

// smoothWeights replaces the largest of the importance weights, whose logs are
// given, by the order statistics of the generalized Pareto distribution that
// fits them (Vehtari et al., 2024), none above the largest weight, and returns
// its shape k̂: the weights have fewer than 1/k̂ finite moments. It is +Inf where
// the weights are too few, and −Inf where the largest are the same to a
// thousandth: what is fitted there is rounding.
func smoothWeights(logW []float64) (shape float64) {
	n := len(logW)
	tail := min(n/5, int(3*math.Sqrt(float64(n))))
	if tail < minTail {
		return math.Inf(1)
	}
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case logW[a] < logW[b]:
			return -1
		case logW[a] > logW[b]:
			return 1
		}
		return 0
	})
	most, order := logW[order[n-1]], order[n-tail-1:]
	cut := kernels.Exp64(logW[order[0]] - most)
	excess := make([]float64, tail)
	for i, at := range order[1:] {
		excess[i] = kernels.Exp64(logW[at]-most) - cut
	}
	if excess[tail-1] <= sameWeights {
		return math.Inf(-1)
	}
	shape, scale := fitPareto(excess)
	if shape-shape != 0 || scale-scale != 0 {
		return math.Inf(1)
	}
	for i, at := range order[1:] {
		p := (float64(i) + 0.5) / float64(tail)
		logW[at] = min(0, kernels.Log64(cut+paretoQuantile(p, shape, scale))) + most
	}
	return shape
}

// paretoQuantile is σ((1−p)^−k − 1)/k.
func paretoQuantile(p, shape, scale float64) float64 {
	rest := -kernels.Log64(1 - p)
	if math.Abs(shape) < 1e-12 {
		return float64(scale * rest)
	}
	return float64(scale*(kernels.Exp64(float64(shape*rest))-1)) / shape
}

// fitPareto estimates the shape and the scale of a generalized Pareto
// distribution of location 0 from values in ascending order (Zhang and Stephens,
// 2009), the shape drawn towards 1/2 as by ten more values (Vehtari et al.,
// 2024).
func fitPareto(x []float64) (shape, scale float64) {
	const prior = 3
	n := float64(len(x))
	points := 30 + int(math.Sqrt(n))
	quartile := x[int(float64(n/4)+0.5)-1]
	theta, logL := make([]float64, points), make([]float64, points)
	meanLog := func(theta float64) float64 {
		var sum float64
		for _, v := range x {
			sum += kernels.Log64(1 - float64(theta*v))
		}
		return sum / n
	}
	for j := range theta {
		theta[j] = 1/x[len(x)-1] + (1-math.Sqrt(float64(points)/(float64(j)+0.5)))/prior/quartile
		k := meanLog(theta[j])
		logL[j] = float64(n * (kernels.Log64(-theta[j]/k) - k - 1))
	}
	var mean float64
	for j := range theta {
		var inverse float64
		for _, l := range logL {
			inverse += kernels.Exp64(min(l-logL[j], 700))
		}
		mean += theta[j] / inverse
	}
	k := meanLog(mean)
	scale = -k / mean
	const strength = 10
	return (float64(k*n) + strength*0.5) / (n + strength), scale
}
