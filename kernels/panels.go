package kernels

import "fmt"

// PanelWidth is the number of columns of one panel of a packed matrix: 16
// float32 are one AVX-512, two AVX2 or four NEON registers.
const PanelWidth = 16

// Panels is a Rows by Cols matrix cut into panels of PanelWidth columns, the
// right operand of Matmul. Element (k, c) is
//
//	Data[c/PanelWidth*PanelStride + k*Stride + c%PanelWidth]
//
// and every row of a panel holds PanelWidth values, the columns from Cols on
// being read but never used. In the packed form (NewPanels, PanelsOf) a panel
// is contiguous and those columns are zero.
type Panels struct {
	Data                []float32
	Rows, Cols          int
	Stride, PanelStride int

	narrowed bool // the last panel is not whole and ends with its last column
}

// panelGap separates packed panels by one cache line: panels whose length is a
// multiple of 4 KiB would otherwise compete for the same cache sets when a
// kernel reads several at once.
const panelGap = PanelWidth

// PanelsSize returns the number of float32 that a packed rows by cols matrix
// takes.
func PanelsSize(rows, cols int) int {
	return (rows*PanelWidth + panelGap) * ((cols + PanelWidth - 1) / PanelWidth)
}

// NewPanels returns a packed rows by cols matrix of zeros.
func NewPanels(rows, cols int) Panels {
	return PanelsOf(make([]float32, PanelsSize(rows, cols)), rows, cols)
}

// PanelsOf returns a packed rows by cols matrix that lies in data, which must
// hold PanelsSize(rows, cols) values; PackPanels fills it.
func PanelsOf(data []float32, rows, cols int) Panels {
	if len(data) < PanelsSize(rows, cols) {
		panic(fmt.Sprintf("kernels: %d values are too few for packed panels of %dx%d", len(data), rows, cols))
	}
	return Panels{Data: data[:PanelsSize(rows, cols)], Rows: rows, Cols: cols, Stride: PanelWidth, PanelStride: rows*PanelWidth + panelGap}
}

// FullPanels returns the leading columns of m that fill whole panels, as a
// view of m's own values: nothing is packed. It has m.Cols rounded down to a
// multiple of PanelWidth columns.
func FullPanels(m Matrix) Panels {
	return Panels{Data: m.Data, Rows: m.Rows, Cols: m.Cols / PanelWidth * PanelWidth, Stride: m.Stride, PanelStride: PanelWidth}
}

// A tile of one panel reads one cache line of each row. Where rows are far apart,
// their lines compete for the same sets of the first-level cache, and if enough
// rows of the result share a panel, it repays packing.
const (
	farApart  = 256
	farRows   = 24
	farShared = 48
)

// PanelsInPlace returns the leading columns of m as a view of m's own values:
// all of them where the kernels of the tier can read them in place for a product
// whose left operand has the given number of rows, which is transposed where its
// rows are the columns of a matrix; else those that fill whole panels, or none
// where packing them is quicker. The view is an operand for such a product on that tier only, and not to
// be cut.
func (t *Tier) PanelsInPlace(m Matrix, rows int, transposed bool) Panels {
	p := FullPanels(m)
	if t.matmul.tilePanels == 1 && m.Stride >= farApart && m.Rows >= farRows && rows >= farShared {
		p.Cols = 0
		return p
	}
	if p.Cols < m.Cols && t.readsInPlace(rows, transposed) {
		p.Cols, p.narrowed = m.Cols, true
	}
	return p
}

// readsInPlace tells whether the tier's kernels can read a last panel that is
// not whole; transposed is whether the rows of the left operand are contiguous.
func (t *Tier) readsInPlace(rows int, transposed bool) bool {
	return t.matmul.tileReadsColumns ||
		transposed && t.matmul.narrow != nil && rows >= fewRows && rows%narrowRows == 0
}

// Slice returns the rows [from, to) as a view.
func (p Panels) Slice(from, to int) Panels {
	if from < to && p.Cols > 0 {
		p.Data = p.Data[from*p.Stride:]
	}
	p.Rows = to - from
	return p
}

