package flow_test

import (
	"bytes"
	"testing"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/base"
)

// FuzzRead reads damaged model files: each is refused, or is a model that
// scores a row and writes itself again.
func FuzzRead(f *testing.F) {
	for _, preset := range flow.PresetNames() {
		for _, d := range []int{1, 3} {
			m := randomFlow(f, preset, d, d-1, flow.Options{Layers: 2, Hidden: []int{3}, Permutation: "reverse", Base: base.DiagonalNormal})
			var file bytes.Buffer
			must(f, m.Write(&file))
			f.Add(file.Bytes())
		}
	}
	whole, damaged := damagedAutoregressive(f)
	f.Add(whole)
	for _, file := range damaged {
		f.Add(file)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		m, err := flow.Read(bytes.NewReader(file), int64(len(file)))
		if err != nil {
			return
		}
		if m.Features() > 1<<12 || m.ContextFeatures() > 1<<12 {
			return // a large grid is legal, and slow to score here
		}
		dst, x, context := make([]float64, 1), make([]float64, m.Features()), make([]float64, m.ContextFeatures())
		if err := m.LogProb(dst, x, context); err != nil {
			t.Fatal(err)
		}
		if err := m.Write(new(bytes.Buffer)); err != nil {
			t.Fatal(err)
		}
	})
}
