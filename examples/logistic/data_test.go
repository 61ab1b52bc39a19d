package main

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRead takes a table from a file, and says what is wrong with others.
func TestRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t.csv")
	from := func(text, label string) (*table, error) {
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return read(path, label)
	}
	got, err := from("a,ill,b\n1,0,5\n3,1,7\n", "ill")
	if err != nil || strings.Join(got.columns, " ") != "intercept a b" || got.y[0] || !got.y[1] ||
		math.Abs(got.x[0][1]+1) > 1e-12 || math.Abs(got.x[1][2]-1) > 1e-12 {
		t.Errorf("read %+v (%v)", got, err)
	}
	for text, want := range map[string]string{
		"a,b\n1,2\n3,4\n":     `no column "ill"`,
		"a,ill\n1,0\n":        "two rows",
		"a,ill\n1,0\nx,1\n":   `row 2 column "a"`,
		"a,ill\n1,0\n2,2\n":   "want 0 or 1",
		"a,ill\n1,0\n1,1\n":   "constant",
		"a,ill\n1,0\n1,1,1\n": "wrong number of fields",
		"a,ill\n1,0\nNaN,1\n": "no finite number",
		"a,ill\n1,0\n\"2,1\n": "t.csv",
	} {
		if _, err := from(text, "ill"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: the error is %v, want one about %s", text, err, want)
		}
	}
	if _, err := read(path, ""); err == nil || !strings.Contains(err.Error(), "-label") {
		t.Errorf("without a label the error is %v", err)
	}
}
