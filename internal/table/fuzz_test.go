package table

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
)

// FuzzCSV holds the reader against encoding/csv: the same records, and a bad row where a record is not all numbers.
func FuzzCSV(f *testing.F) {
	for _, text := range []string{
		"a,b\n1,2\n3,4\n", "1;2\r\n3;4", "\ufeffa\tb\n1\t2\n", "a\n1\n\n2\n", "\"a\"\"b\",\"c\nd\"\n\"1\",2\n", "a,b\n1,\n,2\n1\n1,2,3\n",
		"a,b\n\"1\"x,2\n3,4\n", "a,b\n1,2\n\"3,4", "a,b\nNaN,1e999\n0x1p4,1_0\n", "a,b\n\"\"\"\",\" 1 \"\n\r\n\"1\",\r2\n", ",\n",
		"a,b\n\"x\r\ny\",1\n", "1\r", "a,b\n1,\"2\"\r",
	} {
		f.Add(text, byte(0))
		f.Add(text, byte(1))
		f.Add(text, byte(2))
	}
	f.Fuzz(func(t *testing.T, text string, header byte) {
		r, err := csvText(text, Options{Header: Header(header % 3), OnBadRow: BadRowsAsNaN})
		if err != nil {
			return
		}
		s := r.source.(*csvSource)
		all := make([]int, len(r.AllColumns()))
		for i := range all {
			all[i] = i
		}
		if err := r.SelectAt(all); err != nil {
			t.Fatal(err)
		}
		got, rows, failure := r.ReadAll()
		width := len(r.Columns())
		if len(got) != rows*width {
			t.Fatalf("%d rows of %d columns in %d values", rows, width, len(got))
		}
		bad, first := r.BadRows()
		if (bad > 0) != (first != nil) || bad > int64(rows) {
			t.Errorf("%d bad rows of %d, first %v", bad, rows, first)
		}
		if width == 1 {
			return // encoding/csv skips the empty lines that are rows here
		}
		text = strings.TrimPrefix(text, "\ufeff")
		firstLine, rest, _ := strings.Cut(text, "\n")
		if _, ok := separatorLine(withoutReturn([]byte(firstLine))); ok {
			text = rest
		}
		standard := csv.NewReader(strings.NewReader(text))
		standard.Comma = rune(s.delimiter)
		standard.FieldsPerRecord = -1
		if s.names != nil {
			if _, err := standard.Read(); err != nil {
				t.Fatalf("the header is read, but encoding/csv says %v", err)
			}
		}
		for row := 0; ; row++ {
			record, err := standard.Read()
			if err == io.EOF {
				if row != rows || failure != nil {
					t.Errorf("%d rows and %v, want %d rows", rows, failure, row)
				}
				return
			}
			if err != nil {
				return // behind it the two need not agree on where records begin
			}
			want := make([]float64, width)
			for i := range want {
				reason := CellCount
				if len(record) == width {
					want[i], reason = parseNumber([]byte(record[i]))
				}
				if reason != "" {
					for j := range want {
						want[j] = math.NaN()
					}
					break
				}
			}
			if row >= rows || !equalValues(got[row*width:(row+1)*width], want) {
				t.Fatalf("row %d of %d differs from %q: %v", row, rows, record, got)
			}
		}
	})
}

// readSource reads a source to its end, bad rows as NaN, and checks what must hold for any content.
func readSource(t *testing.T, source source) ([]float64, error) {
	r := &Reader{file: "x", policy: BadRowsAsNaN, progress: &progress{}}
	r.setSource(source)
	var numbers []int
	for i, text := range r.TextColumns() {
		if !text {
			numbers = append(numbers, i)
		}
	}
	if err := r.SelectAt(numbers); err != nil {
		t.Fatal(err)
	}
	if len(numbers) == 0 {
		return nil, errNoNumbers
	}
	got, rows, err := r.ReadAll()
	if errors.Is(err, errUnreadable) {
		return nil, err
	}
	if promised, known := r.RowCount(); !known || int64(rows) > promised || err == nil && int64(rows) != promised {
		t.Errorf("%d rows, promised %d, error %v", rows, promised, err)
	}
	return got, err
}

var errNoNumbers = errors.New("no column is one of numbers")

// FuzzNPY reads the same bytes as a file and as a pipe.
func FuzzNPY(f *testing.F) {
	six := []float64{1, 2, math.NaN(), 4, 5, 6}
	for _, seed := range [][]byte{
		npyBytes(1, npyHeaderText("<f8", false, "(2, 3)"), six),
		npyBytes(2, npyHeaderText("<f8", true, "(2, 3)"), six),
		npyBytes(3, npyHeaderText(">f4", false, "(12,)"), six),
		npyBytes(1, npyHeaderText("|b1", true, "(4, 12)"), six),
		npyBytes(1, npyHeaderText("<i2", false, "(99, 3)"), six),
		npyBytes(1, "{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,), }", six),
		recordsBytes(),
		npyBytes(1, npyHeaderText("<f2", true, "(4, 6)"), six),
		npyBytes(1, npyHeaderText("<u8", false, "(9223372036854775807, 65536)")),
		[]byte("\x93NUMPY\x02\x00\xff\xff\xff\xff"),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		open := func(size int64) ([]float64, error) {
			in := bytes.NewReader(content)
			s, err := newNPYSource("x", &progress{in: in}, bytes.NewReader(content), size)
			if err != nil {
				return nil, err
			}
			defer s.Close()
			return readSource(t, s)
		}
		fromFile, fileErr := open(int64(len(content)))
		fromPipe, pipeErr := open(-1)
		if fileErr == nil && (pipeErr != nil || !equalValues(fromFile, fromPipe)) {
			t.Errorf("file %v, pipe %v (%v)", fromFile, fromPipe, pipeErr)
		}
		if fileErr != nil && pipeErr == nil {
			t.Errorf("the file fails (%v), the pipe does not", fileErr)
		}
	})
}

