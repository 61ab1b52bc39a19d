package interop

import (
	"errors"
	"fmt"
	"slices"

	"github.com/seed-192fdf7a/nf/flow/nn"
)

// arranged is a masked network as nn.MADE has it: the features in their order,
// and the units of each layer sorted by degree.
type arranged struct {
	order   []int
	spec    nn.MADESpec
	network network // inputs are the context and then the features in their order
}

// set is a set of features.
type set []uint64

func newSet(n int) set { return make(set, (n+63)/64) }

func (s set) add(i int) { s[i/64] |= 1 << (i % 64) }

func (s set) has(i int) bool { return s[i/64]>>(i%64)&1 == 1 }

// join adds the elements of t and tells whether there were new ones.
func (s set) join(t set) (grew bool) {
	for i, v := range t {
		grew = grew || v&^s[i] != 0
		s[i] |= v
	}
	return grew
}

// seenBy returns the features that each output of a layer can see, given those
// of its inputs.
func seenBy(d dense, inputs []set, features int) []set {
	out := make([]set, d.out)
	for o := range out {
		out[o] = newSet(features)
		for i, s := range inputs {
			if d.exists(o*d.in + i) {
				out[o].join(s)
			}
		}
	}
	return out
}

// arrange finds an order of the features in which each one's parameters see
// only features before it, and sorts the units of every layer by how far they
// see. It looks at the masks alone; parameters is the number of outputs of each
// feature, which stand together.
func (n network) arrange(features, parameters int) (*arranged, error) {
	sets, err := n.sets(features)
	if err != nil {
		return nil, err
	}
	last := n.layers[len(n.layers)-1]
	if last.out != features*parameters {
		return nil, fmt.Errorf("the last layer has %d outputs, want %d for each of %d features", last.out, parameters, features)
	}
	outputs := seenBy(last, sets[len(sets)-1], features)
	needs := make([]set, features)
	for f := range needs {
		needs[f] = newSet(features)
		for _, s := range outputs[f*parameters : (f+1)*parameters] {
			needs[f].join(s)
		}
	}
	order, err := topological(needs)
	if err != nil {
		return nil, err
	}
	position := make([]int, features)
	for i, f := range order {
		position[f] = i
	}
	a := &arranged{order: order, network: n}
	a.spec.Residual, a.spec.Gated, a.spec.Plain = n.residual, n.gates != nil, n.plain
	a.spec.Activation = n.activation
	a.spec.Encoder, a.spec.BlockContext = n.encoder != nil, n.blockContexts != nil
	a.network.layers, a.network.gates, a.network.blockContexts = nil, nil, nil

	// What the first layer sees of the context comes first, and then the features
	// in their order.
	var places, all []int
	for c := range n.context {
		all = append(all, c)
		if n.encoder == nil {
			places = append(places, features+c)
		}
	}
	places = append(places, order...)
	var stream []int
	for l, d := range n.layers {
		units := make([]int, d.out)
		for i := range units {
			units[i] = i
		}
		switch ends := n.residual && l > 0 && l%2 == 0 && l < len(n.layers)-1; {
		case l == len(n.layers)-1:
			units = units[:0]
			for p := range parameters {
				for _, f := range order {
					units = append(units, f*parameters+p)
				}
			}
		case ends:
			units = stream
		default:
			var counts []int
			if units, counts = byDegree(sets[l], position); len(units) == 0 {
				return nil, fmt.Errorf("hidden layer %d reaches no output", l)
			}
			a.spec.Units = append(a.spec.Units, counts)
			switch {
			case l == 0:
				stream = units
				if n.encoder != nil {
					e := n.encoder.rearranged(units, all)
					a.network.encoder = &e
				}
			case n.blockContexts != nil:
				a.network.blockContexts = append(a.network.blockContexts, n.blockContexts[l/2].rearranged(units, all))
			}
		}
		a.network.layers = append(a.network.layers, d.rearranged(units, places))
		places = units
	}
	for _, g := range n.gates {
		a.network.gates = append(a.network.gates, g.rearranged(stream, all))
	}
	return a, nil
}

// sets returns the features that the outputs of each layer but the last can
// see. What a block adds to the stream belongs to the stream from the start on.
func (n network) sets(features int) ([][]set, error) {
	count := features + n.context
	if n.encoder != nil {
		count = features
	}
	inputs := make([]set, count)
	for i := range inputs {
		inputs[i] = newSet(features)
		if i < features {
			inputs[i].add(i)
		}
	}
	if n.layers[0].in != len(inputs) {
		return nil, fmt.Errorf("the first layer has %d inputs, want %d of %d features and a context of %d", n.layers[0].in, count, features, n.context)
	}
	hidden := n.layers[:len(n.layers)-1]
	if !n.residual {
		sets := [][]set{inputs}
		for _, d := range hidden {
			sets = append(sets, seenBy(d, sets[len(sets)-1], features))
		}
		if len(hidden) == 0 {
			return sets, nil
		}
		return sets[1:], nil
	}
	stream := seenBy(hidden[0], inputs, features)
	for grew := true; grew; {
		grew = false
		for l := 1; l < len(hidden); l += 2 {
			for u, s := range seenBy(hidden[l+1], seenBy(hidden[l], stream, features), features) {
				grew = stream[u].join(s) || grew
			}
		}
	}
	sets := [][]set{stream}
	for l := 1; l < len(hidden); l += 2 {
		sets = append(sets, seenBy(hidden[l], stream, features), stream)
	}
	return sets, nil
}

// topological returns an order in which every feature comes after those that
// it needs, of several the one with the smallest numbers first.
func topological(needs []set) ([]int, error) {
	var order []int
	done := newSet(len(needs))
	for len(order) < len(needs) {
		next := -1
		for f, need := range needs {
			if !done.has(f) && subset(need, done) {
				next = f
				break
			}
		}
		if next < 0 {
			return nil, errors.New("its masks are not autoregressive: some features see themselves or each other")
		}
		done.add(next)
		order = append(order, next)
	}
	return order, nil
}

func subset(s, t set) bool {
	for i, v := range s {
		if v&^t[i] != 0 {
			return false
		}
	}
	return true
}

// byDegree returns the units that see at most all features but the last,
// sorted by the number of positions that they need, and how many there are of
// each degree. Others could not reach an output.
func byDegree(sets []set, position []int) (units, counts []int) {
	counts = make([]int, len(position))
	degrees := make([]int, len(sets))
	for u, s := range sets {
		for f, p := range position {
			if s.has(f) {
				degrees[u] = max(degrees[u], p+1)
			}
		}
		if degrees[u] < len(position) {
			counts[degrees[u]]++
			units = append(units, u)
		}
	}
	slices.SortStableFunc(units, func(a, b int) int { return degrees[a] - degrees[b] })
	return units, counts
}

// rearranged returns the layer of the given outputs and inputs, in their order.
func (d dense) rearranged(outputs, inputs []int) dense {
	r := newMasked(len(inputs), len(outputs))
	for o, from := range outputs {
		r.bias[o] = d.bias[from]
		for i, source := range inputs {
			if at := from*d.in + source; d.exists(at) {
				r.set(o, i, d.weight[at])
			}
		}
	}
	return r
}
