package blas

import "github.com/seed-192fdf7a/nf/kernels"

// Triangle writes c = start + a·b where of row i of a square a the columns up to i
// count, or with upper those from i on; the others are absent, whatever they hold. It
// tells whether it did: it does not where the backend's products are not chains (see
// [kernels.Tier.Matmul]), or b does not fill whole panels, and a product for each row
// is what there is. On the built-in backend that has the same bits, and takes longer.
// start may be c.
func Triangle(backend Backend, c kernels.Matrix, a, b kernels.Strided, start kernels.Matrix, upper bool) bool {
	t, ok := backend.(builtin)
	if !ok || b.ColumnStride != 1 || b.Cols%kernels.PanelWidth != 0 || a.Rows == 0 || a.Cols != a.Rows {
		return false
	}
	checkProduct(c, a, b, start)
	tier := t.kernels()
	x := triangle{tier: tier, c: c, a: a, b: kernels.FullPanels(kernels.Matrix{Data: b.Data, Rows: b.Rows, Cols: b.Cols, Stride: b.RowStride}), start: start}
	for top := 0; top < c.Rows; top += triangleRows {
		bottom := min(top+triangleRows, c.Rows)
		if upper {
			for i := top; i < bottom; i++ {
				x.add(i, i+1, i, bottom, false)
			}
			x.add(top, bottom, bottom, c.Rows, true)
			continue
		}
		x.add(top, bottom, 0, top, false)
		for i := top; i < bottom; i++ {
			x.add(i, i+1, top, i+1, top > 0)
		}
	}
	return true
}

// triangleRows is how many rows of a triangle share the product of what all of them
// see. It changes no bit.
const triangleRows = 8

// triangle is a product of which parts are computed.
type triangle struct {
	tier  *kernels.Tier
	c     kernels.Matrix
	a     kernels.Strided
	b     kernels.Panels
	start kernels.Matrix

	// The operands of a part: see [kernels.Tier.MatmulReferences].
	into, from kernels.Matrix
	left       kernels.Strided
	right      kernels.Panels
}

// add computes the rows [top, bottom) of the terms [first, last), if there are any, on
// from the result where others came before.
func (x *triangle) add(top, bottom, first, last int, on bool) {
	if first == last {
		return
	}
	x.into.Data, x.into.Rows, x.into.Cols, x.into.Stride = x.c.Data[top*x.c.Stride:], bottom-top, x.c.Cols, x.c.Stride
	x.left.Data, x.left.Rows, x.left.Cols = x.a.Data[top*x.a.RowStride+first*x.a.ColumnStride:], bottom-top, last-first
	x.left.RowStride, x.left.ColumnStride = x.a.RowStride, x.a.ColumnStride
	x.right.Data, x.right.Rows, x.right.Cols = x.b.Data[first*x.b.Stride:], last-first, x.b.Cols
	x.right.Stride, x.right.PanelStride = x.b.Stride, x.b.PanelStride
	start := &x.into
	if !on {
		start = &x.from
		x.from.Data, x.from.Rows, x.from.Cols, x.from.Stride = nil, bottom-top, x.c.Cols, x.start.Stride
		if x.start.Data != nil {
			x.from.Data = x.start.Data[top*x.start.Stride:]
		}
	}
	x.tier.MatmulReferences(&x.into, &x.left, &x.right, start, false)
}

// Below writes c = a·b where of row i the columns up to first + i count; what it leaves in
// the others is not said. It tells whether it did: it does not where the backend's
// products are not chains, or a has very many columns, and the product is what there is.
// On the built-in backend that has the same bits, and takes longer.
func Below(backend Backend, c kernels.Matrix, a, b kernels.Strided, first int) bool {
	t, ok := backend.(builtin)
	if !ok || b.Rows == 0 || b.Rows > packRows {
		return false
	}
	checkProduct(c, a, b, kernels.Matrix{})
	tier := t.kernels()
	for left := 0; left < min(c.Cols, first+c.Rows); left += packColumns {
		right := min(left+packColumns, c.Cols)
		buffer := scratch.Borrow(kernels.PanelsSize(b.Rows, right-left))
		panels := kernels.PanelsOf(*buffer, b.Rows, right-left)
		pack(tier, panels, b.Columns(left, right))
		for top := max(0, left-first); top < c.Rows; {
			bottom := min(top+belowRows, c.Rows)
			if first+top+1 >= right {
				bottom = c.Rows // all of which see all columns
			}
			seen := panels
			seen.Cols = min(right, first+bottom) - left
			rows := kernels.Matrix{Data: c.Data[top*c.Stride:], Rows: bottom - top, Cols: c.Cols, Stride: c.Stride}
			tier.Matmul(columns(rows, left, left+seen.Cols), a.Slice(top, bottom), seen, kernels.Matrix{}, false)
			top = bottom
		}
		scratch.Return(buffer)
	}
	return true
}

// belowRows is how many rows of a result share the columns that the last of them sees.
// It changes no bit.
const belowRows = 16
