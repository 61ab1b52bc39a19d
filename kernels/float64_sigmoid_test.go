package kernels

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

func bigSigmoid(x float64) *big.Float {
	e := bigExp(bigFloat(-math.Abs(x)))
	numerator := bigFloat(1)
	if x < 0 {
		numerator = e
	}
	return new(big.Float).Quo(numerator, new(big.Float).Add(bigFloat(1), e))
}

// bigSoftplus takes three terms of the series for log(1 + e) where e is below
// 2^-57: the next is below 2^-173 of the first.
func bigSoftplus(x float64) *big.Float {
	e := bigExp(bigFloat(-math.Abs(x)))
	var y *big.Float
	if math.Abs(x) > 40 {
		square := new(big.Float).Mul(e, e)
		cube := new(big.Float).Mul(square, e)
		y = new(big.Float).Sub(e, square.Quo(square, bigFloat(2)))
		y.Add(y, cube.Quo(cube, bigFloat(3)))
	} else {
		y = bigLog(new(big.Float).Add(bigFloat(1), e))
	}
	return y.Add(y, bigFloat(math.Max(x, 0)))
}

func TestSigmoid64Accuracy(t *testing.T) {
	table := documentedErrors(t)
	random := rand.New(rand.NewPCG(7, 5))
	uniform := func(low, high float64) func() float64 {
		return func() float64 { return low + (high-low)*random.Float64() }
	}
	inputs := []func() float64{uniform(-5, 5), uniform(-40, 40), uniform(-708, 0), uniform(-745, -707), uniform(-1e-3, 1e-3), uniform(-38, -34)}
	for _, c := range []struct {
		name  string
		twin  func(float64) float64
		exact func(float64) *big.Float
	}{
		{"Sigmoid64", Sigmoid64, bigSigmoid},
		{"Softplus64", Softplus64, bigSoftplus},
	} {
		documented, ok := table[c.name]
		if !ok {
			t.Errorf("the table in doc.go lacks %s", c.name)
		}
		worst, at := 0.0, 0.0
		for _, next := range inputs {
			for range 1000 / thin() {
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

func TestSigmoid64SpecialValues(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct{ got, want float64 }{
		{Sigmoid64(0), 0.5}, {Sigmoid64(inf), 1}, {Sigmoid64(-inf), 0}, {Sigmoid64(nan), nan}, {Sigmoid64(40), 1}, {Sigmoid64(-745), 5e-324}, {Sigmoid64(-746), 0},
		{Softplus64(0), math.Ln2}, {Softplus64(inf), inf}, {Softplus64(-inf), 0}, {Softplus64(nan), nan}, {Softplus64(40), 40}, {Softplus64(-745), 5e-324}, {Softplus64(-746), 0},
		{Softplus64(math.MaxFloat64), math.MaxFloat64},
	} {
		if c.got != c.want && !(c.got != c.got && c.want != c.want) {
			t.Errorf("got %v, want %v", c.got, c.want)
		}
	}
}
