package kernels

import "unsafe"

// matmulReference states matmulTile in Go.
func matmulReference(c *float32, cStride int, init *float32, initStride int, a *float32, aRowStride, aColumnStride int,
	b *float32, bStride, panelStride int, rows, cols, depth int, relu bool) {
	for i := range rows {
		for first := 0; first < cols; first += PanelWidth {
			width := min(PanelWidth, cols-first)
			var acc [PanelWidth]float32
			if init != nil {
				copy(acc[:], unsafe.Slice(element(init, i*initStride+first), width))
			}
			for k := range depth {
				x := *element(a, i*aRowStride+k*aColumnStride)
				row := (*[PanelWidth]float32)(unsafe.Pointer(element(b, first/PanelWidth*panelStride+k*bStride)))
				for j := range width {
					acc[j] = fma32(x, row[j], acc[j])
				}
			}
			if relu {
				for j, v := range acc {
					if v <= 0 {
						acc[j] = 0
					}
				}
			}
			copy(unsafe.Slice(element(c, i*cStride+first), width), acc[:])
		}
	}
}

// element returns the address of element i of the array that p points to; the
// kernels are given pointers, as assembly needs them.
func element(p *float32, i int) *float32 {
	return (*float32)(unsafe.Add(unsafe.Pointer(p), i*4))
}
