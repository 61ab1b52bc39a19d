package flow_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/flow"
)

// categorical is a flow of two features under a number and a color.
func categorical(t *testing.T) flow.Config {
	t.Helper()
	c, err := flow.RealNVP([]string{"a", "b"}, []string{"t", "color=blue", "color=red"}, flow.Options{Layers: 2, Hidden: []int{4}})
	must(t, err)
	c.Categories = []flow.Category{{Column: "color", Levels: []string{"blue", "red"}}}
	return c
}

func TestCategories(t *testing.T) {
	c := categorical(t)
	columns := c.ContextColumns()
	if len(columns) != 2 || columns[0].Name != "t" || columns[0].Values() != 1 || columns[1].Name != "color" || columns[1].Values() != 2 {
		t.Fatalf("the columns are %+v", columns)
	}
	if c.OneHot(0) || !c.OneHot(1) || !c.OneHot(2) {
		t.Error("the wrong columns are one-hot")
	}
	before := flow.Config{Context: []string{"color=blue", "color=red", "t"}, Categories: c.Categories}
	if !before.OneHot(0) || !before.OneHot(1) || before.OneHot(2) {
		t.Error("in front of a number, the wrong columns are one-hot")
	}
	values := []float64{7, 7}
	must(t, columns[1].Encode(values, "red"))
	if !slices.Equal(values, []float64{0, 1}) {
		t.Errorf("red is %v", values)
	}
	if err := columns[1].Encode(values, "pink"); err == nil || !strings.Contains(err.Error(), `"pink"`) {
		t.Errorf("pink: %v", err)
	}
	f, err := flow.New(c, 1)
	must(t, err)
	var file bytes.Buffer
	must(t, f.Write(&file))
	if !strings.Contains(file.String(), `"nf.version":"2"`) {
		t.Error("the file is not of version 2")
	}
	back, err := flow.Read(bytes.NewReader(file.Bytes()), int64(file.Len()))
	must(t, err)
	if got := fmt.Sprint(back.Config().Categories); got != "[{color [blue red]}]" {
		t.Errorf("the categories come back as %s", got)
	}
	old := bytes.Replace(file.Bytes(), []byte(`"nf.version":"2"`), []byte(`"nf.version":"1"`), 1)
	if _, err := flow.Read(bytes.NewReader(old), int64(len(old))); err == nil {
		t.Error("a file of version 1 may have categories")
	}
}

func TestWrongCategories(t *testing.T) {
	for word, change := range map[string]func(c *flow.Config){
		"in its place":    func(c *flow.Config) { c.Categories[0].Levels = []string{"red", "blue"} },
		"1 to 1000":       func(c *flow.Config) { c.Categories[0].Levels = nil },
		"another column":  func(c *flow.Config) { c.Categories = append(c.Categories, c.Categories[0]) },
		"UTF-8":           func(c *flow.Config) { c.Categories[0].Column = "" },
		`column "x=blue"`: func(c *flow.Config) { c.Categories[0].Column = "x" },
		"want it as it is": func(c *flow.Config) {
			c.StandardizeContext = flow.Standardization{Mean: []float64{0, 0.5, 0}, Std: []float64{1, 1, 1}}
		},
	} {
		c := categorical(t)
		change(&c)
		if err := c.Check(); err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("%v, want an error that holds %q", err, word)
		}
	}
}
