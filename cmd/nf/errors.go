package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/seed-192fdf7a/nf/internal/printable"
)

const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// usageError is a command line that asks for nothing possible, whatever the
// files hold.
type usageError struct{ message string }

func (e *usageError) Error() string { return e.message }

func usage(format string, arguments ...any) error {
	return &usageError{fmt.Sprintf(format, arguments...)}
}

// asUsage makes a usage error of any error.
func asUsage(err error) error {
	if errors.As(err, new(*usageError)) {
		return err
	}
	return usage("%s", oneLine(err))
}

// report prints an error as one line and returns the exit code.
func report(out io.Writer, command *cobra.Command, err error) int {
	if err == nil {
		return exitDone
	}
	fmt.Fprintf(out, "%s: %s\n", command.CommandPath(), oneLine(err))
	if errors.As(err, new(*usageError)) {
		fmt.Fprintf(out, "see %s --help\n", command.CommandPath())
		return exitUsage
	}
	return exitFailed
}

// packagePrefix is how the library's packages begin their errors, which tells
// a user of the command nothing.
var packagePrefix = regexp.MustCompile(`^((flow|train|transform|autograd|blas|kernels|table|safetensors|interop): )+`)

// maxMessage bounds a message, whatever the names are that it holds.
const maxMessage = 4000

// oneLine writes an error as one line that moves no cursor.
func oneLine(err error) string {
	text := packagePrefix.ReplaceAllString(err.Error(), "")
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
	return printable.Text(printable.Cut(text, maxMessage))
}

// flagError says what is wrong with a flag in the words of this program.
func flagError(err error) error {
	var value *pflag.InvalidValueError
	var unknown *pflag.NotExistError
	var missing *pflag.ValueRequiredError
	switch {
	case errors.As(err, &value):
		return usage("%s is %q, which is not %s", flagName(value.GetFlag()), value.GetValue(), kindOf(value.GetFlag().Value.Type()))
	case errors.As(err, &unknown):
		name := unknown.GetSpecifiedName()
		if unknown.GetSpecifiedShortnames() != "" {
			return usage("there is no flag -%s", name)
		}
		return usage("there is no flag --%s", name)
	case errors.As(err, &missing):
		return usage("%s needs a value", flagName(missing.GetFlag()))
	}
	return asUsage(err)
}

func flagName(flag *pflag.Flag) string {
	if flag.Shorthand != "" {
		return "-" + flag.Shorthand
	}
	return "--" + flag.Name
}

func kindOf(flagType string) string {
	switch flagType {
	case "int", "int64":
		return "a whole number"
	case "uint64":
		return "a whole number from 0 to 18446744073709551615"
	case "float64":
		return "a number"
	case "bool":
		return "true or false"
	case "intSlice":
		return "a list of whole numbers such as 128,128"
	}
	return "a list such as a,b"
}

func unknownCommand(root *cobra.Command, name string) error {
	root.SuggestionsMinimumDistance = 2
	if near := root.SuggestionsFor(name); len(near) > 0 {
		return usage("there is no command %q; did you mean %s?", name, near[0])
	}
	return usage("there is no command %q", name)
}

// require is a usage error unless the named flags have values.
func require(command *cobra.Command, names ...string) error {
	for _, name := range names {
		flag := command.Flags().Lookup(name)
		if !flag.Changed {
			return usage("%s is required", flagName(flag))
		}
		if flag.Value.String() == "" {
			return usage("%s is empty", flagName(flag))
		}
	}
	return nil
}

// noEmptyValues refuses a flag that is given without a value, as an unset
// variable of a shell does, where the default would be taken in silence.
func noEmptyValues(command *cobra.Command) error {
	var err error
	command.Flags().Visit(func(flag *pflag.Flag) {
		list, isList := flag.Value.(pflag.SliceValue)
		if err == nil && (flag.Value.String() == "" || isList && len(list.GetSlice()) == 0) {
			err = usage("%s is empty: give it a value, or leave it out", flagName(flag))
		}
	})
	return err
}

// noArguments refuses anything but flags.
func noArguments(_ *cobra.Command, arguments []string) error {
	if len(arguments) > 0 {
		return usage("unexpected argument %q", arguments[0])
	}
	return nil
}

// listed writes names one after the other, the first twenty of them, each in
// such a way that it can be told from names that look like it.
func listed(names []string) string { return printable.List(names) }

// flagValue writes column names as a shell user gives them to a flag.
func flagValue(names []string) string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	if err := w.Write(names); err != nil {
		return strings.Join(names, ",")
	}
	w.Flush()
	text := strings.TrimSuffix(b.String(), "\n")
	if regexp.MustCompile(`^[A-Za-z0-9_.,:/+=@-]+$`).MatchString(text) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
