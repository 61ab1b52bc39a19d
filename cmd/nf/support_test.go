package main

import (
	"strings"
	"testing"
)

// TestOutsideSupport puts a value that its support does not hold into the rows
// to train on and into those to validate on: the error tells file, row and
// column, whichever part a random split would give the row to.
func TestOutsideSupport(t *testing.T) {
	d := t.TempDir()
	const rows = "c,a,b\n1,1,3\n0,2,1\n5,0.5,9\n"
	writeFile(t, d, "good.csv", rows)
	writeFile(t, d, "bad.csv", rows+"2,-0.25,4\n")
	for _, c := range []struct {
		arguments string
		words     []string
	}{
		{"--data bad.csv", []string{"bad.csv", "row 4", `"a"`, "-0.25"}},
		{"--data bad.csv --seed 2", []string{"bad.csv", "row 4", `"a"`, "-0.25"}},
		{"--data bad.csv --context c", []string{"bad.csv", "row 4", `"a"`, "-0.25"}},
		{"--data good.csv --valid bad.csv", []string{"bad.csv", "row 4", `"a"`, "-0.25"}},
	} {
		mustFail(t, d, exitFailed, c.words, strings.Fields("train --out m.safetensors --support a=0: "+c.arguments)...)
	}
}
