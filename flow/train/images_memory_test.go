package train

import (
	"context"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow"
)

// tapeOf takes one step of a Glow of so many steps on a minibatch of one tile, and
// returns the bytes of its tape.
func tapeOf(t *testing.T, m Memory, steps int) int {
	t.Helper()
	c, err := flow.Glow(flow.ImageOptions{Height: 4, Width: 4, Channels: 1, Levels: 256, Scales: 1, Steps: steps, Columns: 32})
	if err != nil {
		t.Fatal(err)
	}
	f, err := flow.New(c, 2)
	if err != nil {
		t.Fatal(err)
	}
	o := Defaults()
	o.Epochs, o.Batch, o.Workers, o.BLAS, o.Memory = 1, 16, 1, blas.Builtin(), m
	r, err := Minimize(context.Background(), f.Model(), MaximumLikelihood(f, someImages(f, 16)), MaximumLikelihood(f, someImages(f, 3)), o)
	if err != nil {
		t.Fatal(err)
	}
	return int(r.TapeBytes)
}

// TestImageTapes: with more steps the tape of a stored training grows by the
// activations of all networks, with replay by the inputs of maps at most, which are
// an event's values each, and in reversible training not at all.
func TestImageTapes(t *testing.T) {
	const few, many = 2, 16
	inputs := 3 * (many - few) * 16 * 16 * 4
	grows := map[Memory]int{}
	for _, m := range Memories {
		grows[m] = tapeOf(t, m, many) - tapeOf(t, m, few)
	}
	if grows[Stored] < 2*inputs || grows[Replay] > inputs || grows[Reversible] > 1<<12 {
		t.Errorf("%d more steps take %v bytes more; the inputs of maps are %d", many-few, grows, inputs)
	}
}
