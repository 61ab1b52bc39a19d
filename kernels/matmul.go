package kernels

import "fmt"

// matmulTile is the register-tile kernel of a tier. For i < rows and j < cols,
//
//	acc = init[i*initStride+j]
//	acc = fma(a[i*aRowStride+k*aColumnStride], b[j/16*panelStride+k*bStride+j%16], acc)   for k = 0, 1, …, depth-1
//	c[i*cStride+j] = acc, or with relu: acc where acc > 0 or acc is NaN, else +0
//
// All strides count float32. Nothing of init or c beyond its cols columns is
// touched; a row of b is read in whole panels, but see matmulKernels. init may
// be c with the same stride. rows and cols are at least 1, depth may be 0.
type matmulTile func(c *float32, cStride int, init *float32, initStride int, a *float32, aRowStride, aColumnStride int,
	b *float32, bStride, panelStride int, rows, cols, depth int, relu bool)

// matmulKernels are the kernels of a tier. Only tile must be there; the others
// keep the multipliers busy where a tile has too few chains or idle lanes. An
// init of nil, with a stride of 0, stands for zeros.
type matmulKernels struct {
	// tile takes any rows and columns; it computes tilePanels panels for all rows,
	// then the next. With tileReadsColumns, a call of up to PanelWidth columns reads
	// no more of b than those.
	tile             matmulTile
	tilePanels       int
	tileReadsColumns bool
	// row takes one row and any number of whole groups of rowPanels panels, the
	// last of which may lack columns of its last panel. rowPanels is a power of two,
	// or 0: then the kernel takes any columns.
	row       matmulTile
	rowPanels int
	// pair takes two rows and a multiple of pairPanels panels, all whole.
	pair       matmulTile
	pairPanels int
	// narrow takes a multiple of narrowRows rows, up to narrowColumns columns, or
	// turnedColumns where it is not the rows of a that are contiguous but the
	// columns: one of a's strides is 1. It reads no more of b than its columns.
	narrow                       matmulTile
	narrowColumns, turnedColumns int

	// pack copies rows of PanelWidth values, srcStride apart, one after the other;
	// transpose writes the transposes of count 16 by 16 blocks, whose rows have the
	// strides, and which begin the steps after each other.
	pack      func(dst, src *float32, srcStride, rows int)
	transpose func(dst *float32, dstStride, dstStep int, src *float32, srcStride, srcStep, count int)
}

const (
	// narrowRows divides the rows of narrow kernels.
	narrowRows = 4
	// fewRows are those from which a narrow kernel, whose lanes are rows, has
	// enough of them.
	fewRows = 8
	// fewTerms are those that repay turning the result of a narrow kernel.
	fewTerms = 6
)

// matmulWork bounds the multiply-adds of one call into assembly, which cannot
// be preempted: 2^20 take about 20 µs. Calls are cut at multiples of
// matmulRows rows, which every tier's tiles divide.
const (
	matmulWork = 1 << 20
	matmulRows = 48
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
	t.MatmulReferences(&c, &a, &b, &start, relu)
}

// MatmulReferences is Matmul without the copies of its operands' descriptions,
// for products so small that those count: one row of a small layer. It gains
// only if the caller fills them field by field, since a literal is a copy too.
func (t *Tier) MatmulReferences(c *Matrix, a *Strided, b *Panels, start *Matrix, relu bool) {
	t.matmulBlocked(c, a, b, start, relu, &processorBlocking)
}

