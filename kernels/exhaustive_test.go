//go:build exhaustive

package kernels

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-192fdf7a/nf/kernels/internal/sweep"
)

// The range of all float32 is cut into parts, after each of which the results
// are kept, and a part into blocks, which the goroutines share.
const (
	exhaustiveParts  = 64
	exhaustiveBlocks = 1 << 32 / exhaustiveParts / chunk

	// referenceStride is the distance of the inputs that the reference is tried
	// at: its exact FMA is slow. It is odd, so that all low bits occur.
	referenceStride = 257

	// referenceWindow is the number of inputs on either side of each edge value
	// that the reference is tried at one by one.
	referenceWindow = 1 << 12
)

// TestExhaustive measures each function over all float32 on the best tier,
// compares every other tier with it by bits (the reference at a dense stride
// and in windows around the edge values) and holds the table of the package
// comment to what it finds. scripts/exhaustive runs it and states its
// environment variables.
func TestExhaustive(t *testing.T) {
	chosen := functions
	if names := os.Getenv("FUNCTIONS"); names != "" {
		chosen = nil
		for name := range strings.SplitSeq(names, ",") {
			i := slices.IndexFunc(functions, func(f Function) bool { return f.Name == name })
			if i < 0 {
				t.Fatalf("FUNCTIONS: there is no function %q", name)
			}
			chosen = append(chosen, functions[i])
		}
	}
	folder := os.Getenv("EXHAUSTIVE_OUT")
	if folder == "" {
		t.Fatal("EXHAUSTIVE_OUT names no folder for the results; run scripts/exhaustive")
	}
	key, err := exhaustiveKey()
	if err != nil {
		t.Fatal(err)
	}
	store := sweep.Store{Folder: folder, Key: key}
	table := documentedErrors(t)

	best := Tiers()[len(Tiers())-1]
	fmt.Printf("%s, %d cores; sources %.12s; results in %s\n", Processor(), runtime.GOMAXPROCS(0), key, folder)
	fmt.Printf("All 4294967296 float32 on %s;", best.Name())
	for _, tier := range Tiers()[:len(Tiers())-1] {
		if tier == &reference {
			fmt.Printf(" %s (every %dth, and %d around each of %d edge values)", tier.Name(), referenceStride, 2*referenceWindow+1, len(edgeValues))
		} else {
			fmt.Printf(" %s (all)", tier.Name())
		}
	}
	fmt.Println(" by bit equality with it.")

	var lines []string
	for _, f := range chosen {
		worst, ok := exhaust(t, store, f, best)
		if !ok {
			continue
		}
		x := math.Float32frombits(worst.Bits)
		lines = append(lines, fmt.Sprintf("//\t%-6s  %.2f  %.3f  %08x", f.Name, table[f.Name].bound, worst.ULP, worst.Bits))
		verdict := "ok"
		if err := checkDocumented(f, table, worst); err != nil {
			verdict = "FAILED: " + err.Error()
			t.Errorf("%s: %v", f.Name, err)
		}
		fmt.Printf("%-12s worst %.4f ULP at %08x (%v), bound %.2f: %s\n", f.Name, worst.ULP, worst.Bits, x, table[f.Name].bound, verdict)
	}
	fmt.Printf("The table of kernels/doc.go:\n%s\n", strings.Join(lines, "\n"))
}

// exhaust measures what the store lacks of a function. It returns false after
// an error.
func exhaust(t *testing.T, store sweep.Store, f Function, best *Tier) (sweep.Worst, bool) {
	start, last, announced := time.Now(), time.Now(), false
	worst, kept, err := store.Run(f.Name, exhaustiveParts,
		func(part int) (sweep.Worst, error) {
			if part > 0 && !announced {
				fmt.Printf("%-12s resumed after %d of %d parts\n", f.Name, part, exhaustiveParts)
			}
			announced = true
			return exhaustPart(f, best, uint32(part))
		},
		func(done int, worst sweep.Worst) {
			if time.Since(last) > 15*time.Second {
				last = time.Now()
				fmt.Printf("%-12s %3.0f %%, worst so far %.4f ULP at %08x, %s\n", f.Name, 100*float64(done)/exhaustiveParts,
					worst.ULP, worst.Bits, time.Since(start).Round(time.Second))
			}
		})
	if err == nil {
		err = exhaustWindows(f, best)
	}
	if err != nil {
		fmt.Printf("%-12s FAILED: %v\n", f.Name, err)
		t.Errorf("%s: %v", f.Name, err)
		return worst, false
	}
	if kept == exhaustiveParts {
		fmt.Printf("%-12s was measured on these sources before: not measured again\n", f.Name)
	} else {
		fmt.Printf("%-12s 100 %%, %d of %d parts in %s\n", f.Name, exhaustiveParts-kept, exhaustiveParts, time.Since(start).Round(time.Second))
	}
	return worst, true
}

