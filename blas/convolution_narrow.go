package blas

import "github.com/seed-192fdf7a/nf/kernels"

// narrowOutputs are the columns up to which a product computes its outputs as rows,
// since there are too few of them to fill vectors with; narrowTerms are the columns
// of a site from which that repays turning them.
const (
	narrowOutputs = 6
	narrowTerms   = 16
)

// applyNarrow is apply for few columns of y. Outputs are rows and sites columns, in a
// transposed copy of x with sites outside, where what a tap sees of neighbouring sites
// are neighbours: tap by tap, as the chains have it,
//
//	yᵀ += w[tap]ᵀ·xᵀ[sites of tap]
//
// outputs returns w[tap]ᵀ.
func (c *Convolution) applyNarrow(tier *kernels.Tier, outputs func(tap int) kernels.Strided, bias []float32, window Window, y, x kernels.Matrix, act Activation) {
	height, width, in, out := c.grid[0], c.grid[1], x.Cols, y.Cols
	marginLines, margin := window.margins()
	pitch := width + margin
	band := min(height, bandOf(pitch, in+out))
	for event := 0; event*height*width < x.Rows; event++ {
		first := event * height
		for from := 0; from < height; from += band {
			to := min(from+band, height)
			// Whole panels: what is read beyond the sites goes to results that nobody reads.
			sites := wholePanels(margin + (to-from+2*marginLines)*pitch)
			rows := wholePanels((to-from)*pitch - margin)
			stride := sites + (sites/kernels.PanelWidth+1)%2*kernels.PanelWidth // odd in cache lines, for the sets of the cache
			buffer := scratch.Borrow(sites*in + stride*in + kernels.PanelWidth + rows*out)
			padded := kernels.Dense((*buffer)[:sites*in], sites, in)
			columns := (*buffer)[sites*in:][:stride*in+kernels.PanelWidth]
			result := kernels.Dense((*buffer)[len(padded.Data)+len(columns):][:rows*out], out, rows)
			window.pad(padded.Data, x, c.grid, first, from-marginLines, to+marginLines)
			tier.Transpose(kernels.Matrix{Data: columns, Rows: in, Cols: sites, Stride: stride}, padded)

			start := kernels.Matrix{}
			if bias != nil {
				start = result
				for o := range out {
					fill(result.Row(o), bias[o])
				}
			}
			panels := kernels.Panels{Rows: in, Cols: rows, Stride: stride, PanelStride: kernels.PanelWidth}
			for tap := range window.Taps() {
				a := outputs(tap)
				panels.Data = columns[(tap/window.Width*pitch+tap%window.Width)*window.Dilation:]
				tier.MatmulReferences(&result, &a, &panels, &start, act == ReLU && tap == window.Taps()-1)
				start = result
			}
			for line := from; line < to; line++ {
				at := (first + line) * width * y.Stride
				for o := range out {
					for site, v := range result.Row(o)[(line-from)*pitch:][:width] {
						y.Data[at+site*y.Stride+o] = v
					}
				}
			}
			scratch.Return(buffer)
		}
	}
}
