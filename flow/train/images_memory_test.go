package train

import (
	"context"
	"testing"

	"github.com/seed-192fdf7a/nf/blas"
	"github.com/seed-192fdf7a/nf/flow"
)

// tapeOf takes one step of a Glow of so many steps on a minibatch of one tile, and
// returns the bytes of its tape, and of inputs that are kept beside it.
func tapeOf(t *testing.T, m Memory, steps int) (tape, inputs int) {
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
	return r.TapeBytes - r.InputBytes, r.InputBytes
}

// TestImageTapes: with more steps the tape of a stored training grows by the
// activations of all networks, with replay and in reversible training not at all. Replay
// keeps the inputs of maps, which are an event's values each.
func TestImageTapes(t *testing.T) {
	const few, many = 2, 16
	inputs := 3 * (many - few) * 4 * 16 * 4 // three maps of a step, four events of a tile
	grows, keeps := map[Memory]int{}, map[Memory]int{}
	for _, m := range Memories {
		fewTape, fewInputs := tapeOf(t, m, few)
		manyTape, manyInputs := tapeOf(t, m, many)
		grows[m], keeps[m] = manyTape-fewTape, manyInputs-fewInputs
	}
	if grows[Stored] < 8*inputs || grows[Replay] > 1<<13 || grows[Reversible] > 1<<12 {
		t.Errorf("%d more steps take %v bytes more", many-few, grows)
	}
	if keeps[Stored] != 0 || keeps[Replay] != inputs || keeps[Reversible] != 0 {
		t.Errorf("%d more steps keep %v bytes more of inputs, want %d with replay", many-few, keeps, inputs)
	}
}
