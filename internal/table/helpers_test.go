package table

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fileWith makes a file of the given name and content.
func fileWith(t testing.TB, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func mustOpen(t testing.TB, path string, options Options) *Reader {
	t.Helper()
	r, err := Open(path, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// csvText opens a text as CSV.
func csvText(text string, options Options) (*Reader, error) {
	options.Stdin = strings.NewReader(text)
	return Open("-", options)
}

func mustCSV(t testing.TB, text string, options Options) *Reader {
	t.Helper()
	r, err := csvText(text, options)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func gzipped(t testing.TB, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, text)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// wantRows reads everything and compares it; NaN equals NaN.
func wantRows(t testing.TB, r *Reader, want ...float64) {
	t.Helper()
	got, rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if rows*len(r.Columns()) != len(got) {
		t.Errorf("%d rows but %d values", rows, len(got))
	}
	wantValues(t, got, want...)
}

func wantValues(t testing.TB, got []float64, want ...float64) {
	t.Helper()
	if !equalValues(got, want) {
		t.Errorf("values %v, want %v", got, want)
	}
}

func equalValues(a, b []float64) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if math.Float64bits(a[i]) != math.Float64bits(b[i]) && !(math.IsNaN(a[i]) && math.IsNaN(b[i])) {
			return false
		}
	}
	return true
}

func wantColumns(t testing.TB, r *Reader, want ...string) {
	t.Helper()
	if got := r.Columns(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("columns %q, want %q", got, want)
	}
}

// wantError wants an error whose text has every one of the parts.
func wantError(t testing.TB, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, want one with %q", parts)
		return
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q lacks %q", err, part)
		}
	}
}

func wantRowError(t testing.TB, err error, want RowError, text string) {
	t.Helper()
	var bad *RowError
	if !errors.As(err, &bad) {
		t.Errorf("error %v, want a *RowError", err)
		return
	}
	if *bad != want {
		t.Errorf("error %#v, want %#v", *bad, want)
	}
	if bad.Error() != text {
		t.Errorf("error %q, want %q", bad.Error(), text)
	}
}
