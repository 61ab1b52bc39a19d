package kernels

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// bigNormalTail is Φ(−x) for x > 0. Below 4 it is ½ less the series
// e^(−x²/2)/√(2π)·(x + x³/3 + x⁵/(3·5) + …), whose terms have one sign; from
// there on Laplace's continued fraction e^(−x²/2)/√(2π)/(x + 1/(x + 2/(x + …))).
func bigNormalTail(x *big.Float) *big.Float {
	number := func() *big.Float { return new(big.Float).SetPrec(oracleBits) }
	square := number().Mul(x, x)
	density := bigExp(number().Quo(number().Neg(square), bigFloat(2)))
	density.Quo(density, number().Sqrt(number().Mul(bigPi, bigFloat(2))))
	if x.Cmp(bigFloat(4)) < 0 {
		sum, term := number().Set(x), number().Set(x)
		for i := 3; i < 400; i += 2 {
			term.Mul(term, square).Quo(term, bigFloat(float64(i)))
			sum.Add(sum, term)
		}
		return sum.Sub(bigFloat(0.5), sum.Mul(sum, density))
	}
	fraction := number().Set(x)
	for i := 600; i > 0; i-- {
		fraction.Quo(bigFloat(float64(i)), fraction)
		fraction.Add(fraction, x)
	}
	return density.Quo(density, fraction)
}

// relativeError is |got/want − 1|.
func relativeError(got float64, want *big.Float) float64 {
	ratio := new(big.Float).SetPrec(oracleBits).Quo(bigFloat(got), want)
	e, _ := ratio.Sub(ratio, bigFloat(1)).Float64()
	return math.Abs(e)
}

// TestNormalMath holds what errors of Erf, NormalCDF, GELU and NormalQuantile
// are measured against to arithmetic of 300 bits. The quantile is put into the
// distribution function: an error of y is one of y·density/Φ(y) in it, and near
// ½ one of y·density in its difference to ½.
func TestNormalMath(t *testing.T) {
	const bound = 1e-12
	rng := rand.New(rand.NewPCG(8, 3))
	for range 300 / thin() {
		x := float64(float32(14.5 * rng.Float64()))
		want := bigNormalTail(bigFloat(x))
		if e := relativeError(normalCDFMath(-x), want); e > bound {
			t.Errorf("normalCDFMath(%v) is wrong by %v of itself", -x, e)
		}
		if e := relativeError(geluMath(-x), new(big.Float).Mul(want, bigFloat(-x))); e > bound {
			t.Errorf("geluMath(%v) is wrong by %v of itself", -x, e)
		}
	}
	for range 300 / thin() {
		r := float64(math.Float32frombits(1 + rng.Uint32N(math.Float32bits(0.25))))
		y := -normalQuantileMath(r)
		density := math.Exp(-0.5*y*y) / math.Sqrt(2*math.Pi)
		if e := relativeError(r, bigNormalTail(bigFloat(y))) * r / (y * density); e > bound {
			t.Errorf("normalQuantileMath(%v) is wrong by %v of itself", r, e)
		}
	}
	for range 300 / thin() {
		half := math.Exp2(-25 * rng.Float64())
		p := float64(float32(0.5 + half/4))
		if p == 0.5 {
			continue
		}
		y := normalQuantileMath(p)
		difference := new(big.Float).Sub(bigFloat(0.5), bigNormalTail(bigFloat(y)))
		if e := relativeError(p-0.5, difference); e > bound {
			t.Errorf("normalQuantileMath(%v) is wrong by %v of itself", p, e)
		}
		if mirrored := normalQuantileMath(1 - p); mirrored != -y {
			t.Errorf("normalQuantileMath(%v) is %v, of 1 less it %v", p, y, mirrored)
		}
	}
}
