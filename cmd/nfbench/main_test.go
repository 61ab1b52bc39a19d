package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestMain runs the command itself when a test asks for it.
func TestMain(m *testing.M) {
	if os.Getenv("NFBENCH_TEST_RUN") == "1" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func run(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	c := exec.Command(os.Args[0], args...)
	c.Env = append(os.Environ(), "NFBENCH_TEST_RUN=1")
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil {
		exit, ok := err.(*exec.ExitError)
		if !ok {
			t.Fatal(err)
		}
		code = exit.ExitCode()
	}
	return out.String(), errs.String(), code
}

func TestCommands(t *testing.T) {
	for want, args := range map[string][]string{
		"matmul":                     {"info"},
		"kernels/exp/reference/1024": {"kernels", "--sizes", "1024", "--time", "1ms"},
		"forward      2 16x16":       {"gemm", "--widths", "16", "--rows", "2", "--time", "1ms"},
		"matmul-share":               {"score", "--rows", "3", "--layers", "2", "--hidden", "8", "--time", "1ms"},
	} {
		out, errs, code := run(t, args...)
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("%v: exit %d, %s%s: no %q", args, code, out, errs, want)
		}
		out, errs, code = run(t, append(args, "--json")...)
		if code != 0 {
			t.Errorf("%v --json: exit %d, %s", args, code, errs)
		}
		for line := range strings.Lines(out) {
			if !json.Valid([]byte(line)) {
				t.Errorf("%v --json prints %q", args, line)
			}
		}
	}
	if out, _, _ := run(t, "score", "--rows", "2", "--layers", "2", "--hidden", "8", "--time", "1ms", "--benchfmt"); !strings.Contains(out, "BenchmarkScore/") || !strings.Contains(out, "ns/op") {
		t.Errorf("--benchfmt prints %q", out)
	}
}

func TestUsageErrorsExitWith2(t *testing.T) {
	for _, args := range [][]string{{"nothing"}, {"score", "--rows", "0"}, {"score", "--rows", "x"}, {"info", "extra"}, {"info", "--json", "--benchfmt"}, {"kernels", "--sizes", "3"}, {"gemm", "--shapes", "3y4"}, {"gemm", "--rows", "0"}} {
		if _, errs, code := run(t, args...); code != 2 || errs == "" {
			t.Errorf("%v: exit %d, %q", args, code, errs)
		}
	}
	if _, errs, code := run(t, "score", "--model", "/nowhere/m.safetensors"); code != 1 || !strings.Contains(errs, "/nowhere") {
		t.Errorf("a missing model: exit %d, %q", code, errs)
	}
}
