package main

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
)

// npyOf is a .npy of one row after the other, or of text behind a header.
func npyOf(rows, columns int, values ...float64) []byte {
	var csv strings.Builder
	csv.WriteString("header\n")
	for i, v := range values {
		separator := ","
		if (i+1)%columns == 0 {
			separator = "\n"
		}
		fmt.Fprintf(&csv, "%v%s", v, separator)
	}
	return []byte(npyText(csv.String(), columns))
}

// npzOf is an archive of name, array, name, array….
func npzOf(t *testing.T, entries ...any) string {
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
	return b.String()
}

func gzipText(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, text)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestTablesOfManyTools scores the same two rows as many tools write them.
func TestTablesOfManyTools(t *testing.T) {
	d := workplace(t)
	const rows = "a,b,c\n1001,0.5,1\n995,-0.25,0.5\n"
	writeFile(t, d, "rows.csv", rows)
	score := func(file string) []string {
		return []string{"score", "--model", "model.safetensors", "--data", file, "--out", "s.csv"}
	}
	mustRun(t, d, score("rows.csv")...)
	want := readFile(t, d, "s.csv")
	two := npyOf(2, 3, 1001, 0.5, 1, 995, -0.25, 0.5)
	for name, text := range map[string]string{
		"pandas.csv":    ",a,b,c\n0,1001,0.5,1\n1,995,-0.25,0.5\n",
		"r.csv":         "\"\",\"a\",\"b\",\"c\"\n\"1\",1001,0.5,1\n\"2\",995,-0.25,0.5\n",
		"table.csv":     "\"a\",\"b\",\"c\"\n\"1\",1001,0.5,1\n\"2\",995,-0.25,0.5\n",
		"table.txt":     "\"a\" \"b\" \"c\"\n\"1\" 1001 0.5 1\n\"2\" 995 -0.25 0.5\n",
		"savetxt.txt":   "1.001e+03 5.0e-01 1.0e+00\n9.95e+02 -2.5e-01 5.0e-01\n",
		"trailing.csv":  "a,b,c,\n1001,0.5,1,\n995,-0.25,0.5,\n",
		"repeated.csv":  "a,note,b,note,c\n1001,x,0.5,y,1\n995,x,-0.25,y,0.5\n",
		"excel.csv":     "sep=;\r\na;b;c\r\n1001;0.5;1\r\n995;-0.25;0.5\r\n",
		"comma.csv":     "a;b;c;d (x, y)\n1001;0.5;1;z\n995;-0.25;0.5;z\n",
		"tabs.tsv":      strings.ReplaceAll(rows, ",", "\t"),
		"tabs.tsv.gz":   gzipText(t, strings.ReplaceAll(rows, ",", "\t")),
		"counted.csv":   "0,1,2\n1001,0.5,1\n995,-0.25,0.5\n",
		"zeros.csv.gz":  gzipText(t, rows) + "\x00\x00\x00",
		"gzip.csv":      gzipText(t, rows),
		"single.npz":    npzOf(t, "arr_0", two),
		"x.npz":         npzOf(t, "x", two, "log_prob", npyOf(2, 1, 1, 2), "context", npyOf(2, 2, 1, 2, 3, 4)),
		"positions.npy": string(two),
	} {
		writeFile(t, d, name, text)
		arguments := score(name)
		if name == "counted.csv" {
			mustFail(t, d, exitFailed, []string{name, "--header"}, arguments...)
			arguments = append(arguments, "--header", "yes")
		}
		mustRun(t, d, arguments...)
		if got := readFile(t, d, "s.csv"); got != want {
			t.Errorf("%s scores %q, want %q", name, got, want)
		}
	}
	c := command(t, d, score("-")...)
	c.Stdin = strings.NewReader(gzipText(t, rows))
	if r := finish(t, c); r.code != exitDone || readFile(t, d, "s.csv") != want {
		t.Errorf("gzip on standard input: %q", r.errors)
	}
	for name, c := range map[string]struct {
		text  string
		words []string
	}{
		"mac.csv":       {"a,b,c\r1,2,3\r", []string{"carriage return"}},
		"cafe.csv":      {"a,b,c\u200b\n1,2,3\n", []string{"lacks 1", `"c\u200b"`, `is not the model's "c"`}},
		"savetxt.csv":   {"# a,b,c\n1,2,3\n", []string{"lacks 1", `"# a" is not the model's "a"`}},
		"cyrillic.csv":  {"a,b,с\n1,2,3\n", []string{"lacks 1", `"\u0441" is not the model's "c"`}},
		"control.csv":   {"\x1b[31m\x07,b\n1,2\n", []string{`"\x1b[31m\a"`}},
		"long.csv":      {strings.Repeat("x", 1<<20) + ",b\n1,2\n", []string{"lacks 2", "xxx…"}},
		"behind.csv.gz": {gzipText(t, rows) + "garbage", []string{"no gzip data"}},
		"wide.npz":      {npzOf(t, "x", npyOf(1, 2, 1, 2), "context", npyOf(1, 1, 1)), []string{"2 columns of rows and 1 of context", "a, b, c"}},
	} {
		writeFile(t, d, name, c.text)
		mustFail(t, d, exitFailed, append(c.words, name), score(name)...)
		if r := nf(t, d, score(name)...); len(r.errors) > 1000 || strings.ContainsAny(r.errors, "\x1b\a\u200b") {
			t.Errorf("%s: standard error has %d bytes: %q", name, len(r.errors), r.errors[:min(len(r.errors), 200)])
		}
	}
}

