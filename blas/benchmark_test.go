package blas_test

import (
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/blas/internal/conformance"
	"github.com/seed-192fdf7a/nf/kernels"
)

func BenchmarkProducts(b *testing.B) {
	for _, tier := range kernels.Tiers() {
		if tier.Name() != "reference" {
			b.Run(tier.Name(), func(b *testing.B) { conformance.Benchmark(b, blas.BuiltinOn(tier)) })
		}
	}
}
