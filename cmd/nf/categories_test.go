package main

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

// coloredText is a CSV of y, which follows the color, a color in text, and t. Of
// violet there is one row alone.
func coloredText(rows int) string {
	var b strings.Builder
	b.WriteString("y,color,t\n")
	points := drawMoons(rows, 9, 0)
	colors := []string{"red", "blue", "light green", "7"}
	for i := range rows {
		color := colors[i%len(colors)]
		if i == 11 {
			color = "violet"
		}
		fmt.Fprintf(&b, "%v,%s,%v\n", float64(5*(i%len(colors)))+points[2*i], color, points[2*i+1])
	}
	return b.String()
}

// TestTextContext conditions on a column of texts, trains on it in every way, and
// scores, draws and maps with it.
func TestTextContext(t *testing.T) {
	d := t.TempDir()
	writeFile(t, d, "data.csv", coloredText(400))
	train := []string{"train", "--data", "data.csv", "--context", "t,color", "--layers", "2", "--hidden", "16", "--epochs", "30", "--lr", "0.02", "--batch", "64", "--quiet", "--out"}
	mustRun(t, d, append(train, "m.safetensors")...)
	inspected := mustRun(t, d, "inspect", "m.safetensors").out
	for _, word := range []string{"format version 2", "color=7", "color=blue", "color=light green", "color=red", "color=violet"} {
		if !strings.Contains(inspected, word) {
			t.Errorf("inspect prints no %q: %s", word, inspected)
		}
	}
	score := func(data string, more ...string) result {
		return mustRun(t, d, append([]string{"score", "--model", "m.safetensors", "--data", data, "--out", "s.csv"}, more...)...)
	}
	score("data.csv", "--keep", "color")
	scores := columnOf(t, d, "s.csv", "log_prob")
	// The model has learned what the color tells: under another one the rows are unlikely.
	writeFile(t, d, "swapped.csv", strings.NewReplacer(",red,", ",7,", ",7,", ",red,").Replace(coloredText(400)))
	score("swapped.csv")
	swapped := columnOf(t, d, "s.csv", "log_prob")
	var right, wrong float64
	for i := 0; i < len(scores); i += 4 { // those that were red
		right, wrong = right+scores[i], wrong+swapped[i]
	}
	if right < wrong+100 {
		t.Errorf("the log-density of the red rows is %v, and as another color %v", right, wrong)
	}

	// The order of the rows, which decides which text comes first, does not matter to the levels.
	lines := strings.Split(strings.TrimSpace(coloredText(400)), "\n")
	writeFile(t, d, "turned.csv", lines[0]+"\n"+lines[12]+"\n"+strings.Join(lines[1:12], "\n")+"\n"+strings.Join(lines[13:], "\n")+"\n")
	mustRun(t, d, append(train[:2:2], append([]string{"turned.csv"}, append(train[3:], "n.safetensors")...)...)...)
	columns := func(text string) string {
		from := strings.Index(text, "data.context")
		return text[from : from+strings.IndexByte(text[from:], '\n')]
	}
	if got := columns(mustRun(t, d, "inspect", "n.safetensors").out); got != columns(inspected) {
		t.Errorf("the levels are %s, want %s", got, columns(inspected))
	}

	writeFile(t, d, "unknown.csv", "y,color,t\n1,red,0\n2,pink,0\n3,,0\n0,blue,0.5\n")
	base := []string{"score", "--model", "m.safetensors", "--data", "unknown.csv", "--out", "s.csv"}
	mustFail(t, d, exitFailed, []string{"unknown.csv", "row 2", `"color"`, `"pink"`, "light green"}, base...)
	r := mustRun(t, d, append(base, "--on-bad-row", "nan")...)
	if got := columnOf(t, d, "s.csv", "log_prob"); !strings.Contains(r.out, "bad_rows=2 ") || !math.IsNaN(got[1]) || !math.IsNaN(got[2]) || math.IsNaN(got[3]) {
		t.Errorf("it says %q and writes %v", r.out, got)
	}
	mustFail(t, d, exitFailed, []string{"unknown.csv", "row 2", `"pink"`}, append(train[:len(train)-1:len(train)-1], "--valid", "unknown.csv", "--out", "v.safetensors")...)

	writeFile(t, d, "contexts.csv", "color,t\nred,0.5\n7,-0.25\n")
	mustRun(t, d, "sample", "--model", "m.safetensors", "-n", "2", "--context", "contexts.csv", "--log-prob", "--out", "x.csv")
	drawn := strings.Split(strings.TrimSpace(readFile(t, d, "x.csv")), "\n")
	if len(drawn) != 5 || drawn[0] != "y,log_prob,t,color" || !strings.HasSuffix(drawn[1], ",0.5,red") || !strings.HasSuffix(drawn[4], ",-0.25,7") {
		t.Errorf("sample writes %q", drawn)
	}
	score("x.csv")
	for i, v := range columnOf(t, d, "x.csv", "log_prob") {
		if got := columnOf(t, d, "s.csv", "log_prob")[i]; math.Abs(got-v) > 1e-4 {
			t.Errorf("draw %d has the log-density %v, and scores %v", i, v, got)
		}
	}
	mustRun(t, d, "latent", "--model", "m.safetensors", "--data", "data.csv", "--out", "z.csv")
	if got := readFile(t, d, "z.csv"); !strings.HasPrefix(got, "z0,log_det,t,color\n") || !strings.HasSuffix(strings.Split(got, "\n")[1], ",red") {
		t.Errorf("latent writes %.80q", got)
	}
	mustRun(t, d, "latent", "--model", "m.safetensors", "--data", "z.csv", "--inverse", "--out", "back.csv")
	for i, v := range columnOf(t, d, "back.csv", "y") {
		if want := columnOf(t, d, "data.csv", "y")[i]; math.Abs(v-want) > 1e-4*(1+math.Abs(want)) {
			t.Fatalf("row %d comes back as %v, was %v", i, v, want)
		}
		if i == 20 {
			break
		}
	}
	mustFail(t, d, exitFailed, []string{`"color"`, "write .csv"}, "sample", "--model", "m.safetensors", "-n", "2", "--context", "contexts.csv", "--out", "x.npy")
	mustFail(t, d, exitFailed, []string{`"color"`, "write .csv"}, "latent", "--model", "m.safetensors", "--data", "data.csv", "--out", "z.npy")
}

