package table

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func TestCSVShapes(t *testing.T) {
	for _, test := range []struct {
		name    string
		text    string
		header  Header
		columns string
		want    []float64
	}{
		{"header", "a,b\n1,2\n3,4\n", HeaderAuto, "[a b]", []float64{1, 2, 3, 4}},
		{"no header", "2,1\n3,4\n", HeaderAuto, "[f0 f1]", []float64{2, 1, 3, 4}},
		{"numbers that count, and no header", "1,2\n3,4\n", HeaderNo, "[f0 f1]", []float64{1, 2, 3, 4}},
		{"no last line feed", "a,b\n1,2", HeaderAuto, "[a b]", []float64{1, 2}},
		{"carriage returns", "a,b\r\n1,2\r\n3,4\r\n", HeaderAuto, "[a b]", []float64{1, 2, 3, 4}},
		{"byte order mark", "\ufeffa,b\n1,2\n", HeaderAuto, "[a b]", []float64{1, 2}},
		{"byte order mark before numbers", "\ufeff2,1\n", HeaderAuto, "[f0 f1]", []float64{2, 1}},
		{"semicolons", "a;b\n1;2\n", HeaderAuto, "[a b]", []float64{1, 2}},
		{"tabs", "a\tb\n1\t2\n", HeaderAuto, "[a b]", []float64{1, 2}},
		{"comma wins", "a;x,b\n1,2\n", HeaderAuto, "[a;x b]", []float64{1, 2}},
		{"comma in quotes", "\"a,x\";b\n1;2\n", HeaderAuto, "[a,x b]", []float64{1, 2}},
		{"one column", "a\n1\n2\n", HeaderAuto, "[a]", []float64{1, 2}},
		{"header only", "a,b\n", HeaderAuto, "[a b]", nil},
		{"header yes", "1,2\n3,4\n", HeaderYes, "[1 2]", []float64{3, 4}},
		{"empty lines", "\n\na,b\n\n1,2\n\n\n3,4\n\n", HeaderAuto, "[a b]", []float64{1, 2, 3, 4}},
		{"empty lines at the end of one column", "a\n1\n\n\n", HeaderAuto, "[a]", []float64{1}},
		{"quotes", "\"a\"\"b\",\"c\nd\"\n\"1\",2\n3,\"4\"\n", HeaderAuto, "[a\"b c\nd]", []float64{1, 2, 3, 4}},
		{"quotes without header", "\"5\",\"2\"\n\"3\",\"4\"\n", HeaderAuto, "[f0 f1]", []float64{5, 2, 3, 4}},
		{"blanks", " a , b\n 1 ,\t2 \n", HeaderAuto, "[a b]", []float64{1, 2}},
		{"notations", "a,b,c\n+1.5e3,-.5,5.\n1E-2,-0,00012\n", HeaderAuto, "[a b c]",
			[]float64{1500, -0.5, 5, 0.01, math.Copysign(0, -1), 12}},
		{"extremes", "a,b\n1.7976931348623157e308,5e-324\n1e-400,9007199254740993\n", HeaderAuto, "[a b]",
			[]float64{math.MaxFloat64, 5e-324, 0, 9007199254740992}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := mustCSV(t, test.text, Options{Header: test.header})
			if got := fmt.Sprint(r.Columns()); got != test.columns {
				t.Errorf("columns %s, want %s", got, test.columns)
			}
			wantRows(t, r, test.want...)
			if _, err := r.Read(make([]float64, 8)); err != io.EOF {
				t.Errorf("behind the end: %v", err)
			}
		})
	}
}

