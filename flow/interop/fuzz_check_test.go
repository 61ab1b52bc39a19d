package interop

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzReadCheck makes sure that no check makes the importer panic: it is held
// against the flow, or refused.
func FuzzReadCheck(f *testing.F) {
	names := goldenNames(f)
	for _, name := range names {
		check, err := os.ReadFile("testdata/" + name + ".npz")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(check)
	}
	const model = "testdata/nflows-coupling-context"
	d, err := ReadDialect(model + ".json")
	if err != nil {
		f.Fatal(err)
	}
	imported, err := Load(model+".safetensors", d, Names{})
	if err != nil {
		f.Fatal(err)
	}
	path := filepath.Join(f.TempDir(), "check.npz")
	f.Fuzz(func(t *testing.T, content []byte) {
		if err := os.WriteFile(path, content, 0o666); err != nil {
			t.Fatal(err)
		}
		check, err := ReadCheck(path, d)
		if err != nil {
			return
		}
		if len(check.X) != check.Rows*d.Features || len(check.LogProb) != check.Rows || len(check.Context) != check.Rows*d.Context {
			t.Errorf("a check of %d rows has %d values, %d log-densities and %d of context", check.Rows, len(check.X), len(check.LogProb), len(check.Context))
		}
		if _, err := check.Compare(imported); err != nil {
			return
		}
	})
}
