package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// columnOf reads a column of a CSV file.
func columnOf(t *testing.T, directory, file, column string) []float64 {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(readFile(t, directory, file)), "\n")
	at := -1
	for i, name := range strings.Split(lines[0], ",") {
		if name == column {
			at = i
		}
	}
	if at < 0 {
		t.Fatalf("%s has the columns %s, not %s", file, lines[0], column)
	}
	var values []float64
	for _, line := range lines[1:] {
		v, err := strconv.ParseFloat(strings.Split(line, ",")[at], 64)
		if err != nil {
			t.Fatal(err)
		}
		values = append(values, v)
	}
	return values
}

func TestTrainPrints(t *testing.T) {
	d := workplace(t)
	r := mustRun(t, d, "train", "--data", "data.csv", "--exclude", "label", "--layers", "2", "--hidden", "8", "--epochs", "3", "--out", "m.safetensors", "--plot", "loss.png")
	pattern := `^training on 270 rows, validating on 30: 3 columns, realnvp, \d+ parameters, batches of 32; matmul built-in .*, kernels \w+, workers \d+
epoch=1 train_nll=\S+ valid_nll=\S+ rows_per_second=\d+
epoch=2 train_nll=\S+ valid_nll=\S+ rows_per_second=\d+
epoch=3 train_nll=\S+ valid_nll=\S+ rows_per_second=\d+
best epoch=\d valid_nll=-?\d+\.\d+
$`
	if !regexp.MustCompile(pattern).MatchString(r.out) || r.errors != "nf train: the last epoch is the best one: more --epochs than 3 may fit better\n" {
		t.Errorf("it prints %q and %q", r.out, r.errors)
	}
	quiet := mustRun(t, d, "train", "--data", "data.csv", "--exclude", "label", "--layers", "2", "--hidden", "8", "--epochs", "3", "--out", "m2.safetensors", "--plot", "loss.svg", "--quiet")
	if !regexp.MustCompile(`^best epoch=\d valid_nll=\S+\n$`).MatchString(quiet.out) {
		t.Errorf("with --quiet it prints %q", quiet.out)
	}
	if _, err := png.Decode(strings.NewReader(readFile(t, d, "loss.png"))); err != nil {
		t.Errorf("loss.png: %v", err)
	}
	if !strings.Contains(readFile(t, d, "loss.svg"), "</svg>") {
		t.Error("loss.svg is no SVG")
	}
	var log struct {
		History []map[string]any
		Kernels string
	}
	if err := json.Unmarshal([]byte(readFile(t, d, "m.safetensors.log.json")), &log); err != nil || len(log.History) != 3 || log.Kernels == "" {
		t.Errorf("the log holds %+v, %v", log, err)
	}
}

// TestDataIsHashed: the provenance tells data apart, and it alone.
func TestDataIsHashed(t *testing.T) {
	d := workplace(t)
	text := rowsText(300)
	writeFile(t, d, "copy.csv", text)
	writeFile(t, d, "changed.csv", strings.Replace(text, "\n1", "\n9", 1))
	model := func(data string) string {
		mustRun(t, d, append([]string{"train", "--data", data, "--exclude", "label", "--out", "m.safetensors"}, smallTraining...)...)
		return readFile(t, d, "m.safetensors")
	}
	if model("copy.csv") != trained.model {
		t.Error("the same rows in another file make another model file")
	}
	if model("changed.csv") == trained.model {
		t.Error("other rows make the same model file")
	}
}

