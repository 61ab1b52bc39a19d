package autograd

// arithmetic is what operations are made of: primitives on matrices of one
// precision. An operation is stated once, in these words, and a graph computes
// it by the arithmetic of its precision, [Graph.do]: arithmetic32 calls kernels
// (primitives32.go, weights32.go, rows32.go), arithmetic64 is plain loops
// (primitives64.go, weights64.go, rows64.go). The loops at
// the end of this file are the same in both.
//
// Matrices have the shapes that the formulas ask for, dst is other memory than
// what it is computed of unless it is said that it may be the same, and none of
// the primitives allocates once warm.
type arithmetic interface {
	// hold returns values in the arithmetic's precision, which may be the same
	// memory.
	hold(values []float32) storage
	// allocate returns memory of n zeros that lasts as long as the graph.
	allocate(n int) storage
	// values returns the values of p, which are not to be changed.
	values(p *Parameter) storage
	// prepared returns what constants make of their parameter.
	prepared(q prepared) []float64

	// linear, unbiased, masked, convolution and square return the weights of a layer, the
	// last one those of a direction, with log|det W|.
	linear(l *Linear) weights
	unbiased(l *Unbiased) weights
	masked(l *Masked) maskedWeights
	convolution(c *Convolution) weights
	square(q *Square, inverse bool) (w weights, logDet float64)
	// squareGradient returns the gradient of a square matrix.
	squareGradient(q *Square) SquareGradient

	// zero sets dst = 0.
	zero(dst matrix)
	// copy sets dst = src.
	copy(dst, src matrix)
	// accumulate sets dst += src.
	accumulate(dst, src matrix)
	// addScaled sets dst += factor·src.
	addScaled(dst, src matrix, factor float64)
	// add sets dst = a + b; dst may be one of them.
	add(dst, a, b matrix)
	// multiply sets dst = a·b, element by element, where each row of b multiplies a run
	// of equally many rows of a; dst may be a, and b where it has as many rows.
	multiply(dst, a, b matrix)
	// addColumnSums adds factor times the sum of each column of src to dst, a row or
	// a parameter of one; the factor is 1 or -1.
	addColumnSums(dst, src matrix, factor float64)

	// relu sets dst to x where x > 0 or x is NaN, else to +0; dst may be x.
	relu(dst, x matrix)
	// reluBackward clears dy where y, a result of relu, is 0.
	reluBackward(dy, y matrix)
	// activate sets dst = f(x).
	activate(dst, x matrix, f *activation, slope float64)
	// activateBackward sets dx, which may be dy, to dy·f′(x), where f(x) is y.
	activateBackward(dx, x, y, dy matrix, f *activation, slope float64)
	// slope sets dst = f′(x), where f(x) is y.
	slope(dst, x, y matrix, f *activation)
	// slopeBackward sets dx, which may be ds, to ds·f″(x), where f′(x) is s.
	slopeBackward(dx, x, y, s, ds matrix, f *activation)
	// addScaledRuns adds to each row of dst that of src times a factor, of which there is
	// one for each run of equally many rows.
	addScaledRuns(dst, src matrix, factors []float64)
	// dots sets dst to the dot product of each row of a and b.
	dots(dst storage, a, b matrix)
	// addColumnDots adds the dot product of each column of a and b to dst.
	addColumnDots(dst []float64, a, b matrix)
	// sigmoid sets dst = σ(x).
	sigmoid(dst, x matrix)
	// complement sets dst = 1 − σ(x), where σ(x) is y; dst may be y.
	complement(dst, x, y matrix)

	// univariate sets dst, which may be src, to u of it, with inverse to its inverse,
	// and logDet to the log-det of each row.
	univariate(u Univariate, inverse bool, dst, src, params matrix, logDet storage)
	// univariateBackward sets the gradients of src, which may be dDst, and of
	// params.
	univariateBackward(u Univariate, inverse bool, dSrc, dParams, src, dst, params, dDst matrix, dLogDet storage)
	// standardNormal sets logDensity to that of each row of z.
	standardNormal(logDensity []float64, z matrix)
	// standardNormalBackward subtracts from each row of dz that of z times its d.
	standardNormalBackward(dz, z matrix, d storage)

	// attend sets y to what queries q look up in v by their keys k, and
	// attendBackward adds the gradients; dq, dk and dv may be empty.
	attend(how attention, y, q, k, v matrix)
	attendBackward(how attention, dy, dq, dk, dv, q, k, v matrix)
	// attendTangent is the derivative of attend, and attendTangentBackward adds its
	// gradients, each of which may be empty: of q, k and v, and of their tangents.
	attendTangent(how attention, y matrix, in [6]matrix)
	attendTangentBackward(how attention, dy matrix, gradients, in [6]matrix)
	// newCache returns c with its memory. attendNext and attendNextBackward are those
	// of one site, whose keys and values go into c; dy too may be empty.
	newCache(c Cache) Cache
	attendNext(c Cache, site int, y, q, k, v matrix)
	attendNextBackward(c Cache, site int, dy, dq, dk, dv, q matrix)
	// layerNorm sets y, and n.mean and n.inverse. layerNormBackward adds the gradients;
	// dx may be empty, and dGain and dShift together.
	layerNorm(n norm, y, shift matrix, epsilon float64)
	layerNormBackward(n norm, dy, dx, dGain, dShift matrix)
	// layerNormTangent is the derivative of layerNorm along v, and sets n likewise.
	layerNormTangent(n norm, y, v matrix, epsilon float64)
	layerNormTangentBackward(n norm, dy, v, dx, dv, dGain matrix)

	// takePart sets dst to a part of src, whose events have so many sites.
	takePart(dst, src matrix, part Part, sites int)
	// takePartAdd adds it to dst.
	takePartAdd(dst, src matrix, part Part, sites int)
	// putPart sets a part of dst to src, which is compact.
	putPart(dst, src matrix, part Part, sites int)
	// putPartAdd adds to it.
	putPartAdd(dst, src matrix, part Part, sites int)
	// keepPart sets a part of dst to the same part of src, of the same shape.
	keepPart(dst, src matrix, part Part, sites int)
	// keepPartAdd adds to it.
	keepPartAdd(dst, src matrix, part Part, sites int)
	// takeTransposed sets dst[i][r] = src[r][columns[i]]; nil columns are all.
	takeTransposed(dst, src matrix, columns []int32)
	// takeTransposedAdd adds it to dst.
	takeTransposedAdd(dst, src matrix, columns []int32)
	// putTransposed sets dst[r][columns[i]] = src[i][r].
	putTransposed(dst, src matrix, columns []int32)
	// putTransposedAdd adds it to dst.
	putTransposedAdd(dst, src matrix, columns []int32)
	// move sets few, which has the blocks of b as rows, to many, which has their
	// sites, with inverse many to few; with add it adds.
	move(b Blocks, many, few matrix, inverse, add bool)
	// spread sets dst[r] = src[r/times], row by row.
	spread(dst, src matrix, times int)
	// spreadBackward adds row r of src to dst[r/times], r ascending.
	spreadBackward(dst, src matrix, times int)
}

