package main

import (
	"strings"
	"testing"
)

// TestRowWeights trains with weights and on the rows that they stand for.
func TestRowWeights(t *testing.T) {
	d := t.TempDir()
	texts := func(weight func(i int) string) string {
		return tableText(120, "x,w,y,g", func(i int, x, y float64) []any { return []any{x, weight(i), y, []string{"p", "q"}[i%2]} })
	}
	writeFile(t, d, "one.csv", texts(func(int) string { return "1" }))
	writeFile(t, d, "mixed.csv", texts(func(i int) string { return []string{"0", "1", "2.5"}[i%3] }))
	writeFile(t, d, "zero.csv", texts(func(int) string { return "0" }))
	writeFile(t, d, "negative.csv", texts(func(i int) string { return []string{"1", "-2"}[i/100] }))
	writeFile(t, d, "text.csv", texts(func(i int) string { return []string{"1", "much"}[i/100] }))
	writeFile(t, d, "plain.csv", tableText(50, "x,y,g", func(_ int, x, y float64) []any { return []any{x, y, "p"} }))
	train := func(more string) []string {
		return append(strings.Fields("train --out m.safetensors --exclude g "+more), smallTraining[:8]...)
	}
	whole := "--data mixed.csv --row-weights w --context g --columns x,y"
	r := mustRun(t, d, strings.Fields("train --out m.safetensors --layers 2 --hidden 8 --epochs 2 "+whole)...)
	if want := `rows weighed by "w": the `; !strings.Contains(r.out, want) || !strings.Contains(r.out, "40 of weight 0 left out") {
		t.Errorf("it says %q, want %q", r.out, want)
	}
	shown := mustRun(t, d, "inspect", "m.safetensors").out
	for _, word := range []string{"options.row_weights", "data.zero_weight_rows"} {
		if !strings.Contains(shown, word) {
			t.Errorf("inspect does not tell %s: %s", word, shown)
		}
	}
	mustRun(t, d, strings.Fields("score --model m.safetensors --data plain.csv --out scores.csv")...)

	// Weights that are all equal train what no weights do.
	var results []string
	for _, more := range []string{"--exclude w", "--row-weights w"} {
		results = append(results, mustRun(t, d, append(train("--data one.csv --valid one.csv "+more), "--quiet")...).out)
	}
	if results[0] != results[1] {
		t.Errorf("with weights of 1 %q, without %q", results[1], results[0])
	}

	for _, c := range []struct {
		code  int
		words []string
		more  string
	}{
		{exitFailed, []string{"negative.csv", "row 101", `"w"`, "-2", "below 0"}, "--data negative.csv --row-weights w"},
		{exitFailed, []string{"text.csv", "row 101", `"w"`, "much"}, "--data text.csv --row-weights w"},
		{exitFailed, []string{"zero.csv", `"w"`, "0 in every row"}, "--data zero.csv --row-weights w"},
		{exitFailed, []string{"zero.csv", `"w"`, "0 in every row"}, "--data one.csv --valid zero.csv --row-weights w"},
		{exitFailed, []string{"plain.csv", "no column", `"w"`}, "--data one.csv --valid plain.csv --row-weights w"},
		{exitFailed, []string{"plain.csv", `"w"`}, "--data plain.csv --row-weights w"},
		{exitUsage, []string{"--row-weights", "--columns"}, "--data one.csv --row-weights w --columns w,x"},
		{exitUsage, []string{"--row-weights", "--context"}, "--data one.csv --row-weights w --context w"},
		{exitUsage, []string{"--row-weights is empty"}, "--data one.csv --row-weights="},
	} {
		mustFail(t, d, c.code, c.words, train(c.more)...)
	}
	if r := mustRun(t, d, train("--data negative.csv --row-weights w --on-bad-row skip")...); !strings.Contains(r.out, "90") {
		t.Errorf("it trains on other rows: %q", r.out)
	}
}
