package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/internal/atomicfile"
	"github.com/seed-192fdf7a/nf/internal/image"
)

// imageModel is a model of images, ready to compute.
type imageModel struct {
	eventModel
	size    image.Size
	classes imageClasses
}

// ofImages tells whether a file is a model of images. Whatever is wrong with the
// file is found later.
func ofImages(path string) bool {
	f, err := flow.Load(path)
	return err == nil && isImageFlow(f)
}

func isImageFlow(f *flow.Flow) bool { return len(f.Config().Grid) == 2 }

// loadImageModel reads a model of images and prepares it for the chosen backend.
func loadImageModel(command *cobra.Command, path string, workers int) (*imageModel, error) {
	loaded, err := loadEventModel(command, path, workers, func(f *flow.Flow) (*flow.Flow, error) {
		if !isImageFlow(f) {
			return nil, fmt.Errorf("model %s is one of tables, not of images", path)
		}
		return f, nil
	})
	if err != nil {
		return nil, err
	}
	m := &imageModel{eventModel: loaded}
	c := m.flow.Config()
	m.size = image.Size{Height: c.Grid[0], Width: c.Grid[1], Channels: len(c.Features)}
	if c.Pixels != nil {
		m.size.Levels = c.Pixels.Levels
	}
	m.classes = classesOfFlow(c)
	if len(c.Context) != len(m.classes.names) {
		return nil, fmt.Errorf("model %s is conditioned on other columns than classes; use the library", path)
	}
	return m, nil
}

// refuseFlags is a usage error if one of the flags, which are for tables, is given.
func refuseFlags(command *cobra.Command, names ...string) error {
	return refuseFlagsOf(command, "images", names...)
}

// refuseFlagsOf is refuseFlags for a model of images or of sound.
func refuseFlagsOf(command *cobra.Command, kind string, names ...string) error {
	for _, name := range names {
		if flag := command.Flags().Lookup(name); flag != nil && flag.Changed {
			return usage("--%s is not for a model of %s", name, kind)
		}
	}
	return nil
}

// refuseClasses is a usage error if --classes is given for a table.
func refuseClasses(command *cobra.Command) error {
	if command.Flags().Changed("classes") {
		return usage("--classes is for images and a model of images; the classes of a table are a column")
	}
	return nil
}

// openImages opens images of the model's size, with their classes if it is
// conditioned on those.
func (m *imageModel) openImages(path, classes string) (set *image.Set, contexts [][]float64, err error) {
	opened, err := image.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			opened.Close()
		}
	}()
	set = opened
	if s := sizeOf(set); s.Height != m.size.Height || s.Width != m.size.Width || s.Channels != m.size.Channels {
		return nil, nil, fmt.Errorf("%s has images of %d x %d x %d, and the model is of %d x %d x %d",
			path, s.Height, s.Width, s.Channels, m.size.Height, m.size.Width, m.size.Channels)
	}
	if m.size.Levels > 0 && (set.Levels == 0 || set.Levels > m.size.Levels) {
		return nil, nil, fmt.Errorf("%s has pixels that are not whole numbers of 0 to %d, as those of the model are", path, m.size.Levels-1)
	}
	switch {
	case len(m.classes.names) == 0 && classes != "":
		return nil, nil, usage("--classes is given, and the model is not conditioned on classes")
	case len(m.classes.names) == 0:
		return set, nil, nil
	case classes == "" && set.Labels == nil:
		return nil, nil, usage("the model is conditioned on classes; give those of the images as --classes FILE")
	case classes == "":
		classes = ownClasses
	}
	labels, err := labelsOf(set, classes)
	if err != nil {
		return nil, nil, err
	}
	for i, label := range labels {
		name := fmt.Sprint(label)
		if label >= 0 && label < len(set.Names) {
			name = set.Names[label]
		}
		context, err := m.context(name)
		if err != nil {
			return nil, nil, fmt.Errorf("image %d: %w", i, err)
		}
		contexts = append(contexts, context)
	}
	return set, contexts, nil
}

// context returns the context of a class.
func (m *imageModel) context(name string) ([]float64, error) {
	i := slices.Index(m.classes.names, name)
	if i < 0 {
		return nil, fmt.Errorf("the class %q is none of the model's: %s", name, strings.Join(m.classes.names, ", "))
	}
	context := make([]float64, len(m.classes.names))
	context[i] = 1
	return context, nil
}

// imageBlock is how many images are under way at once.
const imageBlock = 256

// eachBlock loads images block by block.
func eachBlock(set *image.Set, contexts [][]float64, do func(x, context []float64, n int) error) error {
	x := make([]float64, imageBlock*set.Dim())
	for from := 0; from < set.Count; from += imageBlock {
		n := min(imageBlock, set.Count-from)
		for i := range n {
			if err := set.Load(x[i*set.Dim():(i+1)*set.Dim()], from+i); err != nil {
				return err
			}
		}
		var context []float64
		if contexts != nil {
			context = slices.Concat(contexts[from : from+n]...)
		}
		if err := do(x[:n*set.Dim()], context, n); err != nil {
			return err
		}
	}
	return nil
}

// mostOnSheet bounds the images of a sheet.
const mostOnSheet = 10000

// checkImageOutput is a usage error unless images can be written to a path: so
// many of them, or with -1 an unknown number.
func checkImageOutput(path string, count int64) error {
	lower := strings.ToLower(path)
	switch {
	case strings.HasSuffix(lower, ".npy"):
		return nil
	case strings.HasSuffix(lower, ".png") && count > mostOnSheet:
		return usage("--out %s: a sheet has at most %d images; write .npy", path, mostOnSheet)
	case strings.HasSuffix(lower, ".png"):
		return nil
	}
	return usage("--out is %s: images are written as .png, a sheet, or .npy", path)
}

// writeImages writes count images that next makes, block by block, to a sheet or
// an array; across is how many a line of the sheet has.
func (m *imageModel) writeImages(command *cobra.Command, path string, count int64, across int, next func(dst []float64, from int64) error) error {
	return orInterrupted(command.Context(), func() error {
		return atomicfile.Write(path, func(out io.Writer) error {
			sheet := strings.HasSuffix(strings.ToLower(path), ".png")
			if !sheet {
				if err := image.WriteNPYHeader(out, count, m.size); err != nil {
					return err
				}
			}
			d := m.size.Dim()
			var all []float64
			block := make([]float64, min(imageBlock, count)*int64(d))
			for from := int64(0); from < count; from += imageBlock {
				values := block[:min(imageBlock, count-from)*int64(d)]
				if err := next(values, from); err != nil {
					return err
				}
				if err := checkNumbers(values, d, "image", from); err != nil {
					return err
				}
				if sheet {
					all = append(all, values...)
				} else if err := image.WriteNPYValues(out, values, m.size); err != nil {
					return err
				}
			}
			if sheet {
				return image.WriteSheet(out, all, m.size, across)
			}
			return nil
		})
	})
}
