package interop

import (
	"math"
	"strings"
	"testing"

	"github.com/seed-192fdf7a/nf/internal/safetensors"
)

func TestDialectErrors(t *testing.T) {
	for text, words := range map[string][]string{
		``:                                {"not JSON"},
		`[]`:                              {"array"},
		`{"library":"nflows"`:             {"not JSON"},
		`{"library":"nflows"}x`:           {"follows"},
		`{"version":"0.14","features":2}`: {`"library" is missing`},
		`{"library":"pyro","version":"1","features":2}`:                                                            {`"pyro"`, "nflows"},
		`{"library":"nflows","features":2}`:                                                                        {`"version" is missing`},
		`{"library":"nflows","version":"0.13","features":2}`:                                                       {"0.13", "0.14"},
		`{"library":"zuko","version":"new","features":2}`:                                                          {`"new"`},
		`{"library":"zuko","version":"2.0","features":2}`:                                                          {`"2.0"`},
		`{"library":"zuko","version":"1.6.0"}`:                                                                     {`"features" is 0`},
		`{"library":"zuko","version":"1.6.0","features":"2"}`:                                                      {`"features"`, "whole number"},
		`{"library":"zuko","version":"1.6.0","features":2,"context":-1}`:                                           {`"context" is -1`},
		`{"Library":"zuko","version":"1.6.0","features":2}`:                                                        {`"Library" is not known`},
		`{"library":"zuko","library":"zuko","version":"1.6.0","features":2}`:                                       {`"library" comes twice`},
		`{"library":"zuko","version":"1.6.0","features":2,"scalemap":"exp"}`:                                       {`"scalemap" is not known`, "scale_map"},
		`{"library":"zuko","version":"1.6.0","features":2,"univariate":"spline"}`:                                  {`"univariate" is "spline"`, "sos"},
		`{"library":"zuko","version":"1.6.0","features":2,"polynomials":2}`:                                        {`"polynomials" is 2`, "sos"},
		`{"library":"zuko","version":"1.6.0","features":2,"integrand_activation":"swish"}`:                         {"integrand_activation", "swish"},
		`{"library":"zuko","version":"1.6.0","features":2,"slope":1}`:                                              {`"slope" is 1`},
		`{"library":"zuko","version":"1.6.0","features":2,"activation":"swish"}`:                                   {`"swish"`, "relu"},
		`{"library":"zuko","version":"1.6.0","features":2,"activation":"relu","negative_slope":0.1}`:               {`"negative_slope"`},
		`{"library":"zuko","version":"1.6.0","features":2,"layers":{"1":{"kind":"glow"}}}`:                         {`"glow"`, "swap"},
		`{"library":"zuko","version":"1.6.0","features":2,"layers":{"1":{"features":3}}}`:                          {`"features" is not known`},
		`{"library":"zuko","version":"1.6.0","features":2,"layers":{"1":{"tail_bound":-1}}}`:                       {`"1"`, `"tail_bound"`},
		`{"library":"zuko","version":"1.6.0","features":2,"layers":{"1":{"kind":"swap","Kind":"swap"}}}`:           {`"Kind" is not known`},
		`{"library":"tarflow","version":"main","features":4}`:                                                      {`"tarflow" is missing`, `"patch"`},
		`{"library":"tarflow","version":"1.0","features":4,"tarflow":{"patch":2}}`:                                 {`"1.0"`, "main"},
		`{"library":"tarflow","version":"main","features":4,"tarflow":{"patch":0}}`:                                {`"patch" is 0`},
		`{"library":"tarflow","version":"main","features":4,"tarflow":{"patch":2,"levels":1}}`:                     {`"levels" is 1`},
		`{"library":"tarflow","version":"main","features":4,"tarflow":{"patch":2,"noise":0.1}}`:                    {`"levels"`},
		`{"library":"zuko","version":"1.6.0","features":4,"tarflow":{"patch":2}}`:                                  {`"tarflow" is for the library tarflow`},
		`{"library":"zuko","version":"1.6.0","image":[4,4],"features":2}`:                                          {"zuko has no flows of images"},
		`{"library":"y0ast","version":"x","features":2}`:                                                           {`"image" is missing`},
		`{"library":"y0ast","version":"x","image":[4],"features":2}`:                                               {"[H, W]"},
		`{"library":"y0ast","version":"x","image":[4,0],"features":2}`:                                             {"[H, W]"},
		`{"library":"y0ast","version":"x","image":[1000000,1000000],"features":2}`:                                 {`"image"`},
		`{"library":"y0ast","version":"x","image":[4,4],"features":2,"pixels":{"levels":1,"low":0,"high":1}}`:      {`"pixels"`},
		`{"library":"y0ast","version":"x","image":[4,4],"features":2,"pixels":{"levels":256,"low":1,"high":1}}`:    {`"pixels"`},
		`{"library":"nflows","version":"0.14","features":2,"pixels":{"levels":256,"low":0,"high":1}}`:              {`"image"`},
		`{"library":"nflows","version":"0.14","features":2,"layers":{"1":{"kind":"squeeze","factor":1}}}`:          {`"factor" is 1`},
		`{"library":"zuko","version":"1.6.0","features":70000}`:                                                    {`"features" is 70000`},
		`{"library":"zuko","version":"1.6.0","features":2,"layers":{"1":{"kind":"swap"},"1":{"kind":"identity"}}}`: {`"1" comes twice`},
	} {
		_, err := ParseDialect([]byte(text))
		if err == nil {
			t.Errorf("%s: no error", text)
			continue
		}
		for _, w := range words {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %q does not hold %q", text, err, w)
			}
		}
	}
}

