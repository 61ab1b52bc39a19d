package table

import (
	"fmt"
	"strings"
	"testing"
)

// TestHeadersOfNumbers: a first line of numbers that may name columns is asked about, whatever made it; the answer of
// --header is taken; and lines of data are taken as before.
func TestHeadersOfNumbers(t *testing.T) {
	for name, test := range map[string]struct{ text, why string }{
		"pandas, from an array":       {"0,1,2\n7.1,4.4,6.8\n", "counts from 0"},
		"pandas, above whole numbers": {"0,1,2\n7,4,6\n", "counts from 0"},
		"R's columns":                 {"1,2,3,4\n7,4,6,1\n", "counts from 1"},
		"one column":                  {"0\n2.5\n3.5\n", "counts from 0"},
		"written as float":            {"0.0,1.0,2.0\n7.1,4.4,6.8\n", "counts from 0"},
		"semicolons":                  {"0;1;2\n7.1;4.4;6.8\n", "counts from 0"},
		"quoted":                      {"\"7\",\"9\",\"3\"\n7,4,6\n", "quoted"},
		"quoted, 0 to 2":              {"\"0\",\"1\",\"2\"\n7.1,4.4,6.8\n", "quoted"},
		"blank corner":                {",0,1,2\n0,7.1,4.4,6.8\n", "first cell is blank"},
		"blank corner, quoted":        {"\"\",\"5\",\"9\"\n0,7.1,4.4\n", "first cell is blank"},
		"years":                       {"2019,2020,2021\n7,4,6\n", "even steps"},
		"years above fractions":       {"2019,2020\n7.5,4\n", "whole numbers"},
		"five years":                  {"2000,2005,2010\n7,4,6\n", "even steps"},
		"pivot":                       {"3,17,5\n0.25,0.5,0.25\n", "whole numbers"},
		"pivot, fractions lower down": {"3,17,5\n1,0,0\n0,1,0\n0.25,0.5,0.25\n", "whole numbers"},
		"spectrum":                    {"400.5,401,401.5,402\n0.1,0.2,0.1,0.3\n", "even steps"},
		"spectrum of uneven steps":    {"400,401.5,402,404,405.5,409,410,411.1\n1,2,1,3,1,2,1,3\n", "rises"},
		"behind a byte order mark":    {"\ufeff0,1,2\n7.1,4.4,6.8\n", "counts from 0"},
		"behind Excel's separator":    {"sep=;\n0;1;2\n7.1;4.4;6.8\n", "counts from 0"},
		"carriage returns":            {"0,1,2\r\n7.1,4.4,6.8\r\n", "counts from 0"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := csvText(test.text, Options{})
			wantError(t, err, "may be a header", test.why, "--header yes or --header no")
			lines := strings.Count(test.text, "\n") - strings.Count(test.text, "sep=")
			for header, rows := range map[Header]int{HeaderYes: lines - 1, HeaderNo: lines} {
				r := mustCSV(t, test.text, Options{Header: header, OnBadRow: BadRowsAsNaN})
				if err := r.SelectAt([]int{0}); err != nil {
					t.Fatal(err)
				}
				if _, got, err := r.ReadAll(); got != rows || err != nil {
					t.Errorf("with header %v: %d rows, want %d; %v", header, got, rows, err)
				}
			}
		})
	}
	for _, text := range []string{
		"7.1,4.4\n1,2\n", "5,5\n1.5,2.5\n", "10,5,7\n12,6,3\n", "-1,0.5\n1,1\n", "1,1,1\n2.5,2,2\n", "1000,2,3\n", "0,0\n1,1\n",
		"\"7\",\"9\"\n\"7\",\"4\"\n", "\"1\",10,5\n\"2\",12,6\n", "3,2,1\n1,2,3\n", "1,2,4,3,5,6,7,8\n1,1,1,1,1,1,1,1\n", "NaN,1\n2,3\n",
	} {
		r, err := csvText(text, Options{OnBadRow: SkipBadRows})
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if r.Named() {
			t.Errorf("%q: its first line is taken for a header", text)
		}
	}
}

