package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/interop"
	"github.com/seed-192fdf7a/nf/internal/atomicfile"
)

type importOptions struct {
	weights, config, check, out string
	features, context           []string
	json                        bool
}

func importCommand() *cobra.Command {
	var o importOptions
	command := &cobra.Command{
		Use:   "import --weights FILE --config FILE --check FILE --out MODEL",
		Short: "Make a model of one trained with nflows, zuko, normflows, or the code of TarFlow or Glow",
		Long: `Reads the state dict (.safetensors) of a flow that was trained in Python, and writes a model with the same density.

The config is a JSON object that says what a state dict does not tell: "library", "version", "features", "context" (a
number), "activation", and where the model has affine layers "scale_map" or the like; for images "image". The check is a .npz with rows x,
what the library itself gives as their log_prob, and their context if there is one; also noise z and samples, if wanted.
The model is written only if it meets the check to 1e-4. docs/import.md has the keys, and the Python that writes the files.`,
		Example: `  nf import --weights weights.safetensors --config config.json --check check.npz --out model.safetensors
  nf import --weights w.safetensors --config c.json --check c.npz --out m.safetensors --feature-names a,b --context-names t`,
		Args: noArguments,
	}
	f := command.Flags()
	f.SortFlags = false
	f.StringVar(&o.weights, "weights", "", "state dict, .safetensors (required)")
	f.StringVar(&o.config, "config", "", "what the state dict does not tell, .json (required)")
	f.StringVar(&o.check, "check", "", "rows and what the library computes of them, .npz (required)")
	f.StringVar(&o.out, "out", "", "model file to write (required)")
	f.StringSliceVar(&o.features, "feature-names", nil, "names of the columns of a row (default x0,x1,…)")
	f.StringSliceVar(&o.context, "context-names", nil, "names of the columns of the context (default c0,c1,…)")
	f.BoolVar(&o.json, "json", false, "print the summary as JSON")
	command.RunE = func(command *cobra.Command, _ []string) error {
		if err := require(command, "weights", "config", "check", "out"); err != nil {
			return err
		}
		if !strings.HasSuffix(strings.ToLower(o.out), ".safetensors") {
			return usage("--out is %s; a model's name must end in .safetensors", o.out)
		}
		if err := distinctPaths(paths{"weights": o.weights, "config": o.config, "check": o.check}, paths{"out": o.out}); err != nil {
			return err
		}
		return runImport(command, &o)
	}
	return command
}

// importProvenance is what the model file says of an import.
type importProvenance struct {
	Imported imported `json:"imported"`
}

type imported struct {
	Config  *interop.Dialect `json:"config"`
	Weights string           `json:"weights_sha256"`
	Check   string           `json:"check_sha256"`
}

func runImport(command *cobra.Command, o *importOptions) error {
	if err := checkWritable(o.out); err != nil {
		return err
	}
	var m *importedModel
	err := orInterrupted(command.Context(), func() (err error) {
		m, err = o.read()
		return err
	})
	if err != nil {
		return err
	}
	if m.report.Warning != "" {
		complain(command, "%s", m.report.Warning)
	}
	if err := saveModel(command.Context(), o.out, m.flow); err != nil {
		return err
	}
	return m.print(command.OutOrStdout(), o.json)
}

// importedModel is a flow that met its check, with its provenance.
type importedModel struct {
	dialect *interop.Dialect
	flow    *flow.Flow
	check   *interop.Check
	report  interop.Report
}

// read makes the flow and holds it against the check.
func (o *importOptions) read() (*importedModel, error) {
	var m importedModel
	var err error
	if m.dialect, err = interop.ReadDialect(o.config); err != nil {
		return nil, err
	}
	if m.flow, err = interop.Load(o.weights, m.dialect, interop.Names{Features: o.features, Context: o.context}); err != nil {
		return nil, err
	}
	if m.check, err = interop.ReadCheck(o.check, m.dialect); err != nil {
		return nil, err
	}
	if m.report, err = m.check.Compare(m.flow); err != nil {
		return nil, fmt.Errorf("%s: %w", o.check, err)
	}
	p := importProvenance{imported{Config: m.dialect}}
	for _, file := range []struct {
		path string
		into *string
	}{{o.weights, &p.Imported.Weights}, {o.check, &p.Imported.Check}} {
		if *file.into, err = fileHash(file.path); err != nil {
			return nil, err
		}
	}
	text, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	m.flow.SetProvenance(text)
	return &m, nil
}

func (m *importedModel) print(out io.Writer, asJSON bool) error {
	transforms, parameters := len(m.flow.Config().Transforms), m.flow.Model().Parameters().Len()
	if asJSON {
		return json.NewEncoder(out).Encode(struct {
			Library    string  `json:"library"`
			Transforms int     `json:"transforms"`
			Parameters int     `json:"parameters"`
			Rows       int     `json:"checked_rows"`
			LogProb    float64 `json:"log_prob_difference"`
			Samples    *number `json:"samples_difference"`
			Rounded    int     `json:"rounded_rows"`
		}{m.dialect.Library, transforms, parameters, m.report.Rows, m.report.LogProb, samplesDifference(m.check, m.report), m.report.Rounded})
	}
	fmt.Fprintf(out, "imported from=%s transforms=%d parameters=%d\n", m.dialect.Library, transforms, parameters)
	fmt.Fprintf(out, "checked rows=%d log_prob_difference=%.2g", m.report.Rows, m.report.LogProb)
	if m.check.Samples != nil {
		fmt.Fprintf(out, " samples_difference=%.2g", m.report.Samples)
	}
	if m.report.Rounded > 0 {
		fmt.Fprintf(out, " rounded_rows=%d", m.report.Rounded)
	}
	_, err := fmt.Fprintln(out)
	return err
}

// saveModel writes a model file; an interruption ends its wait for the reader
// of a pipe.
func saveModel(ctx context.Context, path string, f *flow.Flow) error {
	var file *atomicfile.File
	err := orInterrupted(ctx, func() (err error) {
		if file, err = atomicfile.Create(path); err != nil {
			return err
		}
		if err := f.Write(file); err != nil {
			file.Abort()
			return err
		}
		return file.Sync()
	})
	if err != nil {
		return err
	}
	defer file.Abort()
	return file.Commit()
}

func samplesDifference(c *interop.Check, r interop.Report) *number {
	if c.Samples == nil {
		return nil
	}
	n := number(r.Samples)
	return &n
}

// fileHash returns the SHA-256 of a file.
func fileHash(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	h := sha256.New()
	if _, err := io.Copy(h, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
