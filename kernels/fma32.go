package kernels

import "math"

// fma32 returns x·y + z rounded once, to nearest even, which is what the FMA
// instructions of every tier compute. The standard library has only the
// float64 one.
//
// The product of two float32 is exact in float64, and rounding the float64 sum
// again to float32 is right unless the sum lies exactly between two float32,
// where the part that was lost decides, or is so small that float32 has fewer
// bits there.
func fma32(x, y, z float32) float32 {
	product := float64(float64(x) * float64(y))
	sum := product + float64(z)
	const (
		belowSingle    = 1<<29 - 1 // the bits of a float64 that float32 has no room for
		halfway        = 1 << 28
		smallestNormal = 0x3810_0000_0000_0000 // 2^-126
		everythingElse = 1<<63 - 1
	)
	if bits := math.Float64bits(sum); bits&belowSingle != halfway && bits&everythingElse >= smallestNormal {
		return float32(sum)
	}
	return float32(roundToOdd(product, float64(z), sum))
}

// roundToOdd returns a + b, of which sum is the rounded value, rounded to odd:
// an inexact sum becomes the one of its two neighbours whose last bit is set.
// Rounding that again to a shorter format rounds a + b correctly (Boldo and
// Melquiond, "Emulation of FMA and correctly rounded sums", 2008).
func roundToOdd(a, b, sum float64) float64 {
	// Knuth's TwoSum: a + b = sum + rest exactly.
	bPart := sum - a
	rest := (a - (sum - bPart)) + (b - bPart)
	bits := math.Float64bits(sum)
	if !(rest < 0 || rest > 0) || bits&1 != 0 {
		return sum // exact, odd already, infinite or NaN
	}
	if (rest > 0) == (sum > 0) {
		return math.Float64frombits(bits + 1)
	}
	return math.Float64frombits(bits - 1)
}