// drop leaves out the tensors whose names hold the text.
func drop(text string) func(g golden) {
	return func(g golden) {
		g.rename(func(name string) string {
			if strings.Contains(name, text) {
				return ""
			}
			return name
		})
	}
}

// reshape gives a tensor another shape, and as many values.
func reshape(name string, shape ...int) func(g golden) {
	return func(g golden) {
		n := 1
		for _, s := range shape {
			n *= s
		}
		g.state.tensors[name] = safetensors.Tensor{Name: name, Shape: shape, Values: make([]float32, n)}
	}
}

func TestWeightErrors(t *testing.T) {
	const affine, made = "_transform._transforms.0.", "_transform._transforms.1.autoregressive_net."
	for _, test := range []struct {
		name   string
		change func(g golden)
		words  []string
	}{
		{"nflows-maf", drop("0._permutation"), []string{"_transform._transforms.0.…", `"layers": {"0": {"kind"`}},
		{"nflows-maf", drop("1.autoregressive_net.initial_layer.weight"), []string{made + "initial_layer.weight is missing"}},
		{"nflows-maf", drop("1.autoregressive_net.blocks.0"), []string{made + "blocks.1", "incomplete"}},
		{"nflows-maf", drop("_transform"), []string{"no tensors"}},
		{"nflows-maf", reshape(made+"initial_layer.weight", 12, 4), []string{made + "initial_layer.weight", "[12 4]", "5"}},
		{"nflows-maf", reshape(made+"final_layer.bias", 3), []string{made + "final_layer.bias", "[3]"}},
		{"nflows-maf", reshape(made+"final_layer.mask", 10, 11), []string{made + "final_layer.mask"}},
		{"nflows-maf", reshape("_transform._transforms.0._permutation", 5), []string{"0._permutation", "no permutation"}},
		{"nflows-maf", reshape("_transform._transforms.4._permutation", 4), []string{"4._permutation", "[4]"}},
		{"nflows-maf", reshape("_transform._transforms.1.surprise", 1), []string{"surprise", "nothing is known"}},
		{"nflows-maf", reshape("_embedding_net.weight", 1, 1), []string{"_embedding_net", `no "context"`}},
		{"nflows-maf-context", reshape("_embedding_net.weight", 1, 1), []string{"_embedding_net.weight", "[1 1]"}},
		{"nflows-maf-context", reshape("_embedding_net.lstm.weight", 1, 1), []string{"_embedding_net", "embedding network", "no kind that is known"}},
		{"nflows-maf-embedding", func(g golden) { g.dialect.Embedding = nil }, []string{"_embedding_net", `"embedding": {"activation"`}},
		{"nflows-maf-embedding", drop("_embedding_net.2.bias"), []string{"_embedding_net.2.bias is missing"}},
		{"nflows-maf-embedding", drop("_embedding_net"), []string{`"embedding"`, "no tensors _embedding_net"}},
		{"nflows-maf-context", func(g golden) { g.dialect.Embedding = &EmbeddingNet{} }, []string{`"embedding"`, "no tensors _embedding_net"}},
		{"sbi-maf", reshape("net._embedding_net.1.0.weight", 1, 1), []string{"_embedding_net.1.0.weight", "1 inputs", "context of 4"}},
		{"sbi-maf", reshape("net._embedding_net.0._std", 4), []string{"_embedding_net.0._std", "positive"}},
		{"sbi-maf", reshape("net._embedding_net.0._mean", 3), []string{`without "net."`, "_embedding_net.0._mean", "1 or 4"}},
		{"sbi-maf", reshape("optimizer.step", 1), []string{"tensors _transform.… are missing", `begin with "net."`}},
		{"sbi-maf", drop("blocks.1.linear.bias"), []string{"blocks.1.linear.bias is missing"}},
		{"sbi-nsf", drop("blocks.1.context_layer"), []string{"blocks.1.context_layer.weight is missing", "gates block 0"}},
		{"sbi-nsf", drop("blocks.0.context_layer"), []string{"blocks.0.context_layer.weight is missing", "gates block 1"}},
		{"sbi-nsf-one", func(g golden) { g.dialect.Context = 2 }, []string{"_embedding_net.0._mean", "1 or 2"}},
		{"nflows-coupling-leaky", drop("blocks.1.context_layer"), []string{"transform_net.blocks.1.context_layer.weight is missing"}},
		{"normflows-nsf-ar-context", drop("blocks.1.context_layer"), []string{"autoregressive_net.blocks.1.context_layer.weight is missing"}},
		{"nflows-maf", reshape("_distribution._made.initial_layer.weight", 1, 1), []string{"MADEMoG"}},
		{"nflows-maf", reshape("_transform._transforms.1.transformer.integrand_net.net.0.weight", 1, 1), []string{"UMNN"}},
		{"nflows-maf", reshape("_transform._transforms.1.integrand_net.net.0.weight", 1, 1), []string{"UMNN"}},
		{"nflows-conditional-base", reshape("_distribution._context_encoder.bias", 5), []string{"_distribution._context_encoder.bias", "[6]"}},
		{"nflows-conditional-base-network", drop("_context_encoder.2"), []string{"_context_encoder", "12 outputs", "2 features"}},
		{"nflows-maf", reshape("_transform._transforms.9.other", 1), []string{"_transform._transforms.4"}},
		{"nflows-maf", reshape("_transform._transforms.4.weird", 1), []string{"weird"}},
		{"nflows-maf", func(g golden) { g.dialect.Features = 6 }, []string{"_transform._transforms.0._permutation", "[6]"}},
		{"zuko-sospf", func(g golden) { polynomials := 7; g.dialect.Polynomials = &polynomials }, []string{"a feature has 16 parameters", "polynomials"}},
		{"zuko-bpf", func(g golden) { g.dialect.Univariate = "" }, []string{"a feature has 6 parameters", "BPF"}},
		{"zuko-neural", reshape("transform.transforms.0.univariate.network.0.weight", 3, 8, 3), []string{"network.0.weight", "[3 8 3]"}},
		{"zuko-neural", reshape("transform.transforms.0.univariate.network.4.weight", 3, 2, 7), []string{"network.4.bias"}},
		{"zuko-neural", reshape("transform.transforms.0.univariate.network.1.weight", 3, 2, 7), []string{"normalize=True"}},
		{"nflows-maf", func(g golden) { g.dialect.Library, g.dialect.Version = "zuko", "1.6.0" }, []string{"transform.… are missing", "zuko"}},
		{"nflows-maf", func(g golden) { g.dialect.Library, g.dialect.Version = "normflows", "1.7.3" }, []string{"flows.…"}},
		{"nflows-maf", func(g golden) { g.dialect.Layers = map[string]Layer{"1": {Kind: "swap"}} }, []string{"layer 1", "swap"}},
		{"nflows-maf", func(g golden) {
			g.state.tensors[made+"final_layer.bias"].Values[1] = float32(wide(1e39))
		}, []string{made + "final_layer.bias", "value 1", "finite"}},
		{"nflows-coupling-elu", func(g golden) { g.dialect.ScaleMap = "general" }, []string{"general", "relu only"}},
		{"nflows-coupling-extras", func(g golden) { g.dialect.ScaleMap = "sigmoid" }, []string{"sigmoid", "additive"}},
		{"nflows-coupling", reshape(affine+"transform_features", 2), []string{affine + "identity_features"}},
		{"nflows-nsf", reshape(affine+"transform_net.final_layer.bias", 17), []string{affine + "transform_net.final_layer.bias"}},
		{"nflows-nsf", reshape(affine+"unconditional_transform.unnormalized_derivatives", 3, 7), []string{"unconditional_transform.unnormalized_derivatives"}},
		{"nflows-nsf", drop("initial_layer"), []string{"no network that is known"}},
		{"zuko-cnf", reshape("transform.times", 2), []string{"transform.times", "0 to 1"}},
		{"zuko-cnf", reshape("transform.freqs", 3), []string{"transform.freqs", "multiples of π"}},
		{"zuko-cnf", reshape("transform.ode.4.weight", 3, 12), []string{"transform.ode.4.bias", "4"}},
		{"zuko-gf", reshape("transform.transforms.1.A", 2, 2), []string{"transforms.1.A", "[3, 3]"}},
		{"zuko-gf", reshape("transform.transforms.0.phi.1", 3), []string{"parameters"}},
		{"zuko-maf", drop("base."), []string{"base.loc"}},
		{"zuko-maf", reshape("base.scale", 5), []string{"base.scale", "positive"}},
		{"zuko-maf", reshape("transform.transforms.0.hyper.4.weight", 10, 7), []string{"hyper.4.weight"}},
		{"zuko-maf", reshape("base.lower", 5), []string{"BoxUniform", "NCSF"}},
		{"zuko-maf", func(g golden) {
			drop("base.")(g)
			for name, v := range map[string]float32{"base._0": -math.Pi - 1e-5, "base._1": math.Pi + 1e-5} {
				g.state.tensors[name] = safetensors.Tensor{Name: name, Shape: []int{5}, Values: []float32{v, v, v, v, v}}
			}
		}, []string{"BoxUniform", "NCSF"}},
		{"zuko-affine", reshape("transform.transforms.0._1", 3), []string{"transform.transforms.0._1", "value 0", "positive"}},
		{"zuko-coupling", drop("0.hyper.2.bias"), []string{"transform.transforms.0.hyper.2.bias is missing"}},
		{"zuko-coupling", drop("0.hyper.2"), []string{"transform.transforms.0.hyper.2", "normalize"}},
		{"zuko-coupling", reshape("transform.transforms.0.hyper.0.weight", 12, 9), []string{"hyper.0.weight", "9 inputs", "context"}},
		{"normflows-coupling", func(g golden) { g.dialect.Layers = nil }, []string{"flows.1.…", `"layers": {"1"`}},
		{"normflows-coupling", func(g golden) { g.dialect.SplitMode = "channel_inv" }, []string{"inputs"}},
		{"normflows-coupling", func(g golden) { g.dialect.SplitMode = "half" }, []string{`"split_mode" is "half"`}},
		{"normflows-coupling", func(g golden) {
			g.dialect.SplitMode, g.dialect.Layers = "channel_inv", map[string]Layer{"1": {Kind: "swap"}, "3": {Kind: "swap"}}
		},
			[]string{`"split_mode"`, "2 of 5", `"channel_inv"`}},
		{"normflows-affine", reshape("flows.1.log_S", 4), []string{"flows.1.log_S", "[5]"}},
		{"normflows-affine", reshape("flows.1.P", 5, 5), []string{"flows.1", "no inverse"}},
		{"normflows-affine", reshape("flows.3.W", 5, 5), []string{"flows.3.W", "no inverse"}},
		{"normflows-affine-mixture", reshape("q0.loc", 3, 4), []string{"q0.loc", "[1, 3, 4]"}},
		{"normflows-maf", func(g golden) { g.dialect.ScaleMap = "softplus" }, []string{"softplus", "sigmoid"}},
		{"normflows-maf", reshape("flows.9.eps", 1), []string{"flows.9", "BatchNorm"}},
		{"normflows-maf", reshape("flows.4.L", 5, 5), []string{"flows.4.L", "no kind that is supported"}},
		{"normflows-maf", reshape("flows.0.autoregressive_net.preprocessing.weights", 1, 2), []string{"preprocessing", "periodic"}},
		{"normflows-maf", reshape("q0.weights", 1, 2), []string{"q0.weights"}},
		{"normflows-maf", drop("q0.log_scale"), []string{"q0"}},
		{"normflows-maf", reshape("flows.4000000.b", 1), []string{"flows.4000000", "1024"}},
		{"tarflow-classes", func(g golden) { g.dialect.TarFlow.Patch = 3 }, []string{`"patch" is 3`, "12 values", "multiple of 9"}},
		{"tarflow-classes", func(g golden) { g.dialect.TarFlow.HeadWidth = 0 }, []string{"64 columns", "width 8", `"head_width"`}},
		{"tarflow-classes", func(g golden) { g.dialect.Features = 47 }, []string{`"features" is 47`, "4 x 4 pixels of 3 channels, 48 values"}},
		{"tarflow-classes", func(g golden) { g.dialect.Context = 2 }, []string{"blocks.0.class_embed", "3 classes", `"context": 2`}},
		{"tarflow-shifts", func(g golden) { g.dialect.Context = 2 }, []string{"blocks.0.class_embed is missing", `"context": 2`}},
		{"tarflow-classes", func(g golden) { g.state.tensors["blocks.1.attn_mask"].Values[2] = 1 }, []string{"blocks.1.attn_mask", "value 2"}},
		{"tarflow-classes", func(g golden) { g.state.tensors["var"].Values[5] = -1 }, []string{"var", "-1", "positive"}},
		{"tarflow-classes", drop("blocks.0.attn_blocks.1.mlp.main.2.bias"), []string{"blocks.0.attn_blocks.1.mlp.main.2.bias is missing"}},
		{"tarflow-classes", drop("blocks.0.attn_blocks.0"), []string{"blocks.0.attn_blocks.1.…", "incomplete"}},
		{"tarflow-shifts", drop("blocks."), []string{"blocks.… are missing", "a TarFlow"}},
		{"tarflow-shifts", reshape("blocks.0.proj_out.weight", 5, 8), []string{"blocks.0.proj_out", "[5]"}},
		{"normflows-coupling-sigmoid-inv", func(g golden) {
			for name := range g.state.tensors {
				if strings.HasSuffix(name, "data_dep_init_done") {
					clear(g.state.tensors[name].Values)
				}
			}
		}, []string{"data_dep_init_done", "save"}},
	} {
		g := readGolden(t, test.name)
		test.change(g)
		_, err := g.load()
		if err == nil {
			t.Errorf("%s: no error, want one of %q", test.name, test.words)
			continue
		}
		for _, w := range test.words {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %q does not hold %q", test.name, err, w)
			}
		}
	}
}

// wide keeps a constant from being checked by the compiler.
func wide(v float64) float64 { return v }

func TestNames(t *testing.T) {
	g := readGolden(t, "nflows-maf-context")
	f, err := load(g.state, g.dialect, Names{Features: []string{"a", "b", "c", "d", "e"}})
	if err != nil {
		t.Fatal(err)
	}
	if c := f.Config(); c.Features[4] != "e" || c.Context[1] != "c1" {
		t.Errorf("the columns are %v and %v", c.Features, c.Context)
	}
	images := readGolden(t, "tarflow-shifts")
	if _, err := load(images.state, images.dialect, Names{Features: []string{"a"}}); err == nil || !strings.Contains(err.Error(), "channels") {
		t.Errorf("names for an image: %v", err)
	}
	if _, err := load(g.state, g.dialect, Names{Features: []string{"a"}}); err == nil || !strings.Contains(err.Error(), "1 names") {
		t.Errorf("one name for five features: %v", err)
	}
}
