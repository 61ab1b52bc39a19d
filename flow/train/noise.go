package train

import (
	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/internal/random"
	"github.com/seed-192fdf7a/nf/kernels"
)

// noise is what training adds to its rows: independent normals, drawn anew for
// each row and epoch, so that the minibatches and the workers do not matter.
type noise struct {
	std   []float32 // of each column
	seed  uint64
	epoch uint64
}

// newNoise returns nil for none. Columns with a support get none, for it could
// move them out of it.
func newNoise(f *flow.Flow, o Options) *noise {
	if o.Noise == 0 {
		return nil
	}
	c := f.Config()
	n := &noise{std: make([]float32, len(c.Features)), seed: o.Seed}
	for i := range n.std {
		if c.Support(i) == nil {
			n.std[i] = float32(o.Noise)
		}
	}
	return n
}

// add writes event's values with noise to dst.
func (n *noise) add(dst, values []float32, event int) {
	columns := len(n.std)
	sites := len(dst) / columns
	kernels.NormalRows(dst, sites, columns, n.seed, random.Noise, n.epoch<<40+uint64(event)*uint64(sites))
	for i, v := range values {
		dst[i] = v + float32(n.std[i%columns]*dst[i])
	}
}
