package main

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/internal/image"
	"github.com/seed-192fdf7a/nf/internal/printable"
)

// ownClasses is --classes for the classes that images have themselves.
const ownClasses = "own"

// classColumn is the context of a flow that is conditioned on classes.
const classColumn = "class"

// checkImagePath is a usage error unless a flag names images.
func checkImagePath(flag, path string) error {
	if !image.Named(path) {
		return usage("--%s %s is no set of images: give %s", flag, printable.Name(path), image.Kinds)
	}
	return nil
}

func sizeOf(s *image.Set) image.Size {
	return image.Size{Height: s.Height, Width: s.Width, Channels: s.Channels, Levels: s.Levels}
}

// labelsOf returns the classes of images that --classes asks for.
func labelsOf(set *image.Set, classes string) ([]int, error) {
	if classes == ownClasses {
		if set.Labels == nil {
			return nil, fmt.Errorf("%s has no classes of its own; give a file as --classes", printable.Name(set.Path))
		}
		return set.Labels, nil
	}
	labels, err := image.ReadLabels(classes)
	if err != nil {
		return nil, err
	}
	if len(labels) != set.Count {
		return nil, fmt.Errorf("%s has %d labels, and there are %d images", printable.Name(classes), len(labels), set.Count)
	}
	return labels, nil
}

// imageClasses are the classes that a flow of images is conditioned on: the label
// of each, ascending, and its name. None says that it is not.
type imageClasses struct {
	labels []int
	names  []string
}

// classesOf returns the classes of some labels, with the names of the set.
func classesOf(set *image.Set, lists ...[]int) (imageClasses, error) {
	var c imageClasses
	for _, labels := range lists {
		c.labels = append(c.labels, labels...)
	}
	slices.Sort(c.labels)
	c.labels = slices.Compact(c.labels)
	if len(c.labels) > flow.MaxLevels {
		return c, fmt.Errorf("%d classes, at most %d are supported", len(c.labels), flow.MaxLevels)
	}
	for _, label := range c.labels {
		name := strconv.Itoa(label)
		if label >= 0 && label < len(set.Names) {
			name = set.Names[label]
		}
		c.names = append(c.names, name)
	}
	return c, nil
}

// classesOfFlow returns the classes of a flow.
func classesOfFlow(c flow.Config) (classes imageClasses) {
	for _, category := range c.Categories {
		if category.Column == classColumn {
			classes.names = category.Levels
		}
	}
	return classes
}

func (c imageClasses) categories() []flow.Category {
	if len(c.names) == 0 {
		return nil
	}
	return []flow.Category{{Column: classColumn, Levels: c.names}}
}

// columns returns the names of the context.
func (c imageClasses) columns() (names []string) {
	for _, category := range c.categories() {
		for level := range category.Levels {
			names = append(names, category.Name(level))
		}
	}
	return names
}

// oneHot writes the context of a label.
func (c imageClasses) oneHot(dst []float64, label int) {
	clear(dst)
	if i, ok := slices.BinarySearch(c.labels, label); ok {
		dst[i] = 1
	}
}

// classesUsage is the help of --classes where a model is used.
const classesUsage = "of images: the classes of the images, for a model that is conditioned on them: an IDX or .npy file, or a text with one a line (default: their own)"

// classesOfRows returns the contexts of so many rows whose classes stand in a file.
func (m *imageModel) classesOfRows(path string, rows int) ([][]float64, error) {
	if path == "" || path == ownClasses {
		return nil, usage("the model is conditioned on classes; give those of the rows as --classes FILE")
	}
	labels, err := image.ReadLabels(path)
	if err != nil {
		return nil, err
	}
	if len(labels) != rows {
		return nil, fmt.Errorf("%s has %d labels, and there are %d rows", printable.Name(path), len(labels), rows)
	}
	var contexts [][]float64
	for i, label := range labels {
		context, err := m.context(strconv.Itoa(label))
		if err != nil {
			return nil, fmt.Errorf("row %d: %w", i, err)
		}
		contexts = append(contexts, context)
	}
	return contexts, nil
}
