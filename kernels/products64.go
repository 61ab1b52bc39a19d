package kernels

import "fmt"

// ProductColumns is the width of the panels that [Tier.AddProducts64] works
// on: a matrix is stored 12 columns at a time, each row of a panel next to the
// last.
const ProductColumns = 12

// productGroups is the number of sums that one call carries side by side, so
// that none waits for its own last addition.
const productGroups = 4

// Products64 is the operands of [Tier.AddProducts64]: four sums of depth terms,
// each of ProductColumns columns. Sum g is at C[g·CStride:], its factors are
// A[g·AStride + k·AStep] and the ProductColumns values at
// B[g·BStride + k·ProductColumns:], for k from 0 to Depth-1. Strides are counted in
// float64 and not negative; sums must not overlap each other nor the factors.
//
// With BStride 0 the four are rows of a matrix product over one panel of b; with
// AStride 0 they are one row over four panels.
type Products64 struct {
	C       []float64
	CStride int
	A       []float64
	AStride int
	AStep   int
	B       []float64
	BStride int
	Depth   int
	// Exact says that float64 holds every product without rounding, as it does
	// that of two values of float32. A fused multiply-add then has the same bits
	// and is faster; where a product is not exact, the bits differ between tiers.
	Exact bool
}

// AddProducts64 adds a sum of products to each of 4 x 12 float64 of p.C:
//
//	for k := range Depth:  c[g][j] = c[g][j] + float64(a[g][k]·b[g][k][j])
//
// k ascending, the product and the sum each rounded by itself: the chain of a
// plain loop. It panics if a slice is too short.
func (t *Tier) AddProducts64(p Products64) {
	if p.Depth <= 0 {
		return
	}
	if min(p.CStride, p.AStride, p.AStep, p.BStride) < 0 {
		panic("kernels: AddProducts64: a stride is negative")
	}
	last := productGroups - 1
	checkAtLeast("AddProducts64: c", len(p.C), last*p.CStride+ProductColumns)
	checkAtLeast("AddProducts64: a", len(p.A), last*p.AStride+(p.Depth-1)*p.AStep+1)
	checkAtLeast("AddProducts64: b", len(p.B), last*p.BStride+p.Depth*ProductColumns)
	kernel := t.addProducts64
	if p.Exact {
		kernel = t.addExactProducts64
	}
	for from := 0; from < p.Depth; from += productsPerCall {
		safePoint()
		kernel(p.C, p.A[from*p.AStep:], p.B[from*ProductColumns:], p.CStride, p.AStride, p.AStep, p.BStride, min(p.Depth-from, productsPerCall))
	}
}

// productsPerCall bounds the depth of one call into assembly.
const productsPerCall = chunk / ProductColumns

// AddProducts64 calls Tier.AddProducts64 on the active tier.
func AddProducts64(p Products64) { active.AddProducts64(p) }

// addExactProducts64Ref is addProducts64Ref, compiled once more: every kernel of
// a tier has a function of its own.
func addExactProducts64Ref(c, a, b []float64, cStride, aStride, aStep, bStride, depth int) {
	addProducts64Ref(c, a, b, cStride, aStride, aStep, bStride, depth)
}

func addProducts64Ref(c, a, b []float64, cStride, aStride, aStep, bStride, depth int) {
	for g := range productGroups {
		sums := (*[ProductColumns]float64)(c[g*cStride:])
		acc := *sums
		for k := range depth {
			x, row := a[g*aStride+k*aStep], (*[ProductColumns]float64)(b[g*bStride+k*ProductColumns:])
			for j := range acc {
				acc[j] += float64(x * row[j])
			}
		}
		*sums = acc
	}
}

// checkAtLeast panics if a slice is shorter than what a kernel reaches.
func checkAtLeast(name string, length, want int) {
	if length < want {
		panic(fmt.Sprintf("kernels: %s has %d values, want %d at least", name, length, want))
	}
}