func zeroRows[T float32 | float64](dst view[T]) {
	for r := range dst.Rows {
		clear(dst.row(r))
	}
}

func copyRows[T float32 | float64](dst, src view[T]) {
	for r := range dst.Rows {
		copy(dst.row(r), src.row(r))
	}
}

func addScaledRows[T float32 | float64](dst, src view[T], factor T) {
	for r := range dst.Rows {
		into := dst.row(r)
		for c, v := range src.row(r) {
			into[c] += T(factor * v)
		}
	}
}

func multiply[T float32 | float64](dst, a, b view[T]) {
	run := max(1, dst.Rows/max(1, b.Rows))
	for r := range dst.Rows {
		as := a.row(r)
		into, bs := dst.row(r)[:len(as)], b.row(r / run)[:len(as)] // checked once
		for c, v := range as {
			into[c] = T(v * bs[c])
		}
	}
}

func addScaledRuns[T float32 | float64](dst, src view[T], factors []float64) {
	run := max(1, dst.Rows/max(1, len(factors)))
	for r := range dst.Rows {
		from, factor := src.row(r), T(factors[r/run])
		into := dst.row(r)[:len(from)]
		for c, v := range from {
			into[c] += T(factor * v)
		}
	}
}

func takePart[T float32 | float64](dst, src view[T], part Part, sites int) {
	for i := range dst.Rows {
		into, from := dst.row(i), src.row(part.row(i, sites))
		if part.Columns == nil {
			copy(into, from)
			continue
		}
		for i, c := range part.Columns {
			into[i] = from[c]
		}
	}
}

