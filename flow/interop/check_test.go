package interop

import (
	"math"
	"strings"
	"testing"
)

// TestCompare makes sure that a single wrong row is found, and named.
func TestCompare(t *testing.T) {
	for _, test := range []struct {
		change func(c *Check)
		words  []string
	}{
		{func(c *Check) { c.LogProb[3] += 0.01 }, []string{"log_prob of row 3", "0.01 too far apart", "1 of 40 rows"}},
		{func(c *Check) { c.Samples[5*7+2] += 0.01 }, []string{"feature 2 of row 7", "1 of 40 rows"}},
		{func(c *Check) { c.Z[5*7] += 0.01 }, []string{"of row 7"}},
		{func(c *Check) { c.Context[2*9] += 0.1 }, []string{"log_prob of row 9"}},
	} {
		g := readGolden(t, "nflows-maf-context")
		f, err := g.load()
		if err != nil {
			t.Fatal(err)
		}
		test.change(g.check)
		_, err = g.check.Compare(f)
		if err == nil {
			t.Errorf("no error, want one of %q", test.words)
			continue
		}
		for _, w := range test.words {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%q does not hold %q", err, w)
			}
		}
	}
	// Differences relative to large values.
	g := readGolden(t, "nflows-realnvp-untrained")
	f, err := g.load()
	if err != nil {
		t.Fatal(err)
	}
	for i := range g.check.LogProb {
		g.check.LogProb[i] *= 1 + 0.5*Tolerance
	}
	if r, err := g.check.Compare(f); err != nil || r.Rows != 40 || r.LogProb < 0.3*Tolerance {
		t.Errorf("%v, %v", r, err)
	}
}

// TestExact holds the float64 rows, which judge rounding, against the library.
func TestExact(t *testing.T) {
	for _, name := range []string{"nflows-nsf-ar-context", "zuko-nsf", "normflows-nsf-ar"} {
		g := readGolden(t, name)
		f, err := g.load()
		if err != nil {
			t.Fatal(err)
		}
		e := newExact(f)
		for row := range g.check.Rows {
			if got := e.logProb(g.check, row); !near(got, g.check.LogProb[row:]) {
				t.Errorf("%s, row %d: log_prob is %v, want %v", name, row, got, g.check.LogProb[row])
			}
			z := g.check.Z
			if scaled := throughBase(f, z); scaled != nil {
				z = scaled
			}
			d := f.Features()
			if got := e.sample(g.check, z, row); !near(got, g.check.Samples[row*d:]) {
				t.Errorf("%s, row %d: the sample is %v, want %v", name, row, got, g.check.Samples[row*d:][:d])
			}
			for i, got := range e.noise(g.check, row) {
				// The samples are float32, and the map to noise can be steep.
				if want := z[row*d+i]; !(math.Abs(got-want) < 1e-3) {
					t.Errorf("%s, row %d: noise %d is %v, want %v", name, row, i, got, want)
				}
			}
		}
	}
}

// TestNoiseOfEitherKind takes noise before a learned base as well as behind it.
func TestNoiseOfEitherKind(t *testing.T) {
	g := readGolden(t, "normflows-coupling")
	f, err := g.load()
	if err != nil {
		t.Fatal(err)
	}
	before, err := g.check.Compare(f)
	if err != nil {
		t.Fatal(err)
	}
	g.check.Z = throughBase(f, g.check.Z)
	if g.check.Z == nil {
		t.Fatal("the base is not learned")
	}
	behind, err := g.check.Compare(f)
	if err != nil || behind.Samples > 10*before.Samples || behind.Rounded != 0 {
		t.Errorf("%+v with noise before the base; behind it %+v, %v", before, behind, err)
	}
}
