package interop

import (
	"fmt"

	"github.com/seed-192fdf7a/nf/flow/nn"
)

// embeddingNetwork reads the network by which all layers see the context: one
// Linear, or a Sequential of them, as nflows keeps what its user made, and sbi
// behind what standardizes. What is read after it takes its outputs for the
// context.
func (r *reader) embeddingNetwork() error {
	at := embedding + "."
	if r.has(at+"_mean") || r.has(at+"0._mean") {
		at += "1."
	}
	if r.any(at + "net.") { // FCEmbedding of sbi
		at += "net."
	}
	d, said := *r.dialect, r.dialect.Embedding
	if said == nil {
		said = &EmbeddingNet{}
	}
	n := network{context: d.Context}
	if r.has(at + "weight") {
		one, err := r.stateDict.dense(at[:len(at)-1], d.Context, -1)
		if err != nil {
			return err
		}
		n.layers = []dense{one}
	} else if len(r.numbered(at)) == 0 {
		return fmt.Errorf("tensors %s… are an embedding network of the context of no kind that is known: a Linear, or a Sequential of them; "+
			"compute the network's outputs in Python and take them as the context", at)
	} else {
		var err error
		if n, err = r.sequential(at, 0, d.Context, n.activation); err != nil {
			return fmt.Errorf("the embedding network of the context: %w", err)
		}
	}
	if len(n.layers) > 1 || said.ActivatedOutput {
		if said.Activation == "" {
			return fmt.Errorf(`tensors %s… are an embedding network of the context, whose activation the weights do not tell: `+
				`say it in the config: "embedding": {"activation": "relu"}`, at)
		}
		o := Options{Activation: said.Activation, NegativeSlope: said.NegativeSlope}
		act, err := o.activation()
		if err != nil {
			return fmt.Errorf(`"embedding": %w`, err)
		}
		n.activation = act
	}
	spec := &nn.EmbeddingSpec{Activation: n.activation}
	if said.ActivatedOutput {
		n.layers = append(n.layers, identityLayer(n.layers[len(n.layers)-1].out))
	}
	for i, l := range n.layers {
		r.builder.dense(fmt.Sprintf("embedding.layers.%d", i), l)
		if i < len(n.layers)-1 {
			spec.Hidden = append(spec.Hidden, l.out)
		}
		spec.Features = l.out
	}
	r.builder.embedding = spec
	r.builder.context, d.Context = spec.Features, spec.Features
	r.dialect = &d
	return nil
}
