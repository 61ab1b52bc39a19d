package table

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/seed-192fdf7a/nf/internal/atomicfile"
)

// writeTable writes values in blocks of a few rows.
func writeTable(t testing.TB, path string, options WriteOptions, columns []string, values []float64) {
	t.Helper()
	w, err := Create(path, options)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	if err := w.WriteHeader(columns); err != nil {
		t.Fatal(err)
	}
	for rest := values; len(rest) > 0; {
		n := min(len(rest), 7*len(columns))
		if err := w.WriteRows(rest[:n]); err != nil {
			t.Fatal(err)
		}
		rest = rest[n:]
	}
	if got := w.Rows(); got != int64(len(values)/len(columns)) {
		t.Errorf("%d rows written", got)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
}

func TestWriteAndReadBack(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	values := make([]float64, 3*20_001)
	for i := range values {
		for {
			values[i] = math.Float64frombits(random.Uint64()) // every exponent, all digits
			if !math.IsNaN(values[i]) && !math.IsInf(values[i], 0) {
				break
			}
		}
	}
	values[0] = math.Copysign(0, -1)
	columns := []string{"a", `with "quotes", commas`, "and\nlines"}
	for _, name := range []string{"x.csv", "x.csv.gz", "x.tsv", "x.txt.gz", "x.npy", "x.npz"} {
		for _, rows := range []int{0, 1, 20_001} {
			directory := t.TempDir()
			path := filepath.Join(directory, name)
			writeTable(t, path, WriteOptions{}, columns, values[:3*rows])
			r := mustOpen(t, path, Options{})
			if HoldsText(name) {
				wantColumns(t, r, columns...)
			}
			got, n, err := r.ReadAll()
			if err != nil || n != rows || !equalValues(got, values[:3*rows]) {
				t.Errorf("%s: %d rows come back as %d other ones: %v", name, rows, n, err)
			}
			if entries, _ := os.ReadDir(directory); len(entries) != 1 {
				t.Errorf("%s: the directory holds %v", name, entries)
			}
		}
	}
}

func TestCSVText(t *testing.T) {
	var out bytes.Buffer
	writeTable(t, "-", WriteOptions{Stdout: &out, Vector: true, Float32: true}, []string{"log_prob", "x,y"},
		[]float64{0.1, -2, 1e21, 1e-7, 100000, 1.0 / 3, math.NaN(), math.Inf(-1), math.Inf(1), math.Copysign(0, -1)})
	want := "log_prob,\"x,y\"\n0.1,-2\n1e+21,1e-07\n100000,0.3333333333333333\nNaN,-Inf\n+Inf,-0\n"
	if out.String() != want {
		t.Errorf("text %q, want %q", out.String(), want)
	}
}

func TestNPYOptions(t *testing.T) {
	for _, test := range []struct {
		options WriteOptions
		header  string
		bytes   int
	}{
		{WriteOptions{}, "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 1), }", 24},
		{WriteOptions{Vector: true}, "{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }", 24},
		{WriteOptions{Float32: true}, "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 1), }", 12},
	} {
		for _, name := range []string{"x.npy", "x.npz"} {
			path := filepath.Join(t.TempDir(), name)
			writeTable(t, path, test.options, []string{"a"}, []float64{1, 2, math.NaN()})
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if name == "x.npz" {
				archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
				if err != nil {
					t.Fatal(err)
				}
				entry, err := archive.Open("X.npy")
				if err != nil {
					t.Fatal(err)
				}
				if content, err = io.ReadAll(entry); err != nil { // checks the checksum
					t.Fatal(err)
				}
			}
			if len(content) != 128+test.bytes || !bytes.HasPrefix(content[10:], []byte(test.header)) || content[127] != '\n' {
				t.Errorf("%s %+v: %d bytes, %q", name, test.options, len(content), content[:min(128, len(content))])
			}
		}
	}
	if got := len(npyHeaderBytes(math.MaxInt64, MaxColumns, WriteOptions{})); got != 128 {
		t.Errorf("the longest header has %d bytes", got)
	}
}

func TestJoinChecksums(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	text := make([]byte, 5000)
	for i := range text {
		text[i] = byte(random.Uint32())
	}
	for _, cut := range []int{0, 1, 2, 100, 128, 4096, 4999, 5000} {
		a, b := text[:cut], text[cut:]
		got := joinChecksums(crc32.ChecksumIEEE(a), crc32.ChecksumIEEE(b), int64(len(b)))
		if want := crc32.ChecksumIEEE(text); got != want {
			t.Errorf("cut at %d: %08x, want %08x", cut, got, want)
		}
	}
}

func TestWriterMisuse(t *testing.T) {
	directory := t.TempDir()
	path := filepath.Join(directory, "x.csv")
	create := func() *Writer {
		w, err := Create(path, WriteOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	w := create()
	wantError(t, w.WriteRows([]float64{1}), path, "header must be written before")
	wantError(t, w.WriteHeader(nil), path, "at least one column")
	if err := w.WriteHeader([]string{"a", "b"}); err != nil {
		t.Fatal(err)
	}
	wantError(t, w.WriteHeader([]string{"a", "b"}), path, "already written")
	wantError(t, w.WriteRows([]float64{1}), path, "not whole rows of 2 columns")
	w.Abort()
	wantError(t, w.Close(), path, "aborted")
	wantError(t, create().Close(), path, "no header")

	vector, err := Create(filepath.Join(directory, "x.npy"), WriteOptions{Vector: true})
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, vector.WriteHeader([]string{"a", "b"}), "x.npy", "one column, not 2")
	vector.Abort()
	_, err = Create(filepath.Join(directory, "missing", "x.csv"), WriteOptions{})
	wantError(t, err, "output directory "+filepath.Join(directory, "missing")+" does not exist")
	if entries, _ := os.ReadDir(directory); len(entries) != 0 {
		t.Errorf("the directory holds %v", entries)
	}
}

// full is an output with room for some bytes.
type full struct {
	room    int
	aborted bool
}

var errFull = errors.New("cannot write x: no space left on device")

func (f *full) Write(p []byte) (int, error) {
	if len(p) > f.room {
		n := f.room
		f.room = 0
		return n, errFull
	}
	f.room -= len(p)
	return len(p), nil
}

func (f *full) Commit() error { return nil }
func (f *full) Abort()        { f.aborted = true }

func TestWriterOnAFullDisk(t *testing.T) {
	values := make([]float64, 100_000)
	for i := range values {
		values[i] = math.Sqrt(float64(i))
	}
	for name, encoder := range map[string]func(out io.Writer) encoder{
		"csv":    func(out io.Writer) encoder { return newCSVEncoder(out, ',') },
		"csv.gz": func(out io.Writer) encoder { return newGzipCSVEncoder(out, ',') },
	} {
		for _, room := range []int{0, 1000, 300_000} {
			out := &full{room: room}
			w := &Writer{name: "x", output: out, encoder: encoder(out)}
			if err := w.WriteHeader([]string{"a"}); err != nil {
				t.Fatal(err)
			}
			first := w.WriteRows(values)
			last := w.Close()
			if !errors.Is(last, errFull) || first != nil && first != last || !out.aborted {
				t.Errorf("%s, room for %d bytes: WriteRows %v, Close %v, aborted %v", name, room, first, last, out.aborted)
			}
		}
	}
}

func TestStandardOutputThatFails(t *testing.T) {
	w, err := Create("-", WriteOptions{Stdout: &full{room: 10}})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.WriteHeader([]string{"a"}); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if err := w.WriteRows([]float64{1}); err != nil {
			t.Fatal(err)
		}
	}
	wantError(t, w.Close(), "cannot write standard output")

	var out bytes.Buffer
	w, err = Create("-", WriteOptions{Stdout: &out})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.WriteHeader([]string{"a"}); err != nil {
		t.Fatal(err)
	}
	w.Abort()
	if err := w.Close(); !errors.Is(err, atomicfile.ErrAborted) || out.Len() != 0 {
		t.Errorf("after Abort: %v, %q", err, out.String())
	}
}

// The table that is read may be the one that is written.
func TestWriteOverTheInput(t *testing.T) {
	path := fileWith(t, "x.csv", []byte("a\n1\n2\n"))
	r := mustOpen(t, path, Options{})
	w, err := Create(path, WriteOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.WriteHeader(r.Columns()); err != nil {
		t.Fatal(err)
	}
	row := make([]float64, 1)
	for {
		if _, err := r.Read(row); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if err := w.WriteRows([]float64{10 * row[0]}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	wantRows(t, mustOpen(t, path, Options{}), 10, 20)
}

func BenchmarkCSVWrite(b *testing.B) {
	values := make([]float64, 8*1024)
	for i := range values {
		values[i] = math.Sin(float64(i))
	}
	var text bytes.Buffer
	w, _ := Create("-", WriteOptions{Stdout: &text})
	w.WriteHeader(make([]string, 8))
	w.WriteRows(values)
	w.Close()
	b.SetBytes(int64(text.Len()))
	w, _ = Create("-", WriteOptions{Stdout: io.Discard})
	w.WriteHeader(make([]string, 8))
	for b.Loop() {
		w.WriteRows(values)
	}
}

func BenchmarkCSVRead(b *testing.B) {
	for _, digits := range []int{6, 17} {
		b.Run(fmt.Sprintf("digits=%d", digits), func(b *testing.B) {
			var text bytes.Buffer
			for i := range 100_000 {
				for c := range 8 {
					if c > 0 {
						text.WriteByte(',')
					}
					fmt.Fprintf(&text, "%.*g", digits, 10*math.Sin(float64(8*i+c)))
				}
				text.WriteByte('\n')
			}
			b.SetBytes(int64(text.Len()))
			block := make([]float64, 8*1024)
			for b.Loop() {
				r, err := Open("-", Options{Stdin: bytes.NewReader(text.Bytes())})
				if err != nil {
					b.Fatal(err)
				}
				for err == nil {
					_, err = r.Read(block)
				}
			}
		})
	}
}

func BenchmarkNPYRead(b *testing.B) {
	path := filepath.Join(b.TempDir(), "x.npy")
	values := make([]float64, 8*200_000)
	writeTable(b, path, WriteOptions{}, make([]string, 8), values)
	b.SetBytes(int64(8 * len(values)))
	block := make([]float64, 8*1024)
	for b.Loop() {
		r, err := Open(path, Options{})
		if err != nil {
			b.Fatal(err)
		}
		for err == nil {
			_, err = r.Read(block)
		}
		r.Close()
	}
}
