package transform

import "github.com/seed-192fdf7a/nf/kernels"

// Products of small matrices in float64 by [kernels.AddProducts64]: b is in panels of
// panelColumns columns, row after row, with zeros beyond its columns, and c has room
// for whole panels in each row.

// packPanels stores rows of so many columns as panels.
func packPanels(dst, rows []float64, columns int) {
	const width = panelColumns
	n := len(rows) / columns
	for first := 0; first < columns; first += width {
		count := min(width, columns-first)
		for r := range n {
			row := dst[:width]
			copy(row, rows[r*columns+first:][:count])
			clear(row[count:])
			dst = dst[width:]
		}
	}
}

// packTransposed stores the transpose of rows of so many columns as panels.
func packTransposed(dst, rows []float64, columns int) {
	const width = panelColumns
	n := len(rows) / columns
	for first := 0; first < n; first += width {
		count := min(width, n-first)
		for c := range columns {
			row := dst[:width]
			for j := range count {
				row[j] = rows[(first+j)*columns+c]
			}
			clear(row[count:])
			dst = dst[width:]
		}
	}
}

// pad copies rows of so many columns to rows of whole panels, and unpad back.
func pad(dst, rows []float64, columns int) {
	stride := roundUp(columns, panelColumns)
	for r := range len(rows) / columns {
		row := dst[r*stride:][:stride]
		copy(row, rows[r*columns:][:columns])
		clear(row[columns:])
	}
}

func unpad(rows, src []float64, columns int) {
	stride := roundUp(columns, panelColumns)
	for r := range len(rows) / columns {
		copy(rows[r*columns:][:columns], src[r*stride:])
	}
}

// addProducts adds a·b to c, of so many rows: of each element one chain over depth
// terms, each product and each sum rounded. Element (r, k) of a is number
// r·aStride + k·aStep, and a panel of b has panelRows rows.
func addProducts(c []float64, cStride int, a []float64, aStride, aStep int, b []float64, panelRows, columns, rows, depth int) {
	const width, group = panelColumns, groupRows
	for p := range roundUp(columns, width) / width {
		panel := b[p*panelRows*width:]
		whole := rows / group * group
		for r := 0; r < whole; r += group {
			kernels.AddProducts64(kernels.Products64{
				C: c[r*cStride+p*width:], CStride: cStride, A: a[r*aStride:], AStride: aStride, AStep: aStep, B: panel, Depth: depth,
			})
		}
		for r := whole; r < rows; r++ {
			sums := c[r*cStride+p*width:][:width]
			for k := range depth {
				v := a[r*aStride+k*aStep]
				for j, w := range panel[k*width:][:width] {
					sums[j] += float64(v * w)
				}
			}
		}
	}
}
