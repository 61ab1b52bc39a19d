//go:build openblas && cgo

package flow

// Linking OpenBLAS is what makes the matmuls go through it.
import _ "github.com/seed-192fdf7a/nf/blas/openblas"
