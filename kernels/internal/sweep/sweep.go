// Package sweep keeps what a measurement over all float32 found so far, so that
// one that was interrupted goes on where it stopped and one that is done is not
// made again.
package sweep

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Worst is the largest error of a range of inputs and the bits of the input
// that has it.
type Worst struct {
	ULP  float64
	Bits uint32
}

// Or returns the larger error of the two, of equal ones that of the smaller
// bits: the same whatever order ranges are measured in.
func (w Worst) Or(other Worst) Worst {
	if other.ULP > w.ULP || other.ULP == w.ULP && other.Bits < w.Bits {
		return other
	}
	return w
}

// Key is a hash of the files, by name and content, and of the facts: results
// are served only where all of them are the same.
func Key(files []string, facts ...string) (string, error) {
	files = slices.Sorted(slices.Values(files))
	hash := sha256.New()
	for _, name := range files {
		content, err := os.ReadFile(name)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(hash, "%q %d\n", filepath.ToSlash(name), len(content))
		hash.Write(content)
	}
	for _, fact := range facts {
		fmt.Fprintf(hash, "%q\n", fact)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// Store is a folder with a file for each function, made under one key.
type Store struct{ Folder, Key string }

// record is the file of a function.
type record struct {
	Key   string
	Parts int           // that the whole range is cut into
	Done  map[int]Worst // by the number of the part
}

func (s Store) file(function string) string { return filepath.Join(s.Folder, function+".json") }

// load returns the record of a function, an empty one if there is none or it
// was made under another key or of other parts.
func (s Store) load(function string, parts int) (record, error) {
	empty := record{s.Key, parts, map[int]Worst{}}
	content, err := os.ReadFile(s.file(function))
	if errors.Is(err, fs.ErrNotExist) {
		return empty, nil
	}
	if err != nil {
		return empty, err
	}
	var r record
	if err := json.Unmarshal(content, &r); err != nil {
		return empty, fmt.Errorf("%s is damaged (%w): remove it", s.file(function), err)
	}
	if r.Key != s.Key || r.Parts != parts || r.Done == nil {
		return empty, nil
	}
	return r, nil
}

// save replaces the file whole, so that an interrupt leaves the old or the new.
func (s Store) save(function string, r record) error {
	content, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(s.Folder, 0o777); err != nil {
		return err
	}
	temporary := s.file(function) + ".new"
	if err := os.WriteFile(temporary, content, 0o666); err != nil {
		return err
	}
	return os.Rename(temporary, s.file(function))
}

// Run measures the parts of a function that are not in the store, in order,
// keeping each at once, and returns the worst of all parts and the number of
// those that were in the store. After each part it calls progress with the
// number of parts done and their worst. It stops at the first error of
// measure, whose part is not kept.
func (s Store) Run(function string, parts int, measure func(part int) (Worst, error), progress func(done int, worst Worst)) (worst Worst, kept int, err error) {
	r, err := s.load(function, parts)
	if err != nil {
		return worst, 0, err
	}
	worst.Bits = ^uint32(0)
	kept = len(r.Done)
	for _, w := range r.Done {
		worst = worst.Or(w)
	}
	for part := range parts {
		if _, ok := r.Done[part]; ok {
			continue
		}
		w, err := measure(part)
		if err != nil {
			return worst, kept, err
		}
		worst = worst.Or(w)
		r.Done[part] = w
		if err := s.save(function, r); err != nil {
			return worst, kept, err
		}
		progress(len(r.Done), worst)
	}
	return worst, kept, nil
}