// TestTextFeature: a column of texts has no density, and the reason is given.
func TestTextFeature(t *testing.T) {
	d := t.TempDir()
	writeFile(t, d, "data.csv", coloredText(40))
	train := append([]string{"train", "--data", "data.csv", "--out", "m.safetensors"}, smallTraining...)
	words := []string{`"color"`, "no density", "--context color", "--exclude color"}
	mustFail(t, d, exitFailed, words, train...)
	mustFail(t, d, exitFailed, words, append(train, "--columns", "y,color", "--on-bad-row", "skip")...)
	var ids strings.Builder
	ids.WriteString("a,id\n")
	for i := range 1200 {
		fmt.Fprintf(&ids, "%d,x%d\n", i*i%97, i)
	}
	writeFile(t, d, "ids.csv", ids.String())
	mustFail(t, d, exitFailed, []string{"ids.csv", `"id"`, "1000 different"}, append([]string{"train", "--data", "ids.csv", "--context", "id", "--out", "m.safetensors"}, smallTraining...)...)
	// A column of numbers with one odd text is one of numbers.
	writeFile(t, d, "odd.csv", "a,b\n1,2\n3,x\n4,1\n5,7\n")
	mustFail(t, d, exitFailed, []string{"row 2", `"b"`, `"x" is not a number`}, append([]string{"train", "--data", "odd.csv", "--context", "b", "--out", "m.safetensors"}, smallTraining...)...)
}
