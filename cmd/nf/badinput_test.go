package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestBadTables(t *testing.T) {
	d := workplace(t)
	good := npyText(rowsText(50), 3)
	var million strings.Builder
	for i := range 1000000 {
		fmt.Fprintf(&million, "c%d,", i)
	}
	million.WriteString("end\n")
	const rows = "1,2,3\n2,5,4\n4,3,5\n5,6,9\n"
	for _, c := range []struct {
		file, text string
		words      []string
	}{
		{"empty.csv", "", []string{"empty"}},
		{"empty.npy", "", []string{"empty.npy"}},
		{"header.csv", "a,b,c\n", []string{"no rows"}},
		{"zero.npy", npyText("a,b,c\n", 3), []string{"no rows"}},
		{"million.csv", million.String(), []string{"65536 columns"}},
		{"nan.csv", "a,b,c\n" + rows + "1,NaN,3\n", []string{"row 5", `"b"`, "NaN"}},
		{"inf.csv", "a,b,c\n" + rows + "1,2,-Inf\n", []string{"row 5", `"c"`, "Inf"}},
		{"text.csv", "a,b,c\n" + rows + "1,2,3x\n", []string{"row 5", `"c"`, "3x"}},
		{"missing.csv", "a,b,c\n" + rows + "1,,3\n", []string{"row 5", `"b"`, "missing"}},
		{"ragged.csv", "a,b,c\n" + rows + "1,2\n", []string{"row 5", "2 cells", "3"}},
		{"mixed.csv", "a,2,c\n" + rows, []string{"--header"}},
		{"truncated.npy", good[:len(good)-5], []string{"truncated"}},
		{"cut.npy", good[:40], []string{"cut.npy"}},
		{"type.npy", strings.Replace(good, "<f8", "<U1", 1), []string{"<U1"}},
		{"complex.npy", strings.Replace(good, "'<f8'", "'<c8'", 1), []string{"<c8"}},
		{"no.npz", "no archive", []string{"no.npz"}},
		{"no.csv.gz", "no archive", []string{"gzip"}},
	} {
		writeFile(t, d, c.file, c.text)
		words := append(c.words, c.file)
		t.Run(c.file, func(t *testing.T) {
			mustFail(t, d, exitFailed, words, "train", "--data", c.file, "--out", "m.safetensors", "--quiet")
			mustFail(t, d, exitFailed, words, "train", "--data", "data.csv", "--columns", "a,b,c", "--valid", c.file, "--out", "m.safetensors", "--quiet")
			mustFail(t, d, exitFailed, words, "score", "--model", "model.safetensors", "--data", c.file, "--out", "s.csv")
			mustFail(t, d, exitFailed, words, "latent", "--model", "model.safetensors", "--data", c.file, "--out", "z.npy")
		})
	}
	absent := []string{"absent.csv", "no such file"}
	mustFail(t, d, exitFailed, absent, "train", "--data", "absent.csv", "--out", "m.safetensors")
	mustFail(t, d, exitFailed, absent, "score", "--model", "model.safetensors", "--data", "absent.csv", "--out", "s.csv")
}

func TestTooFewRows(t *testing.T) {
	d := workplace(t)
	writeFile(t, d, "one.csv", "a,b,c\n1000,2,3\n")
	writeFile(t, d, "two.csv", "a,b,c\n1000,2,3\n4,5,6\n")
	mustFail(t, d, exitFailed, []string{"one.csv", "at least 3"}, "train", "--data", "one.csv", "--out", "m.safetensors")
	mustFail(t, d, exitFailed, []string{"two.csv", "at least 3"}, "train", "--data", "two.csv", "--out", "m.safetensors")
	mustFail(t, d, exitFailed, []string{"one.csv", "at least 2"}, "train", "--data", "one.csv", "--valid", "two.csv", "--out", "m.safetensors")
	if r := mustRun(t, d, "score", "--model", "model.safetensors", "--data", "one.csv", "--out", "s.csv"); !strings.HasPrefix(r.out, "rows=1 ") {
		t.Errorf("scoring one row says %q", r.out)
	}
	if lines := strings.Split(readFile(t, d, "s.csv"), "\n"); len(lines) != 3 || lines[0] != "log_prob" {
		t.Errorf("the scores of one row are %q", lines)
	}
}

func TestConstantColumns(t *testing.T) {
	d := t.TempDir()
	header, line := "a,b,same one,k", ",7,0\n"
	var text strings.Builder
	text.WriteString(header + "\n")
	for i := range 40 {
		fmt.Fprintf(&text, "%d,%d%s", i, i*i%13, line)
	}
	writeFile(t, d, "two.csv", text.String())
	base := append([]string{"train", "--data", "two.csv", "--out", "m.safetensors"}, smallTraining...)
	mustFail(t, d, exitFailed, []string{"same one", "--exclude 'same one,k'"}, base...)
	mustFail(t, d, exitFailed, []string{`"k"`, "value 0", "--exclude k"}, append(base, "--exclude", "same one")...)
	mustFail(t, d, exitFailed, []string{`"k"`, "--context"}, append(base, "--exclude", "same one", "--context", "k")...)
	mustFail(t, d, exitFailed, []string{"every column"}, append(base, "--columns", "k")...)
	// The advice works as given.
	mustRun(t, d, append(base, "--exclude", "same one,k")...)
	// A table of one column is no error.
	mustRun(t, d, append(base, "--columns", "a")...)
	mustRun(t, d, "score", "--model", "m.safetensors", "--data", "two.csv", "--out", "s.csv")
}

