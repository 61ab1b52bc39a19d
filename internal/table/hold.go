package table

import (
	"fmt"
	"io"
	"os"
)

// held is a stream that was read to its end: in memory up to maxHeldBytes, and beyond in a temporary file without a name.
type held struct {
	memory []byte
	file   *os.File // the whole, or nil
	size   int64
}

// hold reads a stream, of which size bytes are expected.
func hold(in io.Reader, size int64) (*held, error) {
	return holdWithin(in, size, maxHeldBytes)
}

func holdWithin(in io.Reader, size, most int64) (*held, error) {
	if size > most {
		return holdInFile(in)
	}
	// It grows with what is really there, because a header may promise anything.
	h := &held{memory: make([]byte, 0, min(size, 1<<20))}
	for {
		if len(h.memory) == cap(h.memory) {
			grown := make([]byte, len(h.memory), max(min(size, 2*int64(cap(h.memory))), int64(len(h.memory))+1))
			copy(grown, h.memory)
			h.memory = grown
		}
		n, err := in.Read(h.memory[len(h.memory):cap(h.memory)])
		h.memory = h.memory[:len(h.memory)+n]
		h.size = int64(len(h.memory))
		if err == io.EOF {
			return h, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func holdInFile(in io.Reader) (*held, error) {
	file, err := os.CreateTemp("", "nf-*.tmp")
	if err != nil {
		return nil, fmt.Errorf("a temporary file is needed: %w", cause(err))
	}
	// Where a file can lose its name while it is open, nothing can be left behind; elsewhere Close removes it.
	os.Remove(file.Name())
	n, err := io.Copy(file, in)
	if err != nil {
		file.Close()
		os.Remove(file.Name())
		return nil, fmt.Errorf("in a temporary file in %s: %w", os.TempDir(), cause(err))
	}
	return &held{file: file, size: n}, nil
}

// ReadAt implements io.ReaderAt.
func (h *held) ReadAt(b []byte, offset int64) (int, error) {
	if h.file != nil {
		return h.file.ReadAt(b, offset)
	}
	if offset >= int64(len(h.memory)) {
		return 0, io.EOF
	}
	n := copy(b, h.memory[offset:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// Close lets go of the file.
func (h *held) Close() error {
	if h.file == nil {
		return nil
	}
	err := h.file.Close()
	os.Remove(h.file.Name())
	return err
}
