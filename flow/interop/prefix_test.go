package interop

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPrefixes imports models that were part of something else.
func TestPrefixes(t *testing.T) {
	for _, test := range []struct{ name, prefix string }{
		{"nflows-maf-context", "module."}, {"nflows-maf", "model.net._orig_mod."}, {"zuko-maf", "_orig_mod."}, {"zuko-affine", "flow.transform_net."},
		{"normflows-coupling", "model."}, {"sbi-zuko-maf", "posterior_estimator."}, {"sbi-nsf", "net."},
	} {
		g := readGolden(t, test.name)
		g.rename(func(name string) string { return test.prefix + name })
		f, err := g.load()
		if err != nil {
			t.Errorf("%s with %q: %v", test.name, test.prefix, err)
			continue
		}
		if _, err := g.check.Compare(f); err != nil {
			t.Errorf("%s with %q: %v", test.name, test.prefix, err)
		}
	}
}

// TestStandardizedContext holds that a context is standardized in the flow's
// first stage, and rows as well where that is the first layer.
func TestStandardizedContext(t *testing.T) {
	for _, name := range []string{"sbi-maf", "sbi-maf-structured", "sbi-nsf", "sbi-zuko-maf"} {
		f, err := readGolden(t, name).load()
		if err != nil {
			t.Fatal(err)
		}
		c := f.Config()
		if len(c.StandardizeContext.Mean) != len(c.Context) || len(c.Standardize.Std) != len(c.Features) || c.Standardize.Std[0] == 1 {
			t.Errorf("%s: rows are standardized with %v, contexts with %v", name, c.Standardize, c.StandardizeContext)
		}
	}
	// The inverse of an affine layer.
	for name, inverse := range map[string]bool{"nflows-maf": false, "nflows-maf-inverse": true} {
		b := newBuilder(&Dialect{Features: 2})
		if err := b.affine([]float64{4, 0.5}, []float64{8, 1}, inverse); err != nil {
			t.Fatal(name, err)
		}
		mean, std := b.standardize.Mean, b.standardize.Std
		for i, x := range []float64{3, -5} {
			want := x*[]float64{4, 0.5}[i] + []float64{8, 1}[i]
			if inverse {
				want = (x - []float64{8, 1}[i]) / []float64{4, 0.5}[i]
			}
			if got := (x - mean[i]) / std[i]; got != want {
				t.Errorf("inverse %v: %v becomes %v, want %v", inverse, x, got, want)
			}
		}
	}
}

// TestTwoAffineLayers puts one affine layer behind another: the first one is the
// flow's first stage, the second one a layer.
func TestTwoAffineLayers(t *testing.T) {
	b := newBuilder(&Dialect{Features: 2})
	for _, scale := range []float64{4, 0.25} {
		if err := b.affine([]float64{scale, scale}, []float64{1, 2}, false); err != nil {
			t.Fatal(err)
		}
	}
	if len(b.transforms) != 1 || b.standardize.Std[0] != 0.25 || b.standardize.Mean[1] != -0.5 {
		t.Errorf("%d layers behind the first stage %+v", len(b.transforms), b.standardize)
	}
}

// TestTorchFiles names what torch.save and pickle write.
func TestTorchFiles(t *testing.T) {
	g := readGolden(t, "nflows-maf")
	for name, content := range map[string]string{"a.pt": "PK\x03\x04" + strings.Repeat("\x00", 60), "b.pkl": "\x80\x04\x95" + strings.Repeat("\x00", 60)} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
		_, err := Load(path, g.dialect, Names{})
		if err == nil || !strings.Contains(err.Error(), "torch.save") || !strings.Contains(err.Error(), "save_file") || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestHeaderLikePickle reads a safetensors file whose first bytes, the length of
// its header, are those of a pickle.
func TestHeaderLikePickle(t *testing.T) {
	const length = 0x0280
	header := `{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`
	header += strings.Repeat(" ", length-len(header))
	path := filepath.Join(t.TempDir(), "a.safetensors")
	if err := os.WriteFile(path, []byte("\x80\x02\x00\x00\x00\x00\x00\x00"+header+"\x00\x00\x80\x3f"), 0o666); err != nil {
		t.Fatal(err)
	}
	s, err := readStateDict(path)
	if err != nil || !s.has("a") {
		t.Errorf("%v, %v", s, err)
	}
}
