package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"

	"github.com/seed-192fdf7a/nf/flow/train"
	"github.com/seed-192fdf7a/nf/internal/safetensors"
	"github.com/seed-192fdf7a/nf/internal/strictjson"
)

// statePath names the file that an unfinished distillation goes on from.
func statePath(model string) string { return model + ".state" }

// stateKey is that of the description in a state's metadata, stateVersion what is
// written and read.
const (
	stateKey     = "nf.state"
	stateVersion = 1
)

// stateOfDistillation is MODEL.state: where a distillation is behind its last
// finished epoch. It is a safetensors file; the numbers for each parameter are its
// tensors, in the order of [train.State], and the rest is this.
type stateOfDistillation struct {
	Version       int               `json:"version"`
	Run           distillProvenance `json:"run"` // how far it came left out
	ByLikelihood  bool              `json:"by_likelihood,omitempty"`
	Epoch         int               `json:"epoch"`
	Steps         int               `json:"steps"`
	BestEpoch     int               `json:"best_epoch"`
	BestValidNLL  exact             `json:"best_valid_nll"`
	StartValidNLL exact             `json:"start_valid_nll"`
	Lowest        exact             `json:"lowest"`
	SinceLowest   int               `json:"since_lowest"`
	Kept          int               `json:"kept_every,omitempty"`
	History       []logEpoch        `json:"history"`

	epochs int // of the history that came before
	state  train.State
}

// exact is a float64 with all its bits, infinities included.
type exact float64

// MarshalText implements encoding.TextMarshaler.
func (e exact) MarshalText() ([]byte, error) {
	return strconv.AppendFloat(nil, float64(e), 'g', -1, 64), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (e *exact) UnmarshalText(text []byte) error {
	v, err := strconv.ParseFloat(string(text), 64)
	*e = exact(v)
	return err
}

// done returns how many epochs are, of a distillation whose first part has so many.
func (s *stateOfDistillation) done(likelihood int) int {
	if s.ByLikelihood {
		return s.state.Epoch
	}
	return likelihood + s.state.Epoch
}

// encode returns the bytes of the file.
func (s *stateOfDistillation) encode() ([]byte, error) {
	at := s.state
	s.Version, s.Epoch, s.Steps, s.SinceLowest, s.Kept = stateVersion, at.Epoch, at.Steps, at.SinceLowest, at.Kept
	s.BestEpoch, s.BestValidNLL, s.StartValidNLL, s.Lowest = at.BestEpoch, exact(at.BestValidNLL), exact(at.StartValidNLL), exact(at.Lowest)
	text, _, err := strictjson.Marshal(s)
	if err != nil {
		return nil, err
	}
	f := safetensors.File{Metadata: map[string]string{stateKey: string(text)}}
	for _, t := range s.tensors() {
		if values := *t.values; values != nil {
			f.Tensors = append(f.Tensors, safetensors.Tensor{Name: t.name, Shape: []int{len(values)}, Values: values})
		}
	}
	var b bytes.Buffer
	err = safetensors.Write(&b, f)
	return b.Bytes(), err
}

// tensors names what a state holds for each parameter; the last may be absent.
func (s *stateOfDistillation) tensors() []stateTensor {
	return []stateTensor{
		{"values", &s.state.Values}, {"first", &s.state.First}, {"second", &s.state.Second}, {"best", &s.state.Best}, {"average", &s.state.Average},
	}
}

type stateTensor struct {
	name   string
	values *[]float32
}

// readState reads the state that --resume goes on from, and tells if it is of
// another run.
func (o *distillOptions) readState() (*stateOfDistillation, error) {
	path := statePath(o.out)
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("--resume: there is no %s, which a distillation that is not finished leaves beside --out: leave out --resume", shownPath(path))
	}
	if err != nil {
		return nil, fmt.Errorf("--resume: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("--resume: %w", err)
	}
	s, err := decodeState(file, info.Size())
	if err != nil {
		return nil, fmt.Errorf("--resume: %s is no state of a distillation: %w", shownPath(path), err)
	}
	was, err := json.Marshal(s.Run)
	if err != nil {
		return nil, err
	}
	now, err := json.Marshal(o.made())
	if err != nil {
		return nil, err
	}
	switch {
	case s.Run.Teacher != o.teacherSHA256:
		return nil, fmt.Errorf("--resume: %s is of a distillation from another teacher than %s is now", shownPath(path), shownPath(o.teacher))
	case !bytes.Equal(was, now):
		return nil, fmt.Errorf("--resume: the flags, the contexts or the matmul are others than those that %s was begun with; give the same, or leave out --resume", shownPath(path))
	}
	return s, nil
}

func decodeState(file *os.File, size int64) (*stateOfDistillation, error) {
	content, err := safetensors.Read(file, size)
	if err != nil {
		return nil, err
	}
	text, ok := content.Metadata[stateKey]
	if !ok {
		return nil, fmt.Errorf("its metadata has no %s", stateKey)
	}
	var s stateOfDistillation
	if _, err := strictjson.Decode([]byte(text), &s); err != nil {
		return nil, fmt.Errorf("%s: %w", stateKey, err)
	}
	if s.Version != stateVersion {
		return nil, fmt.Errorf("it has version %d, and this nf reads %d", s.Version, stateVersion)
	}
	known := s.tensors()
	for _, t := range content.Tensors {
		found := false
		for _, k := range known {
			if k.name == t.Name {
				*k.values, found = t.Values, true
			}
		}
		if !found {
			return nil, fmt.Errorf("it has a tensor %q, which no state has", t.Name)
		}
	}
	at := &s.state
	s.epochs = len(s.History)
	at.Epoch, at.Steps, at.SinceLowest, at.Kept = s.Epoch, s.Steps, s.SinceLowest, s.Kept
	at.BestEpoch, at.BestValidNLL, at.StartValidNLL, at.Lowest = s.BestEpoch, float64(s.BestValidNLL), float64(s.StartValidNLL), float64(s.Lowest)
	return &s, nil
}