// TestHeadersOfNumbersInTraining: they are asked about, and a model of such names knows them again.
func TestHeadersOfNumbersInTraining(t *testing.T) {
	d := workplace(t)
	text := rowsText(60)
	body := text[strings.Index(text, "\n"):]
	train := func(data string, more ...string) []string {
		return append(append([]string{"train", "--data", data, "--out", "m.safetensors"}, smallTraining...), more...)
	}
	writeFile(t, d, "numbers.csv", "0,1,2,3"+body)
	mustFail(t, d, exitFailed, []string{"numbers.csv", "line 1", "--header yes or --header no"}, train("numbers.csv")...)
	mustRun(t, d, train("numbers.csv", "--header", "yes", "--exclude", "3")...)
	r := mustRun(t, d, "score", "--model", "m.safetensors", "--data", "numbers.csv", "--out", "s.csv")
	mustRun(t, d, "score", "--model", "m.safetensors", "--data", "numbers.csv", "--header", "yes", "--out", "t.csv")
	if !strings.HasPrefix(r.out, "rows=60 ") || readFile(t, d, "s.csv") != readFile(t, d, "t.csv") {
		t.Errorf("the model's own names are not taken for a header: %s", r.out)
	}
	// A model of names of numbers takes a table without names, and one of f0, f1, f2 a table of numbers.
	writeFile(t, d, "rows.npy", npyText(text, 3))
	mustRun(t, d, "score", "--model", "m.safetensors", "--data", "rows.npy", "--out", "u.csv")
	if readFile(t, d, "u.csv") != readFile(t, d, "s.csv") {
		t.Error("the rows without names score otherwise")
	}
	// Columns that are named by a flag are a header too, and are all that is looked at.
	mustRun(t, d, train("numbers.csv", "--columns", "0,1")...)
	writeFile(t, d, "index.csv", ","+strings.ReplaceAll(text, "\n", "\nrow,")[:len(text)+4*60])
	mustFail(t, d, exitFailed, []string{"index.csv", "column 1 of 5 has no name", "--columns"}, train("index.csv")...)
	mustRun(t, d, train("index.csv", "--columns", "a,b")...)
	mustRun(t, d, train("index.csv", "--columns", "a,b", "--context", "c")...)
}

