package table

import (
	"bytes"
	"fmt"
	"io"
)

// lineReader cuts a stream into lines, in a buffer that grows to the longest line and no further than MaxRecordBytes.
type lineReader struct {
	in         io.Reader
	buffer     []byte
	start, end int   // the unread bytes
	searched   int   // bytes behind start known to hold no line feed
	number     int64 // of the line that next returned last, the first being 1
	failure    error // what ended the stream: io.EOF or an error
}

func newLineReader(in io.Reader) *lineReader {
	return &lineReader{in: in, buffer: make([]byte, 1<<18)}
}

// next returns the next line without its line feed, or carriage return and line feed. It is valid until the next call.
// A last line without a line feed counts; what an error cut off does not.
func (l *lineReader) next() ([]byte, error) {
	for {
		unread := l.buffer[l.start:l.end]
		if i := bytes.IndexByte(unread[l.searched:], '\n'); i >= 0 {
			i += l.searched
			l.start += i + 1
			l.searched = 0
			l.number++
			return withoutReturn(unread[:i]), nil
		}
		l.searched = len(unread)
		if l.failure != nil {
			l.start, l.searched = l.end, 0
			if l.failure != io.EOF || len(unread) == 0 {
				return nil, l.failure
			}
			l.number++
			return withoutReturn(unread), nil
		}
		if len(unread) > MaxRecordBytes {
			hint := ""
			if bytes.IndexByte(unread, '\r') >= 0 {
				hint = "; it holds carriage returns (CR), so they may be what ends its lines: write them as line feeds"
			}
			return nil, fmt.Errorf("line %d is longer than %d bytes, the most a line may have%s", l.number+1, MaxRecordBytes, hint)
		}
		l.fill()
	}
}

// peek returns the first bytes of the stream, at most count of them, without consuming them.
func (l *lineReader) peek(count int) []byte {
	for l.end-l.start < count && l.failure == nil {
		l.fill()
	}
	return l.buffer[l.start:min(l.end, l.start+count)]
}

// skip consumes bytes that peek has shown.
func (l *lineReader) skip(count int) { l.start += count }

// rest is the stream from the first unread byte on. The reader of lines is not to be used behind it.
func (l *lineReader) rest() io.Reader {
	unread := bytes.NewReader(l.buffer[l.start:l.end])
	if l.failure == io.EOF {
		return unread
	}
	if l.failure != nil {
		return io.MultiReader(unread, failing{l.failure})
	}
	return io.MultiReader(unread, l.in)
}

// failing is a stream that broke.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// fill reads more bytes behind the unread ones, at least one unless the stream has ended.
func (l *lineReader) fill() {
	if l.start > 0 {
		copy(l.buffer, l.buffer[l.start:l.end])
		l.end -= l.start
		l.start = 0
	}
	if l.end == len(l.buffer) {
		grown := make([]byte, 2*len(l.buffer))
		copy(grown, l.buffer)
		l.buffer = grown
	}
	for empty := 0; empty < 100; empty++ {
		n, err := l.in.Read(l.buffer[l.end:])
		l.end += n
		if err != nil {
			l.failure = err
			return
		}
		if n > 0 {
			return
		}
	}
	l.failure = io.ErrNoProgress
}

func withoutReturn(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\r' {
		return line[:n-1]
	}
	return line
}