// Columns returns the columns [from, to) as a view; from must be a multiple of
// PanelWidth.
func (p Panels) Columns(from, to int) Panels {
	if from%PanelWidth != 0 {
		panic(fmt.Sprintf("kernels: panels cut at column %d, which is no multiple of %d", from, PanelWidth))
	}
	if from < to && p.Rows > 0 {
		p.Data = p.Data[from/PanelWidth*p.PanelStride:]
	}
	p.Cols = to - from
	return p
}

// check panics unless the panels are rows by cols and lie within their data.
func (p Panels) check(name string, rows, cols int) {
	if p.Rows != rows || p.Cols != cols {
		panic(fmt.Sprintf("kernels: %s is %dx%d, want %dx%d", name, p.Rows, p.Cols, rows, cols))
	}
	if rows == 0 || cols == 0 {
		return
	}
	need := (cols-1)/PanelWidth*p.PanelStride + (rows-1)*p.Stride + PanelWidth
	if p.narrowed {
		need -= PanelWidth - (cols-1)%PanelWidth - 1
	}
	if p.Stride < 0 || p.PanelStride < 0 || len(p.Data) < need {
		panic(fmt.Sprintf("kernels: %s holds %d values, too few for %dx%d in panels", name, len(p.Data), rows, cols))
	}
}

// checkPacked panics unless each panel is contiguous.
func (p Panels) checkPacked(name string) {
	if p.Stride != PanelWidth {
		panic(fmt.Sprintf("kernels: %s has rows %d apart, packed panels have %d", name, p.Stride, PanelWidth))
	}
}

// PackPanels fills packed panels dst with src, a matrix of the same shape, and
// sets the columns beyond dst.Cols to zero. They must not overlap.
func (t *Tier) PackPanels(dst Panels, src Matrix) {
	src.check("src", dst.Rows, dst.Cols)
	dst.check("dst", dst.Rows, dst.Cols)
	dst.checkPacked("dst")
	if dst.Rows == 0 {
		return
	}
	for first := 0; first < dst.Cols; first += PanelWidth {
		safePoint()
		panel := dst.Data[first/PanelWidth*dst.PanelStride:]
		width := min(PanelWidth, dst.Cols-first)
		if width == PanelWidth && t.matmul.pack != nil {
			t.matmul.pack(&panel[0], &src.Data[first], src.Stride, dst.Rows)
			continue
		}
		for k := range dst.Rows {
			at := k*src.Stride + first
			row := (*[PanelWidth]float32)(panel[k*PanelWidth:])
			*row = [PanelWidth]float32{}
			for i, v := range src.Data[at : at+width] {
				row[i%PanelWidth] = v
			}
		}
	}
}

// TransposePanels fills packed panels dst with the transpose of the packed
// panels src, whose shape is dst.Cols by dst.Rows, and sets the columns of dst
// beyond dst.Cols to zero. They must not overlap.
func (t *Tier) TransposePanels(dst, src Panels) {
	src.check("src", dst.Cols, dst.Rows)
	dst.check("dst", dst.Rows, dst.Cols)
	src.checkPacked("src")
	dst.checkPacked("dst")
	for first := 0; first < dst.Cols; first += PanelWidth {
		safePoint()
		panel := dst.Data[first/PanelWidth*dst.PanelStride:]
		height := min(PanelWidth, dst.Cols-first)
		k := 0
		if blocks := dst.Rows / PanelWidth; height == PanelWidth && blocks > 0 && t.matmul.transpose != nil {
			t.matmul.transpose(&panel[0], PanelWidth, PanelWidth*PanelWidth, &src.Data[first*PanelWidth], PanelWidth, src.PanelStride, blocks)
			k = blocks * PanelWidth
		}
		for ; k < dst.Rows; k++ {
			from := src.Data[k/PanelWidth*src.PanelStride+first*PanelWidth+k%PanelWidth:]
			to := (*[PanelWidth]float32)(panel[k*PanelWidth:])
			for i := range height {
				to[i] = from[i*PanelWidth]
			}
			clear(to[height:])
		}
	}
}