// TestTrainingOnArchives: the array context of an archive is the context.
func TestTrainingOnArchives(t *testing.T) {
	d := workplace(t)
	text := rowsText(60)
	var context strings.Builder
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		context.WriteString(strings.Split(line, ",")[2] + "\n")
	}
	writeFile(t, d, "rows.npz", npzOf(t, "x", []byte(npyText(text, 2)), "context", []byte(npyText(context.String(), 1))))
	train := append([]string{"train", "--data", "rows.npz", "--out", "m.safetensors"}, smallTraining...)
	mustRun(t, d, train...)
	writeFile(t, d, "named.csv", strings.Replace(text, "a,b,c", "f0,f1,c0", 1))
	score := []string{"score", "--model", "m.safetensors", "--out", "s.csv", "--data"}
	mustRun(t, d, append(score, "rows.npz")...)
	want := readFile(t, d, "s.csv")
	mustRun(t, d, append(score, "named.csv")...)
	if readFile(t, d, "s.csv") != want {
		t.Error("the archive scores otherwise than by name")
	}
	mustRun(t, d, append([]string{"train", "--data", "named.csv", "--columns", "f0,f1", "--context", "c0", "--out", "n.safetensors"}, smallTraining...)...)
	if readFile(t, d, "m.safetensors") != readFile(t, d, "n.safetensors") {
		t.Error("the archive trains another model than the columns by name")
	}
	mustRun(t, d, "latent", "--model", "m.safetensors", "--data", "rows.npz", "--out", "z.csv")
	if got, want := columnOf(t, d, "z.csv", "c0"), columnOf(t, d, "named.csv", "c0"); got[7] != want[7] {
		t.Errorf("latent writes the context %v, want %v", got[7], want[7])
	}
	mustRun(t, d, append(train, "--exclude", "c0")...)
	if !strings.Contains(mustRun(t, d, "inspect", "m.safetensors").out, "f1") {
		t.Error("without the context nothing is left")
	}
}

// TestBadRowsInTraining: they fail, or are left out and counted, whichever table they are in.
func TestBadRowsInTraining(t *testing.T) {
	d := workplace(t)
	lines := strings.SplitAfter(rowsText(60), "\n")
	good := strings.Join(lines, "")
	lines[3] = "?,1,2,0\n" + lines[3]
	lines[9] = "1,2\n" + lines[9]
	writeFile(t, d, "good.csv", good)
	writeFile(t, d, "bad.csv", strings.Join(lines, ""))
	train := func(data, out string, more ...string) []string {
		return append(append([]string{"train", "--data", data, "--out", out}, smallTraining...), more...)
	}
	mustFail(t, d, exitFailed, []string{"bad.csv", "row 3", `"a"`, `"?"`}, train("bad.csv", "m.safetensors")...)
	mustFail(t, d, exitFailed, []string{"bad.csv", "row 3"}, train("good.csv", "m.safetensors", "--valid", "bad.csv")...)
	r := mustRun(t, d, train("bad.csv", "m.safetensors", "--on-bad-row", "skip")...)
	if !strings.Contains(r.errors, "2 bad row(s) were skipped") || !strings.Contains(r.errors, "row 3") {
		t.Errorf("it says %q", r.errors)
	}
	mustRun(t, d, train("good.csv", "n.safetensors")...)
	cut := func(name string) string { // the values: all behind what differs
		text := readFile(t, d, name)
		return text[len(text)-4*100:]
	}
	if inspected := mustRun(t, d, "inspect", "m.safetensors").out; !strings.Contains(inspected, "data.bad_rows") || cut("m.safetensors") != cut("n.safetensors") {
		t.Errorf("the model is not that of the good rows: %s", inspected)
	}
	r = mustRun(t, d, train("good.csv", "m.safetensors", "--valid", "bad.csv", "--on-bad-row", "skip")...)
	if !strings.Contains(r.errors, "2 bad row(s) were skipped") {
		t.Errorf("it says %q", r.errors)
	}
	writeFile(t, d, "none.csv", "a,b\n1,\n?,2\n")
	mustFail(t, d, exitFailed, []string{"none.csv has no good row", "row 1"}, train("none.csv", "m.safetensors", "--on-bad-row", "skip")...)
}

