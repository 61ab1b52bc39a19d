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

// move brings each value of many, which has the blocks' sites as rows of so many
// columns, and its place in few, which has the blocks as rows, to do.
func move[T float32 | float64](b *Blocks, many []T, manyStride, rows, cols int, few []T, fewStride int, do func(many, few *T)) {
	height, width := b.Grid[0], b.Grid[1]
	for r := range rows {
		event, line, site := r/(height*width), r/width%height, r%width
		block := (event*(height/b.Block[0])+line/b.Block[0])*(width/b.Block[1]) + site/b.Block[1]
		offset := line%b.Block[0]*b.Block[1] + site%b.Block[1]
		from, to := many[r*manyStride:], few[block*fewStride:]
		for c := range cols {
			do(&from[c], &to[b.column(offset, c, cols)])
		}
	}
}

// moveValues is move for the values of both.
func (g *Graph) moveValues(b *Blocks, many, few Value, squeeze bool) {
	if g.Float64() {
		ms, mStride := many.rows64()
		fs, fStride := few.rows64()
		move(b, ms, mStride, many.Rows, many.Cols, fs, fStride, copyBetween[float64](squeeze))
		return
	}
	ms, fs := many.matrix32(), few.matrix32()
	move(b, ms.Data, ms.Stride, many.Rows, many.Cols, fs.Data, fs.Stride, copyBetween[float32](squeeze))
}

func copyBetween[T float32 | float64](squeeze bool) func(many, few *T) {
	if squeeze {
		return func(many, few *T) { *few = *many }
	}
	return func(many, few *T) { *many = *few }
}

// moveGradients adds the gradient of one to that of the other.
func (g *Graph) moveGradients(b *Blocks, many, few Value, squeeze bool) {
	if g.Float64() {
		ms, mStride := g.grad64(many)
		fs, fStride := g.grad64(few)
		move(b, ms, mStride, many.Rows, many.Cols, fs, fStride, addBetween[float64](squeeze))
		return
	}
	ms, _ := g.grad32(many, false)
	fs, _ := g.grad32(few, false)
	move(b, ms.Data, ms.Stride, many.Rows, many.Cols, fs.Data, fs.Stride, addBetween[float32](squeeze))
}

func addBetween[T float32 | float64](squeeze bool) func(many, few *T) {
	if squeeze {
		return func(many, few *T) { *many += *few }
	}
	return func(many, few *T) { *few += *many }
}

// Squeeze makes each block of sites of x one site, with inverse each site a block
// of them (the squeezing of RealNVP: Dinh et al., 2017). It only moves values.
//
// Backward: a gradient goes back to where its value came from.
func (g *Graph) Squeeze(x Value, b Blocks, inverse bool) Value {
	size := b.Block[0] * b.Block[1]
	if inverse {
		y := g.newValue(x.Rows*size, x.Cols/size, x.wanted())
		g.moveValues(&b, y, x, false)
		if y.wanted() {
			g.Record(func() {
				if !y.untouched() {
					g.moveGradients(&b, y, x, false)
				}
			})
		}
		return y
	}
	y := g.newValue(x.Rows/size, x.Cols*size, x.wanted())
	g.moveValues(&b, x, y, true)
	if y.wanted() {
		g.Record(func() {
			if !y.untouched() {
				g.moveGradients(&b, x, y, true)
			}
		})
	}
	return y
}
