package interop

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-192fdf7a/nf/internal/safetensors"
)

// stateDict is the tensors of a model. Those that were read are marked, because
// one that nothing read means that the model is not understood.
type stateDict struct {
	path    string
	prefix  string // what the names in the file have before those in tensors
	tensors map[string]safetensors.Tensor
	used    map[string]bool
}

// readStateDict reads a safetensors file.
func readStateDict(path string) (*stateDict, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("cannot open the weights: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("cannot read the weights: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("cannot read the weights: %s is not a regular file", path)
	}
	if err := notTorch(file); err != nil {
		return nil, fmt.Errorf("weights %s: %w", path, err)
	}
	content, err := safetensors.Read(file, info.Size())
	if err != nil {
		return nil, fmt.Errorf("weights %s: %w", path, err)
	}
	return newStateDict(path, content), nil
}

// notTorch refuses what torch.save and pickle write, by its first bytes.
func notTorch(file io.ReaderAt) error {
	var begins [9]byte
	n, err := file.ReadAt(begins[:], 0)
	if err != nil && err != io.EOF {
		return err
	}
	zip, pickle := string(begins[:4]) == "PK\x03\x04", n > 1 && begins[0] == 0x80 && begins[1] <= 5
	if begins[8] == '{' || !zip && !pickle {
		return nil // a header of safetensors follows its length, which can be any bytes
	}
	return errors.New("it is what torch.save or pickle writes (.pt, .pth, .ckpt, .pkl), which can hold code and is not read; write a safetensors file in Python: " +
		"from safetensors.torch import save_file; save_file({name: v.contiguous().clone() for name, v in model.state_dict().items()}, \"weights.safetensors\")")
}

func newStateDict(path string, content safetensors.File) *stateDict {
	s := &stateDict{path: path, tensors: map[string]safetensors.Tensor{}, used: map[string]bool{}}
	for _, t := range content.Tensors {
		s.tensors[t.Name] = t
	}
	return s
}

// has tells whether there is a tensor of this name.
func (s *stateDict) has(name string) bool {
	_, ok := s.tensors[name]
	return ok
}

// any tells whether a tensor's name begins so.
func (s *stateDict) any(prefix string) bool {
	for name := range s.tensors {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// numbered returns the numbers that follow prefix in names such as
// prefix3.weight, ascending.
func (s *stateDict) numbered(prefix string) []int {
	seen := map[int]bool{}
	for name := range s.tensors {
		rest, ok := strings.CutPrefix(name, prefix)
		if !ok {
			continue
		}
		digits, _, _ := strings.Cut(rest, ".")
		if n, err := strconv.Atoi(digits); err == nil && n >= 0 && strconv.Itoa(n) == digits {
			seen[n] = true
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

// consecutive is numbered for numbers that must be 0, 1, ….
func (s *stateDict) consecutive(prefix string) (int, error) {
	numbers := s.numbered(prefix)
	for i, n := range numbers {
		if n != i {
			return 0, fmt.Errorf("tensors %s%d.… are there, but none of %s%d.…: the weights are incomplete", prefix, n, prefix, i)
		}
	}
	return len(numbers), nil
}

// tensor returns a tensor of any shape, and marks it.
func (s *stateDict) tensor(name string) (safetensors.Tensor, error) {
	t, ok := s.tensors[name]
	if !ok {
		return t, fmt.Errorf("tensor %s is missing", name)
	}
	s.used[name] = true
	return t, nil
}

// vector returns the values of a tensor of n values: of shape [n], or of more
// dimensions of which one is n and the others are 1. With n below 0 any number
// will do.
func (s *stateDict) vector(name string, n int) ([]float32, error) {
	t, err := s.tensor(name)
	if err != nil {
		return nil, err
	}
	long := 0
	for _, size := range t.Shape {
		if size != 1 {
			long++
		}
	}
	if long > 1 || n >= 0 && len(t.Values) != n {
		want := "a vector"
		if n >= 0 {
			want = fmt.Sprintf("[%d]", n)
		}
		return nil, fmt.Errorf("tensor %s has shape %v, want %s", name, t.Shape, want)
	}
	return t.Values, nil
}

// matrix returns a tensor of shape [rows, columns]; a number below 0 stands for
// any.
func (s *stateDict) matrix(name string, rows, columns int) (safetensors.Tensor, error) {
	t, err := s.tensor(name)
	if err != nil {
		return t, err
	}
	if len(t.Shape) != 2 || rows >= 0 && t.Shape[0] != rows || columns >= 0 && t.Shape[1] != columns {
		return t, fmt.Errorf("tensor %s has shape %v, want [%s, %s]", name, t.Shape, sizeText(rows), sizeText(columns))
	}
	return t, nil
}

func sizeText(n int) string {
	if n < 0 {
		return "…"
	}
	return strconv.Itoa(n)
}

// indices returns a vector of whole numbers from 0 to below limit.
func (s *stateDict) indices(name string, n, limit int) ([]int, error) {
	values, err := s.vector(name, n)
	if err != nil {
		return nil, err
	}
	out := make([]int, len(values))
	for i, v := range values {
		out[i] = int(v)
		if float32(out[i]) != v || out[i] < 0 || out[i] >= limit {
			return nil, fmt.Errorf("tensor %s: value %d is %v, want a whole number from 0 to %d", name, i, v, limit-1)
		}
	}
	return out, nil
}

// permutation returns a vector in which each of 0 to n−1 occurs once.
func (s *stateDict) permutation(name string, n int) ([]int, error) {
	order, err := s.indices(name, n, n)
	if err != nil {
		return nil, err
	}
	if !isPermutation(order) {
		return nil, fmt.Errorf("tensor %s is %v, which is no permutation of 0 to %d", name, order, n-1)
	}
	return order, nil
}

func isPermutation(order []int) bool {
	seen := make([]bool, len(order))
	for _, o := range order {
		if o < 0 || o >= len(order) || seen[o] {
			return false
		}
		seen[o] = true
	}
	return true
}

// scalar returns the value of a tensor that holds one.
func (s *stateDict) scalar(name string) (float32, error) {
	v, err := s.vector(name, 1)
	if err != nil {
		return 0, err
	}
	return v[0], nil
}

// ignore marks tensors whose values change nothing.
func (s *stateDict) ignore(names ...string) {
	for _, name := range names {
		if s.has(name) {
			s.used[name] = true
		}
	}
}

// finite tells which tensor holds a value that is not a finite number.
func (s *stateDict) finite() error {
	for _, name := range slices.Sorted(maps.Keys(s.tensors)) {
		for i, v := range s.tensors[name].Values {
			if v-v != 0 {
				return fmt.Errorf("tensor %s: value %d is %v, want finite numbers", name, i, v)
			}
		}
	}
	return nil
}

// names returns the names of all tensors, sorted.
func (s *stateDict) names() []string { return slices.Sorted(maps.Keys(s.tensors)) }

// unused returns the tensors that nothing read, sorted.
func (s *stateDict) unused() []string {
	return slices.DeleteFunc(s.names(), func(name string) bool { return s.used[name] })
}