// TestKeep: columns are carried as they are written, and stay with their rows.
func TestKeep(t *testing.T) {
	d := workplace(t)
	writeFile(t, d, "ids.csv", "id,a,b,c,note\n007,1001,0.5,1,\"x, \"\"y\"\"\"\n008,?,0.5,1,lost\n1e3,995,-0.250,0.5, z \n")
	score := []string{"score", "--model", "model.safetensors", "--data", "ids.csv", "--out", "s.csv", "--keep", "id,note,b"}
	mustFail(t, d, exitFailed, []string{"row 2"}, score...)
	mustRun(t, d, append(score, "--on-bad-row", "skip")...)
	skipped := strings.Split(readFile(t, d, "s.csv"), "\n")
	if len(skipped) != 4 || skipped[0] != "id,note,b,log_prob" || !strings.HasPrefix(skipped[1], `007,"x, ""y""",0.5,`) || !strings.HasPrefix(skipped[2], "1e3, z ,-0.250,") {
		t.Errorf("with skip it writes %q", skipped)
	}
	mustRun(t, d, append(score, "--on-bad-row", "nan", "--batch", "1")...)
	all := strings.Split(readFile(t, d, "s.csv"), "\n")
	if len(all) != 5 || all[1] != skipped[1] || all[2] != "008,lost,0.5,NaN" || all[3] != skipped[2] {
		t.Errorf("with nan it writes %q", all)
	}
	mustFail(t, d, exitFailed, []string{"ids.csv", `"idd"`}, append(score[:len(score)-1:len(score)-1], "idd")...)

	mustRun(t, d, "latent", "--model", "model.safetensors", "--data", "ids.csv", "--out", "z.csv", "--keep", "id", "--on-bad-row", "nan")
	latent := strings.Split(readFile(t, d, "z.csv"), "\n")
	if len(latent) != 5 || latent[0] != "id,z0,z1,z2,log_det" || !strings.HasPrefix(latent[1], "007,") || latent[2] != "008,NaN,NaN,NaN,NaN" {
		t.Errorf("latent writes %q", latent)
	}
	mustRun(t, d, "latent", "--model", "model.safetensors", "--data", "z.csv", "--inverse", "--out", "x.csv", "--keep", "id", "--on-bad-row", "skip")
	back := strings.Split(readFile(t, d, "x.csv"), "\n")
	if len(back) != 4 || back[0] != "id,a,b,c" || !strings.HasPrefix(back[2], "1e3,") || math.Abs(columnOf(t, d, "x.csv", "a")[1]-995) > 1e-3 {
		t.Errorf("the way back writes %q", back)
	}
	mustFail(t, d, exitUsage, []string{"z1", "already"}, "latent", "--model", "model.safetensors", "--data", "z.csv", "--out", "y.csv", "--keep", "z1")
}

// TestLabelWords: each pair of labels is understood, and gives the same areas.
func TestLabelWords(t *testing.T) {
	d := workplace(t)
	text := strings.Split(strings.TrimSpace(rowsText(60)), "\n")
	score := []string{"score", "--model", "model.safetensors", "--data", "labels.csv", "--label", "y", "--out", "s.npy"}
	var want string
	for _, pair := range [][2]string{{"0", "1"}, {"-1", "1"}, {"False", "TRUE"}, {"normal", "Anomaly"}, {"0.0", "1.0"}, {"false", "1"}} {
		var b strings.Builder
		for i, line := range text {
			cells := strings.Split(line, ",")
			label := "y"
			if i > 0 {
				label = pair[0]
				if cells[3] == "1" {
					label = pair[1]
				}
			}
			fmt.Fprintf(&b, "%s,%s\n", strings.Join(cells[:3], ","), label)
		}
		writeFile(t, d, "labels.csv", b.String())
		r := mustRun(t, d, score...)
		got := r.out[strings.Index(r.out, " auroc="):strings.Index(r.out, " blas=")]
		if want == "" {
			want = got
		}
		if got != want || strings.Contains(got, "NaN") {
			t.Errorf("labels %q give%s, want%s", pair, got, want)
		}
	}
	writeFile(t, d, "labels.csv", "a,b,c,y\n1000,0,1,0\n1001,0,1,1\n1000,1,1,-1\n")
	mustFail(t, d, exitFailed, []string{"labels.csv", "row 3", `"y"`, "-1", "0"}, score...)
	writeFile(t, d, "labels.csv", "a,b,c,y\n1000,0,1,0\n1001,0,1,yes\n")
	mustFail(t, d, exitFailed, []string{"labels.csv", "row 2", `"y"`, `"yes"`, "anomaly"}, score...)
}

