package interop

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/autograd"
	"github.com/seed-192fdf7a/nf/internal/limits"
)

// Names are those of the columns of the flow to be made. Empty lists stand for
// x0, x1, … and c0, c1, …. Flows of images have names of their own, of their
// channels and classes.
type Names struct{ Features, Context []string }

// fill checks the numbers of names, or makes names.
func (n Names) fill(d *Dialect) (Names, error) {
	for _, list := range []struct {
		names  *[]string
		count  int
		kind   string
		letter string
	}{
		{&n.Features, d.Features, "features", "x"},
		{&n.Context, d.Context, "context", "c"},
	} {
		if d.ofImages() {
			if len(*list.names) > 0 {
				return n, fmt.Errorf("names of %s are given, but those of images are their channels and classes", list.kind)
			}
			continue
		}
		if len(*list.names) == 0 {
			for i := range list.count {
				*list.names = append(*list.names, fmt.Sprintf("%s%d", list.letter, i))
			}
		}
		if len(*list.names) != list.count {
			return n, fmt.Errorf(`there are %d names for the %s, but the config says "%s": %d`, len(*list.names), list.kind, list.kind, list.count)
		}
	}
	return n, nil
}

// Load makes a flow of a state dict, a safetensors file. It has not been
// compared with the library yet: see [Check.Compare].
func Load(weights string, d *Dialect, names Names) (*flow.Flow, error) {
	s, err := readStateDict(weights)
	if err != nil {
		return nil, err
	}
	f, err := load(s, d, names)
	if err != nil {
		return nil, fmt.Errorf("weights %s: %w", weights, err)
	}
	return f, nil
}

// reader reads a model of one library.
type reader struct {
	*stateDict
	*builder
	dialect *Dialect
	clipped bool // the layers of a zuko flow that have no tensors are softclips
}

func load(s *stateDict, d *Dialect, names Names) (*flow.Flow, error) {
	if err := d.check(); err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	names, err := names.fill(d)
	if err != nil {
		return nil, err
	}
	if len(s.tensors) == 0 {
		return nil, fmt.Errorf("there are no tensors")
	}
	if err := s.finite(); err != nil {
		return nil, err
	}
	s = s.withoutPrefix(d.Library)
	r := &reader{stateDict: s, builder: newBuilder(d), dialect: d}
	r.pixels(d.Pixels)
	if err := r.read(); err != nil {
		if s.prefix != "" {
			return nil, fmt.Errorf("(names are without %q, with which all of them begin) %w", s.prefix, err)
		}
		return nil, err
	}
	return r.build(names)
}

// read makes transforms, a base and values of all tensors.
func (r *reader) read() (err error) {
	if err := r.embedded(); err != nil {
		return err
	}
	d := r.dialect
	switch d.Library {
	case nflows:
		err = r.nflows()
	case zuko:
		err = r.zuko()
	case tarflow:
		err = r.tarflow()
	case rosinality:
		err = r.rosinality()
	case y0ast:
		err = r.y0ast()
	default:
		err = r.normflows()
	}
	if err != nil {
		return err
	}
	if left := r.unused(); len(left) > 0 {
		return fmt.Errorf("nothing is known of %s; a flow that has them is not supported, or is not of %s %s", listed(left), d.Library, d.Version)
	}
	return nil
}

// listed names tensors, the first few of them.
func listed(names []string) string {
	const most = 5
	kind := "tensor "
	if len(names) > 1 {
		kind = fmt.Sprintf("%d tensors: ", len(names))
	}
	if len(names) > most {
		return kind + strings.Join(names[:most], ", ") + ", …"
	}
	return kind + strings.Join(names, ", ")
}

// unsaved is a layer that has no tensors, by what the config says of it.
func (r *reader) unsaved(name, where string, inverse bool) error {
	kind := r.dialect.Layers[name].Kind
	if kind == "" && r.clipped {
		kind = "softclip"
	}
	n := r.builder.features
	order := r.all()
	switch kind {
	case "":
		return fmt.Errorf(`there are no tensors %s…: say what this layer is, in the config: "layers": {%q: {"kind": "swap"}}, where the kind is one of %s`,
			where, name, strings.Join(kinds, ", "))
	case "identity":
		return nil
	case "squeeze":
		if inverse {
			return fmt.Errorf("layer %s: the inverse of a squeeze is not supported", name)
		}
		return r.layerError(where, r.squeeze(or(r.dialect.Layers[name].Factor, 2)))
	case "softclip":
		if r.dialect.Library != zuko {
			return fmt.Errorf("the config says that layer %s is \"softclip\", which only zuko has", name)
		}
		r.elementwise(order, autograd.Widen(&autograd.SoftclipMap{Bound: zukoSoftclip}), nil, inverse)
		return nil
	case "multiscale":
		return fmt.Errorf(`the config says that layer %s is "multiscale", but there are no tensors %s…`, name, where)
	case "reverse":
		slices.Reverse(order)
	case "swap":
		// On the way from data to noise the second part, which is not the longer
		// one, comes first.
		order = append(order[(n+1)/2:], order[:(n+1)/2]...)
	}
	r.permute(order, inverse)
	return nil
}

// list reads the layers name0, name1, … of a list, in the order from data to
// noise, and calls each for those that have tensors. Those that have none must
// be known from the config, which may also know of more at the end.
func (r *reader) list(prefix, path string, backwards bool, each func(prefix, path string) error) error {
	numbers := r.numbered(prefix)
	count := 0
	if len(numbers) > 0 {
		count = numbers[len(numbers)-1] + 1
	}
	for r.dialect.Layers[fmt.Sprint(path, count)].Kind != "" {
		count++
	}
	if count > limits.Layers {
		return fmt.Errorf("tensors %s%d.… are there; at most %d layers are supported", prefix, count-1, limits.Layers)
	}
	for i := range count {
		if backwards {
			i = count - 1 - i
		}
		where, name := fmt.Sprintf("%s%d.", prefix, i), fmt.Sprint(path, i)
		var err error
		if slices.Contains(numbers, i) {
			if kind := r.dialect.Layers[name].Kind; kind != "" && kind != "multiscale" {
				return fmt.Errorf(`the config says that layer %s is of the kind %q, which has no tensors, but there are tensors %s…`, name, kind, where)
			}
			err = each(where, name)
		} else {
			err = r.unsaved(name, where, backwards != (r.dialect.Library == normflows))
		}
		if err != nil {
			return err
		}
	}
	return nil
}
