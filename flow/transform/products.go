package transform

import "github.com/seed-192fdf7a/nf/kernels"

// Products of small matrices in float64 by [kernels.AddProducts64]: b is in panels of
// panelColumns columns, row after row, with zeros beyond its columns, and c has room
// for whole panels in each row.

// packPanels stores rows of so many columns as panels.
func packPanels(dst, rows []float64, columns int) {
	n := len(rows) / columns
	eachPanel(dst, n, columns, func(row []float64, r, first int) { copy(row, rows[r*columns+first:(r+1)*columns]) })
}

// packTransposed stores the transpose of rows of so many columns as panels.
func packTransposed(dst, rows []float64, columns int) {
	n := len(rows) / columns
	eachPanel(dst, columns, n, func(row []float64, c, first int) {
		for j := range row {
			if first+j < n {
				row[j] = rows[(first+j)*columns+c]
			}
		}
	})
}

// eachPanel calls put, which fills a row of a panel from column first on, for panels of
// so many rows and columns. What it leaves is 0.
func eachPanel(dst []float64, rows, columns int, put func(row []float64, r, first int)) {
	const width = panelColumns
	for first := 0; first < columns; first += width {
		for r := range rows {
			clear(dst[:width])
			put(dst[:width], r, first)
			dst = dst[width:]
		}
	}
}

// pad copies rows of so many columns to rows a stride apart, with zeros behind, and
// unpad back.
func pad(dst []float64, stride int, rows []float64, columns int) {
	for r := range len(rows) / columns {
		row := dst[r*stride:][:stride]
		copy(row, rows[r*columns:][:columns])
		clear(row[columns:])
	}
}

func unpad(rows, src []float64, stride, columns int) {
	for r := range len(rows) / columns {
		copy(rows[r*columns:][:columns], src[r*stride:])
	}
}

// spareProducts is the memory that addProducts needs beside its operands.
const spareProducts = groupRows * panelColumns

// addProducts adds a·b to c, of so many rows: of each element one chain over depth
// terms, each product and each sum rounded. Element (r, k) of a is number
// r·aStride + k·aStep, and a panel of b has panelRows rows.
func addProducts(spare, c []float64, cStride int, a []float64, aStride, aStep int, b []float64, panelRows, columns, rows, depth int) {
	const width, group = panelColumns, groupRows
	for p := range roundUp(columns, width) / width {
		o := kernels.Products64{CStride: cStride, AStride: aStride, AStep: aStep, B: b[p*panelRows*width:], Depth: depth}
		into, r := c[p*width:], 0
		for ; r+group <= rows; r += group {
			o.C, o.A = into[r*cStride:], a[r*aStride:]
			kernels.AddProducts64(o)
		}
		// The kernel has whole groups: the last rows are a group's with some before them,
		// or the one row four times, in memory of their own.
		o.C, o.CStride = spare, width
		for r < rows {
			from := rows - group
			if rows < group {
				from, o.AStride = r, 0
			}
			o.A = a[from*aStride:]
			own := spare[(r-from)*width : group*width]
			if rows < group {
				own = own[:width]
			}
			for i := 0; i < len(own); i += width {
				copy(own[i:i+width], into[(r+i/width)*cStride:])
			}
			kernels.AddProducts64(o)
			for i := 0; i < len(own); i += width {
				copy(into[(r+i/width)*cStride:][:width], own[i:])
			}
			r += len(own) / width
		}
	}
}
