package main

import (
	"strings"
	"testing"
)

// TestPlotScores draws scores of two files, and says how they differ.
func TestPlotScores(t *testing.T) {
	d := t.TempDir()
	writeFile(t, d, "a.csv", "log_prob\n-1\n-2\n-3\n-inf\n")
	writeFile(t, d, "b.csv", "id,log_prob\n1,-1\n2,0\n3,1\n")
	writeFile(t, d, "none.csv", "log_prob\n-inf\n")
	r := mustRun(t, d, strings.Fields("plot scores a.csv b.csv --names digits,letters --bins 5 --out s.png")...)
	want := "digits: scores=3 mean=-2.000000 left_out=1\nletters: scores=3 mean=0.000000 above_first=0.9444\n"
	if r.out != want {
		t.Errorf("it prints %q, want %q", r.out, want)
	}
	if png := readFile(t, d, "s.png"); !strings.HasPrefix(png, "\x89PNG") {
		t.Error("the picture is no PNG")
	}
	mustRun(t, d, strings.Fields("plot scores a.csv --out s.svg")...)
	for _, c := range []struct {
		line, want string
		code       int
	}{
		{"plot", "choose scores or spectrogram", exitUsage},
		{"plot curve", `"curve"; choose scores or spectrogram`, exitUsage},
		{"plot scores --out s.png", "no file of scores", exitUsage},
		{"plot scores a.csv", "--out", exitUsage},
		{"plot scores a.csv --out s.pdf", ".png or .svg", exitUsage},
		{"plot scores a.csv --names a,b --out s.png", "2 names, and there are 1", exitUsage},
		{"plot scores a.csv --bins 1 --out s.png", "--bins is 1", exitUsage},
		{"plot scores none.csv --out s.png", "no finite score", exitFailed},
		{"plot scores b.csv --column x --out s.png", "x", exitFailed},
		{"plot scores missing.csv --out s.png", "missing.csv", exitFailed},
	} {
		mustFail(t, d, c.code, []string{c.want}, strings.Fields(c.line)...)
	}
}
