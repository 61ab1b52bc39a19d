package kernels

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

// TestPhiloxKnownAnswers are the vectors of Random123 for philox4x32, 10
// rounds.
func TestPhiloxKnownAnswers(t *testing.T) {
	const all = math.MaxUint32
	for _, c := range []struct {
		counter [4]uint32
		key     [2]uint32
		want    [4]uint32
	}{
		{[4]uint32{}, [2]uint32{}, [4]uint32{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
		{[4]uint32{all, all, all, all}, [2]uint32{all, all}, [4]uint32{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
		{[4]uint32{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, [2]uint32{0xa4093822, 0x299f31d0},
			[4]uint32{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
	} {
		if got := philoxBlock(c.key, c.counter); got != c.want {
			t.Errorf("philox(%08x, %08x) = %08x, want %08x", c.key, c.counter, got, c.want)
		}
		// Through the kernels: every lane starts at that counter.
		for _, tier := range Tiers() {
			start := countersAt(0, 1, uint64(c.key[1])<<32|uint64(c.key[0]), c.counter[3], 0)
			for lane := range groupBlocks {
				start.Block[lane], start.IndexLow[lane], start.IndexHigh[lane] = c.counter[0], c.counter[1], c.counter[2]
			}
			words := make([]uint32, groupWords)
			tier.philox(words, start)
			for block := range groupBlocks {
				if got := [4]uint32(words[4*block:]); got != c.want {
					t.Errorf("%s, lane %d: philox(%08x, %08x) = %08x, want %08x", tier.Name(), block, c.key, c.counter, got, c.want)
				}
			}
		}
	}
}

// plainWord is word w of an index, as PhiloxWords documents it.
func plainWord(seed uint64, stream uint32, index uint64, w int) uint32 {
	return philoxBlock([2]uint32{uint32(seed), uint32(seed >> 32)},
		[4]uint32{uint32(w / 4), uint32(index), uint32(index >> 32), stream})[w%4]
}

func TestPhiloxWords(t *testing.T) {
	for _, tier := range Tiers() {
		for _, index := range []uint64{0, 7, math.MaxUint32, math.MaxUint64} {
			for _, n := range []int{0, 1, 2, 3, 4, 5, 63, 64, 65, 127, 128, 129, 300, chunk + 70, 2*chunk + 1} {
				const guard = 0xdeadbeef
				words := make([]uint32, n+1)
				words[n] = guard
				tier.PhiloxWords(words[:n], 0x123456789abcdef0, 42, index)
				for w, got := range words[:n] {
					if want := plainWord(0x123456789abcdef0, 42, index, w); got != want {
						t.Fatalf("%s: word %d of %d for index %d is %08x, want %08x", tier.Name(), w, n, index, got, want)
					}
				}
				if words[n] != guard {
					t.Fatalf("%s: %d words: wrote beyond the end", tier.Name(), n)
				}
			}
		}
	}
}

// TestNormalRows compares every tier, by bits, with single values computed as
// the documentation says.
func TestNormalRows(t *testing.T) {
	const seed, stream, guard = 0xfeedface12345678, 3, 77
	for _, tier := range Tiers() {
		for _, first := range []uint64{0, math.MaxUint32 - 5, math.MaxUint64 - 20} {
			for _, cols := range []int{0, 1, 2, 3, 4, 5, 7, 8, 9, 12, 16, 20, 31, 33, 63, 64, 65, 68, 100, 1030} {
				for _, rows := range []int{0, 1, 2, 3, 15, 16, 17, 70} {
					dst := make([]float32, rows*cols+1)
					dst[rows*cols] = guard
					tier.NormalRows(dst[:rows*cols], rows, cols, seed, stream, first)
					for r := range rows {
						for c := range cols {
							pair := c / 2 * 2
							w0, w1 := plainWord(seed, stream, first+uint64(r), pair), plainWord(seed, stream, first+uint64(r), pair+1)
							n0, n1 := normalPair(w0, w1)
							want := []float32{n0, n1}[c%2]
							if got := dst[r*cols+c]; !sameBits(got, want) {
								t.Fatalf("%s: %dx%d from %d: row %d, column %d is %v, want %v", tier.Name(), rows, cols, first, r, c, got, want)
							}
						}
					}
					if dst[rows*cols] != guard {
						t.Fatalf("%s: %dx%d: wrote beyond the end", tier.Name(), rows, cols)
					}
				}
			}
		}
	}
}

// TestNormalRowsChunks has more values than one call into assembly makes.
func TestNormalRowsChunks(t *testing.T) {
	for _, shape := range [][2]int{{5, 16*1024 + 12}, {9000, 4}, {9001, 3}} {
		rows, cols := shape[0], shape[1]
		want := make([]float32, rows*cols)
		Tiers()[0].NormalRows(want, rows, cols, 1, 2, 3)
		for _, tier := range Tiers()[1:] {
			got := make([]float32, rows*cols)
			tier.NormalRows(got, rows, cols, 1, 2, 3)
			if i := firstDifference(got, want); i >= 0 {
				t.Errorf("%s: %dx%d: value %d is %v, want %v", tier.Name(), rows, cols, i, got[i], want[i])
			}
		}
	}
}

// TestNormalPairExtremes visits the ends of both uniforms.
func TestNormalPairExtremes(t *testing.T) {
	const all = math.MaxUint32
	for _, w := range [][2]uint32{{0, 0}, {all, 0}, {0, all}, {all, all}, {255, 1 << 30}, {1 << 31, 3 << 30}} {
		n0, n1 := normalPair(w[0], w[1])
		u1, u2 := (float64(w[0]>>8)+1)/(1<<24), float64(w[1]>>8)/(1<<24)
		radius := math.Sqrt(-2 * math.Log(u1))
		sin, cos := sinCos2Pi(u2)
		if math.Abs(float64(n0)-radius*cos) > 1e-6 || math.Abs(float64(n1)-radius*sin) > 1e-6 {
			t.Errorf("words %08x: %v, %v, want %v, %v", w, n0, n1, radius*cos, radius*sin)
		}
		if math.Hypot(float64(n0), float64(n1)) > 5.7683 {
			t.Errorf("words %08x: %v, %v is beyond the documented 5.77", w, n0, n1)
		}
	}
}

// TestNormalDistribution holds a million values to the standard normal: the
// first four moments, correlation within pairs, and the distribution by the
// statistic of Kolmogorov and Smirnov.
func TestNormalDistribution(t *testing.T) {
	const n = 1 << 20
	v := make([]float32, n)
	NormalRows(v, n/8, 8, 2024, 0, 0)
	var m1, m2, m3, m4, pairs float64
	for i, x32 := range v {
		x := float64(x32)
		m1, m2, m3, m4 = m1+x, m2+x*x, m3+x*x*x, m4+x*x*x*x
		if i%2 == 1 {
			pairs += x * float64(v[i-1])
		}
	}
	for _, c := range []struct {
		name             string
		got, want, sigma float64
	}{
		{"mean", m1 / n, 0, 1 / math.Sqrt(n)},
		{"variance", m2 / n, 1, math.Sqrt(2.0 / n)},
		{"third moment", m3 / n, 0, math.Sqrt(15.0 / n)},
		{"fourth moment", m4 / n, 3, math.Sqrt(96.0 / n)},
		{"correlation of a pair", pairs / (n / 2), 0, math.Sqrt(2.0 / n)},
	} {
		if math.Abs(c.got-c.want) > 4*c.sigma {
			t.Errorf("%s is %v, want %v within %v", c.name, c.got, c.want, 4*c.sigma)
		}
	}
	slices.Sort(v)
	distance := 0.0
	for i, x := range v {
		cdf := 0.5 * math.Erfc(-float64(x)/math.Sqrt2)
		distance = max(distance, math.Abs(cdf-(float64(i)+0.5)/n)+0.5/n)
	}
	if limit := 1.95 / math.Sqrt(n); distance > limit { // exceeded once in a thousand by chance
		t.Errorf("the largest distance between distribution functions is %v, want below %v", distance, limit)
	}
}

// BenchmarkRandom reports nanoseconds a value.
func BenchmarkRandom(b *testing.B) {
	for _, tier := range Tiers() {
		words := make([]uint32, 4096)
		b.Run("words/"+tier.Name(), func(b *testing.B) {
			for b.Loop() {
				tier.PhiloxWords(words, 1, 2, 3)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(words)), "ns/value")
		})
		for _, cols := range []int{1, 2, 3, 8, 64} {
			rows := 4096 / cols
			dst := make([]float32, rows*cols)
			b.Run(fmt.Sprintf("normals/%d/%s", cols, tier.Name()), func(b *testing.B) {
				for b.Loop() {
					tier.NormalRows(dst, rows, cols, 1, 2, 3)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(dst)), "ns/value")
			})
		}
	}
}
