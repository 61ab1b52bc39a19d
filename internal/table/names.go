package table

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// unknownColumn is the error for a column name that the file does not have: it lists those it has, and the nearest.
func unknownColumn(file, name string, names []string) error {
	hint := ""
	if near := nearestName(name, names); near != "" {
		hint = fmt.Sprintf(" (did you mean %q?)", near)
	}
	return fmt.Errorf("%s: there is no column %q%s; the columns are %s", file, shorten(name), hint, listNames(names))
}

// listNames writes names one after the other, the first twenty of them.
func listNames(names []string) string {
	const most = 20
	var b strings.Builder
	for i, name := range names {
		if i == most {
			fmt.Fprintf(&b, ", … (%d in all)", len(names))
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(shorten(name))
	}
	return b.String()
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

// checkHeader says what is wrong with a CSV's column names, if anything.
func checkHeader(file string, line int64, names []string) error {
	seen := make(map[string]int, len(names))
	for i, name := range names {
		if name == "" {
			hint := ""
			if i == 0 {
				hint = " (pandas writes its index so: save with index=False)"
			}
			return fmt.Errorf("%s: line %d: column %d of %d has no name in the header%s", file, line, i+1, len(names), hint)
		}
		if !utf8.ValidString(name) {
			return fmt.Errorf("%s: line %d: the name of column %d, %q, is not UTF-8 text", file, line, i+1, shorten(name))
		}
		if first, twice := seen[name]; twice {
			return fmt.Errorf("%s: line %d: columns %d and %d have the same name, %q", file, line, first+1, i+1, shorten(name))
		}
		seen[name] = i
	}
	return nil
}