func TestCSVOpenErrors(t *testing.T) {
	manyColumns := strings.Repeat("x,", 1_000_000)
	for _, test := range []struct {
		name  string
		text  string
		parts []string
	}{
		{"empty", "", []string{"standard input: the file is empty"}},
		{"only empty lines", "\n\r\n\n", []string{"the file is empty"}},
		{"only a byte order mark", "\ufeff", []string{"the file is empty"}},
		{"mixture", "a,b\n", nil},
		{"mixture", "5.1,3.5,setosa\n", []string{"line 1", `cell 1 ("5.1") is a number`, `cell 3 ("setosa") is not`, "--header yes"}},
		{"not UTF-8", "a,b\xe9\n1,2\n", []string{"column 2", "not UTF-8"}},
		{"UTF-16", "\xff\xfea\x00,\x00b\x00", []string{"UTF-16"}},
		{"UTF-32", "\xff\xfe\x00\x00a\x00\x00\x00", []string{"UTF-32"}},
		{"UTF-32, big end first", "\x00\x00\xfe\xff\x00\x00\x00a", []string{"UTF-32"}},
		{"gzip", "\x1f\x8b\x08\x00", []string{"breaks off"}},
		{"NumPy", "\x93NUMPY\x01\x00", []string{"NumPy array", ".npy"}},
		{"Parquet", "PAR1\x15\x04", []string{"Parquet"}},
		{"binary", "PK\x03\x04\x00\x00\x00", []string{"zero bytes"}},
		{"bare quote", "a,b\"c\n", []string{"line 1", "quote"}},
		{"open quote", "a,\"b\n1,2\n", []string{"line 1", "no closing quote"}},
		{"a million columns", manyColumns + "x\n", []string{"line 1", "65536"}},
		{"a million quoted columns", "\"x\"," + manyColumns + "x\n", []string{"line 1", "65536"}},
		{"a long line", strings.Repeat("x", MaxRecordBytes+2), []string{"line 1 is longer than 16777216"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := csvText(test.text, Options{})
			if test.parts == nil {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantError(t, err, test.parts...)
			if err != nil && len(err.Error()) > 400 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
		})
	}
}

func TestCSVMostColumns(t *testing.T) {
	var b strings.Builder
	for i := range MaxColumns {
		fmt.Fprintf(&b, "c%d,", i)
	}
	header := strings.TrimSuffix(b.String(), ",")
	r := mustCSV(t, header+"\n"+strings.Repeat("1,", MaxColumns-1)+"7\n", Options{})
	row := make([]float64, MaxColumns)
	if rows, err := r.Read(row); rows != 1 || err != nil || row[0] != 1 || row[MaxColumns-1] != 7 {
		t.Errorf("rows %d, error %v", rows, err)
	}
}

// endless is a stream of one byte.
type endless byte

func (e endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte(e)
	}
	return len(b), nil
}

func TestCSVEndlessLineIsBounded(t *testing.T) {
	for _, stream := range []endless{'a', ',', '"', ' ', 0} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Open("-", Options{Stdin: stream})
		runtime.ReadMemStats(&after)
		wantError(t, err, "longer than 16777216")
		if got := after.TotalAlloc - before.TotalAlloc; got > 200<<20 {
			t.Errorf("a stream of %q took %d bytes", stream, got)
		}
	}
	// A quoted cell that never closes, over many lines.
	_, err := Open("-", Options{Stdin: io.MultiReader(strings.NewReader("a,\"b\n"), endless('\n'))})
	wantError(t, err, "line 1", "longer than 16777216", "closing quote")
}