// matmulBlocked is Matmul with blocks of the given size, which change no bit.
func (t *Tier) matmulBlocked(c *Matrix, a *Strided, b *Panels, start *Matrix, relu bool, blocks *blocking) {
	rows, cols, depth := c.Rows, c.Cols, a.Cols
	if rows <= 0 || cols <= 0 || depth <= 0 || a.Rows != rows || b.Rows != depth || b.Cols != cols ||
		c.Stride < cols || (rows-1)*c.Stride+cols > len(c.Data) ||
		a.RowStride < 0 || a.ColumnStride < 0 || (rows-1)*a.RowStride+(depth-1)*a.ColumnStride >= len(a.Data) ||
		b.Stride < 0 || b.PanelStride < 0 || (cols-1)/PanelWidth*b.PanelStride+(depth-1)*b.Stride+PanelWidth > len(b.Data) ||
		start.Data != nil && (start.Rows != rows || start.Cols != cols || start.Stride != 0 && start.Stride < cols || (rows-1)*start.Stride+cols > len(start.Data)) ||
		b.narrowed {
		// What is unusual or wrong.
		t.checkMatmul(*c, *a, *b, *start)
		if rows == 0 || cols == 0 {
			return
		}
	}
	// Field by field: a literal is built in one place and then copied, and the
	// copy waits until the stores are done.
	var p product
	p.kernels = &t.matmul
	p.c, p.cStride = &c.Data[0], c.Stride
	p.aRowStride, p.aColumnStride = a.RowStride, a.ColumnStride
	p.bStride, p.panelStride, p.narrowed = b.Stride, b.PanelStride, b.narrowed
	if depth > 0 {
		p.a, p.b = &a.Data[0], &b.Data[0]
	}
	if start.Data != nil {
		p.init, p.initStride = &start.Data[0], start.Stride
	}
	p.multiply(rows, cols, depth, relu, blocks)
}

// checkMatmul panics where the operands of Matmul do not fit.
func (t *Tier) checkMatmul(c Matrix, a Strided, b Panels, start Matrix) {
	rows, cols, depth := c.Rows, c.Cols, a.Cols
	c.check("c", rows, cols)
	a.check("a", rows, depth)
	b.check("b", depth, cols)
	if c.Stride < cols && rows > 1 {
		panic(fmt.Sprintf("kernels: c has stride %d, too small to write %d columns", c.Stride, cols))
	}
	if start.Data != nil {
		start.check("start", rows, cols)
	}
	if b.narrowed && !t.readsInPlace(rows, a.RowStride == 1) {
		panic(fmt.Sprintf("kernels: b has %d columns in place, which tier %s cannot read for %d rows", b.Cols, t.name, rows))
	}
}

// product is a matmul whose operands have been checked, or a block of one.
type product struct {
	kernels                   *matmulKernels
	c, init, a, b             *float32 // a and b are nil where depth is 0, init for zeros
	cStride, initStride       int
	aRowStride, aColumnStride int
	bStride, panelStride      int
	narrowed                  bool // as Panels has it
}

// block returns the block from row top and term first on. What lies before
// first has been added to c.
func (p product) block(top, first int) product {
	if first > 0 {
		p.init, p.initStride = p.c, p.cStride
	}
	p.c = element(p.c, top*p.cStride)
	if p.init != nil {
		p.init = element(p.init, top*p.initStride)
	}
	if p.a != nil {
		p.a = element(p.a, top*p.aRowStride+first*p.aColumnStride)
		p.b = element(p.b, first*p.bStride)
	}
	return p
}

// multiply cuts the product into blocks of rows and of terms.
func (p *product) multiply(rows, cols, depth int, relu bool, blocks *blocking) {
	blockRows, blockDepth := blocks.of(rows, cols, depth, p.kernels.tilePanels*PanelWidth)
	if blockRows >= rows && blockDepth >= depth || depth == 0 {
		p.groups(rows, cols, depth, relu)
		return
	}
	if p.aRowStride < p.aColumnStride {
		// The rows of a block of terms are adjacent here: they are read through
		// before those of the next.
		for first := 0; first < depth; first += blockDepth {
			last := min(first+blockDepth, depth)
			for top := 0; top < rows; top += blockRows {
				b := p.block(top, first)
				b.groups(min(blockRows, rows-top), cols, last-first, relu && last == depth)
			}
		}
		return
	}
	for top := 0; top < rows; top += blockRows {
		for first := 0; first < depth; first += blockDepth {
			last := min(first+blockDepth, depth)
			b := p.block(top, first)
			b.groups(min(blockRows, rows-top), cols, last-first, relu && last == depth)
		}
	}
}

// groups cuts a block into groups of panels, one kernel's each.
func (p *product) groups(rows, cols, depth int, relu bool) {
	for first := 0; first < cols; {
		kernel, width := p.next(rows, cols-first, depth)
		if rows*width*depth <= matmulWork {
			p.call(kernel, 0, rows, first, width, depth, relu)
		} else {
			step := max(matmulWork/(depth*width)/matmulRows, 1) * matmulRows
			for top := 0; top < rows; top += step {
				safePoint()
				p.call(kernel, top, min(step, rows-top), first, width, depth, relu)
			}
		}
		first += width
	}
}

