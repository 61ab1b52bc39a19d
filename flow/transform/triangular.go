package transform

import "github.com/seed-192fdf7a/nf/kernels"

// Triangular matrices in the layouts of [kernels.AddProducts64], zeros beyond
// their triangle left out except for those that fill up a group of four rows or
// a panel of twelve columns.
//
// The zeros that remain take part in sums. That changes no bit while the other
// factor is finite: a sum that begins at +0 never becomes −0, and adding ±0 to
// anything else leaves it.
const (
	groupRows    = 4
	panelColumns = kernels.ProductColumns
)

// roundUp returns the least multiple of step that is n or more.
func roundUp(n, step int) int { return (n + step - 1) / step * step }

// rowGroups is a triangular n x n matrix by groups of four rows, each group
// row-major over the columns that it can have values in: up to the diagonal if
// lower, from the group's first column on otherwise.
type rowGroups struct {
	n     int
	lower bool
	data  []float64
}

func newRowGroups(n int, lower bool) *rowGroups {
	m := &rowGroups{n: n, lower: lower}
	m.data = make([]float64, m.offset(roundUp(n, groupRows)))
	return m
}

// stride is the length of the rows of the group that begins at row i.
func (m *rowGroups) stride(i int) int {
	if m.lower {
		return i + groupRows
	}
	return roundUp(m.n, groupRows) - i
}

// offset is where the group that begins at row i does.
func (m *rowGroups) offset(i int) int {
	if m.lower {
		return i * (i + groupRows) / 2
	}
	return i*roundUp(m.n, groupRows) - i*(i-groupRows)/2
}

// from returns the group of row i from column k on, which is in it.
func (m *rowGroups) from(i, k int) []float64 {
	if !m.lower {
		k -= i
	}
	return m.data[m.offset(i)+k:]
}

// row returns what is kept of row i, and the column that it begins with.
func (m *rowGroups) row(i int) (values []float64, column int) {
	group := i / groupRows * groupRows
	stride := m.stride(group)
	if !m.lower {
		column = group
	}
	at := m.offset(group) + (i-group)*stride
	return m.data[at : at+stride], column
}

// panels is a triangular n x n matrix by panels of twelve columns, each row by
// row over the rows that it can have values in: up to the diagonal if upper, from
// the panel's first row on otherwise.
type panels struct {
	n     int
	upper bool
	data  []float64
}

func newPanels(n int, upper bool) *panels {
	m := &panels{n: n, upper: upper}
	m.data = make([]float64, m.offset(roundUp(n, panelColumns)))
	return m
}

// offset is where the panel that begins at column j does.
func (m *panels) offset(j int) int {
	if m.upper {
		return j * (j + panelColumns) / 2
	}
	return j*roundUp(m.n, panelColumns) - j*(j-panelColumns)/2
}

// from returns the panel of column j from row k on, which is in it.
func (m *panels) from(j, k int) []float64 {
	if !m.upper {
		k -= j
	}
	return m.data[m.offset(j)+k*panelColumns:]
}

// set writes values to row k from column j on, which the triangle has.
func (m *panels) set(k, j int, values []float64) {
	for len(values) > 0 {
		lane := j % panelColumns
		n := copy(m.from(j-lane, k)[lane:panelColumns], values)
		j, values = j+n, values[n:]
	}
}

// The blocks of products: 64 rows by 192 terms of the left factor stay in the
// second cache while one panel by 192 terms of the right one stays in the first.
const (
	blockRows  = 64
	blockTerms = 192
)

// eachTile calls do for every four rows from top to bottom, every panel from left
// to right, and blocks of the terms from first to last, those of a tile
// ascending. The numbers below which it begins are multiples of groups and
// panels.
func eachTile(top, bottom, left, right, first, last int, do func(i, j, from, to int)) {
	for ; first < last; first += blockTerms {
		for begin := top; begin < bottom; begin += blockRows {
			for j := left; j < right; j += panelColumns {
				for i := begin; i < min(begin+blockRows, bottom); i += groupRows {
					do(i, j, first, min(first+blockTerms, last))
				}
			}
		}
	}
}
