package interop

import (
	"fmt"
	"strings"

	"github.com/seed-192fdf7a/nf/flow/autograd"
)

// torchName returns an activation's name in torch.nn.functional.
func torchName(a autograd.ActivationName) string {
	if a == autograd.ReLUActivation {
		return "relu"
	}
	return strings.ReplaceAll(string(a), "-", "_")
}

// Activations returns the names that [Options] takes.
func Activations() []string {
	names := []string{torchName(autograd.ReLUActivation)}
	for _, a := range autograd.Activations() {
		names = append(names, torchName(a))
	}
	return names
}

// newActivation returns the activation of a name; slope is leaky_relu's.
func newActivation(name string, slope float64) (autograd.Activation, error) {
	for _, a := range append(autograd.Activations(), autograd.ReLUActivation) {
		if torchName(a) != name {
			continue
		}
		found := autograd.Activation{Name: a}
		if a == autograd.LeakyReLUActivation {
			if slope == 0 {
				return autograd.Activation{}, nil // it is ReLU
			}
			found.Slope = slope
		}
		return found, found.Check()
	}
	return autograd.Activation{}, fmt.Errorf("the activation %q is not supported; supported are %s", name, strings.Join(Activations(), ", "))
}

// oddPart returns k of act(v) − act(−v) = k·v, for activations where that is
// so.
func oddPart(a autograd.Activation) (k float64, is bool) {
	switch a.Name {
	case autograd.ReLUActivation, autograd.SiLUActivation, autograd.GELUActivation, autograd.SoftplusActivation:
		return 1, true
	case autograd.LeakyReLUActivation:
		return 1 + a.Slope, true
	}
	return 0, false
}
