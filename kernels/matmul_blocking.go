package kernels

// blocking is how Matmul cuts a product: the block of a of blocks.rows by
// blocks.depth stays in the second-level cache while it meets one group of
// panels after the other. It changes no bit: a chain that is cut along its
// terms is stored as float32 and goes on from there.
type blocking struct {
	elements int // of a block of a
	depth    int // its terms at most
	results  int // elements of c that are written before the next rows, where terms are few
}

// Caches that are taken where the processor does not tell, and the least that
// is believed.
const (
	usualL1, leastL1 = 32 << 10, 4 << 10
	usualL2, leastL2 = 512 << 10, 32 << 10
)

// A product of few terms is bound by the writing of c, and going down c by
// groups of panels is slow where its rows are wide: half a page or more.
const (
	shallow     = 32
	wide        = 512
	shallowRows = 24
)

var processorBlocking = blockingFor(processorInfo)

// blockingFor returns the blocking for a processor's caches. A panel of depth
// terms is as large as the first level; a block of a takes a sixth of the second,
// beside a group of panels, what is prefetched and the rows of c.
func blockingFor(p ProcessorInfo) blocking {
	l1, l2 := p.L1Data, p.L2
	if l1 <= 0 {
		l1 = usualL1
	}
	if l2 <= 0 {
		l2 = usualL2
	}
	l1, l2 = max(l1, leastL1), max(l2, leastL2)
	return blocking{elements: l2 / 6 / 4, depth: l1 / (4 * PanelWidth), results: l1 / 4}
}

// of returns the rows and the terms of a block of a product; group is the
// number of columns that one kernel takes.
func (b *blocking) of(rows, cols, depth, group int) (blockRows, blockDepth int) {
	if rows*depth <= b.elements {
		if depth <= shallow && cols >= wide && rows*cols > b.results {
			// Writing c takes most of the time: it is written in its order.
			return min(max(b.results/cols/shallowRows, 1)*shallowRows, rows), depth
		}
		return rows, depth
	}
	blockDepth = depth
	if depth > b.depth+b.depth/2 {
		blockDepth = b.depth
	}
	if cols <= group {
		return rows, blockDepth // a is read once: its rows need no blocks
	}
	return min(max(b.elements/blockDepth/matmulRows, 1)*matmulRows, rows), blockDepth
}
