package table

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/seed-192fdf7a/nf/internal/printable"
)

// unknownColumn is the error for a column name that the file does not have: it lists those it has, and the nearest.
func unknownColumn(file, name string, names []string) error {
	hint := ""
	if alike := printable.Alike(name, names); alike != "" && !strings.EqualFold(alike, name) {
		hint = fmt.Sprintf(" (did you mean %s, which is not %s?)", strconv.QuoteToASCII(alike), strconv.QuoteToASCII(name))
	} else if near := nearestName(name, names); near != "" {
		hint = fmt.Sprintf(" (did you mean %q?)", near)
	}
	return fmt.Errorf("%s: there is no column %q%s; the columns are %s", file, printable.Short(name), hint, printable.List(names))
}

// nearestName is the name that differs from the wanted one in case alone or in a few characters, or "".
func nearestName(wanted string, names []string) string {
	const longest = 60 // longer names are not compared: the cost is the product of the lengths
	if len(wanted) > longest {
		return ""
	}
	folded := []rune(strings.ToLower(wanted))
	nearest, least := "", max(1, len(folded)/3)+1
	for _, name := range names {
		if len(name) > longest {
			continue
		}
		if d := editDistance(folded, []rune(strings.ToLower(name)), least); d < least {
			nearest, least = name, d
		}
	}
	return nearest
}

// editDistance is the least number of inserted, deleted and replaced characters that turn a into b (Levenshtein), or
// any number of at least limit where it is not less than limit.
func editDistance(a, b []rune, limit int) int {
	if max(len(a)-len(b), len(b)-len(a)) >= limit {
		return limit
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i, ca := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j, cb := range b {
			replaced := diagonal
			if ca != cb {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}

// nameFault says why a column cannot be chosen, if it cannot: it has no name, or not one of its own.
func nameFault(file string, names []string, at int) error {
	const way = "name it, or say which columns are wanted (--columns)"
	name := names[at]
	if name == "" {
		return fmt.Errorf("%s: column %d of %d has no name in the header (pandas and R write row names so; other tools end lines in a delimiter); %s",
			file, at+1, len(names), way)
	}
	for other, same := range names {
		if same == name && other != at {
			return fmt.Errorf("%s: columns %d and %d have the same name, %q; %s", file, min(at, other)+1, max(at, other)+1, printable.Short(name), way)
		}
	}
	return nil
}

// nameFaults is the first nameFault of the columns at some positions.
func nameFaults(file string, names []string, positions []int) error {
	count := make(map[string]int, len(names))
	for _, name := range names {
		count[name]++
	}
	for _, at := range positions {
		if names[at] == "" || count[names[at]] > 1 {
			return nameFault(file, names, at)
		}
	}
	return nil
}

// checkEncoding is an error for a column name that is not UTF-8.
func checkEncoding(file string, line int64, names []string) error {
	for i, name := range names {
		if !utf8.ValidString(name) {
			return fmt.Errorf("%s: line %d: the name of column %d, %q, is not UTF-8 text", file, line, i+1, printable.Short(name))
		}
	}
	return nil
}
