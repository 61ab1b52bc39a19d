package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/seed-192fdf7a/nf/internal/limits"
)

// maxDepth bounds how deep objects and lists are nested.
const maxDepth = limits.Depth

// whole returns the one JSON value that text is.
func whole(text []byte) (json.RawMessage, error) {
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, errors.New("it is not JSON: it is empty")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	var value json.RawMessage
	if err := d.Decode(&value); err != nil {
		return nil, fmt.Errorf("it is not JSON: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("something follows its JSON value")
	}
	return value, checkDepth(value)
}

// checkDepth refuses a JSON text that is nested too deep.
func checkDepth(text []byte) error {
	depth := 0
	for s := (scanner{text: text}); s.at < len(text); {
		switch text[s.at] {
		case '"':
			s.string()
			continue
		case '{', '[':
			if depth++; depth > maxDepth {
				return fmt.Errorf("it is nested more than %d deep", maxDepth)
			}
		case '}', ']':
			depth--
		}
		s.at++
	}
	return nil
}

// scanner walks over a text that is known to be JSON.
type scanner struct {
	text []byte
	at   int
}

// next skips white space and returns the byte behind it.
func (s *scanner) next() byte {
	for {
		switch c := s.text[s.at]; c {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			return c
		}
	}
}

// take skips white space and the byte c if it comes, and tells whether it did.
func (s *scanner) take(c byte) bool {
	if s.next() != c {
		return false
	}
	s.at++
	return true
}

// string skips a string and returns it with its quotes.
func (s *scanner) string() []byte {
	start := s.at
	for s.at++; s.text[s.at] != '"'; s.at++ {
		if s.text[s.at] == '\\' {
			s.at++
		}
	}
	s.at++
	return s.text[start:s.at]
}

// skip returns the value that comes, and goes behind it.
func (s *scanner) skip() []byte {
	depth := 0
	s.next()
	start := s.at
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case '"':
			s.string()
			if depth == 0 {
				return s.text[start:s.at]
			}
			continue
		case '{', '[':
			depth++
		case ',', ' ', '\t', '\n', '\r':
			if depth == 0 {
				return s.text[start:s.at]
			}
		case '}', ']':
			if depth == 0 { // of what a number or a word stands in
				return s.text[start:s.at]
			}
			if depth--; depth == 0 {
				s.at++
				return s.text[start:s.at]
			}
		}
		s.at++
	}
	return s.text[start:]
}

// members calls do for each member of the object that comes, with s before its
// value, which do must go behind. A key that comes twice is an error.
func (s *scanner) members(do func(key string) error) error {
	seen := map[string]bool{}
	s.take('{')
	for !s.take('}') {
		if len(seen) > 0 {
			s.take(',')
		}
		s.next()
		var key string
		if err := json.Unmarshal(s.string(), &key); err != nil {
			return err
		}
		if seen[key] {
			return fmt.Errorf("the key %q comes twice", key)
		}
		seen[key] = true
		s.take(':')
		if err := do(key); err != nil {
			return err
		}
	}
	return nil
}

// elements calls do for each element of the list that comes, with s before it,
// which do must go behind.
func (s *scanner) elements(do func(i int) error) error {
	s.take('[')
	for i := 0; !s.take(']'); i++ {
		if i > 0 {
			s.take(',')
		}
		if err := do(i); err != nil {
			return err
		}
	}
	return nil
}
