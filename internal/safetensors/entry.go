package safetensors

import "fmt"

// An entry is what the header says of one tensor.
type entry struct {
	element    int // index in elementTypes
	dimensions int
	shape      [MaxDimensions]int64
	offsets    [2]int64
}

// A visitor is told what a header holds, in its order. The texts are parts of
// the header: a visitor that keeps them clones them.
type visitor interface {
	metadata(key, raw string) error // raw: the value, still escaped
	tensor(name string, e *entry) error
}

// walk scans the text of a header.
func walk(text string, v visitor) error {
	s := &scanner{text: text}
	seenMetadata := false
	err := s.members(func(name string) error {
		if name != metadataKey {
			e, err := s.entry()
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

// entry reads the value of one tensor's key.
func (s *scanner) entry() (*entry, error) {
	e := &entry{}
	fields := []struct {
		key  string
		read func() error
		seen bool
	}{
		{key: "dtype", read: func() error { return s.elementType(e) }},
		{key: "shape", read: func() (err error) { e.dimensions, err = s.numbers(e.shape[:]); return err }},
		{key: "data_offsets", read: func() error { return s.offsets(e) }},
	}
	err := s.members(func(key string) error {
		for i := range fields {
			f := &fields[i]
			if f.key != key {
				continue
			}
			if f.seen {
				return s.errorf("%s occurs twice", key)
			}
			f.seen = true
			if err := f.read(); err != nil {
				return fmt.Errorf("%s: %w", key, err)
			}
			return nil
		}
		return s.errorf("key %s is not known: dtype, shape and data_offsets are", quoted(key))
	})
	if err != nil {
		return nil, err
	}
	for _, f := range fields {
		if !f.seen {
			return nil, s.errorf("%s is missing", f.key)
		}
	}
	return e, nil
}

func (s *scanner) elementType(e *entry) error {
	raw, err := s.raw()
	if err != nil {
		return err
	}
	e.element, err = elementTypeNamed(unescape(raw))
	return err
}

func (s *scanner) offsets(e *entry) error {
	n, err := s.numbers(e.offsets[:])
	if err == nil && n != len(e.offsets) {
		err = s.errorf("there are %d numbers, not %d", n, len(e.offsets))
	}
	return err
}
