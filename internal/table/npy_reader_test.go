package table

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"strings"
	"testing"
)

// npyBytes makes a .npy of the given version, header text and values.
func npyBytes(version byte, header string, values ...any) []byte {
	b := append([]byte(npyMagic), version, 0)
	if version == 1 {
		b = binary.LittleEndian.AppendUint16(b, uint16(len(header)))
	} else {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(header)))
	}
	b = append(b, header...)
	var data bytes.Buffer
	for _, v := range values {
		if err := binary.Write(&data, binary.LittleEndian, v); err != nil {
			panic(err)
		}
	}
	return append(b, data.Bytes()...)
}

func npyHeaderText(descr string, fortran bool, shape string) string {
	order := "False"
	if fortran {
		order = "True"
	}
	return fmt.Sprintf("{'descr': '%s', 'fortran_order': %s, 'shape': %s, }   \n", descr, order, shape)
}

func bigEndian(values ...any) []byte {
	var b bytes.Buffer
	for _, v := range values {
		if err := binary.Write(&b, binary.BigEndian, v); err != nil {
			panic(err)
		}
	}
	return b.Bytes()
}

type zipEntry struct {
	name   string
	method uint16
	data   []byte
}

func npzBytes(t testing.TB, entries ...zipEntry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, entry := range entries {
		out, err := w.CreateHeader(&zip.FileHeader{Name: entry.name, Method: entry.method})
		if err != nil {
			t.Fatal(err)
		}
		out.Write(entry.data)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestNPYTypes(t *testing.T) {
	for _, test := range []struct {
		descr  string
		values []any
		want   []float64
	}{
		{"<f8", []any{[]float64{1.5, -2}}, []float64{1.5, -2}},
		{">f8", []any{bigEndian([]float64{1.5, -2})}, []float64{1.5, -2}},
		{"<f4", []any{[]float32{1.5, 0.1}}, []float64{1.5, float64(float32(0.1))}},
		{">f4", []any{bigEndian([]float32{1.5, 0.1})}, []float64{1.5, float64(float32(0.1))}},
		{"<i8", []any{[]int64{-1, 1<<53 + 1}}, []float64{-1, 1 << 53}},
		{">i8", []any{bigEndian([]int64{-1, 7})}, []float64{-1, 7}},
		{"<i4", []any{[]int32{-1, 1 << 30}}, []float64{-1, 1 << 30}},
		{">i4", []any{bigEndian([]int32{-1, 1 << 30})}, []float64{-1, 1 << 30}},
		{"<i2", []any{[]int16{-1, 300}}, []float64{-1, 300}},
		{">i2", []any{bigEndian([]int16{-1, 300})}, []float64{-1, 300}},
		{"|i1", []any{[]int8{-1, 100}}, []float64{-1, 100}},
		{"<u8", []any{[]uint64{1, 1 << 63}}, []float64{1, 1 << 63}},
		{"<u4", []any{[]uint32{1, 1 << 31}}, []float64{1, 1 << 31}},
		{">u2", []any{bigEndian([]uint16{1, 65535})}, []float64{1, 65535}},
		{"|u1", []any{[]uint8{1, 255}}, []float64{1, 255}},
		{"|b1", []any{[]uint8{0, 1}}, []float64{0, 1}},
	} {
		for version := byte(1); version <= 3; version++ {
			path := fileWith(t, "x.npy", npyBytes(version, npyHeaderText(test.descr, false, "(2,)"), test.values...))
			r := mustOpen(t, path, Options{})
			wantColumns(t, r, "f0")
			if rows, known := r.RowCount(); rows != 2 || !known {
				t.Errorf("%s: row count %d, %v", test.descr, rows, known)
			}
			wantRows(t, r, test.want...)
		}
	}
}

func TestNPYShapesAndSelection(t *testing.T) {
	cOrder := []float64{1, 2, 3, 4, 5, 6}
	fortran := []float64{1, 4, 2, 5, 3, 6}
	for name, content := range map[string][]byte{
		"c.npy":        npyBytes(1, npyHeaderText("<f8", false, "(2, 3)"), cOrder),
		"python2.npy":  npyBytes(1, npyHeaderText("<f8", false, "(2L, 3L)"), cOrder),
		"order.npy":    npyBytes(1, `{"shape":(2,3),"descr":"<f8","fortran_order":False}`, cOrder),
		"f.npy":        npyBytes(1, npyHeaderText("<f8", true, "(2, 3)"), fortran),
		"stored.npz":   npzBytes(t, zipEntry{"y.npy", zip.Store, nil}, zipEntry{"X.npy", zip.Store, npyBytes(1, npyHeaderText("<f8", false, "(2, 3)"), cOrder)}),
		"deflated.npz": npzBytes(t, zipEntry{"X.npy", zip.Deflate, npyBytes(2, npyHeaderText("<f8", false, "(2, 3)"), cOrder)}),
		"f.npz":        npzBytes(t, zipEntry{"X.npy", zip.Deflate, npyBytes(1, npyHeaderText("<f8", true, "(2, 3)"), fortran)}),
	} {
		t.Run(name, func(t *testing.T) {
			path := fileWith(t, name, content)
			r := mustOpen(t, path, Options{})
			wantColumns(t, r, "f0", "f1", "f2")
			wantRows(t, r, cOrder...)
			if done, total := r.Progress(); done != total || total == 0 {
				t.Errorf("progress %d of %d", done, total)
			}
			r = mustOpen(t, path, Options{})
			if err := r.Select([]string{"f2", "f0"}); err != nil {
				t.Fatal(err)
			}
			wantRows(t, r, 3, 1, 6, 4)
			if _, err := r.Read(make([]float64, 2)); err != io.EOF {
				t.Errorf("behind the end: %v", err)
			}
		})
	}
	r := mustOpen(t, fileWith(t, "none.npy", npyBytes(1, npyHeaderText("<f8", false, "(0, 3)"))), Options{})
	wantRows(t, r)
}

// Arrays of several chunks, in both orders, read in blocks that do not divide them.
func TestNPYChunks(t *testing.T) {
	const rows, columns = 70_001, 20 // 11 MB
	values := make([]float64, rows*columns)
	transposed := make([]float64, rows*columns)
	for i := range values {
		values[i] = float64(i)
		transposed[i%columns*rows+i/columns] = float64(i)
	}
	shape := fmt.Sprintf("(%d, %d)", rows, columns)
	for name, content := range map[string][]byte{
		"c.npy": npyBytes(1, npyHeaderText("<f8", false, shape), values),
		"f.npy": npyBytes(1, npyHeaderText("<f8", true, shape), transposed),
	} {
		r := mustOpen(t, fileWith(t, name, content), Options{})
		block := make([]float64, 999*columns)
		at := 0
		for {
			n, err := r.Read(block)
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if !equalValues(block[:n*columns], values[at:at+n*columns]) {
				t.Fatalf("%s: rows from %d differ", name, at/columns)
			}
			at += n * columns
		}
		if at != len(values) {
			t.Errorf("%s: %d values, want %d", name, at, len(values))
		}
	}
}

func TestNPYBadRows(t *testing.T) {
	values := []float32{1, 2, float32(math.NaN()), 4, 5, float32(math.Inf(-1)), 7, 8}
	path := fileWith(t, "x.npy", npyBytes(1, npyHeaderText("<f4", false, "(4, 2)"), values))
	r := mustOpen(t, path, Options{})
	block := make([]float64, 8)
	rows, err := r.Read(block)
	wantValues(t, block[:2*rows], 1, 2)
	wantRowError(t, err, RowError{path, 2, 0, "f0", "NaN", NotFinite}, path+`: row 2, column "f0": "NaN" is not finite`)
	_, err = r.Read(block)
	wantRowError(t, err, RowError{path, 3, 0, "f1", "-Inf", NotFinite}, path+`: row 3, column "f1": "-Inf" is not finite`)
	wantRows(t, r, 7, 8)

	wantRows(t, mustOpen(t, path, Options{OnBadRow: SkipBadRows}), 1, 2, 7, 8)
	n := math.NaN()
	wantRows(t, mustOpen(t, path, Options{OnBadRow: BadRowsAsNaN}), 1, 2, n, n, n, n, 7, 8)
	r = mustOpen(t, path, Options{})
	if err := r.Select([]string{"f1"}); err != nil {
		t.Fatal(err)
	}
	rows, _ = r.Read(block)
	wantValues(t, block[:rows], 2, 4) // the NaN of f0 is not looked at
}

func TestNPYErrors(t *testing.T) {
	f8 := func(shape string) string { return npyHeaderText("<f8", false, shape) }
	four := []float64{1, 2, 3, 4}
	for _, test := range []struct {
		name    string
		content []byte
		parts   []string
	}{
		{"empty", nil, []string{"it is empty"}},
		{"text", []byte("a,b\n1,2\n"), []string{"not a NumPy array"}},
		{"short text", []byte("a,b"), []string{"not a NumPy array"}},
		{"version", npyBytes(4, f8("(2, 2)"), four), []string{"version is 4.0"}},
		{"cut in the header", npyBytes(1, f8("(2, 2)"))[:30], []string{"breaks off within its header"}},
		{"cut in the length", []byte("\x93NUMPY\x02\x00\x01\x02"), []string{"breaks off within its header"}},
		{"huge header", []byte("\x93NUMPY\x02\x00\xff\xff\xff\xff"), []string{"claims 4294967295 bytes"}},
		{"complex", npyBytes(1, npyHeaderText("<c16", false, "(1, 1)"), four), []string{"dtype is <c16", "supported are"}},
		{"long double", npyBytes(1, npyHeaderText("<f16", false, "(1,)"), four), []string{"dtype is <f16", "astype('float64')"}},
		{"object", npyBytes(1, npyHeaderText("|O", false, "(1, 1)"), four), []string{"dtype is |O"}},
		{"strings", npyBytes(1, npyHeaderText("<U10", false, "(1, 1)"), four), []string{"dtype is <U10"}},
		{"native order", npyBytes(1, npyHeaderText("=f8", false, "(1, 1)"), four), []string{"dtype is =f8"}},
		{"no dimension", npyBytes(1, f8("()"), four), []string{"shape is ()", "not 0"}},
		{"three dimensions", npyBytes(1, f8("(1, 2, 2)"), four), []string{"shape is (1, 2, 2)", "not 3"}},
		{"no columns", npyBytes(1, f8("(4, 0)")), []string{"no columns"}},
		{"many columns", npyBytes(1, f8("(1, 65537)")), []string{"more than 65536 columns"}},
		{"negative", npyBytes(1, f8("(-4, 2)")), []string{`"-4" is not a size`}},
		{"overflow", npyBytes(1, f8("(9223372036854775807, 65536)")), []string{"no file holds"}},
		{"beyond int64", npyBytes(1, f8("(9223372036854775808, 1)")), []string{"is not a size"}},
		{"huge", npyBytes(1, f8("(1000000000000, 2)"), four), []string{"promises 1000000000000 rows of 2 columns", "only 2 whole rows", "truncated"}},
		{"truncated", npyBytes(1, f8("(3, 2)"), four), []string{"promises 3 rows of 2 columns (48 bytes)", "only 2 whole rows", "truncated"}},
		{"truncated within a row", npyBytes(1, f8("(2, 3)"), four), []string{"only 1 whole rows"}},
		{"truncated in Fortran order", npyBytes(1, npyHeaderText("<f8", true, "(3, 2)"), four), []string{"Fortran", "only 32 bytes"}},
		{"longer", npyBytes(1, f8("(1, 2)"), four), []string{"16 bytes more follow"}},
		{"no dictionary", npyBytes(1, "[1, 2]"), []string{"header cannot be read", "not a dictionary"}},
		{"no shape", npyBytes(1, "{'descr': '<f8', 'fortran_order': False}"), []string{"has no shape"}},
		{"one key more", npyBytes(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), 'x': 1}"), []string{"more than descr"}},
		{"a key twice", npyBytes(1, "{'descr': '<f8', 'descr': '<f8', 'shape': (1,)}"), []string{"twice"}},
		{"order word", npyBytes(1, "{'descr': '<f8', 'fortran_order': Maybe, 'shape': (1,)}"), []string{"Maybe"}},
		{"bracket", npyBytes(1, "{'descr': '<f8', 'shape': (1,}"), []string{"closing bracket"}},
		{"quote", npyBytes(1, "{'descr': '<f8}"), []string{"closing quote"}},
		{"comma", npyBytes(1, "{'descr': '<f8' 'shape': (1,)}"), []string{"comma"}},
		{"colon", npyBytes(1, "{'descr' '<f8'}"), []string{"colon"}},
		{"value", npyBytes(1, "{'descr': }"), []string{"value is missing"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := fileWith(t, "x.npy", test.content)
			_, err := Open(path, Options{})
			wantError(t, err, append(test.parts, path)...)
		})
	}
}

func TestNPZErrors(t *testing.T) {
	good := npyBytes(1, npyHeaderText("<f8", false, "(2, 2)"), []float64{1, 2, 3, 4})
	short := npyBytes(1, npyHeaderText("<f8", false, "(3, 2)"), []float64{1, 2, 3, 4})
	damaged := npzBytes(t, zipEntry{"X.npy", zip.Store, good})
	at := bytes.Index(damaged, good)
	damaged[at+len(good)-8] ^= 1
	badDeflate := npzBytes(t, zipEntry{"X.npy", zip.Deflate, append(good, make([]byte, 1)...)})
	for _, test := range []struct {
		name    string
		content []byte
		parts   []string
	}{
		{"empty", nil, []string{"the file is empty"}},
		{"no archive", good, []string{"not a NumPy archive"}},
		{"cut", npzBytes(t, zipEntry{"X.npy", zip.Store, good})[:150], []string{"not a NumPy archive (or it is truncated)"}},
		{"nothing in it", npzBytes(t), []string{"archive is empty"}},
		{"no X", npzBytes(t, zipEntry{"data.npy", zip.Store, good}, zipEntry{"y.npy", zip.Store, good}),
			[]string{"no array X", "it has data, y", "np.savez"}},
		{"X twice", npzBytes(t, zipEntry{"X.npy", zip.Store, good}, zipEntry{"X.npy", zip.Store, good}), []string{"X comes twice"}},
		{"bad array", npzBytes(t, zipEntry{"X.npy", zip.Store, []byte("hello world")}), []string{"array X cannot be used", "not a NumPy array"}},
		{"truncated array", npzBytes(t, zipEntry{"X.npy", zip.Store, short}), []string{"promises 3 rows", "only 2 whole rows"}},
		{"damaged", damaged, []string{"checksum of X is wrong"}},
		{"longer", badDeflate, []string{"1 bytes more follow"}},
		{"huge Fortran", npzBytes(t, zipEntry{"X.npy", zip.Deflate, append(npyBytes(1, npyHeaderText("|u1", true, "(65536, 32768)")), make([]byte, 1<<16)...)}),
			[]string{"only 65536 bytes"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := fileWith(t, "x.npz", test.content)
			r, err := Open(path, Options{})
			if err == nil {
				_, _, err = r.ReadAll()
				r.Close()
			}
			wantError(t, err, append(test.parts, path)...)
		})
	}
}

// A pipe has no size to check against; what is missing shows while reading, and nothing is allocated on trust.
func TestNPYFromAPipe(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no /dev/fd on windows")
	}
	open := func(t *testing.T, ending string, content []byte) (*Reader, error) {
		t.Helper()
		from, to, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { from.Close() })
		go func() {
			to.Write(content)
			to.Close()
		}()
		link := t.TempDir() + "/x" + ending
		if err := os.Symlink(fmt.Sprintf("/dev/fd/%d", from.Fd()), link); err != nil {
			t.Fatal(err)
		}
		return Open(link, Options{})
	}
	four := []float64{1, 2, 3, 4}
	for _, test := range []struct {
		fortran bool
		want    []float64
	}{{false, four}, {true, []float64{1, 3, 2, 4}}} {
		r, err := open(t, ".npy", npyBytes(1, npyHeaderText("<f8", test.fortran, "(2, 2)"), four))
		if err != nil {
			t.Fatal(err)
		}
		wantRows(t, r, test.want...)
	}
	r, err := open(t, ".npy", npyBytes(1, npyHeaderText("<f8", false, "(1000000000000, 2)"), four))
	if err != nil {
		t.Fatal(err)
	}
	data, rows, err := r.ReadAll()
	wantError(t, err, "promises 1000000000000 rows", "only 2 whole rows")
	if rows != 2 {
		t.Errorf("%d rows", rows)
	}
	wantValues(t, data, four...)
	r, err = open(t, ".npy", npyBytes(1, npyHeaderText("<f8", false, "(1, 2)"), four))
	if err == nil {
		_, _, err = r.ReadAll()
	}
	wantError(t, err, "more bytes follow")
	_, err = open(t, ".npy", npyBytes(1, npyHeaderText("<f8", true, "(3, 2)"), four))
	wantError(t, err, "only 32 bytes")
	_, err = open(t, ".npy", npyBytes(1, npyHeaderText("<f8", true, "(1000000000, 2)"), four))
	wantError(t, err, "Fortran order", "np.ascontiguousarray")
	_, err = open(t, ".npz", []byte("PK"))
	wantError(t, err, "pipe")
	r, err = open(t, ".csv", []byte("a\n1\n"))
	if err != nil {
		t.Fatal(err)
	}
	wantRows(t, r, 1)
	if !strings.HasSuffix(r.file, ".csv") {
		t.Error(r.file)
	}
}