// FuzzNPZ reads archives.
func FuzzNPZ(f *testing.F) {
	four := []float64{1, 2, 3, 4}
	for _, fortran := range []bool{false, true} {
		array := npyBytes(1, npyHeaderText("<f8", fortran, "(2, 2)"), four)
		f.Add(npzBytes(f, zipEntry{"y.npy", zip.Store, array}, zipEntry{"X.npy", zip.Store, array}))
		f.Add(npzBytes(f, zipEntry{"X.npy", zip.Deflate, array}))
	}
	pair := npyBytes(1, npyHeaderText("<f2", true, "(2, 2)"), []uint16{1, 2, 3, 0x7c00})
	f.Add(npzBytes(f, zipEntry{"x.npy", zip.Store, pair}, zipEntry{"context.npy", zip.Deflate, pair}))
	f.Add(npzBytes(f, zipEntry{"arr_0.npy", zip.Store, recordsBytes()}))
	f.Add(npzBytes(f, zipEntry{"Y.npy", zip.Store, nil}))
	f.Add(npzBytes(f))
	f.Fuzz(func(t *testing.T, content []byte) {
		s, err := newNPZSource("x", &progress{}, bytes.NewReader(content), int64(len(content)))
		if err != nil {
			return
		}
		readSource(t, s)
		s.Close()
	})
}

// FuzzGzip reads damaged compressed text from a file and from standard input: both are the same text, or fail alike.
func FuzzGzip(f *testing.F) {
	for _, text := range []string{"a,b\n1,2\n3,4\n", "0.5;2\n1;2\n", "", "a\n" + strings.Repeat("1\n", 1000)} {
		whole := gzipped(f, text)
		f.Add(whole)
		f.Add(append(bytes.Clone(whole), 0, 0, 0))
		f.Add(append(bytes.Clone(whole), "garbage"...))
		f.Add(append(bytes.Clone(whole), whole...))
		f.Add(whole[:len(whole)-5])
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		if !bytes.HasPrefix(content, []byte("\x1f\x8b")) {
			return // standard input is plain text then
		}
		read := func(open func() (*Reader, error)) (values []float64, err error) {
			r, err := open()
			if err != nil {
				return nil, err
			}
			all := make([]int, len(r.AllColumns()))
			for i := range all {
				all[i] = i
			}
			if err := r.SelectAt(all); err != nil {
				t.Fatal(err)
			}
			values, _, err = r.ReadAll()
			return values, err
		}
		options := Options{OnBadRow: BadRowsAsNaN, Header: HeaderNo}
		named, namedErr := read(func() (*Reader, error) {
			r := &Reader{file: "x", policy: BadRowsAsNaN, progress: &progress{}}
			s, err := newGzipCSVSource("x", bytes.NewReader(content), anyText, options)
			if err == nil {
				r.setSource(s)
			}
			return r, err
		})
		piped, pipedErr := read(func() (*Reader, error) {
			o := options
			o.Stdin = iotestReader{bytes.NewReader(content)}
			return Open("-", o)
		})
		if !equalValues(named, piped) || (namedErr == nil) != (pipedErr == nil) {
			t.Errorf("the file gives %v (%v), standard input %v (%v)", named, namedErr, piped, pipedErr)
		}
	})
}

// FuzzReadArrays reads archives of arrays by their names.
func FuzzReadArrays(f *testing.F) {
	four := []float64{1, 2, 3, 4}
	for _, fortran := range []bool{false, true} {
		array := npyBytes(1, npyHeaderText("<f8", fortran, "(2, 2)"), four)
		f.Add(npzBytes(f, zipEntry{"x.npy", zip.Store, array}, zipEntry{"y.npy", zip.Deflate, array}))
	}
	f.Add(npzBytes(f, zipEntry{"x.npy", zip.Store, npyBytes(2, npyHeaderText(">f4", true, "(4,)"), four)}))
	f.Add(npzBytes(f, zipEntry{"x.npy", zip.Store, recordsBytes()}))
	f.Add(npzBytes(f, zipEntry{"x.npy", zip.Deflate, npyBytes(1, npyHeaderText("|b1", false, "(99999999, 1)"), four)}))
	f.Fuzz(func(t *testing.T, content []byte) {
		arrays, err := readArrays("x", bytes.NewReader(content), int64(len(content)), nil, []string{"x", "y"})
		if err != nil {
			return
		}
		for name, a := range arrays {
			if len(a.Values) != a.Rows*a.Columns {
				t.Errorf("%s: %d values of %d rows and %d columns", name, len(a.Values), a.Rows, a.Columns)
			}
			for _, v := range a.Values {
				if math.IsNaN(v) || math.IsInf(v, 0) {
					t.Errorf("%s holds %v", name, v)
				}
			}
		}
	})
}
