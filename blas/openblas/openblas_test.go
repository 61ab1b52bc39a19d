//go:build openblas && cgo

package openblas

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/blas/internal/conformance"
	"github.com/seed-192fdf7a/nf/kernels"
)

func TestConformance(t *testing.T) { conformance.Run(t, Backend()) }

// TestDefault checks that linking OpenBLAS makes it the default and that
// NF_BLAS can still choose the built-in backend.
func TestDefault(t *testing.T) {
	for setting, want := range map[string]string{"": "openblas", "openblas": "openblas", "builtin": "builtin"} {
		t.Setenv("NF_BLAS", setting)
		b, err := blas.Default()
		if err != nil || b.Name() != want {
			t.Errorf("NF_BLAS=%q gives %v, %v, want %s", setting, b, err, want)
		}
	}
}

func TestDescription(t *testing.T) {
	if d := Backend().Description(); !strings.HasPrefix(d, "OpenBLAS ") || !strings.Contains(d, "core ") {
		t.Errorf("description %q names no version and core", d)
	}
}

// TestManyCallers has far more goroutines at work than OpenBLAS has buffers.
func TestManyCallers(t *testing.T) {
	const callers, in, out, rows = 600, 64, 48, 32
	b := Backend()
	w := b.NewWeights(in, out)
	values := make([]float32, in*out)
	for i := range values {
		values[i] = float32(i%13) - 6
	}
	w.Set(values, nil)
	x := kernels.Dense(make([]float32, rows*in), rows, in)
	for i := range x.Data {
		x.Data[i] = float32(i%7) - 3
	}
	want := kernels.Dense(make([]float32, rows*out), rows, out)
	w.Forward(want, x, blas.None)
	var group sync.WaitGroup
	for range callers {
		group.Go(func() {
			y := kernels.Dense(make([]float32, rows*out), rows, out)
			for range 20 {
				w.Forward(y, x, blas.None)
			}
			if !slices.Equal(y.Data, want.Data) {
				t.Error("a product differs among many callers")
			}
		})
	}
	group.Wait()
}
