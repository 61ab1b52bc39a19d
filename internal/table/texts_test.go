package table

import (
	"bytes"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTexts: texts come as they are written, for the rows that are delivered and no others, and can be written so.
func TestTexts(t *testing.T) {
	text := "id,a,note\n007,1, blank \n\"x,\"\"1\"\"\",,é\nz,2,\nragged,3\nlast,4,\"two\nlines\"\n"
	for policy, want := range map[BadRows][]string{
		SkipBadRows:  {" blank ", "007", "", "z", "two\nlines", "last"},
		BadRowsAsNaN: {" blank ", "007", "é", `x,"1"`, "", "z", "", "", "two\nlines", "last"},
	} {
		for _, room := range []int{1, 3, 10} {
			r := mustCSV(t, text, Options{OnBadRow: policy})
			if err := r.Select([]string{"a"}); err != nil {
				t.Fatal(err)
			}
			if err := r.SelectTexts([]string{"note", "id"}); err != nil {
				t.Fatal(err)
			}
			var all, block Texts
			values := make([]float64, room)
			for {
				rows, err := r.ReadTexts(values, &block)
				if err == io.EOF {
					break
				}
				if err != nil || block.Rows() != rows {
					t.Fatalf("%d rows, the texts of %d, %v", rows, block.Rows(), err)
				}
				all.Append(&block)
			}
			wantTexts(t, &all, want...)
		}
	}
	r := mustCSV(t, text, Options{})
	if err := r.Select([]string{"a"}); err != nil {
		t.Fatal(err)
	}
	if err := r.SelectTexts([]string{"id"}); err != nil {
		t.Fatal(err)
	}
	var block Texts
	rows, err := r.ReadTexts(make([]float64, 9), &block)
	if rows != 1 || block.Rows() != 1 || err == nil {
		t.Errorf("%d rows, the texts of %d, %v", rows, block.Rows(), err)
	}
	wantError(t, r.SelectTexts([]string{"id"}), "before the first row")
	wantError(t, mustCSV(t, text, Options{}).SelectTexts([]string{"idd"}), `did you mean "id"?`)
}

func TestWriteTexts(t *testing.T) {
	r := mustCSV(t, "id,a,note\n007,1.50, blank \n\"x,\"\"1\"\"\",2,\"two\nlines\"\n\"\",3,tab\there\n", Options{})
	if err := r.Select([]string{"a"}); err != nil {
		t.Fatal(err)
	}
	if err := r.SelectTexts([]string{"id", "a", "note"}); err != nil {
		t.Fatal(err)
	}
	var texts Texts
	values := make([]float64, 3)
	if rows, err := r.ReadTexts(values, &texts); rows != 3 || err != nil {
		t.Fatal(rows, err)
	}
	write := func(path string, stdout io.Writer) error {
		w, err := Create(path, WriteOptions{Stdout: stdout})
		if err != nil {
			return err
		}
		defer w.Abort()
		if err := w.WriteHeader([]string{"id", "a", "a", "note"}); err != nil {
			return err
		}
		if err := w.WriteTexts([]float64{1, math.NaN(), 3}, &texts, []int{0, 1}, []int{2}); err != nil {
			return err
		}
		return w.Close()
	}
	var out bytes.Buffer
	if err := write("-", &out); err != nil {
		t.Fatal(err)
	}
	if want := "id,a,a,note\n007,1.50,1, blank \n\"x,\"\"1\"\"\",2,NaN,\"two\nlines\"\n,3,3,tab\there\n"; out.String() != want {
		t.Errorf("text %q, want %q", out.String(), want)
	}
	tabs := filepath.Join(t.TempDir(), "x.tsv")
	if err := write(tabs, nil); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(tabs)
	if want := "id\ta\ta\tnote\n007\t1.50\t1\t blank \n\"x,\"\"1\"\"\"\t2\tNaN\t\"two\nlines\"\n\t3\t3\t\"tab\there\"\n"; string(content) != want || err != nil {
		t.Errorf("text %q, want %q", content, want)
	}
	wantError(t, write(filepath.Join(t.TempDir(), "x.npy"), nil), "x.npy", "holds no text")
}

func TestParseLabel(t *testing.T) {
	for text, want := range map[string]float64{
		"1": 1, "1.0": 1, "true": 1, "True": 1, "ANOMALY": 1, "0": 0, "0.0": 0, "false": 0, "Normal": 0, "-1": -1, "+1": 1, "1e0": 1,
	} {
		if got, fault := ParseLabel([]byte(text)); got != want || fault != "" {
			t.Errorf("%q is %v (%s), want %v", text, got, fault, want)
		}
	}
	for text, want := range map[string]Reason{"": MissingValue, "NaN": NotFinite, "2": NotALabel, "yes": NotALabel, "0.5": NotALabel, "outlier": NotALabel} {
		if _, fault := ParseLabel([]byte(text)); fault != want {
			t.Errorf("%q: %q, want %q", text, fault, want)
		}
	}
}

func TestEndings(t *testing.T) {
	for path, holds := range map[string]bool{"-": true, "a.csv": true, "a.TSV.GZ": true, "a.txt": true, "a.npy": false, "a.npz": false} {
		if !HasFormat(path) || HoldsText(path) != holds {
			t.Errorf("%s: a table %v, of texts %v", path, HasFormat(path), HoldsText(path))
		}
	}
	for _, path := range []string{"a", "a.gz", "a.parquet", "a.npy.gz", strings.Repeat("a", 10)} {
		if HasFormat(path) || HoldsText(path) {
			t.Errorf("%s is a table", path)
		}
	}
}