// TestFlagging: --threshold and --quantile mark the rows below, and say how many.
func TestFlagging(t *testing.T) {
	d := workplace(t)
	score := []string{"score", "--model", "model.safetensors", "--data", "data.csv", "--out", "s.csv"}
	r := mustRun(t, d, append(score, "--quantile", "0.1", "--keep", "label")...)
	scores, flags := columnOf(t, d, "s.csv", "log_prob"), columnOf(t, d, "s.csv", "anomaly")
	if !strings.HasPrefix(readFile(t, d, "s.csv"), "label,log_prob,anomaly\n") || !strings.Contains(r.out, " anomalies=30 ") {
		t.Errorf("it says %s", r.out)
	}
	highest, lowest := math.Inf(-1), math.Inf(1) // of the flagged, of the others
	for i, v := range scores {
		if flags[i] == 1 {
			highest = max(highest, v)
		} else {
			lowest = min(lowest, v)
		}
	}
	if highest >= lowest {
		t.Errorf("a row of %v is flagged and one of %v is not", highest, lowest)
	}
	if !strings.Contains(r.out, fmt.Sprintf(" threshold=%v ", lowest)) {
		t.Errorf("it says %s, want the threshold %v", r.out, lowest)
	}
	quantile := readFile(t, d, "s.csv")
	r = mustRun(t, d, append(score, "--threshold", fmt.Sprint(lowest), "--keep", "label", "--batch", "7")...)
	if readFile(t, d, "s.csv") != quantile || !strings.Contains(r.out, " anomalies=30 ") {
		t.Errorf("the threshold flags other rows: %s", r.out)
	}
	r = mustRun(t, d, append(score, "--threshold", "-1e300", "--json")...)
	if !strings.Contains(r.out, `"threshold":-1e+300,"anomalies":0`) {
		t.Errorf("it says %s", r.out)
	}
	writeFile(t, d, "bad.csv", "a,b,c\n1000,0,1\n1001,x,1\n900,0,1\n")
	mustRun(t, d, "score", "--model", "model.safetensors", "--data", "bad.csv", "--out", "s.csv", "--on-bad-row", "nan", "--quantile", "0.5")
	if flags := columnOf(t, d, "s.csv", "anomaly"); flags[0] != 0 || !math.IsNaN(flags[1]) || flags[2] != 1 {
		t.Errorf("the flags are %v", flags)
	}
	mustFail(t, d, exitFailed, []string{"row 2"}, "score", "--model", "model.safetensors", "--data", "bad.csv", "--out", "t.csv", "--quantile", "0.5")
	mustRun(t, d, append(score, "--out", "s.npy", "--threshold", "0")...)
}

// TestLowerQuantile: so many values are below it, though the product of their number and the part is rounded.
func TestLowerQuantile(t *testing.T) {
	for q, want := range map[float64]float64{0.29: 29, 0.57: 57, 0.5: 50, 0.005: 0, 0.999: 99} {
		values := make([]float64, 100)
		for i := range values {
			values[i] = float64(i * 37 % 100)
		}
		if got := lowerQuantile(values, q); got != want {
			t.Errorf("quantile %v of 0 to 99 is %v, want %v", q, got, want)
		}
	}
	if got := lowerQuantile(nil, 0.5); !math.IsNaN(got) {
		t.Errorf("the quantile of nothing is %v", got)
	}
}