func takePartAdd[T float32 | float64](dst, src view[T], part Part, sites int) {
	for i := range dst.Rows {
		into, from := dst.row(i), src.row(part.row(i, sites))
		for c := range into {
			into[c] += from[part.column(c)]
		}
	}
}

func putPart[T float32 | float64](dst, src view[T], part Part, sites int) {
	for i := range src.Rows {
		into, from := dst.row(part.row(i, sites)), src.row(i)
		if part.Columns == nil {
			copy(into, from)
			continue
		}
		for i, c := range part.Columns {
			into[c] = from[i]
		}
	}
}

func putPartAdd[T float32 | float64](dst, src view[T], part Part, sites int) {
	for i := range src.Rows {
		into, from := dst.row(part.row(i, sites)), src.row(i)
		for c, v := range from {
			into[part.column(c)] += v
		}
	}
}

func keepPart[T float32 | float64](dst, src view[T], part Part, sites int) {
	for i := range part.rows(src.Rows, sites) {
		r := part.row(i, sites)
		into, from := dst.row(r), src.row(r)
		for c := range part.width(src.Cols) {
			c = part.column(c)
			into[c] = from[c]
		}
	}
}

func keepPartAdd[T float32 | float64](dst, src view[T], part Part, sites int) {
	for i := range part.rows(src.Rows, sites) {
		r := part.row(i, sites)
		into, from := dst.row(r), src.row(r)
		for c := range part.width(src.Cols) {
			c = part.column(c)
			into[c] += from[c]
		}
	}
}

// columnOf returns the number of a column; nil columns are all.
func columnOf(columns []int32, i int) int {
	if columns == nil {
		return i
	}
	return int(columns[i])
}

func takeTransposed[T float32 | float64](dst, src view[T], columns []int32) {
	for i := range dst.Rows {
		into, at := dst.row(i), columnOf(columns, i)
		for r := range into {
			into[r] = src.Data[at]
			at += src.Stride
		}
	}
}

func takeTransposedAdd[T float32 | float64](dst, src view[T], columns []int32) {
	for i := range dst.Rows {
		into, at := dst.row(i), columnOf(columns, i)
		for r := range into {
			into[r] += src.Data[at]
			at += src.Stride
		}
	}
}

func putTransposed[T float32 | float64](dst, src view[T], columns []int32) {
	for i := range src.Rows {
		at := columnOf(columns, i)
		for _, v := range src.row(i) {
			dst.Data[at] = v
			at += dst.Stride
		}
	}
}

func putTransposedAdd[T float32 | float64](dst, src view[T], columns []int32) {
	for i := range src.Rows {
		at := columnOf(columns, i)
		for _, v := range src.row(i) {
			dst.Data[at] += v
			at += dst.Stride
		}
	}
}

func standardNormalBackward[T float32 | float64](dz, z view[T], d []T) {
	for r := range dz.Rows {
		into := dz.row(r)
		for c, v := range z.row(r) {
			into[c] -= T(v * d[r])
		}
	}
}

func addColumnSums[T float32 | float64](dst []T, src view[T], factor T) {
	for r := range src.Rows {
		for c, v := range src.row(r) {
			dst[c] += T(factor * v)
		}
	}
}

func addColumnDots[T float32 | float64](dst []float64, a, b view[T]) {
	for r := range a.Rows {
		as := a.Data[r*a.Stride:][:len(dst)]
		bs := b.Data[r*b.Stride:][:len(dst)]
		for c, v := range as {
			dst[c] += float64(float64(v) * float64(bs[c]))
		}
	}
}

func spread[T float32 | float64](dst, src view[T], times int) {
	for r := range dst.Rows {
		copy(dst.row(r), src.row(r/times))
	}
}

func spreadBackward[T float32 | float64](dst, src view[T], times int) {
	for r := range src.Rows {
		into := dst.row(r / times)
		for c, d := range src.row(r) {
			into[c] += d
		}
	}
}
