package kernels

// Transpose writes dst = srcᵀ, which it does not overlap. It panics where shapes do not fit.
func (t *Tier) Transpose(dst, src Matrix) {
	src.check("src", dst.Cols, dst.Rows)
	dst.check("dst", dst.Rows, dst.Cols)
	for top := 0; top < src.Rows; top += PanelWidth {
		safePoint()
		rows, done := min(PanelWidth, src.Rows-top), 0
		if blocks := src.Cols / PanelWidth; rows == PanelWidth && blocks > 0 && t.matmul.transpose != nil {
			t.matmul.transpose(&dst.Data[top], dst.Stride, PanelWidth*dst.Stride, &src.Data[top*src.Stride], src.Stride, PanelWidth, blocks)
			done = blocks * PanelWidth
		}
		for c := done; c < src.Cols; c++ {
			into, at := dst.Data[c*dst.Stride+top:][:rows], top*src.Stride+c
			for i := range into {
				into[i] = src.Data[at]
				at += src.Stride
			}
		}
	}
}
