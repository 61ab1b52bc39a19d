// Package printable writes texts that came from files into messages: nothing in them moves a terminal's cursor, none is
// long, and names that look alike but are not can be told apart.
package printable

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MostBytes is where Short cuts a text.
const MostBytes = 60

// MostNames is how many names List writes.
const MostNames = 20

// Short cuts a text to a length that fits a message.
func Short(text string) string { return Cut(text, MostBytes) }

// Cut cuts a text to most bytes, at a rune's beginning, and then ends it with an ellipsis.
func Cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}

// Text returns the text with each character that does not print (control characters, invisible ones, those that turn
// the direction of writing, what is not UTF-8) written as Go writes it in a quoted string, such as \x1b or \u202e.
func Text(text string) string {
	if !strings.ContainsFunc(text, hidden) {
		return text
	}
	var b strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, text[0])
		case hidden(r) && r != utf8.RuneError:
			quoted := strconv.QuoteRune(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		default:
			b.WriteString(text[:size])
		}
		text = text[size:]
	}
	return b.String()
}

func hidden(r rune) bool { return r == utf8.RuneError || !strconv.IsPrint(r) }

// JSON returns a JSON text with each character of its strings that does not print escaped as JSON has it.
func JSON(text []byte) []byte {
	var b []byte
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		switch {
		case size > 1 && hidden(r) && r != utf8.RuneError && r > 0xffff:
			b = fmt.Appendf(b, `\u%04x\u%04x`, 0xd800+(r-0x10000)>>10, 0xdc00+(r-0x10000)&0x3ff)
		case size > 1 && hidden(r) && r != utf8.RuneError, r == 0x7f:
			b = fmt.Appendf(b, `\u%04x`, r)
		default:
			b = append(b, text[:size]...)
		}
		text = text[size:]
	}
	return b
}

// Name writes a column's name, cut: as it is if it is plain, and else quoted, with what is invisible escaped.
func Name(name string) string {
	short := Short(name)
	switch {
	case hasMark(short):
		return strconv.QuoteToASCII(short)
	case name == "" || strings.TrimSpace(name) != name || strings.ContainsFunc(name, hidden) || strings.ContainsAny(name, `,;"'`):
		return strconv.Quote(short)
	}
	return short
}

// hasMark reports whether a text has combining characters, which may look like one precomposed character.
func hasMark(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.M, r) })
}

// List writes names one after the other, the first [MostNames] of them.
func List(names []string) string {
	var b strings.Builder
	for i, name := range names {
		if i == MostNames {
			fmt.Fprintf(&b, ", … (%d in all)", len(names))
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(Name(name))
	}
	return b.String()
}

// Alike returns the first of the names that looks like the wanted one but is another text, in case, in blanks and
// invisible characters, in how Unicode composes it, in letters of another alphabet, or in a # before it, as
// numpy.savetxt writes a header; or "".
func Alike(wanted string, names []string) string {
	const longest = 1 << 10
	if len(wanted) > longest {
		return ""
	}
	folded := fold(wanted)
	for _, name := range names {
		if name != wanted && len(name) <= longest && fold(name) == folded {
			return name
		}
	}
	return ""
}

func fold(name string) string {
	return strings.TrimLeft(strings.Map(func(r rune) rune {
		if hidden(r) || unicode.IsSpace(r) {
			return -1
		}
		r = unicode.ToLower(r)
		if latin, ok := latinLike[r]; ok {
			return latin
		}
		return r
	}, norm.NFKC.String(name)), "#")
}

// latinLike are Latin letters for those of Cyrillic and Greek that look the same, small or large.
var latinLike = func() map[rune]rune {
	const others, latin = "авеікмнорстухјѕαβειηκμνορτυχ", "abeikmhopctyxjsabeihkmvoptyx"
	alike, i := map[rune]rune{}, 0
	for _, r := range others {
		alike[r] = rune(latin[i])
		i++
	}
	return alike
}()
