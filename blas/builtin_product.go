package blas

import "github.com/seed-192fdf7a/nf/kernels"

// Blocks of packRows by packColumns of a right operand are packed at once: a
// quarter of a usual second-level cache.
const (
	packRows    = 512
	packColumns = 64
)

// Product reads b in place where the kernels can and packs the rest, block by
// block. Each element is one chain, see [kernels.Tier.Matmul], however it is cut.
func (t builtin) Product(c kernels.Matrix, a, b kernels.Strided, start kernels.Matrix) {
	checkProduct(c, a, b, start)
	if c.Rows == 0 || c.Cols == 0 {
		return
	}
	tier, done := t.kernels(), 0
	if b.ColumnStride == 1 {
		rows := kernels.Matrix{Data: b.Data, Rows: b.Rows, Cols: b.Cols, Stride: b.RowStride}
		if full := tier.PanelsInPlace(rows, c.Rows, a.RowStride == 1); full.Cols > 0 {
			done = full.Cols
			tier.Matmul(columns(c, 0, done), a, full, columns(start, 0, done), false)
		}
	}
	for first := done; first < c.Cols; first += packColumns {
		last := min(first+packColumns, c.Cols)
		result, from := columns(c, first, last), columns(start, first, last)
		for top := 0; top == 0 || top < b.Rows; top += packRows {
			bottom := min(top+packRows, b.Rows)
			multiplyPacked(tier, result, a.Columns(top, bottom), b.Slice(top, bottom).Columns(first, last), from)
			from = result
		}
	}
}

// multiplyPacked writes c = start + a·b by way of a packed b.
func multiplyPacked(tier *kernels.Tier, c kernels.Matrix, a, b kernels.Strided, start kernels.Matrix) {
	buffer := scratch.Borrow(kernels.PanelsSize(b.Rows, b.Cols))
	panels := kernels.PanelsOf(*buffer, b.Rows, b.Cols)
	pack(tier, panels, b)
	tier.Matmul(c, a, panels, start, false)
	scratch.Return(buffer)
}

// pack fills packed panels with b.
func pack(tier *kernels.Tier, panels kernels.Panels, b kernels.Strided) {
	switch {
	case b.ColumnStride == 1:
		tier.PackPanels(panels, kernels.Matrix{Data: b.Data, Rows: b.Rows, Cols: b.Cols, Stride: b.RowStride})
	case b.RowStride == 1:
		// The transpose of rows: they are packed, and the panels turned.
		buffer := scratch.Borrow(kernels.PanelsSize(b.Cols, b.Rows))
		turned := kernels.PanelsOf(*buffer, b.Cols, b.Rows)
		tier.PackPanels(turned, kernels.Matrix{Data: b.Data, Rows: b.Cols, Cols: b.Rows, Stride: b.ColumnStride})
		tier.TransposePanels(panels, turned)
		scratch.Return(buffer)
	default:
		buffer := scratch.Borrow(b.Rows * b.Cols)
		rows := kernels.Dense((*buffer)[:b.Rows*b.Cols], b.Rows, b.Cols)
		gather(rows, b)
		tier.PackPanels(panels, rows)
		scratch.Return(buffer)
	}
}

// gather copies s to m.
func gather(m kernels.Matrix, s kernels.Strided) {
	for r := range m.Rows {
		row := m.Row(r)
		for c := range row {
			row[c] = s.Data[r*s.RowStride+c*s.ColumnStride]
		}
	}
}

// columns returns the columns [from, to) of m as a view, without data where m
// has none.
func columns(m kernels.Matrix, from, to int) kernels.Matrix {
	m.Data = m.Data[min(from, len(m.Data)):]
	m.Cols = to - from
	return m
}