// exhaustPart measures one part on all cores.
func exhaustPart(f Function, best *Tier, part uint32) (sweep.Worst, error) {
	var (
		next   atomic.Uint32
		group  sync.WaitGroup
		mutex  sync.Mutex
		worst  = sweep.Worst{Bits: ^uint32(0)}
		failed error
	)
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			found, err := sweep.Worst{Bits: ^uint32(0)}, error(nil)
			src, want, got, scratch := make([]float32, chunk), make([]float32, chunk), make([]float32, chunk), make([]float32, chunk)
			for block := next.Add(1) - 1; block < exhaustiveBlocks && err == nil; block = next.Add(1) - 1 {
				first := (part*exhaustiveBlocks + block) * chunk
				for i := range src {
					src[i] = math.Float32frombits(first + uint32(i))
				}
				f.Call(best, want, src, scratch)
				for i, x := range src {
					if u := fastULP32(want[i], f.Math(float64(x))); u > found.ULP || u == found.ULP && found.Bits > first+uint32(i) {
						found = sweep.Worst{ULP: u, Bits: first + uint32(i)}
					}
				}
				for _, tier := range Tiers()[1:] {
					if tier == best {
						continue
					}
					f.Call(tier, got, src, scratch)
					if i := firstDifference(got, want); i >= 0 {
						err = tierDifference(f, src[i], best, want[i], tier, got[i])
					}
				}
				for i := (referenceStride - first%referenceStride) % referenceStride; i < chunk; i += referenceStride {
					if y := f.reference(src[i]); !sameBits(y, want[i]) {
						err = tierDifference(f, src[i], best, want[i], &reference, y)
					}
				}
			}
			mutex.Lock()
			defer mutex.Unlock()
			worst = worst.Or(found)
			if err != nil {
				failed = err
				next.Store(exhaustiveBlocks)
			}
		})
	}
	group.Wait()
	return worst, failed
}

// exhaustWindows compares the reference with the best tier at every input near
// an edge value.
func exhaustWindows(f Function, best *Tier) error {
	const n = 2*referenceWindow + 1
	src, want, scratch := make([]float32, n), make([]float32, n), make([]float32, n)
	for _, edge := range edgeValues {
		first := math.Float32bits(edge) - referenceWindow
		for i := range src {
			src[i] = math.Float32frombits(first + uint32(i))
		}
		f.Call(best, want, src, scratch)
		for i, x := range src {
			if y := f.reference(x); !sameBits(y, want[i]) {
				return tierDifference(f, x, best, want[i], &reference, y)
			}
		}
	}
	return nil
}

func tierDifference(f Function, x float32, a *Tier, ya float32, b *Tier, yb float32) error {
	return fmt.Errorf("%s(%v = %08x) is %08x on %s and %08x on %s", f.Name, x, math.Float32bits(x),
		math.Float32bits(ya), a.name, math.Float32bits(yb), b.name)
}

// checkDocumented returns how the line of a function in the package comment
// differs from what was found. Where several inputs share the worst error, any
// of them may be named.
func checkDocumented(f Function, table map[string]documentedError, worst sweep.Worst) error {
	e, ok := table[f.Name]
	x := math.Float32frombits(worst.Bits)
	y := make([]float32, 3)
	f.Call(Tiers()[len(Tiers())-1], y[:1], []float32{x}, y[1:2])
	f.Call(Tiers()[len(Tiers())-1], y[2:], []float32{e.at}, y[1:2])
	switch {
	case !ok:
		return fmt.Errorf("the table of doc.go lacks it")
	case worst.ULP > 0 && ulp32(y[0], f.Math(float64(x))) != worst.ULP:
		return fmt.Errorf("the error at %08x is %v ULP when computed again", worst.Bits, ulp32(y[0], f.Math(float64(x))))
	case worst.ULP > e.bound:
		return fmt.Errorf("the bound of doc.go is exceeded")
	case fmt.Sprintf("%.3f", worst.ULP) != fmt.Sprintf("%.3f", e.worst):
		return fmt.Errorf("doc.go says that the worst error is %.3f", e.worst)
	case ulp32(y[2], f.Math(float64(e.at))) != worst.ULP:
		return fmt.Errorf("doc.go says that the worst error is at %08x, where it is %v", math.Float32bits(e.at), ulp32(y[2], f.Math(float64(e.at))))
	}
	return nil
}

// fastULP32 is ulp32 with the case of a finite result first, whose unit is made
// from the bits of the exponent. checkDocumented compares the two.
func fastULP32(got float32, want float64) float64 {
	exponent := int(math.Float64bits(want)>>52&0x7ff) - 1023
	if exponent > 127 || got-got != 0 {
		return ulp32(got, want)
	}
	unit := max(exponent, -126) - 23
	return math.Abs(float64(got)-want) * math.Float64frombits(uint64(1023-unit)<<52)
}

// exhaustiveKey is a hash of what decides results: the package without its
// table of errors, the assembly, this file, the compiler and its options, the
// processor and its tiers.
func exhaustiveKey() (string, error) {
	files := []string{"exhaustive_test.go"}
	for _, pattern := range []string{"*.go", "asm/*"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			return "", err
		}
		for _, name := range names {
			if name != "doc.go" && !strings.HasSuffix(name, "_test.go") {
				files = append(files, name)
			}
		}
	}
	facts := []string{runtime.Version(), runtime.GOARCH, Processor().Brand}
	for _, tier := range Tiers() {
		facts = append(facts, tier.Name())
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if !strings.HasPrefix(s.Key, "vcs") {
				facts = append(facts, s.Key+"="+s.Value)
			}
		}
	}
	return sweep.Key(files, facts...)
}
