package interop

import (
	"bytes"
	"os"
	"testing"

	"github.com/seed-192fdf7a/nf/internal/safetensors"
)

// FuzzLoad makes sure that no config and no state dict makes the importer
// panic: they are a flow, or an error.
func FuzzLoad(f *testing.F) {
	for _, name := range goldenNames(f) {
		config, err := os.ReadFile("testdata/" + name + ".json")
		if err != nil {
			f.Fatal(err)
		}
		weights, err := os.ReadFile("testdata/" + name + ".safetensors")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(config, weights)
	}
	f.Fuzz(func(t *testing.T, config, weights []byte) {
		d, err := ParseDialect(config)
		if err != nil || d.Features > 64 || d.Context > 64 {
			return
		}
		content, err := safetensors.Read(bytes.NewReader(weights), int64(len(weights)))
		if err != nil {
			return
		}
		if f, err := load(newStateDict("weights", content), d, Names{}); err == nil && f.Dim() != d.shape().Dim() {
			t.Errorf("the flow has %d values, want %d", f.Dim(), d.shape().Dim())
		}
	})
}
