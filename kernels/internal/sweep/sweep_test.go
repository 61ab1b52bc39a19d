package sweep

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// measured runs a sweep of four parts, the error of part p being p%3 ULP at
// input 100+p, that fails at part fail, and returns the parts it measured.
func measured(t *testing.T, s Store, function string, fail int) (worst Worst, kept int, parts []int, err error) {
	t.Helper()
	worst, kept, err = s.Run(function, 4, func(part int) (Worst, error) {
		if part == fail {
			return Worst{}, errors.New("interrupted")
		}
		parts = append(parts, part)
		return Worst{float64(part % 3), uint32(100 + part)}, nil
	}, func(int, Worst) {})
	return worst, kept, parts, err
}

func TestRunResumes(t *testing.T) {
	s := Store{t.TempDir(), "key"}
	if _, _, parts, err := measured(t, s, "Exp", 2); err == nil || !slices.Equal(parts, []int{0, 1}) {
		t.Errorf("the interrupted run measured %v, error %v", parts, err)
	}
	worst, kept, parts, err := measured(t, s, "Exp", -1)
	if err != nil || kept != 2 || !slices.Equal(parts, []int{2, 3}) || worst != (Worst{2, 102}) {
		t.Errorf("the resumed run kept %d, measured %v, found %v, error %v", kept, parts, worst, err)
	}
	worst, kept, parts, err = measured(t, s, "Exp", -1)
	if err != nil || kept != 4 || len(parts) != 0 || worst != (Worst{2, 102}) {
		t.Errorf("the third run kept %d, measured %v, found %v, error %v", kept, parts, worst, err)
	}
	if _, kept, parts, _ := measured(t, s, "Log", -1); kept != 0 || len(parts) != 4 {
		t.Errorf("another function kept %d, measured %v", kept, parts)
	}
}

func TestRunServesNothingStale(t *testing.T) {
	folder := t.TempDir()
	if _, _, _, err := measured(t, Store{folder, "old"}, "Exp", -1); err != nil {
		t.Fatal(err)
	}
	if _, kept, parts, err := measured(t, Store{folder, "new"}, "Exp", -1); err != nil || kept != 0 || len(parts) != 4 {
		t.Errorf("under a new key kept %d, measured %v, error %v", kept, parts, err)
	}
	if err := os.WriteFile(filepath.Join(folder, "Exp.json"), []byte("{"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := measured(t, Store{folder, "new"}, "Exp", -1); err == nil || !strings.Contains(err.Error(), "Exp.json") {
		t.Errorf("a damaged file gives %v, want an error that names it", err)
	}
}

func TestKeyChangesWithContentNamesAndFacts(t *testing.T) {
	folder := t.TempDir()
	a, b := filepath.Join(folder, "a"), filepath.Join(folder, "b")
	write := func(name, content string) {
		if err := os.WriteFile(name, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	seen := map[string]string{}
	note := func(what string, files []string, facts ...string) string {
		key, err := Key(files, facts...)
		if err != nil {
			t.Fatal(err)
		}
		if other, ok := seen[key]; ok {
			t.Errorf("%s and %s have one key", what, other)
		}
		seen[key] = what
		return key
	}
	write(a, "1")
	write(b, "1")
	first := note("first", []string{a, b})
	note("one file", []string{a})
	note("the other file", []string{b})
	note("a fact", []string{a, b}, "avx2")
	if again, _ := Key([]string{b, a}); again != first {
		t.Error("the order of the files changes the key")
	}
	write(b, "2")
	note("changed", []string{a, b})
	if _, err := Key([]string{filepath.Join(folder, "none")}); err == nil {
		t.Error("a file that is not there has a key")
	}
}

func TestOrDependsOnNoOrder(t *testing.T) {
	for _, c := range []struct{ a, b, want Worst }{
		{Worst{1, 5}, Worst{2, 9}, Worst{2, 9}},
		{Worst{1, 5}, Worst{1, 4}, Worst{1, 4}},
	} {
		if c.a.Or(c.b) != c.want || c.b.Or(c.a) != c.want {
			t.Errorf("%v, %v: %v and %v, want %v", c.a, c.b, c.a.Or(c.b), c.b.Or(c.a), c.want)
		}
	}
}