func TestCSVBadRows(t *testing.T) {
	text := "id,a,b\n" + // line 1
		"x,1,2\n" +
		"y,,4\n" + // row 2
		"z,5,abc\n" + // row 3
		"\n" + // line 5 is no row
		"u,NaN,1\n" + // row 4
		"v,1,-inf\n" + // row 5
		"w,1e999,1\n" + // row 6
		"s,1\n" + // row 7
		"s,1,2,3\n" + // row 8
		"\"t\nt\",1,\"q\"\n" + // row 9, lines 11 and 12
		"t,\"1\"x,2\n" + // row 10, line 13
		"\"a,b\",7,8\n" + // good
		"s,1_0,0x1p4\n" + // row 12
		"s,1,0x1p4\n" +
		"ok,9,10\n"
	const file = "standard input"
	faults := []struct {
		err  RowError
		text string
	}{
		{RowError{file, 2, 3, "a", "", MissingValue}, `standard input: row 2 (line 3), column "a": the value is missing`},
		{RowError{file, 3, 4, "b", "abc", NotANumber}, `standard input: row 3 (line 4), column "b": "abc" is not a number`},
		{RowError{file, 4, 6, "a", "NaN", NotFinite}, `standard input: row 4 (line 6), column "a": "NaN" is not finite`},
		{RowError{file, 5, 7, "b", "-inf", NotFinite}, `standard input: row 5 (line 7), column "b": "-inf" is not finite`},
		{RowError{file, 6, 8, "a", "1e999", OutOfRange}, `standard input: row 6 (line 8), column "a": "1e999" is outside float64's range`},
		{RowError{file, 7, 9, "", "it has 2 cells, the header has 3", CellCount},
			`standard input: row 7 (line 9): it has 2 cells, the header has 3`},
		{RowError{file, 8, 10, "", "it has 4 cells, the header has 3", CellCount},
			`standard input: row 8 (line 10): it has 4 cells, the header has 3`},
		{RowError{file, 9, 11, "b", "q", NotANumber}, `standard input: row 9 (line 11), column "b": "q" is not a number`},
		{RowError{file, 10, 13, "", "", BadQuote},
			`standard input: row 10 (line 13): a quote is misplaced: a cell that holds a quote must be quoted, with the quote doubled`},
		{RowError{file, 12, 15, "a", "1_0", NotANumber}, `standard input: row 12 (line 15), column "a": "1_0" is not a number`},
		{RowError{file, 13, 16, "b", "0x1p4", NotANumber}, `standard input: row 13 (line 16), column "b": "0x1p4" is not a number`},
	}
	open := func(t *testing.T, policy BadRows, in io.Reader) *Reader {
		r, err := Open("-", Options{OnBadRow: policy, Stdin: in})
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Select([]string{"a", "b"}); err != nil {
			t.Fatal(err)
		}
		return r
	}
	t.Run("fail and go on", func(t *testing.T) {
		// One byte at a time, so that every record crosses the buffer's refills.
		r := open(t, FailOnBadRow, iotest.OneByteReader(strings.NewReader(text)))
		var got []float64
		block := make([]float64, 2*4)
		for _, fault := range faults {
			rows, err := r.Read(block)
			got = append(got, block[:2*rows]...)
			wantRowError(t, err, fault.err, fault.text)
		}
		rest, _, err := r.ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		wantValues(t, append(got, rest...), 1, 2, 7, 8, 9, 10)
		if count, first := r.BadRows(); count != int64(len(faults)) || *first != faults[0].err {
			t.Errorf("%d bad rows, first %v", count, first)
		}
	})
	t.Run("skip", func(t *testing.T) {
		r := open(t, SkipBadRows, strings.NewReader(text))
		wantRows(t, r, 1, 2, 7, 8, 9, 10)
		if count, first := r.BadRows(); count != int64(len(faults)) || *first != faults[0].err {
			t.Errorf("%d bad rows, first %v", count, first)
		}
	})
	t.Run("nan", func(t *testing.T) {
		r := open(t, BadRowsAsNaN, strings.NewReader(text))
		n := math.NaN()
		wantRows(t, r, 1, 2, n, n, n, n, n, n, n, n, n, n, n, n, n, n, n, n, n, n, 7, 8, n, n, n, n, 9, 10)
		if count, _ := r.BadRows(); count != int64(len(faults)) {
			t.Errorf("%d bad rows", count)
		}
	})
	t.Run("small blocks", func(t *testing.T) {
		r := open(t, BadRowsAsNaN, strings.NewReader(text))
		rows, block := 0, make([]float64, 3) // one row and a half
		for {
			n, err := r.Read(block)
			if err == io.EOF {
				break
			}
			if n != 1 || err != nil {
				t.Fatalf("%d rows, %v", n, err)
			}
			rows++
		}
		if rows != 14 {
			t.Errorf("%d rows, want 14", rows)
		}
	})
}

