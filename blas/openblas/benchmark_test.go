//go:build openblas && cgo

package openblas

import (
	"testing"

	"github.com/seed-192fdf7a/nf/blas/internal/conformance"
)

func BenchmarkProducts(b *testing.B) { conformance.Benchmark(b, Backend()) }
