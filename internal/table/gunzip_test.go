package table

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"
)

// iotestReader hides the other methods of a reader.
type iotestReader struct{ io.Reader }

func listing(t *testing.T, directory string) int {
	t.Helper()
	entries, err := os.ReadDir(directory)
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// TestGzipOnStandardInput: compressed text is known by its first bytes.
func TestGzipOnStandardInput(t *testing.T) {
	text := "a,b\n" + strings.Repeat("1,2\n3,4\n", 50_000)
	r, err := Open("-", Options{Stdin: iotestReader{bytes.NewReader(gzipped(t, text))}})
	if err != nil {
		t.Fatal(err)
	}
	if _, rows, err := r.ReadAll(); rows != 100_000 || err != nil {
		t.Errorf("%d rows, %v", rows, err)
	}
	wantRows(t, mustOpen(t, fileWith(t, "named.csv", gzipped(t, "a\n1\n")), Options{}), 1)
}

// TestBehindGzip: zeros behind the end of gzip data are nothing; anything else is named; the next member goes on.
func TestBehindGzip(t *testing.T) {
	whole := gzipped(t, "a,b\n1,2\n3,4\n")
	for _, more := range []string{"", "\x00", strings.Repeat("\x00", 100_000)} {
		wantRows(t, mustOpen(t, fileWith(t, "x.csv.gz", append(bytes.Clone(whole), more...)), Options{}), 1, 2, 3, 4)
	}
	for more, word := range map[string]string{
		"x": "no gzip data follow", "garbage behind it": "no gzip data follow", "\x00\x00x": "no gzip data follow", "\x1f": "truncated", "\x1fx": "no gzip data follow",
		"\x1f\x8b\x08": "truncated", string(whole[:12]): "truncated", "\x1f\x8b\x07garbage!!": "no gzip data follow",
	} {
		r, err := Open(fileWith(t, "x.csv.gz", append(bytes.Clone(whole), more...)), Options{})
		if err == nil {
			_, _, err = r.ReadAll()
			r.Close()
		}
		wantError(t, err, "x.csv.gz", word)
	}
}