// TestSampledContext: draws come with their context and their log-density, and score so.
func TestSampledContext(t *testing.T) {
	d := workplace(t)
	mustRun(t, d, append([]string{"train", "--data", "data.csv", "--columns", "b,c", "--context", "a", "--out", "m.safetensors"}, smallTraining...)...)
	writeFile(t, d, "contexts.csv", "note,a\nfirst,990\nsecond,1020\n")
	mustRun(t, d, "sample", "--model", "m.safetensors", "-n", "3", "--context", "contexts.csv", "--log-prob", "--out", "x.csv")
	if got := readFile(t, d, "x.csv"); !strings.HasPrefix(got, "b,c,log_prob,a\n") || strings.Count(got, "\n") != 7 {
		t.Fatalf("it writes %q", got)
	}
	mustRun(t, d, "score", "--model", "m.safetensors", "--data", "x.csv", "--out", "s.csv")
	given, scored, context := columnOf(t, d, "x.csv", "log_prob"), columnOf(t, d, "s.csv", "log_prob"), columnOf(t, d, "x.csv", "a")
	for i := range given {
		if math.Abs(given[i]-scored[i]) > 1e-4 || context[i] != []float64{990, 1020}[i/3] {
			t.Errorf("draw %d of context %v has the log-density %v, and scores %v", i, context[i], given[i], scored[i])
		}
	}
	mustRun(t, d, "sample", "--model", "m.safetensors", "-n", "3", "--context", "contexts.csv", "--out", "x.npy")
	mustRun(t, d, "score", "--model", "m.safetensors", "--data", "x.npy", "--out", "t.csv")
	if readFile(t, d, "t.csv") != readFile(t, d, "s.csv") {
		t.Error("the draws of a .npy score otherwise")
	}
	mustRun(t, d, "sample", "--model", "model.safetensors", "-n", "3", "--log-prob", "--out", "y.csv")
	if got := readFile(t, d, "y.csv"); !strings.HasPrefix(got, "a,b,c,log_prob\n") {
		t.Errorf("it writes %q", got)
	}
}

// TestInspectPrintsNoControls: what a file says moves no cursor.
func TestInspectPrintsNoControls(t *testing.T) {
	d := workplace(t)
	writeFile(t, d, "odd.csv", strings.Replace(rowsText(300), "a,b,c", "a\x1b[31m,\u202eb,\u009b2Jc", 1))
	mustRun(t, d, append([]string{"train", "--data", "odd.csv", "--out", "m.safetensors"}, smallTraining...)...)
	for _, more := range []string{"", "--json"} {
		r := mustRun(t, d, strings.Fields("inspect m.safetensors "+more)...)
		if strings.ContainsAny(r.out, "\x1b\u202e\u009b") || !strings.Contains(r.out, "x1b") && !strings.Contains(r.out, "u001b") {
			t.Errorf("it prints %q", r.out)
		}
	}
	writeFile(t, d, "lacks.csv", "a\n1\n")
	mustFail(t, d, exitFailed, []string{`"a\x1b[31m"`, `"\u202eb"`}, "score", "--model", "m.safetensors", "--data", "lacks.csv", "--out", "s.csv")
}

// TestTrainingOverItsData: no output of a training may be its data, by whatever link.
func TestTrainingOverItsData(t *testing.T) {
	d := workplace(t)
	for _, link := range []string{"data.safetensors", "plot.png", "m.safetensors.log.json"} {
		symlink(t, d, "data.csv", link)
	}
	for _, more := range []string{"--out data.safetensors", "--out n.safetensors --plot plot.png", "--out m.safetensors"} {
		arguments := append(append([]string{"train", "--data", "data.csv"}, smallTraining...), strings.Fields(more)...)
		mustFail(t, d, exitUsage, []string{"same file"}, arguments...)
	}
}