// TestExpectedNames: names that the caller asks for, met in full, are a header.
func TestExpectedNames(t *testing.T) {
	expected := []string{"0", "1", "2"}
	for _, text := range []string{"0,1,2\n7,4,6\n", "2,1,0\n7,4,6\n", ",0,1,2\n9,7,4,6\n", "\"0\",\"1\",\"2\"\n7,4,6\n", "0,1,2,label\n7,4,6,1\n", "0,1,2,5\n7,4,6,1\n"} {
		r, err := csvText(text, Options{Expected: expected})
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if err := r.Select(expected); err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if _, rows, err := r.ReadAll(); rows != 1 || err != nil {
			t.Errorf("%q: %d rows, %v", text, rows, err)
		}
	}
	for _, text := range []string{"0,1\n7,4\n", "0,1,2,2\n7,4,6,1\n"} {
		if _, err := csvText(text, Options{Expected: expected}); err == nil && strings.HasPrefix(text, "0,1\n") {
			t.Errorf("%q: no error", text)
		}
	}
	// Names of words beside a number are no mixture when they are the wanted ones.
	wantColumns(t, mustCSV(t, "a,b,2019\n1,2,3\n", Options{Expected: []string{"a", "b"}}), "a", "b", "2019")
}

// TestNamesThatNobodyUses: columns without a name of their own are errors where they are used, and nowhere else.
func TestNamesThatNobodyUses(t *testing.T) {
	for name, text := range map[string]string{
		"pandas' index":         ",a,b\n0,10,5\n1,12.5,6.25\n",
		"R's row names":         "\"\",\"a\",\"b\"\n\"1\",10,5\n\"2\",12.5,6.25\n",
		"delimiter at the end":  "a,b,\n10,5,\n12.5,6.25,\n",
		"two of one name":       "a,b,note,note\n10,5,x,y\n12.5,6.25,x,y\n",
		"write.table":           "\"a\",\"b\"\n\"1\",10,5\n\"2\",12.5,6.25\n",
		"write.table, words":    "a,b\nx,10,5\ny,12.5,6.25\n",
		"write.table, unquoted": "a,b\n1,10,5\n2,12.5,6.25\n",
		"delimiter in rows":     "a,b\n10,5,\n12.5,6.25,\n",
		"delimiter in header":   "a,b,\n10,5\n12.5,6.25\n",
		"Excel's separator":     "sep=;\r\na;b\r\n10;5\r\n12.5;6.25\r\n",
		"Excel's, quoted":       "\"sep=|\"\na|b\n10|5\n12.5|6.25\n",
	} {
		t.Run(name, func(t *testing.T) {
			r := mustCSV(t, text, Options{})
			if err := r.Select([]string{"b", "a"}); err != nil {
				t.Fatal(err)
			}
			wantRows(t, r, 5, 10, 6.25, 12.5)
			if strings.Contains(name, "Excel") || name == "delimiter in header" {
				return
			}
			for _, choose := range []func(*Reader) error{(*Reader).SelectAll, func(r *Reader) error { return r.Exclude([]string{"a"}) },
				func(r *Reader) error { _, _, err := r.ReadAll(); return err }} {
				err := choose(mustCSV(t, text, Options{}))
				if err == nil || !strings.Contains(err.Error(), "has no name in the header") && !strings.Contains(err.Error(), "columns 3 and 4 have the same name") {
					t.Errorf("all columns: %v", err)
				}
			}
		})
	}
	r := mustCSV(t, "a,b,a\n1,2,3\n", Options{})
	wantError(t, r.Select([]string{"a"}), "columns 1 and 3", `"a"`)
	if err := r.Exclude([]string{"a"}); err != nil {
		t.Fatal(err)
	}
	wantRows(t, r, 2)
	// A half of a number with a decimal comma is no row name.
	_, _, err := mustCSV(t, "a\n1,5\n2,5\n", Options{}).ReadAll()
	wantError(t, err, "it has 2 cells, the header has 1")
	_, _, err = mustCSV(t, "a,b\n7,10,5\n9,12.5,6.25\n", Options{}).ReadAll()
	wantError(t, err, "it has 3 cells, the header has 2")
}

