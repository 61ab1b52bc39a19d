package flow

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/seed-192fdf7a/nf/internal/atomicfile"
	"github.com/seed-192fdf7a/nf/internal/safetensors"
	"github.com/seed-192fdf7a/nf/internal/strictjson"
)

// FormatVersion is the highest version of the model file that this package
// reads and writes. A file has the lowest version that has all that it says, see
// [Config.FileVersion]. docs/format.md describes it.
const FormatVersion = 2

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
	config, version, err := strictjson.Marshal(&f.config)
	if err != nil {
		return fmt.Errorf("flow: %w", err)
	}
	file := safetensors.File{Metadata: map[string]string{
		keyVersion: strconv.Itoa(version),
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
	// Opening a pipe could wait for ever, so that is asked first.
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("cannot open the model: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("cannot read the model: %s is not a regular file", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("cannot open the model: %w", err)
	}
	defer file.Close()
	if info, err = file.Stat(); err != nil {
		return nil, fmt.Errorf("cannot read the model: %w", err)
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
	version, err := readVersion(file.Metadata[keyVersion])
	if err != nil {
		return nil, err
	}
	var config Config
	needed, err := strictjson.Decode([]byte(file.Metadata[keyFlow]), &config)
	if err != nil {
		return nil, fmt.Errorf("nf.flow: %w", err)
	}
	if needed > version {
		return nil, fmt.Errorf("nf.version is \"%d\", but nf.flow has what only version %d has", version, needed)
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

// readVersion reads nf.version.
func readVersion(text string) (int, error) {
	if text == "" {
		return 0, errors.New("not an nf model: its metadata has no nf.version")
	}
	for version := 1; version <= FormatVersion; version++ {
		if text == strconv.Itoa(version) {
			return version, nil
		}
	}
	return 0, fmt.Errorf("nf.version is %q, this program reads versions 1 to %d; use a newer one", text, FormatVersion)
}