func TestCSVEmptyLineInOneColumn(t *testing.T) {
	r := mustCSV(t, "a\n1\n\n\r\n2\n\n", Options{})
	block := make([]float64, 8)
	rows, err := r.Read(block)
	wantValues(t, block[:rows], 1)
	wantRowError(t, err, RowError{"standard input", 2, 3, "a", "", MissingValue},
		`standard input: row 2 (line 3), column "a": the value is missing`)
	_, err = r.Read(block)
	wantRowError(t, err, RowError{"standard input", 3, 4, "a", "", MissingValue},
		`standard input: row 3 (line 4), column "a": the value is missing`)
	wantRows(t, r, 2)
}

func TestCSVFirstRowOfDataWithAGap(t *testing.T) {
	for _, text := range []string{"1,NaN,3\n4,5,6\n", "1,,3\n4,5,6\n", "1,-Inf,3\n4,5,6\n"} {
		r := mustCSV(t, text, Options{OnBadRow: SkipBadRows})
		wantColumns(t, r, "f0", "f1", "f2")
		wantRows(t, r, 4, 5, 6)
		if _, first := r.BadRows(); first == nil || first.Row != 1 || first.Line != 1 || first.Column != "f1" {
			t.Errorf("%q: bad row %v", text, first)
		}
	}
}

func TestCSVRowErrorHints(t *testing.T) {
	r := mustCSV(t, "a;b\n1,5;2\n"+strings.Repeat("é", 100)+";1\n", Options{})
	_, err := r.Read(make([]float64, 2))
	wantError(t, err, `"1,5" is not a number (decimals need a point, not a comma)`)
	_, err = r.Read(make([]float64, 2))
	wantError(t, err, `"`+strings.Repeat("é", 30)+`…" is not a number`)

	r = mustCSV(t, "2,1\n1,5,2,5\n", Options{})
	_, _, err = r.ReadAll()
	wantError(t, err, "row 2 (line 2): it has 4 cells, the first row has 2")
	r = mustCSV(t, "2,1\n1,\n", Options{})
	_, _, err = r.ReadAll()
	wantError(t, err, `row 2 (line 2), column "f1": the value is missing`)
	// A row that is ragged and holds text is ragged first of all.
	r = mustCSV(t, "a,b\n3,4\nx,1,2\n", Options{})
	_, _, err = r.ReadAll()
	wantError(t, err, "it has 3 cells, the header has 2")
}

func TestSelect(t *testing.T) {
	const text = "name,age,height,weight\nann,1,2,3\n\"bob, jr\",4,5,6\n"
	r := mustCSV(t, text, Options{})
	wantError(t, r.Select([]string{"age", "wieght"}), "standard input", `no column "wieght" (did you mean "weight"?)`,
		"the columns are name, age, height, weight")
	wantError(t, r.Select([]string{"AGE"}), `did you mean "age"?`)
	if err := r.Select([]string{"zzz"}); err == nil || strings.Contains(err.Error(), "did you mean") {
		t.Errorf("error %v", err)
	}
	wantError(t, r.Select([]string{"age", "age"}), `"age" is named twice`)
	wantError(t, r.Select(nil), "no columns")
	wantError(t, r.Exclude([]string{"nam"}), `did you mean "name"?`)
	wantError(t, r.Exclude([]string{"name", "age", "height", "weight"}), "no columns remain")
	wantColumns(t, r, "name", "age", "height", "weight")

	if err := r.Select([]string{"weight", "age"}); err != nil {
		t.Fatal(err)
	}
	wantColumns(t, r, "weight", "age")
	if got := fmt.Sprint(r.AllColumns()); got != "[name age height weight]" {
		t.Errorf("all columns %s", got)
	}
	wantRows(t, r, 3, 1, 6, 4)
	wantError(t, r.Select([]string{"age"}), "before the first row")
	wantError(t, r.Exclude([]string{"age"}), "before the first row")

	r = mustCSV(t, text, Options{})
	if err := r.Exclude([]string{"name", "height"}); err != nil {
		t.Fatal(err)
	}
	wantColumns(t, r, "age", "weight")
	wantRows(t, r, 1, 3, 4, 6)

	wide := make([]string, 1000)
	for i := range wide {
		wide[i] = fmt.Sprintf("column_%d", i)
	}
	r = mustCSV(t, strings.Join(wide, ",")+"\n", Options{})
	wantError(t, r.Select([]string{"nothing like it"}), "column_19, … (1000 in all)")
}