func TestScoreColumnsByName(t *testing.T) {
	d := workplace(t)
	text := rowsText(300)
	// The same rows with the columns in another order, one more, and text in it.
	var b strings.Builder
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		cells := strings.Split(line, ",")
		note := "note"
		if i > 0 {
			note = "some text"
		}
		fmt.Fprintf(&b, "%s,%s,%s,%s\n", cells[2], note, cells[0], cells[1])
	}
	writeFile(t, d, "order.csv", b.String())
	writeFile(t, d, "rows.npy", npyText(text, 3))
	var want string
	for _, data := range []string{"data.csv", "order.csv", "rows.npy"} {
		mustRun(t, d, "score", "--model", "model.safetensors", "--data", data, "--out", "s.csv")
		got := readFile(t, d, "s.csv")
		if want == "" {
			want = got
		}
		if got != want || strings.Count(got, "\n") != 301 {
			t.Errorf("the scores of %s differ", data)
		}
	}
	// By position, with the label beside them.
	writeFile(t, d, "labelled.npy", npyText(text, 4))
	mustRun(t, d, "score", "--model", "model.safetensors", "--data", "labelled.npy", "--label", "f3", "--out", "s.csv")
	if readFile(t, d, "s.csv") != want {
		t.Error("the scores beside a label differ")
	}
}

func TestScoreSummary(t *testing.T) {
	d := workplace(t)
	r := mustRun(t, d, "score", "--model", "model.safetensors", "--data", "data.csv", "--label", "label", "--out", "s.csv", "--json", "--batch", "7")
	var summary struct {
		Rows    int      `json:"rows"`
		Mean    *float64 `json:"mean_log_prob"`
		Speed   *float64 `json:"rows_per_second"`
		BadRows *int     `json:"bad_rows"`
		AUROC   *float64 `json:"auroc"`
		AUPRC   *float64 `json:"auprc"`
		BLAS    string   `json:"blas"`
	}
	if err := json.Unmarshal([]byte(r.out), &summary); err != nil {
		t.Fatalf("%v in %q", err, r.out)
	}
	var mean float64
	for _, v := range columnOf(t, d, "s.csv", "log_prob") {
		mean += v / 300
	}
	if summary.Rows != 300 || math.Abs(*summary.Mean-mean) > 1e-9 || *summary.BadRows != 0 || *summary.Speed <= 0 || summary.BLAS != "builtin" {
		t.Errorf("the summary is %s, the mean %v", r.out, mean)
	}
	if *summary.AUROC <= 0.5 || *summary.AUROC > 1 || *summary.AUPRC <= 0.1 || *summary.AUPRC > 1 {
		t.Errorf("the summary is %s", r.out)
	}
	// Where all labels are the same there is no ranking.
	writeFile(t, d, "same.csv", "a,b,c,label\n1000,0,1,0\n1001,0,1,0\n")
	r = mustRun(t, d, "score", "--model", "model.safetensors", "--data", "same.csv", "--label", "label", "--out", "s.csv", "--json")
	if !strings.Contains(r.out, `"auroc":null,"auprc":null`) {
		t.Errorf("the summary is %s", r.out)
	}
	// CSV on standard output has the summary beside it, not in it.
	c := command(t, d, "score", "--model", "model.safetensors", "--data", "-", "--out", "-")
	c.Stdin = strings.NewReader(readFile(t, d, "same.csv"))
	r = finish(t, c)
	if strings.Count(r.out, "\n") != 3 || !strings.HasPrefix(r.out, "log_prob\n") || !strings.HasPrefix(r.errors, "rows=2 ") {
		t.Errorf("it prints %q and %q", r.out, r.errors)
	}
}

func TestBadRowPolicies(t *testing.T) {
	d := workplace(t)
	writeFile(t, d, "bad.csv", "a,b,c\n1000,0,1\n1001,x,1\n1002,0,1\n1003,0\n1004,0,1\n")
	score := []string{"score", "--model", "model.safetensors", "--data", "bad.csv", "--out", "s.csv", "--on-bad-row"}
	mustFail(t, d, exitFailed, []string{"row 2", `"b"`}, append(score, "fail")...)
	r := mustRun(t, d, append(score, "skip")...)
	skipped := columnOf(t, d, "s.csv", "log_prob")
	if !strings.Contains(r.out, "rows=3 ") || !strings.Contains(r.out, "bad_rows=2 ") || !strings.Contains(r.errors, "row 2") || len(skipped) != 3 {
		t.Errorf("skip prints %q and %q and writes %v", r.out, r.errors, skipped)
	}
	r = mustRun(t, d, append(score, "nan")...)
	all := columnOf(t, d, "s.csv", "log_prob")
	if !strings.Contains(r.out, "rows=3 ") || strings.Contains(r.out, "mean_log_prob=NaN") || len(all) != 5 ||
		!math.IsNaN(all[1]) || !math.IsNaN(all[3]) || all[0] != skipped[0] || all[2] != skipped[1] || all[4] != skipped[2] {
		t.Errorf("nan prints %q and writes %v, skip %v", r.out, all, skipped)
	}
}

