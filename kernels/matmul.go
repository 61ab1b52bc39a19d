package kernels

import "fmt"

// matmulTile is the register-tile kernel of a tier. For i < rows and j < cols,
//
//	acc = init[i*initStride+j]
//	acc = fma(a[i*aRowStride+k*aColumnStride], b[j/16*panelStride+k*bStride+j%16], acc)   for k = 0, 1, …, depth-1
//	c[i*cStride+j] = acc, or with relu: acc where acc > 0 or acc is NaN, else +0
//
// All strides count float32. Nothing of init or c beyond its cols columns is
// touched; a row of b is read in whole panels. init may be c with the same
// stride. rows and cols are at least 1, depth may be 0.
type matmulTile func(c *float32, cStride int, init *float32, initStride int, a *float32, aRowStride, aColumnStride int,
	b *float32, bStride, panelStride int, rows, cols, depth int, relu bool)

// matmulKernels are the kernels of a tier: tile takes any rows and up to
// tilePanels panels; row takes one row and exactly rowPanels panels, of which
// the last may be cut by cols, so that a single row has enough independent
// chains to hide the latency of FMA; narrow takes any rows and up to
// narrowColumns columns. Only tile must be there.
//
// pack copies rows of PanelWidth values, srcStride apart, one after the other;
// transpose does so with the transposes of count 16 by 16 blocks, srcStep apart.
type matmulKernels struct {
	tile       matmulTile
	tilePanels int
	row        matmulTile
	rowPanels  int
	narrow     matmulTile
	pack       func(dst, src *float32, srcStride, rows int)
	transpose  func(dst, src *float32, srcStep, count int)
}

// narrowColumns is the most columns of a narrow kernel: half a panel.
const narrowColumns = PanelWidth / 2

// next returns the kernel for the next columns of a product and how many it
// takes. Where three panels would leave a lone one for the last call, which
// keeps the multipliers less busy, it takes two and two.
func (m *matmulKernels) next(rows, remaining int) (kernel matmulTile, width int) {
	panels := (remaining + PanelWidth - 1) / PanelWidth
	switch {
	case remaining <= narrowColumns && m.narrow != nil:
		return m.narrow, remaining
	case rows == 1 && m.row != nil && panels >= m.rowPanels:
		return m.row, min(remaining, m.rowPanels*PanelWidth)
	case m.tilePanels == 3 && panels == 4:
		return m.tile, min(remaining, 2*PanelWidth)
	}
	return m.tile, min(remaining, m.tilePanels*PanelWidth)
}

// matmulZeros is the start of a product without one.
var matmulZeros [8 * PanelWidth]float32

// matmulWork bounds the multiply-adds of one call into assembly, which cannot
// be preempted: 2^20 take about 20 µs. Calls are cut at multiples of
// matmulRows rows, which every tier's tiles divide.
const (
	matmulWork = 1 << 20
	matmulRows = 24
)

// Matmul writes c = start + a·b, or with relu the positive part of it (x where
// x > 0 or x is NaN, else +0). c is n by m, a is n by k, b is k by m. start is
// n by m, or one row for all (Stride 0, a bias), or the zero Matrix, which
// stands for zeros; it may be c itself. Otherwise c must not overlap anything.
//
// Each element is one chain, acc = start; acc = fma(a[i][k], b[k][j], acc) with
// k ascending, so the bits do not depend on the tier, on n and m or on any
// stride, and a product cut along k is the same chain when the second part
// starts from the result of the first. It does not allocate and may be called
// concurrently. It panics where shapes do not fit.
func (t *Tier) Matmul(c Matrix, a Strided, b Panels, start Matrix, relu bool) {
	rows, cols, depth := c.Rows, c.Cols, a.Cols
	c.check("c", rows, cols)
	a.check("a", rows, depth)
	b.check("b", depth, cols)
	if c.Stride < cols && rows > 1 {
		panic(fmt.Sprintf("kernels: c has stride %d, too small to write %d columns", c.Stride, cols))
	}
	zeros := start.Data == nil
	if !zeros {
		start.check("start", rows, cols)
	}
	if rows == 0 || cols == 0 {
		return
	}
	var aFirst, bFirst *float32
	for first := 0; first < cols; {
		kernel, width := t.matmul.next(rows, cols-first)
		step := max(matmulWork/(max(depth, 1)*width)/matmulRows, 1) * matmulRows
		for top := 0; top < rows; top += step {
			safePoint()
			if depth > 0 {
				aFirst = &a.Data[top*a.RowStride]
				bFirst = &b.Data[first/PanelWidth*b.PanelStride]
			}
			init, initStride := &matmulZeros[0], 0
			if !zeros {
				init, initStride = &start.Data[top*start.Stride+first], start.Stride
			}
			kernel(&c.Data[top*c.Stride+first], c.Stride, init, initStride, aFirst, a.RowStride, a.ColumnStride,
				bFirst, b.Stride, b.PanelStride, min(step, rows-top), width, depth, relu)
		}
		first += width
	}
}
