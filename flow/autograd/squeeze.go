package autograd

// Blocks says how the sites of a grid go together in blocks, whose sites become
// columns: a grid of Grid[0] by Grid[1] sites of C columns becomes one of
// Grid[0]/Block[0] by Grid[1]/Block[1] sites of Block[0]·Block[1]·C columns. The
// columns of the site in line i and place j of a block go to the columns
// At[(i·Block[1]+j)·C], …, of the larger ones; a nil At is 0, 1, 2, ….
type Blocks struct {
	Grid, Block [2]int
	At          []int
}

// column returns where column c of the site number offset of a block goes.
func (b *Blocks) column(offset, c, cols int) int {
	if b.At == nil {
		return offset*cols + c
	}
	return b.At[offset*cols+c]
}

// move brings the values of blocks of sites, of which many has the sites as rows
// and few the blocks, from one to the other.
func move[T float32 | float64](b *Blocks, many, few view[T], inverse, add bool) {
	height, width := b.Grid[0], b.Grid[1]
	for r := range many.Rows {
		event, line, site := r/(height*width), r/width%height, r%width
		block := (event*(height/b.Block[0])+line/b.Block[0])*(width/b.Block[1]) + site/b.Block[1]
		offset := line%b.Block[0]*b.Block[1] + site%b.Block[1]
		one, all := many.row(r), few.row(block)
		for c := range one {
			dst, src := &all[b.column(offset, c, many.Cols)], &one[c]
			if inverse {
				dst, src = src, dst
			}
			if add {
				*dst += *src
			} else {
				*dst = *src
			}
		}
	}
}

// Squeeze makes each block of sites of x one site, with inverse each site a block
// of them (the squeezing of RealNVP: Dinh et al., 2017). It only moves values.
//
// Backward: a gradient goes back to where its value came from.
func (g *Graph) Squeeze(x Value, b Blocks, inverse bool) Value {
	size := b.Block[0] * b.Block[1]
	if inverse {
		y := g.newValue(x.Rows*size, x.Cols/size, x.wanted())
		g.do.move(b, y.data(), x.data(), true, false)
		if y.wanted() {
			g.record(y, func() { g.do.move(b, g.gradient(y), g.gradient(x), false, true) })
		}
		return y
	}
	y := g.newValue(x.Rows/size, x.Cols*size, x.wanted())
	g.do.move(b, x.data(), y.data(), false, false)
	if y.wanted() {
		g.record(y, func() { g.do.move(b, g.gradient(x), g.gradient(y), true, true) })
	}
	return y
}
