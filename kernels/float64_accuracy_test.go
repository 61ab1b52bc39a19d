package kernels

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// The float64 twins are held to arithmetic of 300 bits: package math is itself
// too coarse for a bound of a few ULP.

const oracleBits = 300

func bigFloat(x float64) *big.Float { return new(big.Float).SetPrec(oracleBits).SetFloat64(x) }

// bigPi has 100 digits.
var bigPi, _ = new(big.Float).SetPrec(oracleBits).SetString(
	"3.141592653589793238462643383279502884197169399375105820974944592307816406286208998628034825342117068")

// bigExp is e^x by the series for x/2^24, squared 24 times.
func bigExp(x *big.Float) *big.Float {
	const halvings = 24
	small := new(big.Float).SetPrec(oracleBits+64).SetMantExp(x, -halvings)
	sum, term := bigFloat(1), bigFloat(1)
	sum.SetPrec(oracleBits + 64)
	term.SetPrec(oracleBits + 64)
	for i := 1; i < 30; i++ {
		term.Mul(term, small)
		term.Quo(term, bigFloat(float64(i)))
		sum.Add(sum, term)
	}
	for range halvings {
		sum.Mul(sum, sum)
	}
	return sum
}

// bigLog is log x by Halley's method. Its start avoids math.Log of subnormals,
// which is wrong on amd64.
func bigLog(x *big.Float) *big.Float {
	fraction := new(big.Float)
	exponent := x.MantExp(fraction)
	start, _ := fraction.Float64()
	y := bigFloat(math.Log(start) + float64(exponent)*math.Ln2)
	for range 4 {
		e := bigExp(y)
		step := new(big.Float).Quo(new(big.Float).Sub(x, e), new(big.Float).Add(x, e))
		y.Add(y, step.Add(step, step))
	}
	return y
}

func bigTanh(x *big.Float) *big.Float {
	e := bigExp(new(big.Float).Add(x, x))
	one := bigFloat(1)
	return new(big.Float).Quo(new(big.Float).Sub(e, one), new(big.Float).Add(e, one))
}

// bigSinCos2Pi takes the series after an exact reduction to less than half a
// turn.
func bigSinCos2Pi(u float64) (sin, cos *big.Float) {
	u -= math.RoundToEven(u)
	x := new(big.Float).Mul(bigPi, bigFloat(2*u))
	square := new(big.Float).Mul(x, x)
	sin, cos = new(big.Float).Set(x), bigFloat(1)
	s, c := new(big.Float).Set(x), bigFloat(1)
	for i := 1; i < 45; i++ {
		c.Mul(c, square).Quo(c, bigFloat(float64(-(2*i-1)*2*i)))
		s.Mul(s, square).Quo(s, bigFloat(float64(-2*i*(2*i+1))))
		cos.Add(cos, c)
		sin.Add(sin, s)
	}
	return sin, cos
}

// ulp64 is the distance of got from want in units in the last place of a
// float64 of want's size.
func ulp64(got float64, want *big.Float) float64 {
	exponent := -1022
	if want.Sign() != 0 {
		exponent = max(want.MantExp(nil)-1, -1022)
	}
	if math.IsInf(got, 0) {
		return math.Inf(1)
	}
	difference := new(big.Float).SetPrec(oracleBits).Sub(bigFloat(got), want)
	units, _ := difference.SetMantExp(difference, 52-exponent).Float64()
	return math.Abs(units)
}

func TestFloat64Accuracy(t *testing.T) {
	table := documentedErrors(t)
	rng := rand.New(rand.NewPCG(6, 4))
	uniform := func(low, high float64) func() float64 {
		return func() float64 { return low + (high-low)*rng.Float64() }
	}
	// scaled has all exponents of a range alike.
	scaled := func(low, high float64) func() float64 {
		return func() float64 {
			x := math.Exp2(low + (high-low)*rng.Float64())
			if rng.IntN(2) == 0 {
				return -x
			}
			return x
		}
	}
	positive := func(next func() float64) func() float64 { return func() float64 { return math.Abs(next()) } }
	of := func(f func(*big.Float) *big.Float) func(float64) *big.Float {
		return func(x float64) *big.Float { return f(bigFloat(x)) }
	}
	for _, c := range []struct {
		name   string
		twin   func(float64) float64
		exact  func(float64) *big.Float
		inputs []func() float64
	}{
		{"Exp64", Exp64, of(bigExp), []func() float64{uniform(-745, 709.78), uniform(-2, 2), scaled(-60, 9), uniform(-745.1, -708)}},
		{"Log64", Log64, of(bigLog), []func() float64{uniform(0, 4), uniform(0.5, 1.5), uniform(0.99, 1.01), positive(scaled(-1074, 1023.9)), func() float64 { return 1 + scaled(-50, -3)() }}},
		{"Tanh64", Tanh64, of(bigTanh), []func() float64{uniform(-2, 2), uniform(-20, 20), scaled(-60, 4)}},
		{"SinCos2Pi64", func(u float64) float64 { s, _ := SinCos2Pi64(u); return s },
			func(u float64) *big.Float { s, _ := bigSinCos2Pi(u); return s }, []func() float64{uniform(-1, 1), scaled(-60, 3), func() float64 { return 0.5 + scaled(-40, -3)() }}},
		{"SinCos2Pi64", func(u float64) float64 { _, c := SinCos2Pi64(u); return c },
			func(u float64) *big.Float { _, c := bigSinCos2Pi(u); return c }, []func() float64{uniform(-1, 1), scaled(-60, 3), func() float64 { return 0.25 + scaled(-40, -3)() }}},
	} {
		documented, ok := table[c.name]
		if !ok {
			t.Errorf("the table in doc.go lacks %s", c.name)
		}
		worst, at := 0.0, 0.0
		for _, next := range c.inputs {
			for range 1500 / thin() {
				x := next()
				if u := ulp64(c.twin(x), c.exact(x)); u > worst {
					worst, at = u, x
				}
			}
		}
		t.Logf("%s: largest error %.3f ULP at %v", c.name, worst, at)
		if worst > documented.bound {
			t.Errorf("%s: %.3f ULP at %v, documented are %v", c.name, worst, at, documented.bound)
		}
	}
}
