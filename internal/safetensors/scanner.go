package safetensors

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// A scanner reads the JSON of a header in place (RFC 8259). It knows objects,
// strings, whole numbers and lists of these, which is all that a header may
// hold: it never nests deeper than its callers, whatever the text. The text is
// valid UTF-8.
type scanner struct {
	text string
	at   int
}

func (s *scanner) errorf(format string, arguments ...any) error {
	return fmt.Errorf("header byte %d: %s", s.at, fmt.Sprintf(format, arguments...))
}

// next skips white space and returns the byte there, 0 at the end of the text.
func (s *scanner) next() byte {
	for s.at < len(s.text) {
		switch c := s.text[s.at]; c {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			return c
		}
	}
	return 0
}

// found reports whether c, which is not 0, comes next, and consumes it.
func (s *scanner) found(c byte) bool {
	if s.next() != c {
		return false
	}
	s.at++
	return true
}

func (s *scanner) expect(c byte) error {
	if s.found(c) {
		return nil
	}
	return s.unexpected(strconv.Quote(string(rune(c))))
}

func (s *scanner) unexpected(wanted string) error {
	s.next()
	if s.at == len(s.text) {
		return s.errorf("%s expected, but the header ends", wanted)
	}
	found, _ := utf8.DecodeRuneInString(s.text[s.at:])
	return s.errorf("%s expected, %q found", wanted, found)
}

// members reads an object, and calls member at the value of each key in turn.
func (s *scanner) members(member func(key string) error) error {
	if err := s.expect('{'); err != nil {
		return err
	}
	if s.found('}') {
		return nil
	}
	for {
		raw, err := s.raw()
		if err != nil {
			return err
		}
		if err := s.expect(':'); err != nil {
			return err
		}
		if err := member(unescape(raw)); err != nil {
			return err
		}
		if s.found('}') {
			return nil
		}
		if !s.found(',') {
			return s.unexpected(`"," or "}"`)
		}
	}
}

// numbers reads a list of at most len(dst) whole numbers into dst and returns
// how many there are.
func (s *scanner) numbers(dst []int64) (int, error) {
	if err := s.expect('['); err != nil {
		return 0, err
	}
	if s.found(']') {
		return 0, nil
	}
	for n := 0; ; n++ {
		if n == len(dst) {
			return 0, s.errorf("more than %d numbers", n)
		}
		number, err := s.number()
		if err != nil {
			return 0, err
		}
		dst[n] = number
		if s.found(']') {
			return n + 1, nil
		}
		if !s.found(',') {
			return 0, s.unexpected(`"," or "]"`)
		}
	}
}

// number reads a whole number that is not negative: digits without a leading
// zero, a point or an exponent.
func (s *scanner) number() (int64, error) {
	if c := s.next(); c < '0' || c > '9' {
		return 0, s.unexpected("a whole number, 0 or more,")
	}
	start, number := s.at, int64(0)
	for ; s.at < len(s.text); s.at++ {
		digit := int64(s.text[s.at]) - '0'
		if digit < 0 || digit > 9 {
			break
		}
		if s.at > start && number == 0 {
			return 0, s.errorf("a number begins with 0")
		}
		if number > (math.MaxInt64-digit)/10 {
			return 0, s.errorf("a number is larger than %d", int64(math.MaxInt64))
		}
		number = number*10 + digit
	}
	return number, nil
}

// raw reads a string, checks its escapes and returns it without its quotes,
// still escaped: unescape makes the copy that a string with escapes needs.
func (s *scanner) raw() (string, error) {
	if !s.found('"') {
		return "", s.unexpected("a string")
	}
	start := s.at
	for s.at < len(s.text) {
		switch c := s.text[s.at]; {
		case c == '"':
			s.at++
			return s.text[start : s.at-1], nil
		case c < ' ':
			return "", s.errorf("control character %q inside a string", c)
		case c == '\\':
			_, length := escape(s.text[s.at:])
			if length == 0 {
				return "", s.errorf("an escape that JSON does not know")
			}
			s.at += length
		default:
			s.at++
		}
	}
	return "", s.errorf("a string has no end")
}

// unescape decodes what raw returned.
func unescape(raw string) string {
	if strings.IndexByte(raw, '\\') < 0 {
		return raw
	}
	var decoded strings.Builder
	decoded.Grow(len(raw)) // an escape is never shorter than what it stands for
	for {
		plain := strings.IndexByte(raw, '\\')
		if plain < 0 {
			decoded.WriteString(raw)
			return decoded.String()
		}
		decoded.WriteString(raw[:plain])
		r, length := escape(raw[plain:])
		decoded.WriteRune(r)
		raw = raw[plain+length:]
	}
}

// escape decodes the escape that text begins with and returns its length, 0 if
// it is not valid. Half a surrogate pair is not.
func escape(text string) (r rune, length int) {
	if len(text) < 2 {
		return 0, 0
	}
	switch text[1] {
	case '"', '\\', '/':
		return rune(text[1]), 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	}
	first := codeUnit(text)
	if first < 0 {
		return 0, 0
	}
	if !utf16.IsSurrogate(first) {
		return first, 6
	}
	pair := utf16.DecodeRune(first, codeUnit(text[6:]))
	if pair == utf8.RuneError {
		return 0, 0
	}
	return pair, 12
}

// codeUnit returns the UTF-16 code unit of the \uXXXX that text begins with, or
// -1.
func codeUnit(text string) rune {
	if len(text) < 6 || text[:2] != `\u` {
		return -1
	}
	unit, err := strconv.ParseUint(text[2:6], 16, 16)
	if err != nil {
		return -1
	}
	return rune(unit)
}
