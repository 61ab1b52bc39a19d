// Package openblas links OpenBLAS as a backend of package blas.
//
// Importing it has an effect only when the program is built with cgo and
// -tags openblas, and it needs the OpenBLAS library (Debian: libopenblas-dev).
// The backend then registers itself, becomes the default, and runs every
// product on the thread that calls it: callers parallelise over rows, with at
// most GOMAXPROCS calls at a time. OpenBLAS picks its kernels by processor
// (OPENBLAS_CORETYPE overrides) and by shape, so results are accurate but their
// last bits are not promised. The global BLAS of gonum is left alone.
package openblas