// choice is one of a tier's kernels.
type choice int

const (
	useTile choice = iota
	useRow
	usePair
	useNarrow
)

// next returns the kernel for the next columns of a block and how many of the
// remaining ones it takes.
func (p *product) next(rows, remaining, depth int) (choice, int) {
	m := p.kernels
	whole := remaining / PanelWidth * PanelWidth
	rest := remaining - whole
	narrow := p.narrowCalls(rows, rest, depth)
	if whole == 0 && narrow > 0 {
		return useNarrow, (rest + narrow - 1) / narrow
	}
	available := remaining // to kernels that read whole panels
	if whole > 0 && (p.narrowed || narrow > 0 && rows >= 2*fewRows) {
		available = whole
	}
	switch {
	case rows == 1 && m.row != nil && !(p.narrowed && whole == 0):
		if m.rowPanels == 0 {
			return useRow, oneCall(available, depth)
		}
		group := m.rowPanels * PanelWidth
		width := available &^ (group - 1) // a division would take as long as a small layer
		if available-width > group-PanelWidth {
			width = available
		}
		if width > 0 {
			return useRow, oneCall(width, depth)
		}
	case rows == 2 && m.pair != nil:
		if width := whole / (m.pairPanels * PanelWidth) * (m.pairPanels * PanelWidth); width > 0 {
			return usePair, oneCall(width, 2*depth)
		}
	}
	if rows*available*depth > matmulWork {
		// One group of panels a call, for as many rows as may be.
		panels := m.tilePanels
		if panels == 3 && available > 3*PanelWidth && available <= 4*PanelWidth {
			panels = 2 // and two: a lone one keeps the multipliers less busy
		}
		available = min(available, panels*PanelWidth)
	}
	return useTile, available
}

// oneCall returns as many of width columns of the given multiply-adds as one call
// of a row or pair kernel may take, whole groups of panels.
func oneCall(width, work int) int {
	const groups = 8 * PanelWidth
	if width*work <= matmulWork {
		return width
	}
	return min(width, max(matmulWork/work/groups, 1)*groups)
}

// narrowCalls returns the number of calls of the narrow kernel that rest columns,
// less than a panel, are best cut into, or 0 where the tile is better. No lane
// of a narrow kernel is idle, but several calls have to repay reading a anew.
func (p *product) narrowCalls(rows, rest, depth int) int {
	m := p.kernels
	if rest == 0 || m.narrow == nil || rows < fewRows || depth < fewTerms && m.tileReadsColumns {
		return 0
	}
	if p.aRowStride != 1 {
		if p.aColumnStride == 1 && rest <= m.turnedColumns {
			return 1
		}
		return 0
	}
	if rest <= m.narrowColumns {
		return 1
	}
	if rows%narrowRows != 0 && !m.tileReadsColumns {
		return 0 // the tile takes the last rows, and reads whole panels
	}
	if rest <= PanelWidth*3/4 || p.narrowed && !m.tileReadsColumns {
		return (rest + m.narrowColumns - 1) / m.narrowColumns
	}
	return 0
}

// call runs one kernel on width columns from first on.
func (p *product) call(kernel choice, top, rows, first, width, depth int, relu bool) {
	c, init, a, b := element(p.c, top*p.cStride+first), p.init, p.a, p.b
	if init != nil {
		init = element(init, top*p.initStride+first)
	}
	if a != nil {
		a = element(a, top*p.aRowStride)
		b = element(b, first/PanelWidth*p.panelStride+first%PanelWidth)
	}
	var run matmulTile
	switch kernel {
	case useRow:
		run = p.kernels.row
	case usePair:
		run = p.kernels.pair
	case useNarrow:
		most := rows / narrowRows * narrowRows
		p.kernels.narrow(c, p.cStride, init, p.initStride, a, p.aRowStride, p.aColumnStride, b, p.bStride, p.panelStride, most, width, depth, relu)
		if most < rows {
			p.call(useTile, top+most, rows-most, first, width, depth, relu)
		}
		return
	default:
		run = p.kernels.tile
	}
	run(c, p.cStride, init, p.initStride, a, p.aRowStride, p.aColumnStride, b, p.bStride, p.panelStride, rows, width, depth, relu)
}
