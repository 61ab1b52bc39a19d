package safetensors

import (
	"fmt"
	"slices"
)

// An entry is what the header says of one tensor.
type entry struct {
	element    int // index in elementTypes
	dimensions int
	shape      [MaxDimensions]int64
	offsets    [2]int64
}

// A visitor is told what a header holds, in its order. The texts are parts of
// the header: a visitor that keeps them clones them. The entry is reused.
type visitor interface {
	metadata(key, raw string) error // raw: the value, still escaped
	tensor(name string, e *entry) error
}

// walk scans the text of a header.
func walk(text string, v visitor) error {
	s, e := &scanner{text: text}, &entry{}
	seenMetadata := false
	err := s.members(func(name string) error {
		if name != metadataKey {
			err := s.entry(e)
			if err == nil {
				err = v.tensor(name, e)
			}
			if err != nil {
				return fmt.Errorf("tensor %s: %w", quoted(name), err)
			}
			return nil
		}
		if seenMetadata {
			return s.errorf("%s occurs twice", metadataKey)
		}
		seenMetadata = true
		err := s.members(func(key string) error {
			raw, err := s.raw()
			if err != nil {
				return fmt.Errorf("key %s: %w", quoted(key), err)
			}
			return v.metadata(key, raw)
		})
		if err != nil {
			return fmt.Errorf("%s: %w", metadataKey, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if s.next(); s.at < len(text) {
		return s.unexpected("the end of the header")
	}
	return nil
}

// entry reads the value of one tensor's key into e.
func (s *scanner) entry(e *entry) error {
	keys := [...]string{"dtype", "shape", "data_offsets"}
	var seen [len(keys)]bool
	err := s.members(func(key string) error {
		i := slices.Index(keys[:], key)
		if i < 0 {
			return s.errorf("key %s is not known: dtype, shape and data_offsets are", quoted(key))
		}
		if seen[i] {
			return s.errorf("%s occurs twice", key)
		}
		seen[i] = true
		var err error
		switch key {
		case "dtype":
			e.element, err = s.elementType()
		case "shape":
			e.dimensions, err = s.numbers(e.shape[:])
		case "data_offsets":
			err = s.offsets(e)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if i := slices.Index(seen[:], false); i >= 0 {
		return s.errorf("%s is missing", keys[i])
	}
	return nil
}

func (s *scanner) elementType() (int, error) {
	raw, err := s.raw()
	if err != nil {
		return 0, err
	}
	return elementTypeNamed(unescape(raw))
}

func (s *scanner) offsets(e *entry) error {
	n, err := s.numbers(e.offsets[:])
	if err == nil && n != len(e.offsets) {
		err = s.errorf("there are %d numbers, not %d", n, len(e.offsets))
	}
	return err
}
