package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/seed-192fdf7a/nf/flow"
	"github.com/seed-192fdf7a/nf/flow/base"
	"github.com/seed-192fdf7a/nf/flow/transform"
	"github.com/seed-192fdf7a/nf/internal/printable"
)

func inspectCommand() *cobra.Command {
	var asJSON bool
	command := &cobra.Command{
		Use:   "inspect MODEL",
		Short: "Show a model: architecture, constants, provenance",
		Args: func(_ *cobra.Command, arguments []string) error {
			switch len(arguments) {
			case 0:
				return usage("give a model file")
			case 1:
				return nil
			}
			return usage("unexpected argument %q", arguments[1])
		},
		Example: `  nf inspect model.safetensors
  nf inspect model.safetensors --json`,
	}
	command.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	command.RunE = func(command *cobra.Command, arguments []string) error {
		err := orInterrupted(command.Context(), func() error {
			f, err := flow.Load(arguments[0])
			if err != nil {
				return err
			}
			m, err := describeModel(arguments[0], f)
			if err != nil {
				return err
			}
			if asJSON {
				return m.printJSON(command.OutOrStdout())
			}
			return m.print(command.OutOrStdout(), f.Config())
		})
		if err == errInterrupted {
			return errors.New("interrupted") // which never writes a file
		}
		return err
	}
	return command
}

// modelDescription is what the inspect command tells.
type modelDescription struct {
	File          string              `json:"file"`
	Bytes         int64               `json:"bytes"`
	FormatVersion int                 `json:"format_version"`
	Parameters    int                 `json:"parameters"`
	Flow          json.RawMessage     `json:"flow"`
	Tensors       []tensorDescription `json:"tensors"`
	Provenance    json.RawMessage     `json:"provenance"`
}

type tensorDescription struct {
	Name  string `json:"name"`
	Shape [2]int `json:"shape"`
}

func describeModel(path string, f *flow.Flow) (*modelDescription, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	description := f.Config()
	config, err := json.Marshal(description)
	if err != nil {
		return nil, err
	}
	version, err := description.FileVersion()
	if err != nil {
		return nil, err
	}
	m := &modelDescription{
		File: path, Bytes: info.Size(), FormatVersion: version,
		Parameters: f.Model().Parameters().Len(), Flow: config, Provenance: f.Provenance(),
	}
	for _, p := range f.Model().Parameters().All() {
		m.Tensors = append(m.Tensors, tensorDescription{p.Name, [2]int{p.Rows, p.Cols}})
	}
	return m, nil
}

func (m *modelDescription) printJSON(out io.Writer) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	_, err = out.Write(append(printable.JSON(text), '\n'))
	return err
}

// shown writes a text of the file in one cell: what would move a cursor is
// escaped, and what is long is cut.
func shown(text string) string {
	const most = 1000
	return printable.Text(printable.Cut(text, most))
}

func (m *modelDescription) print(out io.Writer, c flow.Config) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "file\t%s (%d bytes, format version %d)\n", shown(m.File), m.Bytes, m.FormatVersion)
	fmt.Fprintf(w, "parameters\t%d in %d tensors\n", m.Parameters, len(m.Tensors))
	if len(c.Grid) > 0 {
		fmt.Fprintf(w, "grid\t%s sites\n", shown(fmt.Sprint(c.Grid)))
	}
	text, err := base.Kinds.Marshal(c.Base)
	if err != nil {
		return err
	}
	name, rest, err := summarized(text, 0)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "base\t%s\n", strings.TrimSpace(name+" "+rest))
	if e := c.Embedding; e != nil {
		fmt.Fprintf(w, "embedding\tof the context, hidden layers %v, %d values\n", e.Hidden, e.Features)
	}
	fmt.Fprintf(w, "transforms\t%d, from data to noise\n", len(c.Transforms))
	for i, t := range c.Transforms {
		text, err := transform.Kinds.Marshal(t)
		if err != nil {
			return err
		}
		name, rest, err := summarized(text, 0)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "  %d\t%s %s\n", i, shown(name), shown(rest))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(out)
	for _, group := range []struct {
		title    string
		names    []string
		constant flow.Standardization
	}{{"feature", c.Features, c.Standardize}, {"context", c.Context, c.StandardizeContext}} {
		if len(group.names) == 0 {
			continue
		}
		fmt.Fprintf(w, "%s\tmean\tstd\n", group.title)
		for i, name := range group.names {
			mean, std := 0.0, 1.0
			if len(group.constant.Mean) > 0 {
				mean, std = group.constant.Mean[i], group.constant.Std[i]
			}
			fmt.Fprintf(w, "%s\t%v\t%v\n", printable.Name(name), mean, std)
		}
		if err := w.Flush(); err != nil {
			return err
		}
		fmt.Fprintln(out)
	}
	if len(c.Discrete) > 0 {
		fmt.Fprintln(w, "discrete\tstep\torigin")
		for _, d := range c.Discrete {
			fmt.Fprintf(w, "%s\t%v\t%v\n", printable.Name(d.Column), d.Step, d.Origin)
		}
		if err := w.Flush(); err != nil {
			return err
		}
		fmt.Fprintln(out)
	}
	if len(c.Circular) > 0 {
		fmt.Fprintln(w, "circular\tlower\tupper")
		for _, circle := range c.Circular {
			fmt.Fprintf(w, "%s\t%v\t%v\n", printable.Name(circle.Column), circle.Lower, circle.Upper)
		}
		if err := w.Flush(); err != nil {
			return err
		}
		fmt.Fprintln(out)
	}
	if m.Provenance == nil {
		_, err := fmt.Fprintln(out, "provenance  none")
		return err
	}
	lines, err := flattened("", m.Provenance)
	if err != nil { // not an object
		lines = [][2]string{{"", compact(m.Provenance, 0)}}
	}
	fmt.Fprintln(w, "provenance\t")
	for _, line := range lines {
		fmt.Fprintf(w, "  %s\t%s\n", shown(line[0]), shown(line[1]))
	}
	return w.Flush()
}

