package interop

import (
	"fmt"
	"strings"

	"github.com/seed-192fdf7a/nf/flow/autograd"
)

// activation is the function between the layers of a conditioner.
type activation struct{ autograd.Activation }

// torchActivations are PyTorch's functions by the names of torch.nn.functional.
var torchActivations = []struct {
	name string
	is   autograd.ActivationName
}{
	{"relu", autograd.ReLUActivation},
	{"leaky_relu", autograd.LeakyReLUActivation},
	{"elu", autograd.ELUActivation},
	{"tanh", autograd.TanhActivation},
	{"silu", autograd.SiLUActivation},
	{"gelu", autograd.GELUActivation},
	{"softplus", autograd.SoftplusActivation},
}

// Activations returns the names that [Options] takes.
func Activations() []string {
	var names []string
	for _, a := range torchActivations {
		names = append(names, a.name)
	}
	return names
}

// newActivation returns the activation of a name; slope is leaky_relu's.
func newActivation(name string, slope float64) (activation, error) {
	for _, a := range torchActivations {
		if a.name != name {
			continue
		}
		found := autograd.Activation{Name: a.is}
		if a.is == autograd.LeakyReLUActivation {
			if slope == 0 {
				return activation{}, nil // it is ReLU
			}
			found.Slope = slope
		}
		return activation{found}, found.Check()
	}
	return activation{}, fmt.Errorf("the activation %q is not supported; supported are %s", name, strings.Join(Activations(), ", "))
}

// oddPart returns k of act(v) − act(−v) = k·v, for activations where that is
// so.
func (a activation) oddPart() (k float64, is bool) {
	switch a.Name {
	case autograd.TanhActivation, autograd.ELUActivation:
		return 0, false
	case autograd.LeakyReLUActivation:
		return 1 + a.Slope, true
	}
	return 1, true
}