func TestWrongColumns(t *testing.T) {
	d := workplace(t)
	writeFile(t, d, "lacks.csv", "a,d\n1,2\n")
	writeFile(t, d, "two.npy", npyText(rowsText(9), 2))
	writeFile(t, d, "four.npy", npyText(rowsText(9), 4))
	score := func(more ...string) []string {
		return append([]string{"score", "--model", "model.safetensors", "--out", "s.csv"}, more...)
	}
	mustFail(t, d, exitFailed, []string{"lacks.csv", "b, c", "a, d"}, score("--data", "lacks.csv")...)
	mustFail(t, d, exitFailed, []string{"two.npy", "2 columns", "a, b, c"}, score("--data", "two.npy")...)
	mustFail(t, d, exitFailed, []string{"four.npy", "4 columns", "a, b, c"}, score("--data", "four.npy")...)
	mustFail(t, d, exitFailed, []string{"data.csv", `"nothing"`}, score("--data", "data.csv", "--label", "nothing")...)
	mustFail(t, d, exitFailed, []string{"--label b", "--exclude b"}, score("--data", "data.csv", "--label", "b")...)
	mustFail(t, d, exitFailed, []string{"lacks.csv", "z0, z1, z2"}, "latent", "--inverse", "--model", "model.safetensors", "--data", "lacks.csv", "--out", "x.csv")
	mustFail(t, d, exitFailed, []string{"--context"}, "sample", "--model", "model.safetensors", "-n", "3", "--context", "data.csv", "--out", "x.csv")
	train := func(more ...string) []string {
		return append([]string{"train", "--data", "data.csv", "--out", "m.safetensors"}, more...)
	}
	mustFail(t, d, exitFailed, []string{`"labell"`, `did you mean "label"`}, train("--exclude", "labell")...)
	mustFail(t, d, exitFailed, []string{`"nothing"`}, train("--columns", "a,nothing")...)
	mustFail(t, d, exitFailed, []string{`"nothing"`}, train("--context", "nothing")...)
	mustFail(t, d, exitFailed, []string{"no column"}, train("--exclude", "a,b,c,label")...)
	mustFail(t, d, exitFailed, []string{"lacks.csv", "b, c"}, train("--valid", "lacks.csv", "--exclude", "label")...)
}

func TestBadModels(t *testing.T) {
	d := workplace(t)
	model := trained.model
	header := int(binary.LittleEndian.Uint64([]byte(model)))
	size := func(n uint64) string { return string(binary.LittleEndian.AppendUint64(nil, n)) }
	for name, text := range map[string]string{
		"empty": "", "cut in the length": model[:5], "cut in the header": model[:8+header/2], "no tensors": model[:8+header],
		"cut in the tensors": model[:len(model)-3], "one byte more": model + "x",
		"hostile length": size(1<<63) + model[8:], "large length": size(1<<40) + model[8:], "zero length": size(0) + model[8:],
		"hostile width":   strings.Replace(model, `\"hidden\":[8]`, `\"hidden\":[9]`, 1),
		"hostile offsets": strings.Replace(model, `"data_offsets":[0,`, `"data_offsets":[9,`, 1),
		"version":         strings.Replace(model, `"nf.version":"1"`, `"nf.version":"9"`, 1),
	} {
		if text == model {
			t.Fatalf("%s: nothing was changed", name)
		}
		writeFile(t, d, "bad.safetensors", text)
		t.Run(name, func(t *testing.T) {
			mustFail(t, d, exitFailed, []string{"bad.safetensors"}, "score", "--model", "bad.safetensors", "--data", "data.csv", "--out", "s.csv")
			mustFail(t, d, exitFailed, []string{"bad.safetensors"}, "inspect", "bad.safetensors")
		})
	}
	mustFail(t, d, exitFailed, []string{"absent.safetensors"}, "inspect", "absent.safetensors")
	mustFail(t, d, exitFailed, []string{"data.csv"}, "sample", "--model", "data.csv", "-n", "1", "--out", "s.csv")
}

func TestOutputDirectoryMissing(t *testing.T) {
	d := workplace(t)
	words := []string{"nowhere", "does not exist"}
	mustFail(t, d, exitFailed, words, "train", "--data", "data.csv", "--out", "nowhere/m.safetensors")
	mustFail(t, d, exitFailed, words, "train", "--data", "data.csv", "--out", "m.safetensors", "--plot", "nowhere/p.png")
	mustFail(t, d, exitFailed, words, "score", "--model", "model.safetensors", "--data", "data.csv", "--out", "nowhere/s.csv")
	mustFail(t, d, exitFailed, words, "sample", "--model", "model.safetensors", "-n", "3", "--out", "nowhere/s.csv")
	mustFail(t, d, exitFailed, words, "latent", "--model", "model.safetensors", "--data", "data.csv", "--out", "nowhere/s.csv")
	if err := os.Mkdir(filepath.Join(d, "folder.safetensors"), 0o777); err != nil {
		t.Fatal(err)
	}
	mustFail(t, d, exitFailed, []string{"directory"}, "train", "--data", "data.csv", "--out", "folder.safetensors")
}

func TestBadLabel(t *testing.T) {
	d := workplace(t)
	writeFile(t, d, "labels.csv", "a,b,c,y\n1000,0,1,0\n1001,0,1,1\n1000,1,1,2\n")
	mustFail(t, d, exitFailed, []string{"labels.csv", "row 3", `"y"`, "2"}, "score", "--model", "model.safetensors", "--data", "labels.csv", "--label", "y", "--out", "s.csv")
}
