package kernels

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// exactFMA32 is x·y + z by arithmetic without bounds, rounded once.
func exactFMA32(x, y, z float32) float32 {
	product := new(big.Float).SetPrec(600).SetFloat64(float64(x) * float64(y))
	sum := product.Add(product, new(big.Float).SetFloat64(float64(z)))
	if sum.Sign() == 0 {
		return x*y + z // decides the sign of zero; nothing is rounded
	}
	result, _ := sum.Float32()
	return result
}

func TestFMA32(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	check := func(x, y, z float32) {
		if got, want := fma32(x, y, z), exactFMA32(x, y, z); math.Float32bits(got) != math.Float32bits(want) {
			t.Fatalf("fma32(%x, %x, %x) = %x, want %x", x, y, z, got, want)
		}
	}
	finite := func() float32 {
		for {
			if x := math.Float32frombits(rng.Uint32()); x-x == 0 {
				return x
			}
		}
	}
	near := func(exponent int) float32 {
		x := math.Float32frombits(rng.Uint32()&0x807fffff | 0x3f800000)
		if rng.IntN(2) == 0 {
			// Few bits set: sums fall halfway between two float32 often.
			x = math.Float32frombits(math.Float32bits(x) & (math.MaxUint32 << rng.IntN(23)))
		}
		return float32(math.Ldexp(float64(x), exponent))
	}
	plainWrong := 0
	for range 300_000 / thin() {
		check(finite(), finite(), finite())
		check(finite(), finite(), float32(math.Copysign(0, float64(rng.IntN(2))-1)))

		x, y, z := near(0), near(0), near(rng.IntN(60)-30)
		check(x, y, z)

		// A sum just beside the middle of two float32: z is halfway and the
		// product is far below, or the product is halfway and z is far below.
		tiny := near(-40 - rng.IntN(60))
		half := math.Float32frombits(math.Float32bits(near(0)) | 1)
		check(half, near(-24), tiny)
		check(half, 1+0x1p-12, tiny)
		check(tiny, near(0), half)
		middle := float32(math.Ldexp(float64(rng.Uint32()>>8|1), -rng.IntN(10)))
		check(middle, 1.5, tiny)
		if float32(float64(middle)*1.5+float64(tiny)) != exactFMA32(middle, 1.5, tiny) {
			plainWrong++
		}

		// Results in and around the subnormals, and around overflow.
		check(near(-60), near(-60-rng.IntN(40)), near(-126-rng.IntN(24)))
		check(near(64), near(63), near(104-rng.IntN(30)))
	}
	if plainWrong == 0 {
		t.Error("no triple needs the second rounding to be right: the test proves nothing")
	}
}

func TestFMA32SpecialValues(t *testing.T) {
	inf, nan, minusZero := float32(math.Inf(1)), float32(math.NaN()), float32(math.Copysign(0, -1))
	for _, c := range []struct{ x, y, z, want float32 }{
		{inf, 1, 1, inf}, {inf, -1, 1, -inf}, {1, 1, -inf, -inf}, {inf, 1, -inf, nan}, {inf, 0, 1, nan},
		{nan, 1, 1, nan}, {1, nan, 1, nan}, {1, 1, nan, nan},
		{0, 1, 0, 0}, {0, 1, minusZero, 0}, {minusZero, 1, minusZero, minusZero}, {1, 1, -1, 0},
		{math.MaxFloat32, 2, 0, inf}, {math.MaxFloat32, 2, -math.MaxFloat32, math.MaxFloat32},
		{math.SmallestNonzeroFloat32, 0.5, 0, 0}, {math.SmallestNonzeroFloat32, -0.5, 0, minusZero},
		{math.SmallestNonzeroFloat32, 0.5, math.SmallestNonzeroFloat32, 2 * math.SmallestNonzeroFloat32},
		{math.Float32frombits(0x7f800001), 1, 1, nan},
	} {
		if got := fma32(c.x, c.y, c.z); math.Float32bits(got) != math.Float32bits(c.want) && (got == got || c.want == c.want) {
			t.Errorf("fma32(%v, %v, %v) = %v, want %v", c.x, c.y, c.z, got, c.want)
		}
	}
}
