//go:build openblas && cgo

package openblas

import (
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/blas/internal/conformance"
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