func TestCSVLongRecords(t *testing.T) {
	// Lines longer than the first buffer, before and behind short ones.
	long := strings.Repeat("x", 1<<20)
	r := mustCSV(t, "text,a\nshort,1\n"+long+",2\n\""+long+"\n"+long+"\",3\nshort,4\n", Options{})
	if err := r.Select([]string{"a"}); err != nil {
		t.Fatal(err)
	}
	wantRows(t, r, 1, 2, 3, 4)
}

func TestCSVStreamThatBreaks(t *testing.T) {
	broken := errors.New("cable cut")
	r, err := Open("-", Options{Stdin: io.MultiReader(strings.NewReader("a,b\n1,2\n3,4"), iotest.ErrReader(broken))})
	if err != nil {
		t.Fatal(err)
	}
	block := make([]float64, 8)
	rows, err := r.Read(block)
	if rows != 1 {
		t.Errorf("%d rows, want the one that is whole", rows)
	}
	wantError(t, err, "cannot read standard input behind line 2: cable cut")
	if !errors.Is(err, broken) {
		t.Error("the cause is lost")
	}
	if rows, again := r.Read(block); rows != 0 || again != err {
		t.Errorf("the second time %d rows and %v", rows, again)
	}
	r, err = Open("-", Options{Stdin: io.MultiReader(strings.NewReader("a,b\n1,2\n"), stalled{})})
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = r.ReadAll()
	wantError(t, err, io.ErrNoProgress.Error())
}

// stalled is a faulty stream that gives neither bytes nor an error.
type stalled struct{}

func (stalled) Read([]byte) (int, error) { return 0, nil }

func TestCSVGzip(t *testing.T) {
	text := "a,b\n1,2\n3,4\n"
	wantRows(t, mustOpen(t, fileWith(t, "x.CSV.gz", gzipped(t, text)), Options{}), 1, 2, 3, 4)
	// Two members one after the other are one text.
	wantRows(t, mustOpen(t, fileWith(t, "x.csv.gz", append(gzipped(t, text), gzipped(t, "5,6\n")...)), Options{}), 1, 2, 3, 4, 5, 6)
	// So are three, and zeros behind them are nothing.
	three := slices.Concat(gzipped(t, text), gzipped(t, "5,6\n"), gzipped(t, "7,8\n"))
	wantRows(t, mustOpen(t, fileWith(t, "x.csv.gz", append(slices.Clone(three), 0, 0, 0)), Options{}), 1, 2, 3, 4, 5, 6, 7, 8)
	_, _, err := mustOpen(t, fileWith(t, "x.csv.gz", append(slices.Clone(three), "more"...)), Options{}).ReadAll()
	wantError(t, err, "no gzip data")

	var big strings.Builder
	big.WriteString("a,b\n")
	for i := range 20000 {
		fmt.Fprintf(&big, "%d,%g\n", i, math.Sqrt(float64(i)))
	}
	whole := gzipped(t, big.String())
	r := mustOpen(t, fileWith(t, "cut.csv.gz", whole[:len(whole)/2]), Options{})
	_, rows, err := r.ReadAll()
	wantError(t, err, "cut.csv.gz: the data breaks off behind line", "truncated")
	if rows < 1000 {
		t.Errorf("only %d rows before the end", rows)
	}
	damaged := bytes.Clone(whole)
	damaged[len(damaged)-6] ^= 1
	_, _, err = mustOpen(t, fileWith(t, "bad.csv.gz", damaged), Options{}).ReadAll()
	wantError(t, err, "bad.csv.gz", "checksum")

	_, err = Open(fileWith(t, "plain.csv.gz", []byte(text)), Options{})
	wantError(t, err, "plain.csv.gz", "not gzip data")
	_, err = Open(fileWith(t, "empty.csv.gz", nil), Options{})
	wantError(t, err, "empty.csv.gz", "empty")
}

