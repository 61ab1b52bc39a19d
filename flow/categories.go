package flow

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/seed-192fdf7a/nf/internal/limits"
)

// Category is a context column of texts, each one of Levels. The flow is
// conditioned on it as one-hot values: for each level the context has a column
// named Column=level, one behind the other in the order of the levels, which is
// 1 where the text is that level and 0 elsewhere. They are not standardized.
type Category struct {
	Column string   `json:"column"`
	Levels []string `json:"levels"`
}

// FormatVersion returns the version of the model file that knows categories.
func (Category) FormatVersion() int { return 2 }

// MaxLevels is the largest number of levels of one column.
const MaxLevels = limits.Levels

// Name returns the name of the context column of a level.
func (c Category) Name(level int) string { return c.Column + "=" + c.Levels[level] }

// ContextColumn is a column of a table of contexts: a number, or, with Levels,
// a text that is one of them.
type ContextColumn struct {
	Name   string
	Levels []string // nil for a number
}

// Values returns how many context values of an event the column takes.
func (c ContextColumn) Values() int { return max(1, len(c.Levels)) }

// Encode writes the context values of a text to dst, which has [Values] of
// them: 1 for its level and 0 for the others. A text that is no level is an
// error that names it.
func (c ContextColumn) Encode(dst []float64, text string) error {
	level := slices.Index(c.Levels, text)
	if level < 0 {
		return fmt.Errorf("flow: %q is no level of the context column %q", text, c.Name)
	}
	clear(dst[:len(c.Levels)])
	dst[level] = 1
	return nil
}

// ContextColumns returns the columns of a table of contexts, in the order of
// the context values.
func (c *Config) ContextColumns() []ContextColumn {
	columns := make([]ContextColumn, 0, len(c.Context))
	for i := 0; i < len(c.Context); {
		column := ContextColumn{Name: c.Context[i]}
		for _, category := range c.Categories {
			if category.Name(0) == c.Context[i] {
				column = ContextColumn{Name: category.Column, Levels: category.Levels}
			}
		}
		columns = append(columns, column)
		i += column.Values()
	}
	return columns
}

// OneHot reports whether a context column is a level of a category.
func (c *Config) OneHot(column int) bool {
	for _, category := range c.Categories {
		first := slices.Index(c.Context, category.Name(0))
		if column >= first && column < first+len(category.Levels) {
			return true
		}
	}
	return false
}

// checkCategories tells what is wrong with the categories of a description
// whose context has distinct names.
func (c *Config) checkCategories() error {
	var columns []string
	for _, category := range c.Categories {
		name := category.Column
		switch {
		case name == "" || !utf8.ValidString(name):
			return fmt.Errorf("a category has the column name %q, want a text in UTF-8", name)
		case slices.Contains(c.Features, name) || slices.Contains(c.Context, name) || slices.Contains(columns, name):
			return fmt.Errorf("the category %q has the name of another column", name)
		case len(category.Levels) == 0 || len(category.Levels) > MaxLevels:
			return fmt.Errorf("the category %q has %d levels, want 1 to %d", name, len(category.Levels), MaxLevels)
		}
		columns = append(columns, name)
		first := slices.Index(c.Context, category.Name(0))
		for i := range category.Levels {
			if first < 0 || first+i >= len(c.Context) || c.Context[first+i] != category.Name(i) {
				return fmt.Errorf("the category %q: the context has no column %q in its place", name, category.Name(i))
			}
		}
		for i := range category.Levels {
			if s := c.StandardizeContext; len(s.Mean) == len(c.Context) && len(s.Std) == len(c.Context) && (s.Mean[first+i] != 0 || s.Std[first+i] != 1) {
				return fmt.Errorf("standardize_context: the column %q of a category is (x - %v)/%v, want it as it is", category.Name(i), s.Mean[first+i], s.Std[first+i])
			}
		}
	}
	return nil
}