// flattened lists the values of a JSON object as pairs of a path and a value.
func flattened(prefix string, object json.RawMessage) ([][2]string, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(object, &fields); err != nil {
		return nil, err
	}
	keys := slices.Sorted(maps.Keys(fields))
	var lines [][2]string
	for _, key := range keys {
		if inner, err := flattened(prefix+key+".", fields[key]); err == nil {
			lines = append(lines, inner...)
			continue
		}
		lines = append(lines, [2]string{prefix + key, compact(fields[key], 0)})
	}
	return lines, nil
}

// summarized writes a transform's description in one line: its type, and
// key=value for the rest, with masks and other lists of bits as 0101.
func summarized(text []byte, depth int) (name, rest string, err error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil {
		return "", "", err
	}
	if err := json.Unmarshal(fields["type"], &name); err != nil {
		return "", "", err
	}
	delete(fields, "type")
	words := make([]string, 0, len(fields))
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		words = append(words, key+"="+compact(fields[key], depth))
	}
	return name, strings.Join(words, " "), nil
}

// maxSummary is how many objects inside each other are written out, because each
// of them is scanned anew with what it holds.
const maxSummary = 6

// compact writes a value that so many objects lie around.
func compact(value json.RawMessage, depth int) string {
	const most = 64
	var bits []bool
	var numbers []json.Number
	var names []string
	var fields map[string]json.RawMessage
	object := bytes.HasPrefix(value, []byte("{"))
	switch {
	case object && depth == maxSummary:
		return "…"
	case !object && json.Unmarshal(value, &bits) == nil && len(bits) > 0:
		var b strings.Builder
		for _, bit := range bits[:min(len(bits), most)] {
			digit := byte('0')
			if bit {
				digit = '1'
			}
			b.WriteByte(digit)
		}
		if len(bits) > most {
			fmt.Fprintf(&b, "… (%d)", len(bits))
		}
		return b.String()
	case !object && json.Unmarshal(value, &numbers) == nil:
		words := make([]string, 0, len(numbers))
		for _, n := range numbers[:min(len(numbers), most)] {
			words = append(words, n.String())
		}
		if len(numbers) > most {
			words = append(words, fmt.Sprintf("… (%d)", len(numbers)))
		}
		return strings.Join(words, ",")
	case !object && json.Unmarshal(value, &names) == nil:
		return listed(names)
	case json.Unmarshal(value, &fields) == nil:
		if _, tagged := fields["type"]; tagged {
			if name, rest, err := summarized(value, depth+1); err == nil {
				return strings.TrimSpace(name + "(" + rest + ")")
			}
		}
		words := make([]string, 0, len(fields))
		for key, inner := range fields {
			words = append(words, key+"="+compact(inner, depth+1))
		}
		slices.Sort(words)
		return "(" + strings.Join(words, " ") + ")"
	}
	if text, err := strconv.Unquote(string(value)); err == nil {
		return text
	}
	return string(value)
}
