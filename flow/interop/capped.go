package interop

import (
	"fmt"

	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/kernels"
)

// generalScaleCap is where nflows' GENERAL_SCALE_ACTIVATION cuts a scale off.
const generalScaleCap = 3

// capped makes outputs of a residual network with ReLU at most limit:
//
//	min(u, limit) = limit − ReLU(limit − u)
//
// For that the stream gets −h beside h, of which ReLU(h) − ReLU(−h) = h, one
// more block that computes ReLU(limit − u) of them, and room for its results.
func (n network) capped(outputs []int, limit float64) (network, error) {
	if !n.residual || n.plain || n.activation.Name != autograd.ReLUActivation {
		return n, fmt.Errorf(`"scale_map" general is supported in residual networks with relu only`)
	}
	old, last := n.layers[0].out, n.layers[len(n.layers)-1]
	width := 2*old + len(outputs)
	negative := make([]float64, old)
	for i := range negative {
		negative[i] = -1
	}
	mirrored := func(d dense) dense {
		both := newMasked(d.in, width)
		both.paste(0, 0, d, nil)
		both.paste(old, 0, d, negative)
		return both
	}
	layers := []dense{mirrored(n.layers[0])}
	for l := 1; l < len(n.layers)-1; l += 2 {
		inner := newMasked(width, n.layers[l].out)
		inner.paste(0, 0, n.layers[l], nil)
		layers = append(layers, inner, mirrored(n.layers[l+1]))
	}
	var gates []dense
	for _, g := range n.gates {
		both := newDense(g.in, width)
		both.paste(0, 0, g, nil)
		both.paste(old, 0, g, nil)
		gates = append(gates, both)
	}
	if gates != nil {
		open := newDense(n.context, width)
		for i := range open.bias {
			open.bias[i] = 100 // σ(100) is 1 in float32
		}
		gates = append(gates, open)
	}
	inner, outer, end := newMasked(width, len(outputs)), newMasked(len(outputs), width), newMasked(width, last.out)
	end.paste(0, 0, last, nil)
	for i, o := range outputs {
		inner.bias[i] = limit - last.bias[o]
		end.bias[o] = limit
		for h := range old {
			w := last.weight[o*last.in+h]
			inner.set(i, h, -w)
			inner.set(i, old+h, w)
			end.set(o, h, 0)
		}
		outer.set(2*old+i, i, -1)
		end.set(o, 2*old+i, 1)
	}
	n.layers, n.gates = append(layers, inner, outer, end), gates
	return n, nil
}

// generalLimit is the raw scale whose softplus plus epsilon is the cap.
func generalLimit(epsilon float64) float64 {
	return kernels.Log64(kernels.Exp64(generalScaleCap-epsilon) - 1)
}
