package interop

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seed-192fdf7a/nf/internal/safetensors"
)

// roots are the first parts of the names in each library's state dicts.
var roots = map[string][]string{
	nflows:     {"_transform", "_distribution", embedding},
	zuko:       {"transform", "transforms", "base", embedding},
	normflows:  {"flows", "q0", "p"},
	rosinality: {"blocks"},
	y0ast:      {"flow", "prior_h", "learn_top_fn", "project_ycond", "project_class"},
	tarflow:    {"blocks", "var"},
}

// embedding is where nflows, and the estimators of sbi, keep the network of the
// context.
const embedding = "_embedding_net"

// withoutPrefix returns the state dict without what all names begin with
// because the model was part of something else: "net." in the estimators of
// sbi, "module." of DataParallel, "_orig_mod." of torch.compile, "model." of
// training frameworks. An embedding network beside a zuko flow, as sbi has it,
// does not begin so.
func (s *stateDict) withoutPrefix(library string) *stateDict {
	for {
		prefix, ok := s.shared(library)
		if !ok {
			return s
		}
		inner := &stateDict{path: s.path, prefix: s.prefix + prefix, tensors: map[string]safetensors.Tensor{}, used: map[string]bool{}}
		for name, t := range s.tensors {
			name = strings.TrimPrefix(name, prefix)
			if _, twice := inner.tensors[name]; twice {
				return s
			}
			t.Name = name
			inner.tensors[name] = t
		}
		s = inner
	}
}

// shared returns the first part of all names but those of an embedding network,
// unless names of the library begin with it.
func (s *stateDict) shared(library string) (prefix string, ok bool) {
	for name := range s.tensors {
		first, _, more := strings.Cut(name, ".")
		if first == embedding {
			continue
		}
		if !more || prefix != "" && prefix != first || slices.Contains(roots[library], first) {
			return "", false
		}
		prefix = first
	}
	return prefix + ".", prefix != ""
}

// notThere is the error of a state dict that has no tensors of the library's
// first names; it tells where such names are.
func (s *stateDict) notThere(wanted, kind string) error {
	root, _, _ := strings.Cut(wanted, ".")
	for _, name := range s.names() {
		if at := strings.Index(name, "."+root+"."); at >= 0 {
			return fmt.Errorf("tensors %s are missing, but there are tensors %s…: this is the state dict of something that has the %s as a part; "+
				"save the part's own, or only the names that begin with %q", wanted, name[:at+len(root)+2], kind, name[:at+1])
		}
	}
	return fmt.Errorf("tensors %s are missing: is this the state dict of %s? It has %s", wanted, kind, listed(s.names()))
}