func TestLatentAndBack(t *testing.T) {
	d := workplace(t)
	for _, ending := range []string{".csv", ".npy", ".npz", ".csv.gz"} {
		mustRun(t, d, "latent", "--model", "model.safetensors", "--data", "data.csv", "--out", "z"+ending)
		mustRun(t, d, "latent", "--model", "model.safetensors", "--data", "z"+ending, "--inverse", "--out", "x.csv")
		for _, column := range []string{"a", "b", "c"} {
			got, want := columnOf(t, d, "x.csv", column), columnOf(t, d, "data.csv", column)
			for i := range want {
				if math.Abs(got[i]-want[i]) > 1e-4*(1+math.Abs(want[i])) {
					t.Fatalf("%s: row %d of %s comes back as %v, was %v", ending, i, column, got[i], want[i])
				}
			}
		}
	}
	// log p = log-density of z + log_det.
	mustRun(t, d, "score", "--model", "model.safetensors", "--data", "data.csv", "--out", "s.csv")
	mustRun(t, d, "latent", "--model", "model.safetensors", "--data", "data.csv", "--out", "z.csv")
	logDet, scores := columnOf(t, d, "z.csv", "log_det"), columnOf(t, d, "s.csv", "log_prob")
	for i := range scores {
		want := logDet[i] - 1.5*math.Log(2*math.Pi)
		for _, z := range []string{"z0", "z1", "z2"} {
			v := columnOf(t, d, "z.csv", z)[i]
			want -= 0.5 * v * v
		}
		if math.Abs(scores[i]-want) > 1e-4*(1+math.Abs(want)) {
			t.Fatalf("row %d: log_prob is %v, z and log_det give %v", i, scores[i], want)
		}
		if i == 20 {
			break
		}
	}
}

func TestContext(t *testing.T) {
	d := workplace(t)
	mustRun(t, d, append([]string{"train", "--data", "data.csv", "--columns", "b,c", "--context", "a", "--out", "m.safetensors"}, smallTraining...)...)
	mustRun(t, d, "score", "--model", "m.safetensors", "--data", "data.csv", "--out", "s.csv")
	mustRun(t, d, "latent", "--model", "m.safetensors", "--data", "data.csv", "--out", "z.npy")
	mustRun(t, d, "latent", "--model", "m.safetensors", "--data", "z.npy", "--inverse", "--out", "x.csv")
	got, want := columnOf(t, d, "x.csv", "c"), columnOf(t, d, "data.csv", "c")
	for i := range want {
		if math.Abs(got[i]-want[i]) > 1e-4 {
			t.Fatalf("row %d comes back as %v, was %v", i, got[i], want[i])
		}
	}
	writeFile(t, d, "rows.npy", npyText(rowsText(20), 3))
	writeFile(t, d, "contexts.csv", "note,a\nfirst,990\nsecond,1020\n")
	// By position, features and then context: a, b, c of the table stand for b, c, a.
	mustRun(t, d, "score", "--model", "m.safetensors", "--data", "rows.npy", "--out", "position.csv")
	writeFile(t, d, "position-named.csv", strings.Replace(rowsText(20), "a,b,c,", "b,c,a,", 1))
	mustRun(t, d, "score", "--model", "m.safetensors", "--data", "position-named.csv", "--out", "named.csv")
	if readFile(t, d, "position.csv") != readFile(t, d, "named.csv") {
		t.Error("a table by position scores otherwise than by name")
	}
	writeFile(t, d, "four.npy", npyText(rowsText(20), 4))
	mustFail(t, d, exitFailed, []string{"without names", "features and then context", "b, c; a"}, "score", "--model", "m.safetensors", "--data", "four.npy", "--out", "s2.csv")
	mustFail(t, d, exitFailed, []string{"--context", "conditioned on a"}, "sample", "--model", "m.safetensors", "-n", "5", "--out", "x2.csv")
	mustRun(t, d, "sample", "--model", "m.safetensors", "-n", "5", "--context", "contexts.csv", "--out", "five.csv")
	five := columnOf(t, d, "five.csv", "b")
	if len(five) != 10 {
		t.Errorf("5 samples for each of 2 contexts are %d", len(five))
	}
	// The first context's samples do not depend on the second.
	writeFile(t, d, "first.csv", "a\n990\n")
	mustRun(t, d, "sample", "--model", "m.safetensors", "-n", "5", "--context", "first.csv", "--out", "alone.csv")
	for i, v := range columnOf(t, d, "alone.csv", "b") {
		if v != five[i] {
			t.Errorf("sample %d is %v alone, %v before others", i, v, five[i])
		}
	}
	writeFile(t, d, "none.csv", "a\n")
	mustFail(t, d, exitFailed, []string{"none.csv has no rows"}, "sample", "--model", "m.safetensors", "-n", "5", "--context", "none.csv", "--out", "x2.csv")
}

