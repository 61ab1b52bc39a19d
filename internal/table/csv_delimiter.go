package table

import "bytes"

// textKind is what a file's ending says of the text in it.
type textKind int

const (
	anyText  textKind = iota // .csv and standard input
	tabText                  // .tsv
	freeText                 // .txt, whose cells may stand between any number of blanks, as numpy.savetxt and R write them
)

// setDelimiter chooses what stands between cells by the first line and those behind it.
//
// It is the one of comma, semicolon and tab of which every line seen has as many outside quotes as the first: a name may
// hold one of the others. Where that decides nothing the order is comma, semicolon, tab; in .tsv and .txt tab comes first.
func (s *csvSource) setDelimiter(kind textKind, first []byte) {
	candidates := []byte{',', ';', '\t'}
	if kind != anyText {
		candidates = []byte{'\t', ',', ';'}
	}
	s.delimiter = ','
	following := s.aheadLines(5)
	found, best := false, 0
	for _, candidate := range candidates {
		count := countOutsideQuotes(first, candidate)
		if count == 0 {
			continue
		}
		if !found {
			s.delimiter, found = candidate, true
		}
		if kind == tabText && candidate == '\t' {
			return
		}
		agrees := len(following) > 0
		for _, line := range following {
			agrees = agrees && countOutsideQuotes(line, candidate) == count
		}
		if agrees && count > best {
			s.delimiter, best = candidate, count
		}
	}
	if !found && kind == freeText && bytes.IndexByte(bytes.Trim(first, " "), ' ') >= 0 {
		s.delimiter, s.blanks = ' ', true
	}
}

func countOutsideQuotes(line []byte, delimiter byte) (count int) {
	if bytes.IndexByte(line, '"') < 0 {
		return bytes.Count(line, []byte{delimiter})
	}
	inQuotes := false
	for _, c := range line {
		switch {
		case c == '"':
			inQuotes = !inQuotes
		case c == delimiter && !inQuotes:
			count++
		}
	}
	return count
}

// separatorLine is the delimiter that Excel's first line "sep=;" names.
func separatorLine(line []byte) (delimiter byte, ok bool) {
	line = bytes.Trim(line, `"`)
	if len(line) == 5 && bytes.EqualFold(line[:4], []byte("sep=")) && line[4] != '"' && line[4] < 0x80 {
		return line[4], true
	}
	return 0, false
}

// normalized makes one blank of each run of them outside quotes and drops those at the ends, in place, where blanks are
// the delimiter. Other lines stay as they are.
func (s *csvSource) normalized(line []byte) []byte {
	if !s.blanks {
		return line
	}
	line = bytes.Trim(line, " \t")
	out, inQuotes := line[:0], false
	for _, c := range line {
		if c == '"' {
			inQuotes = !inQuotes
		}
		if c == '\t' && !inQuotes {
			c = ' '
		}
		if c == ' ' && !inQuotes && len(out) > 0 && out[len(out)-1] == ' ' {
			continue
		}
		out = append(out, c)
	}
	return out
}
