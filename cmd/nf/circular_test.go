package main

import (
	"math"
	"strconv"
	"strings"
	"testing"
)

// TestCircular trains on hours and angles, scores rows that are turns apart, and
// draws.
func TestCircular(t *testing.T) {
	d := t.TempDir()
	writeFile(t, d, "data.csv", tableText(300, "x,hour,angle,n", func(i int, x, y float64) []any {
		return []any{x, math.Mod(23+2*y+24, 24), math.Mod(40*x, 360), i % 24}
	}))
	const training = "train --data data.csv --out m.safetensors --epochs 4 --batch 50 --lr 3e-3 --layers 2 --hidden 8 "
	r := mustRun(t, d, strings.Fields(training+"--flow nsf --circular hour=0:24 --circular angle=-180:180 --circular n=0:24 --discrete n=1")...)
	if want := "circular: hour (0 to 24), angle (-180 to 180), n (0 to 24)"; !strings.Contains(r.out, want) {
		t.Errorf("it says %q, want %q", r.out, want)
	}
	shown := mustRun(t, d, "inspect", "m.safetensors").out
	for _, word := range []string{"format version 2", "hour      0      24", "normal-uniform", "options.circular", "random"} {
		if !strings.Contains(shown, word) {
			t.Errorf("inspect does not tell %q: %s", word, shown)
		}
	}
	writeFile(t, d, "turns.csv", "x,hour,angle,n\n0.5,3,-90,23\n0.5,27,270,-1\n0.5,-21,-450,47\n")
	mustRun(t, d, strings.Fields("score --model m.safetensors --data turns.csv --out scores.csv --quiet")...)
	if scores := strings.Fields(readFile(t, d, "scores.csv")); scores[1] != scores[2] || scores[1] != scores[3] {
		t.Errorf("rows that are turns apart score %v", scores[1:])
	}
	mustRun(t, d, strings.Fields("sample --model m.safetensors -n 300 --out draws.csv --quiet")...)
	for _, line := range strings.Fields(readFile(t, d, "draws.csv"))[1:] {
		for i, text := range strings.Split(line, ",") {
			v, err := strconv.ParseFloat(text, 64)
			ends := [][2]float64{{math.Inf(-1), math.Inf(1)}, {0, 24}, {-180, 180}, {0, 24}}[i]
			if err != nil || v < ends[0] || v >= ends[1] || i == 3 && v != math.Round(v) {
				t.Fatalf("a draw is %s", line)
			}
		}
	}
	mustFail(t, d, exitFailed, []string{"temperature"}, strings.Fields("sample --model m.safetensors -n 3 --out other.csv --temperature 0.5")...)
	for _, c := range []struct {
		words []string
		more  string
	}{
		{[]string{"--circular", "--flow nsf"}, "--circular hour=0:24"},
		{[]string{"--circular", "--flow nsf"}, "--circular hour=0:24 --flow nsf-ar"},
		{[]string{"--permutation lu", "random"}, "--flow nsf --circular hour=0:24 --permutation lu"},
		{[]string{"--base"}, "--flow nsf --circular hour=0:24 --base student-t"},
		{[]string{"--batchnorm"}, "--flow nsf --circular hour=0:24 --batchnorm"},
		{[]string{"--support"}, "--flow nsf --circular hour=0:24 --support x=-9:"},
		{[]string{"COLUMN=LOWER:UPPER"}, "--flow nsf --circular hour=24"},
		{[]string{"COLUMN=LOWER:UPPER"}, "--flow nsf --circular hour"},
		{[]string{"finite number"}, "--flow nsf --circular hour=0:"},
		{[]string{"below the upper"}, "--flow nsf --circular hour=24:0"},
		{[]string{`"hour" twice`}, "--flow nsf --circular hour=0:24 --circular hour=0:12"},
		{[]string{`"day"`, "none of the columns", "x, hour, angle, n"}, "--flow nsf --circular day=0:24"},
		{[]string{"--circular", "--context"}, "--flow nsf --circular hour=0:24 --context hour"},
	} {
		mustFail(t, d, exitUsage, c.words, strings.Fields(strings.Replace(training, "m.saf", "other.saf", 1)+c.more)...)
	}
}
