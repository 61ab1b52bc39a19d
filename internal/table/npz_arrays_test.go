package table

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// npyOf is a .npy of float64 values.
func npyOf(shape string, fortran bool, values ...float64) []byte {
	order := "False"
	if fortran {
		order = "True"
	}
	header := fmt.Sprintf("{'descr': '<f8', 'fortran_order': %s, 'shape': %s, }\n", order, shape)
	b := []byte(npyMagic + "\x01\x00")
	b = binary.LittleEndian.AppendUint16(b, uint16(len(header)))
	b = append(b, header...)
	for _, v := range values {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	return b
}

func writeArchive(t *testing.T, entries ...any) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(entries); i += 2 {
		entry, err := w.Create(entries[i].(string) + ".npy")
		if err == nil {
			_, err = entry.Write(entries[i+1].([]byte))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "a.npz")
	if err := os.WriteFile(path, b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestReadArrays(t *testing.T) {
	path := writeArchive(t, "x", npyOf("(2, 3)", false, 1, 2, 3, 4, 5, 6), "y", npyOf("(2, 3)", true, 1, 4, 2, 5, 3, 6), "v", npyOf("(2,)", false, 7, 8))
	arrays, err := ReadArrays(path, nil, "x", "y", "v", "absent")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]Array{
		"x": {2, 3, []float64{1, 2, 3, 4, 5, 6}}, "y": {2, 3, []float64{1, 2, 3, 4, 5, 6}}, "v": {2, 1, []float64{7, 8}},
	} {
		a := arrays[name]
		if a.Rows != want.Rows || a.Columns != want.Columns || !slices.Equal(a.Values, want.Values) {
			t.Errorf("%s is %v, want %v", name, a, want)
		}
	}
}

func TestReadArraysRefuses(t *testing.T) {
	for word, path := range map[string]string{
		"not known":     writeArchive(t, "w", npyOf("(1,)", false, 1)),
		"comes twice":   writeArchive(t, "x", npyOf("(1,)", false, 1), "x", npyOf("(1,)", false, 1)),
		"promises":      writeArchive(t, "x", npyOf("(1000000,)", false, 1)),
		"damaged":       writeArchive(t, "x", npyOf("(1,)", false, 1, 2)),
		"at most":       writeArchive(t, "x", npyOf("(1000000000,)", false, 1)),
		"dimensions":    writeArchive(t, "x", npyOf("(1, 1, 1)", false, 1)),
		"not finite":    writeArchive(t, "x", npyOf("(1,)", false, math.NaN())),
		"NumPy archive": filepath.Join("testdata", "..", "npz_arrays.go"),
	} {
		_, err := ReadArrays(path, nil, "x")
		if err == nil || !strings.Contains(err.Error(), word) || !strings.Contains(err.Error(), filepath.Base(path)) {
			t.Errorf("%v, want an error that holds %q and %s", err, word, filepath.Base(path))
		}
	}
}

// TestDamagedContext: the checksum of the array context counts too.
func TestDamagedContext(t *testing.T) {
	path := writeArchive(t, "x", npyOf("(2, 1)", false, 1, 2), "context", npyOf("(2, 1)", false, 3, 4.75))
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r := mustOpen(t, path, Options{})
	if _, rows, err := r.ReadAll(); err != nil || rows != 2 {
		t.Fatalf("%d rows, %v", rows, err)
	}
	// The archive's entries are stored or compressed; its directory has the sum.
	at := bytes.LastIndex(content, []byte("PK\x01\x02"))
	content[at+16] ^= 1
	if err := os.WriteFile(path, content, 0o666); err != nil {
		t.Fatal(err)
	}
	_, _, err = mustOpen(t, path, Options{}).ReadAll()
	wantError(t, err, "checksum of context is wrong")
}
