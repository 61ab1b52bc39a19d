package table

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"math"
	"runtime"
	"strings"
	"testing"
)

// recordsBytes is a structured array, aligned as np.dtype(align=True) does it.
func recordsBytes() []byte {
	type record struct {
		A    float64
		N    int32
		Gap  [4]byte
		Name [4]int32 // UTF-32
		Code [3]byte
		Half uint16
		Z    [16]byte
		Deep struct{ X, Y float32 }
		Big  int64
	}
	name := func(text string) (n [4]int32) {
		copy(n[:], []int32{int32(text[0]), 'é'})
		return n
	}
	descr := "[('a', '<f8'), ('n', '<i4'), ('', '|V4'), ('name', '<U4'), (('Title, x', 'code'), '|S3'), ('it\\'s', '<f2'), ('z', '<c16'), " +
		"('deep', [('x', '<f4'), ('y', '<f4')]), ('big', '<i8')]"
	header := fmt.Sprintf("{'descr': %s, 'fortran_order': False, 'shape': (2,), }", descr)
	return npyBytes(1, header,
		record{A: 10, N: -7, Name: name("x"), Code: [3]byte{'q', 'r'}, Half: 0x3e00, Deep: struct{ X, Y float32 }{1, 2}, Big: 1<<62 + 1},
		record{A: 12.5, N: 8, Name: name("y"), Code: [3]byte{'1', '2', '3'}, Half: 0xc100, Deep: struct{ X, Y float32 }{3, 4}, Big: -5})
}

func TestRecords(t *testing.T) {
	path := fileWith(t, "x.npy", recordsBytes())
	r := mustOpen(t, path, Options{})
	if got := fmt.Sprint(r.AllColumns()); got != "[a n name code it's z deep.x deep.y big]" || !r.Named() {
		t.Errorf("columns %s", got)
	}
	if got := fmt.Sprint(r.TextColumns()); got != "[false false true true false false false false false]" {
		t.Errorf("text columns %s", got)
	}
	if err := r.Select([]string{"it's", "a", "n", "deep.y"}); err != nil {
		t.Fatal(err)
	}
	wantRows(t, r, 1.5, 10, -7, 2, -2.5, 12.5, 8, 4)

	r = mustOpen(t, path, Options{})
	if err := r.Select([]string{"a"}); err != nil {
		t.Fatal(err)
	}
	if err := r.SelectTexts([]string{"big", "name", "code"}); err != nil {
		t.Fatal(err)
	}
	var texts Texts
	block := make([]float64, 4)
	if rows, err := r.ReadTexts(block, &texts); rows != 2 || err != nil {
		t.Fatal(rows, err)
	}
	wantTexts(t, &texts, "4611686018427387905", "xé", "qr", "-5", "yé", "123")

	// A field of text can be read by who knows what it says.
	r = mustOpen(t, path, Options{})
	if err := r.Select([]string{"code", "a"}); err != nil {
		t.Fatal(err)
	}
	r.Interpret(0, func(cell []byte) (float64, Reason) {
		if string(cell) == "qr" {
			return 0, "a letter"
		}
		return float64(len(cell)), ""
	})
	_, err := r.Read(block)
	wantRowError(t, err, RowError{path, 1, 0, "code", "qr", "a letter"}, path+`: row 1, column "code": "qr" is a letter`)
	wantRows(t, r, 3, 12.5)
	for column, word := range map[string]string{"name": "holds text (<U4)", "z": "dtype is <c16"} {
		r := mustOpen(t, path, Options{})
		if err := r.Select([]string{column}); err != nil {
			t.Fatal(err)
		}
		_, _, err := r.ReadAll()
		wantError(t, err, path, column, word)
	}
	wantError(t, mustOpen(t, path, Options{}).SelectTexts([]string{"z"}), "dtype is <c16")
}

func wantTexts(t *testing.T, texts *Texts, want ...string) {
	t.Helper()
	var got []string
	for row := range texts.Rows() {
		for column := range texts.Columns() {
			got = append(got, string(texts.Cell(row, column)))
		}
	}
	if strings.Join(got, "|") != strings.Join(want, "|") || len(got) != len(want) {
		t.Errorf("texts %q, want %q", got, want)
	}
}

