package printable

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestText(t *testing.T) {
	for text, want := range map[string]string{
		"plain é 日本": "plain é 日本", "a\x1b[31m": `a\x1b[31m`, "\x1b]0;pwn\x07\n": `\x1b]0;pwn\a\n`, "a\u202eb": `a\u202eb`,
		"\u009b2J": `\u009b2J`, "\xff": `\xff`, "\ufffd": "\ufffd", "tab\tcr\r": `tab\tcr\r`, "\u200b\u00a0": `\u200b\u00a0`, "\x7f": `\x7f`,
	} {
		if got := Text(text); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
}

func TestNames(t *testing.T) {
	for name, want := range map[string]string{
		"a": "a", "log_prob 2": "log_prob 2", "": `""`, "b\r": `"b\r"`, " a": `" a"`, "# a": "# a", "a,b": `"a,b"`, "é": "é", "e\u0301": `"e\u0301"`, "a\u200b": `"a\u200b"`,
	} {
		if got := Name(name); got != want {
			t.Errorf("%q is shown as %s, want %s", name, got, want)
		}
	}
	long := Name(strings.Repeat("日", 1<<20))
	if len(long) > MostBytes+10 || !utf8.ValidString(long) {
		t.Errorf("a long name takes %d bytes", len(long))
	}
	var names []string
	for i := range 100 {
		names = append(names, fmt.Sprint("c", i))
	}
	if got := List(names); !strings.HasSuffix(got, "c19, … (100 in all)") {
		t.Errorf("the list is %s", got)
	}
}

func TestAlike(t *testing.T) {
	for _, pair := range [][2]string{{"caf\u00e9", "cafe\u0301"}, {"b", "b\r"}, {"a", "\ufeffa"}, {"a b", "a\u00a0b"}, {"A", "a"}, {"x", " x"}, {"ﬁ", "fi"}} {
		if got := Alike(pair[0], []string{pair[0], "other", pair[1]}); got != pair[1] {
			t.Errorf("%q looks like %q", pair, got)
		}
	}
	if got := Alike("a", []string{"b", "a", "aa"}); got != "" {
		t.Errorf("a looks like %q", got)
	}
}

func TestJSON(t *testing.T) {
	texts := []string{"plain é", "\u009b2J", "\u202e", "\x7f", "\U000e0041", "\x1b", "日"}
	marshalled, err := json.Marshal(texts)
	if err != nil {
		t.Fatal(err)
	}
	shown := JSON(marshalled)
	if got := Text(string(shown)); got != string(shown) {
		t.Errorf("%s holds what does not print", shown)
	}
	var back []string
	if err := json.Unmarshal(shown, &back); err != nil || fmt.Sprint(back) != fmt.Sprint(texts) {
		t.Errorf("%s reads back as %q, %v", shown, back, err)
	}
}