func TestInspect(t *testing.T) {
	d := workplace(t)
	text := mustRun(t, d, "inspect", "model.safetensors").out
	for _, word := range []string{"coupling", "affine(bound=1", "hidden=8", "standard-normal", "data.sha256", "best_epoch", "label"} {
		if strings.Contains(text, word) != (word != "label") {
			t.Errorf("inspect prints %s: %q", text, word)
		}
	}
	var m struct {
		Parameters int
		Flow       struct{ Features []string }
		Provenance struct {
			Data struct{ SHA256 string }
			BLAS string
		}
	}
	if err := json.Unmarshal([]byte(mustRun(t, d, "inspect", "--json", "model.safetensors").out), &m); err != nil {
		t.Fatal(err)
	}
	if m.Parameters == 0 || len(m.Flow.Features) != 3 || len(m.Provenance.Data.SHA256) != 64 || m.Provenance.BLAS != "builtin" {
		t.Errorf("inspect --json gives %+v", m)
	}
}

func TestDemo(t *testing.T) {
	if testing.Short() {
		t.Skip("the demonstration trains for some seconds: left out by -short")
	}
	d := t.TempDir()
	r := mustRun(t, d, "demo", "--quiet")
	difference := regexp.MustCompile(`difference +(\S+) nats`).FindStringSubmatch(r.out)
	if difference == nil || !strings.Contains(r.out, "running on: matmul built-in") {
		t.Fatalf("it prints %s", r.out)
	}
	if v, err := strconv.ParseFloat(difference[1], 64); err != nil || v < -0.02 || v > 0.1 {
		t.Errorf("the nll is %v above the exact entropy", difference[1])
	}
	again := t.TempDir()
	mustRun(t, again, "demo", "--quiet", "--out", "nf-demo")
	for _, name := range []string{"moons-train.csv", "moons-test.csv", "moons.safetensors", "scores.csv", "samples.csv", "loss.png", "density.png", "samples.png"} {
		path := filepath.Join("nf-demo", name)
		text := readFile(t, d, path)
		if text != readFile(t, again, path) {
			t.Errorf("%s differs from run to run", name)
		}
		if !strings.HasSuffix(name, ".png") {
			continue
		}
		picture, err := png.Decode(bytes.NewReader([]byte(text)))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if size := picture.Bounds().Size(); size.X < 400 || size.Y < 300 {
			t.Errorf("%s is %v", name, size)
		}
	}
	if _, err := os.Stat(filepath.Join(d, "nf-demo", "moons.safetensors.log.json")); err != nil {
		t.Error(err)
	}
}
