package kernels

import (
	"math"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// What every test of kernels shares. TestMain's tiers are those of this
// processor; a test loops over Tiers() and names the tier in its messages.

// sameBits tells whether x and y are the same float32 by bits, any NaN being
// the same as any other.
func sameBits(x, y float32) bool {
	return math.Float32bits(x) == math.Float32bits(y) || x != x && y != y
}

// thin is by how much tests of accuracy are thinner with -short. What they show
// is true of the reference and of the float64 twins, so that one run in full
// shows it; of the same bits on every other processor and build TestFrozenBits
// and the parity tests convince, which -short leaves whole.
func thin() int {
	if testing.Short() {
		return 16
	}
	return 1
}

// firstDifference returns the first index where got and want differ by bits,
// or -1.
func firstDifference(got, want []float32) int {
	for i := range want {
		if !sameBits(got[i], want[i]) {
			return i
		}
	}
	return -1
}

// edgeValues are where elementwise functions go wrong: zeros, subnormals, the
// ends of the range, infinities, NaN of several kinds, integers and halves, and
// the places where some function overflows, underflows or changes formula,
// with their neighbours, of both signs.
var edgeValues = makeEdgeValues()

func makeEdgeValues() []float32 {
	var values []float32
	for _, bits := range []uint32{
		0x00000000, 0x00000001, 0x00000002, 0x003fffff, 0x007fffff, 0x00800000, 0x00800001, // subnormals and the first normals
		0x33800000, 0x34000000, 0x39800000, 0x3d800000, // 2^-24, 2^-23, 2^-12, 1/16
		0x3e000000, 0x3e800000, 0x3ec00000, 0x3f000000, 0x3f200000, 0x3f2aaaab, 0x3f400000, 0x3f800000, 0x3faaaaab, 0x3fc00000, 0x40000000, 0x40490fdb,
		0x3f600000, 0x3fa00000, 0x3fe00000, 0x40200000, 0x40600000, 0x40a00000, 0x40e00000, 0x41102cb3, 0x411051ec, // the intervals of tanh
		0x3eb17218, 0x3f317218, 0x3f851592, // ln(2)/2 and its odd multiples
		0x42ae0000, 0x42aeac50, 0x42aeac51, 0x42b17217, 0x42b17218, 0x42b20000, 0x42cff1b4, 0x42cff1b5, 0x42d00000, // exp overflows, underflows

		0x41800000, 0x41880000, 0x418aa123, 0x42da0000, // expm1 and sigmoid: 16, 17, 25·log 2, 109
		0x3e934b11, 0x3ecf991f, 0x5f800000, // log(3/4), log(3/2), 2^64

		0x4a800000, 0x4b000000, 0x4b400000, 0x4b800000, 0x4f000000, 0x5f000000, 0x7e800000, 0x7f000000, 0x7f7fffff, // large integers
		0x7f800000, 0x7f800001, 0x7fc00000, 0x7fffffff, // infinity and NaN

		0x3f321643, 0x3f9467e2, 0x3fcfc4a3, 0x400590b2, 0x40233f13, 0x4040ed73, 0x405e9bd3, 0x407ad445, 0x407c0000, // the intervals of erf, and where it is 1
		0x3ecccccd, 0x3fe66666, 0x40400000, 0x40933333, 0x40e00000, 0x41233333, 0x40ad7081, 0x4162b914, 0x4165b274, 0x41680000, // the intervals of normalTail, and where Φ and GELU reach their limits
		0x3daaaaab, 0x3baaaaab, 0x37aaaaab, 0x2faaaaab, 0x1faaaaab, 0x002aaaab, 0x3f7fffff, // the intervals of the quantile
	} {
		for _, near := range []uint32{bits - 1, bits, bits + 1} {
			values = append(values, math.Float32frombits(near), math.Float32frombits(near^signBit))
		}
	}
	return values
}

// forEachTier runs a test once for each tier of this processor.
func forEachTier(t *testing.T, test func(t *testing.T, tier *Tier)) {
	t.Helper()
	for _, tier := range Tiers() {
		t.Run(tier.Name(), func(t *testing.T) { test(t, tier) })
	}
}

// TestTiers reports the tiers that are not tested here. WANT_TIERS, such as
// "reference avx2 avx512", makes it an error that others are.
func TestTiers(t *testing.T) {
	var names []string
	for _, tier := range Tiers() {
		names = append(names, tier.Name())
	}
	t.Logf("tiers tested on this processor: %s", strings.Join(names, " "))
	for _, name := range []string{"avx2", "avx512", "neon"} {
		if !slices.Contains(names, name) {
			t.Logf("tier %s is absent: not tested by this run", name)
		}
	}
	if want, set := os.LookupEnv("WANT_TIERS"); set && strings.Join(strings.Fields(want), " ") != strings.Join(names, " ") {
		t.Errorf("tiers are %q, WANT_TIERS asks for %q", strings.Join(names, " "), want)
	}
	if names[0] != "reference" {
		t.Errorf("the first tier is %s, want reference", names[0])
	}
}

// TestTiersAreComplete checks that no kernel of a tier was forgotten, and that
// no tier but the first borrows the reference.
func TestTiersAreComplete(t *testing.T) {
	for i, tier := range Tiers() {
		v := reflect.ValueOf(*tier)
		for f := range v.NumField() {
			field, name := v.Field(f), v.Type().Field(f).Name
			if field.Kind() != reflect.Func {
				continue
			}
			if field.IsNil() {
				t.Errorf("tier %s has no %s", tier.Name(), name)
			} else if i > 0 && field.Pointer() == reflect.ValueOf(reference).Field(f).Pointer() {
				t.Errorf("tier %s has the reference as its %s", tier.Name(), name)
			}
		}
		if tier.matmul.tile == nil {
			t.Errorf("tier %s has no matmul", tier.Name())
		}
	}
}

func TestTierSelection(t *testing.T) {
	best := Tiers()[len(Tiers())-1]
	if name := os.Getenv("NF_KERNELS"); name == "" && (Active() != best || Err() != nil) {
		t.Errorf("Active is %s with error %v, want %s", Active().Name(), Err(), best.Name())
	} else if name != "" && Err() == nil && Active().Name() != name {
		t.Errorf("Active is %s, NF_KERNELS=%s", Active().Name(), name)
	}
	for _, tier := range Tiers() {
		if got, err := ByName(tier.Name()); got != tier || err != nil {
			t.Errorf("ByName(%q) = %v, %v", tier.Name(), got, err)
		}
		if got, err := selectTier(tier.Name()); got != tier || err != nil {
			t.Errorf("NF_KERNELS=%s selects %s, %v", tier.Name(), got.Name(), err)
		}
	}
	for _, absent := range []string{"avx1024", "AVX2", "avx2", "neon"} {
		if _, err := ByName(absent); err == nil {
			continue
		}
		tier, err := selectTier(absent)
		if tier != best || err == nil || !strings.Contains(err.Error(), "NF_KERNELS="+absent) {
			t.Errorf("NF_KERNELS=%s selects %s, %v; want the best tier and an error that names it", absent, tier.Name(), err)
		}
	}
	if _, err := ByName("avx1024"); err == nil {
		t.Error("ByName finds avx1024")
	}
}
