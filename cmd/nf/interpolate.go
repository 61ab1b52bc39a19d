package main

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/seed-192fdf7a/nf/internal/image"
)

type interpolateOptions struct {
	model, data, out, classes string
	from, to, steps, workers  int
	table                     tableFlags
}

func interpolateCommand() *cobra.Command {
	var o interpolateOptions
	command := &cobra.Command{
		Use:   "interpolate --model MODEL --data FILE --out FILE",
		Short: "Write rows between two rows, or images between two images",
		Long: `Maps two rows of a table, or two images, to their noise, goes from one to the other in equal steps on a straight line, and
maps the points back (Kingma and Dhariwal, 2018): where the model is a good one each is likely, which the average of two
rows often is not. The first and the last are the two themselves. Rows and images are counted from 0, rows without the header.

Of a table --out is a table of the model's columns. Of images it is a sheet, .png, or an array, .npy. A model that is
conditioned on something goes from the one's context to the other's too.`,
		Example: `  nf interpolate --model model.safetensors --data rows.csv --from 3 --to 7 --steps 8 --out between.csv
  nf interpolate --model glow.safetensors --data t10k-images-idx3-ubyte.gz --from 3 --to 7 --steps 8 --out between.png`,
		Args: noArguments,
	}
	f := command.Flags()
	f.SortFlags = false
	f.StringVar(&o.model, "model", "", "model file (required)")
	f.StringVar(&o.data, "data", "", "table or images (required)")
	f.StringVar(&o.out, "out", "", "table, or sheet .png or array .npy of images, to write (required)")
	f.IntVar(&o.from, "from", 0, "number of the first row or image")
	f.IntVar(&o.to, "to", 1, "number of the last row or image")
	f.IntVar(&o.steps, "steps", 10, "rows or images to write, the two included")
	f.StringVar(&o.classes, "classes", "", classesUsage)
	o.table.addHeader(command)
	addWorkersFlag(command, &o.workers)
	command.RunE = func(command *cobra.Command, _ []string) error {
		if err := require(command, "model", "data", "out"); err != nil {
			return err
		}
		if !(image.Named(o.data) && ofImages(o.model)) {
			return runInterpolateRows(command, &o)
		}
		if err := o.check(); err != nil {
			return err
		}
		return runInterpolate(command, &o)
	}
	return command
}

func (o *interpolateOptions) check() error {
	if err := checkImagePath("data", o.data); err != nil {
		return err
	}
	if o.steps < 2 || o.steps > mostOnSheet {
		return usage("--steps is %d; it must be 2 to %d", o.steps, mostOnSheet)
	}
	if err := checkImageOutput(o.out, int64(o.steps)); err != nil {
		return err
	}
	return distinctPaths(paths{"data": o.data, "model": o.model}, paths{"out": o.out})
}

func runInterpolate(command *cobra.Command, o *interpolateOptions) error {
	m, err := loadImageModel(command, o.model, o.workers)
	if err != nil {
		return err
	}
	set, contexts, err := m.openImages(o.data, o.classes)
	if err != nil {
		return err
	}
	defer set.Close()
	for _, end := range []struct {
		flag string
		i    int
	}{{"from", o.from}, {"to", o.to}} {
		if end.i < 0 || end.i >= set.Count {
			return usage("--%s is %d; the images are 0 to %d", end.flag, end.i, set.Count-1)
		}
	}
	d := set.Dim()
	x := make([]float64, 2*d)
	var context []float64
	for i, number := range []int{o.from, o.to} {
		if err := set.Load(x[i*d:(i+1)*d], number); err != nil {
			return err
		}
		if contexts != nil {
			context = append(context, contexts[number]...)
		}
	}
	z, c := make([]float64, 2*d), len(context)/2
	if err := m.scorer.Forward(z, nil, x, context); err != nil {
		return err
	}
	way := interpolated(z[:d], z[d:], o.steps)
	var along []float64
	if c > 0 {
		along = interpolated(context[:c], context[c:], o.steps)
	}
	return m.writeImages(command, o.out, int64(o.steps), o.steps, func(dst []float64, from int64) error {
		first := int(from)
		n := len(dst) / d
		var context []float64
		if c > 0 {
			context = slices.Clone(along[first*c : (first+n)*c])
		}
		return m.scorer.Inverse(dst, nil, way[first*d:(first+n)*d], context)
	})
}
