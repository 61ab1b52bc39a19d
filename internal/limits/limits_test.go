package limits

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestFormatStatesSizes holds the table of docs/format.md against the limits.
func TestFormatStatesSizes(t *testing.T) {
	text, err := os.ReadFile("../../docs/format.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(text), "### Sizes\n")
	if !found {
		t.Fatal("docs/format.md has no table of sizes")
	}
	table, _, _ = strings.Cut(table, "\n#")
	for _, l := range []struct {
		of   string
		most int
	}{
		{"features; context columns", Features},
		{"sites of an event", Sites},
		{"transforms, those inside others too", Transforms},
		{"hidden layers of a network", HiddenLayers},
		{"width of a layer", Width},
		{"features of `lu`, `householder`, and of a full covariance", Matrix},
		{"features of `matrix`", PlainMatrix},
		{"components of a mixture", Components},
		{"levels of a context column", Levels},
		{"objects and lists inside one another", Depth},
	} {
		if line := fmt.Sprintf("| %s | %d |\n", l.of, l.most); !strings.Contains(table+"\n", line) {
			t.Errorf("docs/format.md does not say %q", line)
		}
	}
}