func TestOpenErrors(t *testing.T) {
	directory := t.TempDir()
	for _, name := range []string{"x.parquet", "x.text", "x", "x.gz", "x.npy.gz", "csv"} {
		_, err := Open(filepath.Join(directory, name), Options{})
		wantError(t, err, name, "supported are .csv, .tsv or .txt")
		_, err = Create(filepath.Join(directory, name), WriteOptions{})
		wantError(t, err, name, "supported are .csv, .tsv or .txt")
	}
	_, err := Open(filepath.Join(directory, "missing.csv"), Options{})
	wantError(t, err, "cannot read ", "missing.csv: no such file or directory")
	if !errors.Is(err, os.ErrNotExist) {
		t.Error("the cause is lost")
	}
	if err := os.Mkdir(filepath.Join(directory, "d.csv"), 0o755); err != nil {
		t.Fatal(err)
	}
	_, err = Open(filepath.Join(directory, "d.csv"), Options{})
	wantError(t, err, "d.csv: it is a directory")
}

func TestReaderCloseAndProgress(t *testing.T) {
	text := "a,b\n" + strings.Repeat("1,2\n", 200_000)
	r := mustOpen(t, fileWith(t, "x.csv", []byte(text)), Options{})
	if done, total := r.Progress(); total != int64(len(text)) || done <= 0 || done >= total {
		t.Errorf("progress %d of %d", done, total)
	}
	if _, known := r.RowCount(); known {
		t.Error("a CSV knows its rows before it is read")
	}
	_, rows, err := r.ReadAll()
	if rows != 200_000 || err != nil {
		t.Fatalf("%d rows, %v", rows, err)
	}
	if done, total := r.Progress(); done != total {
		t.Errorf("progress %d of %d at the end", done, total)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if err := r.Close(); err != nil {
		t.Error("second Close:", err)
	}
	r = mustOpen(t, fileWith(t, "x.csv", []byte(text)), Options{})
	r.Close()
	_, err = r.Read(make([]float64, 2))
	wantError(t, err, "x.csv: the reader is closed")
}

func TestReadPanicsOnAShortBlock(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	mustCSV(t, "a,b\n1,2\n", Options{}).Read(make([]float64, 1))
}

func TestReadDoesNotAllocate(t *testing.T) {
	r := mustCSV(t, "a,b\n"+strings.Repeat("1.234567890123,2.5\n", 20000), Options{})
	block := make([]float64, 2*10)
	if got := testing.AllocsPerRun(1000, func() { r.Read(block) }); got != 0 {
		t.Errorf("%v allocations a block", got)
	}
}

func TestParseWords(t *testing.T) {
	for word, want := range map[string]Header{"auto": HeaderAuto, "yes": HeaderYes, "no": HeaderNo} {
		if got, err := ParseHeader(word); got != want || err != nil {
			t.Errorf("ParseHeader(%q) = %v, %v", word, got, err)
		}
	}
	for word, want := range map[string]BadRows{"fail": FailOnBadRow, "skip": SkipBadRows, "nan": BadRowsAsNaN} {
		if got, err := ParseBadRows(word); got != want || err != nil {
			t.Errorf("ParseBadRows(%q) = %v, %v", word, got, err)
		}
	}
	_, err := ParseHeader("maybe")
	wantError(t, err, `"maybe"`, "auto, yes or no")
	_, err = ParseBadRows("drop")
	wantError(t, err, `"drop"`, "fail, skip or nan")
}