func TestRecordsThatAreNone(t *testing.T) {
	for descr, word := range map[string]string{
		"[]":                            "no fields",
		"[('a', '<f8'), ('b', '|O')]":   "dtype is |O",
		"[('a', '<f8', (2,))]":          "",
		"[('a', [('b', '<f8')], (2,))]": "array of records",
		"[('a', '<f8', (99999999, 9))]": "16 MiB",
		"[('a', '<f8'), 'b']":           "name and a type",
		"[(1, '<f8')]":                  "no name",
		"[('a', '<U99999999')]":         "dtype is <U99999999",
		"'|V8'":                         "dtype is |V8",
		"('<f8', (2,))":                 "list of fields",
		strings.Repeat("[('a', ", 12) + "'<f8'" + strings.Repeat(")]", 12): "nested",
	} {
		header := fmt.Sprintf("{'descr': %s, 'fortran_order': False, 'shape': (1,), }", descr)
		r, err := Open(fileWith(t, "x.npy", npyBytes(1, header, []float64{1, 2})), Options{})
		if word != "" {
			wantError(t, err, word)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = r.ReadAll()
		wantError(t, err, `field "a"`, "array of the shape (2,)")
		r.Close()
	}
	for _, bad := range []string{"(02, 1)", "(2,,,,1)", "(,)", "(2 1)", "(+2,)", "(2.0,)", "[2]", "('2',)"} {
		_, err := Open(fileWith(t, "x.npy", npyBytes(1, npyHeaderText("<f8", false, bad), []float64{1, 2})), Options{})
		wantError(t, err, "shape")
	}
	_, err := Open(fileWith(t, "x.npy", npyBytes(1, "{'descr': '<f8', 'fortran_order': 'True', 'shape': (2,)}", []float64{1, 2})), Options{})
	wantError(t, err, "fortran_order is 'True'")
}

// TestHalf: every float16 is its exact value, by the format's definition.
func TestHalf(t *testing.T) {
	for bits := range 1 << 16 {
		sign, exponent, fraction := 1-2*float64(bits>>15), bits>>10&31, float64(bits&1023)
		want := sign * math.Pow(2, float64(exponent)-15) * (1 + fraction/1024)
		if exponent == 0 {
			want = sign * math.Pow(2, -14) * fraction / 1024
		}
		got := fromHalf(uint16(bits))
		if exponent == 31 {
			if fraction != 0 != math.IsNaN(got) || fraction == 0 && got != math.Inf(int(sign)) {
				t.Fatalf("%04x is %v", bits, got)
			}
			continue
		}
		if math.Float64bits(got) != math.Float64bits(want) {
			t.Fatalf("%04x is %v, want %v", bits, got, want)
		}
	}
	path := fileWith(t, "x.npy", npyBytes(1, npyHeaderText("<f2", true, "(2, 2)"), []uint16{0x4900, 0x4a40, 0x4500, 0x4640}))
	wantRows(t, mustOpen(t, path, Options{}), 10, 5, 12.5, 6.25)
	path = fileWith(t, "x.npy", npyBytes(1, npyHeaderText(">f2", false, "(1, 2)"), bigEndian([]uint16{0x4900, 0x7c00})))
	_, _, err := mustOpen(t, path, Options{}).ReadAll()
	wantError(t, err, `column "f1"`, "not finite")
}

// TestArchives: which arrays of an archive are the table.
func TestArchives(t *testing.T) {
	two := npyBytes(1, npyHeaderText("<f8", false, "(2, 2)"), []float64{1, 2, 3, 4})
	turned := npyBytes(1, npyHeaderText("<f4", true, "(2, 2)"), []float32{5, 7, 6, 8})
	vector := npyBytes(1, npyHeaderText("<i8", false, "(2,)"), []int64{9, 10})
	for name, test := range map[string]struct {
		content []byte
		columns string
		context int
		want    []float64
	}{
		"one":                {npzBytes(t, zipEntry{"arr_0.npy", zip.Deflate, two}), "[f0 f1]", 0, []float64{1, 2, 3, 4}},
		"one, of any name":   {npzBytes(t, zipEntry{"rows.npy", zip.Store, two}), "[f0 f1]", 0, []float64{1, 2, 3, 4}},
		"X":                  {npzBytes(t, zipEntry{"y.npy", zip.Store, vector}, zipEntry{"X.npy", zip.Store, two}), "[f0 f1]", 0, []float64{1, 2, 3, 4}},
		"x and log_prob":     {npzBytes(t, zipEntry{"log_prob.npy", zip.Store, vector}, zipEntry{"x.npy", zip.Store, two}), "[f0 f1]", 0, []float64{1, 2, 3, 4}},
		"x and context":      {npzBytes(t, zipEntry{"context.npy", zip.Deflate, turned}, zipEntry{"x.npy", zip.Store, two}), "[f0 f1 c0 c1]", 2, []float64{1, 2, 5, 6, 3, 4, 7, 8}},
		"X and context":      {npzBytes(t, zipEntry{"X.npy", zip.Store, two}, zipEntry{"context.npy", zip.Store, vector}), "[f0 f1 c0]", 1, []float64{1, 2, 9, 3, 4, 10}},
		"x of Fortran order": {npzBytes(t, zipEntry{"x.npy", zip.Deflate, turned}, zipEntry{"context.npy", zip.Store, two}), "[f0 f1 c0 c1]", 2, []float64{5, 6, 1, 2, 7, 8, 3, 4}},
		"a context alone":    {npzBytes(t, zipEntry{"context.npy", zip.Store, two}), "[f0 f1]", 0, []float64{1, 2, 3, 4}},
	} {
		t.Run(name, func(t *testing.T) {
			path := fileWith(t, "x.npz", test.content)
			r := mustOpen(t, path, Options{})
			if got := fmt.Sprint(r.Columns()); got != test.columns || r.ContextColumns() != test.context || r.Named() {
				t.Errorf("columns %s, %d of context, named %v", got, r.ContextColumns(), r.Named())
			}
			wantRows(t, r, test.want...)
			if done, total := r.Progress(); done != total || total == 0 {
				t.Errorf("progress %d of %d", done, total)
			}
			// Columns of both arrays in any order, and as texts.
			r = mustOpen(t, path, Options{})
			last := len(r.AllColumns()) - 1
			if err := r.SelectAt([]int{last, 0}); err != nil {
				t.Fatal(err)
			}
			if err := r.SelectTexts([]string{r.AllColumns()[last], "f0"}); err != nil {
				t.Fatal(err)
			}
			var texts Texts
			block := make([]float64, 4)
			if rows, err := r.ReadTexts(block, &texts); rows != 2 || err != nil {
				t.Fatal(rows, err)
			}
			w := test.want
			half := len(w) / 2
			wantValues(t, block, w[last], w[0], w[half+last], w[half])
			wantTexts(t, &texts, fmt.Sprint(w[last]), fmt.Sprint(w[0]), fmt.Sprint(w[half+last]), fmt.Sprint(w[half]))
		})
	}
	short := npyBytes(1, npyHeaderText("<f8", false, "(1, 2)"), []float64{1, 2})
	_, err := Open(fileWith(t, "x.npz", npzBytes(t, zipEntry{"x.npy", zip.Store, two}, zipEntry{"context.npy", zip.Store, short})), Options{})
	wantError(t, err, "x has 2 rows", "context 1")
	bad := npyBytes(1, npyHeaderText("<f8", false, "(2, 2)"), []float64{5, math.NaN(), 7, 8})
	path := fileWith(t, "x.npz", npzBytes(t, zipEntry{"x.npy", zip.Store, two}, zipEntry{"context.npy", zip.Store, bad}))
	_, _, err = mustOpen(t, path, Options{}).ReadAll()
	wantRowError(t, err, RowError{path, 1, 0, "c1", "NaN", NotFinite}, path+`: row 1, column "c1": "NaN" is not finite`)
	wantRows(t, mustOpen(t, path, Options{OnBadRow: SkipBadRows}), 3, 4, 7, 8)
	content := npzBytes(t, zipEntry{"X.npy", zip.Store, two})
	at := bytes.LastIndex(content, []byte("PK\x01\x02"))
	content[at+42] = 0xff // where the entry lies
	_, err = Open(fileWith(t, "x.npz", content), Options{})
	wantError(t, err, "x.npz", "directory is damaged")
}

// TestHeld: what is kept of a stream is the same in memory and in a file, which leaves nothing behind, and takes no more
// memory than it has bytes.
func TestHeld(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789"), 50_000)
	directory := t.TempDir()
	t.Setenv("TMPDIR", directory)
	for _, most := range []int64{1 << 30, 10} {
		h, err := holdWithin(iotestReader{bytes.NewReader(content)}, int64(len(content)), most)
		if err != nil {
			t.Fatal(err)
		}
		if (h.file != nil) != (most == 10) || h.size != int64(len(content)) {
			t.Errorf("%d bytes held in a file: %v", h.size, h.file != nil)
		}
		part := make([]byte, 7)
		if n, err := h.ReadAt(part, 123_456); n != 7 || err != nil || string(part) != "6789012" {
			t.Errorf("%q, %v", part, err)
		}
		if n, err := h.ReadAt(part, int64(len(content))-3); n != 3 || err != io.EOF {
			t.Errorf("%d bytes at the end, %v", n, err)
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
		if listing(t, directory) != 0 {
			t.Error("a temporary file is left")
		}
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := hold(bytes.NewReader(content), 1<<25); err != nil { // fewer bytes than promised
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 4<<20 {
		t.Errorf("%d bytes are allocated for %d", got, len(content))
	}
}