// TestDelimiters: the delimiter is what every line has as often as the first.
func TestDelimiters(t *testing.T) {
	for _, test := range []struct{ ending, text, columns string }{
		{".csv", "Temp (C, mean);a;b\n1;2;3\n4;5;6\n", "[Temp (C, mean) a b]"},
		{".csv", "a;x,b\n1,2\n", "[a;x b]"},
		{".csv", "a\tb, c\n1\t2\n", "[a b, c]"},
		{".csv", "a,b;c\n", "[a b;c]"},
		{".tsv", "a\tb\n1\t2\n", "[a b]"},
		{".tsv", "a, x\tb\n1\t2\n", "[a, x b]"},
		{".tsv", "a,b\n1,2\n", "[a b]"},
		{".txt", "a\tb\n1\t2\n", "[a b]"},
		{".txt", "a,b\n1,2\n", "[a b]"},
		{".txt", "a;b\n1;2\n", "[a b]"},
		{".txt", "a b\n1 2\n", "[a b]"},
		{".txt", "# a b\n1.0e+00 2.0e+00\n", "[a b]"},
		{".txt", "  a    b\n  1.5    2  \n", "[a b]"},
		{".txt", "\"a x\" \"b\"\n\"1\" 1 2\n\"2\" 3 4\n", "[ a x b]"},
		{".txt", "5.5 2\n3 4\n", "[f0 f1]"},
		{".txt", "5.5\n3\n", "[f0]"},
	} {
		r := mustOpen(t, fileWith(t, "x"+test.ending, []byte(test.text)), Options{})
		if got := fmt.Sprint(r.AllColumns()); got != test.columns {
			t.Errorf("%s of %q: columns %s, want %s", test.ending, test.text, got, test.columns)
		}
		if err := r.SelectAt([]int{len(r.AllColumns()) - 1}); err != nil {
			t.Fatal(err)
		}
		if _, _, err := r.ReadAll(); err != nil {
			t.Errorf("%s of %q: %v", test.ending, test.text, err)
		}
		r = mustOpen(t, fileWith(t, "x"+test.ending+".gz", gzipped(t, test.text)), Options{})
		if got := fmt.Sprint(r.AllColumns()); got != test.columns {
			t.Errorf("%s.gz of %q: columns %s, want %s", test.ending, test.text, got, test.columns)
		}
	}
}

// TestCarriageReturns: lone ones and doubled ones are named, in any place of a first line but a quoted cell.
func TestCarriageReturns(t *testing.T) {
	for text, word := range map[string]string{
		"a,b\r1,2\r3,4\r": "carriage returns alone", "a,b\r1,2": "carriage returns alone", "5,3\r1,2\r": "carriage returns alone",
		"a,b\r\r\n1,2\r\r\n": "more than one carriage return", strings.Repeat("1,2\r", MaxRecordBytes/4+2): "carriage returns (CR)",
	} {
		_, err := csvText(text, Options{})
		wantError(t, err, "line 1", word)
	}
	wantRows(t, mustCSV(t, "\"a\rb\",c\r\n1,2\r\n", Options{}), 1, 2)
	_, _, err := mustCSV(t, "a,b\n1,2\r\r\n", Options{}).ReadAll()
	wantError(t, err, `"2\r" is not a number`)
}

func TestTextColumns(t *testing.T) {
	r := mustCSV(t, "id,a,color,mixed,blank\nx1,1.5,red,1,\nx2,NA,,two,?\nx3,2,blue,3,\n", Options{})
	if got := fmt.Sprint(r.TextColumns()); got != "[true false true false false]" {
		t.Errorf("text columns %s", got)
	}
	r = mustCSV(t, "2,red\n1,blue\n", Options{Header: HeaderNo})
	if got := fmt.Sprint(r.TextColumns()); got != "[false true]" {
		t.Errorf("text columns %s", got)
	}
	if err := r.SelectAt([]int{0}); err != nil {
		t.Fatal(err)
	}
	wantRows(t, r, 2, 1) // looking ahead has consumed nothing
}

// TestNamesThatLookAlike: an error tells a name from one that differs invisibly.
func TestNamesThatLookAlike(t *testing.T) {
	for _, test := range [][2]string{{"caf\u00e9", "cafe\u0301"}, {"b", "b\u200b"}, {"a b", "a\u00a0b"}} {
		r := mustCSV(t, "x,"+test[1]+"\n1,2\n", Options{})
		wantError(t, r.Select([]string{test[0]}), fmt.Sprintf("did you mean %+q, which is not %+q?", test[1], test[0]))
	}
	r := mustCSV(t, strings.Repeat("x", 1<<20)+",\x1b[31m\n1,2\n", Options{})
	err := r.Select([]string{"a"})
	wantError(t, err, "no column", `"\x1b[31m"`)
	if len(err.Error()) > 500 {
		t.Errorf("the error has %d bytes", len(err.Error()))
	}
}
