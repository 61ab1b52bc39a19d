package flow

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/seed-192fdf7a/nf/internal/atomicfile"
	"github.com/seed-192fdf7a/nf/internal/safetensors"
)

// FormatVersion is the version of the model file that this package writes and
// the highest that it reads. docs/format.md describes it.
const FormatVersion = 1

// The keys of the file's metadata.
const (
	keyVersion    = "nf.version"
	keyFlow       = "nf.flow"
	keyProvenance = "nf.provenance"
)

// Save writes the model file. The file appears under its name only when it is
// complete.
func (f *Flow) Save(path string) error {
	return atomicfile.Write(path, f.Write)
}

// Write writes the model file's bytes: a safetensors file with one tensor for
// each parameter and the architecture as metadata.
func (f *Flow) Write(w io.Writer) error {
	config, err := json.Marshal(f.config)
	if err != nil {
		return fmt.Errorf("flow: %w", err)
	}
	file := safetensors.File{Metadata: map[string]string{
		keyVersion: strconv.Itoa(FormatVersion),
		keyFlow:    string(config),
	}}
	if f.provenance != nil {
		file.Metadata[keyProvenance] = string(f.provenance)
	}
	for _, p := range f.parameters.All() {
		file.Tensors = append(file.Tensors, safetensors.Tensor{Name: p.Name, Shape: []int{p.Rows, p.Cols}, Values: p.Values()})
	}
	return safetensors.Write(w, file)
}

// Load reads a model file.
func Load(path string) (*Flow, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("cannot open the model: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("cannot read the model: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("cannot read the model: %s is not a regular file", path)
	}
	f, err := Read(file, info.Size())
	if err != nil {
		return nil, fmt.Errorf("model %s: %w", path, err)
	}
	return f, nil
}

// Read reads a model file of size bytes. Every size in it is checked before it
// is used; what this version does not know is an error, and so is a value that
// is not finite, or is a negative variance.
func Read(r io.Reader, size int64) (*Flow, error) {
	file, err := safetensors.Read(r, size)
	if err != nil {
		return nil, err
	}
	for key := range file.Metadata {
		if key != keyVersion && key != keyFlow && key != keyProvenance {
			return nil, fmt.Errorf("metadata key %q is not known to this version", key)
		}
	}
	switch version := file.Metadata[keyVersion]; version {
	case strconv.Itoa(FormatVersion):
	case "":
		return nil, errors.New("not an nf model: its metadata has no nf.version")
	default:
		return nil, fmt.Errorf("nf.version is %q, this program reads version %d; use a newer one", version, FormatVersion)
	}
	if n := nesting(file.Metadata[keyFlow]); n > maxNesting {
		return nil, fmt.Errorf("nf.flow is nested %d deep, at most %d is supported", n, maxNesting)
	}
	config, err := decodeConfig([]byte(file.Metadata[keyFlow]))
	if err != nil {
		return nil, fmt.Errorf("nf.flow: %w", err)
	}
	values := 0
	tensors := map[string]safetensors.Tensor{}
	for _, t := range file.Tensors {
		values += len(t.Values)
		tensors[t.Name] = t
	}
	f, err := build(config, max(values, 1))
	if err != nil {
		return nil, err
	}
	for _, p := range f.parameters.All() {
		t, ok := tensors[p.Name]
		if !ok {
			return nil, fmt.Errorf("tensor %s, which the architecture needs, is missing", p.Name)
		}
		if len(t.Shape) != 2 || t.Shape[0] != p.Rows || t.Shape[1] != p.Cols {
			return nil, fmt.Errorf("tensor %s has shape %v, the architecture needs [%d %d]", p.Name, t.Shape, p.Rows, p.Cols)
		}
		for i, v := range t.Values {
			if v-v != 0 {
				return nil, fmt.Errorf("tensor %s: value %d is %v, want a finite number", p.Name, i, v)
			}
			if p.NonNegative && v < 0 {
				return nil, fmt.Errorf("tensor %s: value %d is %v, want none below 0", p.Name, i, v)
			}
		}
		copy(p.Values(), t.Values)
		delete(tensors, p.Name)
	}
	for name := range tensors {
		return nil, fmt.Errorf("tensor %s does not belong to the architecture", name)
	}
	if text, ok := file.Metadata[keyProvenance]; ok {
		if !json.Valid([]byte(text)) {
			return nil, errors.New("nf.provenance is not JSON")
		}
		f.provenance = json.RawMessage(text)
	}
	return f, nil
}

// decodeConfig reads nf.flow. encoding/json takes keys of another case for its
// own, so what was read is held against what it is written as.
func decodeConfig(text []byte) (c Config, err error) {
	if len(text) == 0 {
		return c, errors.New("it is missing")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		return c, err
	}
	if _, err := d.Token(); err != io.EOF {
		return c, errors.New("something follows its JSON object")
	}
	canonical, err := json.Marshal(c)
	if err != nil {
		return c, err
	}
	var given, known any
	if err := errors.Join(json.Unmarshal(text, &given), json.Unmarshal(canonical, &known)); err != nil {
		return c, err
	}
	if key := unknownKey(given, known); key != "" {
		return c, fmt.Errorf("the key %q is not known to this version", key)
	}
	return c, nil
}

// unknownKey returns a key that given holds a value under and known does not
// have, or "".
func unknownKey(given, known any) string {
	switch given := given.(type) {
	case map[string]any:
		known, _ := known.(map[string]any)
		for key, value := range given {
			other, ok := known[key]
			if !ok && !isEmpty(value) {
				return key
			}
			if key := unknownKey(value, other); key != "" {
				return key
			}
		}
	case []any:
		known, _ := known.([]any)
		for i, value := range given {
			if i < len(known) {
				if key := unknownKey(value, known[i]); key != "" {
					return key
				}
			}
		}
	}
	return ""
}

// isEmpty tells whether a value is one that is left out when written.
func isEmpty(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case float64:
		return v == 0
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}

// maxNesting bounds the nesting of nf.flow, because decoding a transform
// inside a transform costs time for each level.
const maxNesting = 100

// nesting returns how deep the objects and arrays of a JSON text are nested.
func nesting(text string) int {
	deepest, depth, quoted, escaped := 0, 0, false, false
	for _, c := range []byte(text) {
		switch {
		case escaped:
			escaped = false
		case quoted:
			escaped, quoted = c == '\\', c != '"'
		case c == '"':
			quoted = true
		case c == '{' || c == '[':
			depth++
			deepest = max(deepest, depth)
		case c == '}' || c == ']':
			depth--
		}
	}
	return deepest
}
