package main

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seed-192fdf7a/nf/internal/atomicfile"
)

// fileKey is equal for two names of one file.
func fileKey(path string) string {
	if absolute, err := filepath.Abs(path); err == nil {
		path = absolute
	}
	if resolved, err := filepath.EvalSymlinks(path); err == nil {
		return resolved
	}
	// The file is not there yet, but its directory may be.
	if directory, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		return filepath.Join(directory, filepath.Base(path))
	}
	return path
}

// oneStandardInput is a usage error if several flags read standard input.
func oneStandardInput(paths ...string) error {
	count := 0
	for _, path := range paths {
		if path == "-" {
			count++
		}
	}
	if count > 1 {
		return usage("standard input (-) can be read once only")
	}
	return nil
}

// checkWritable is the error that creating a file at path would meet. It
// leaves nothing behind.
func checkWritable(path string) error {
	file, err := atomicfile.Probe(path)
	if file != nil {
		file.Abort()
	}
	return err
}

// replaceable tells whether a file can be written at path more than once: it
// is a regular one, or not there yet.
func replaceable(path string) bool {
	info, err := os.Stat(path)
	return err != nil || info.Mode().IsRegular()
}

// paths is the files that a command line names, by flag.
type paths map[string]string

// distinctPaths is a usage error if an output is one of the inputs or another
// output: the same name, or another name of the same file, through a symbolic or
// a hard link.
func distinctPaths(inputs, outputs paths) error {
	for _, output := range slices.Sorted(maps.Keys(outputs)) {
		for _, others := range []paths{inputs, outputs} {
			for _, other := range slices.Sorted(maps.Keys(others)) {
				if other != output && sameFile(outputs[output], others[other]) {
					first, second := min(output, other), max(output, other)
					return usage("%s and %s are the same file, %s", dashed(first), dashed(second), others[other])
				}
			}
		}
	}
	return nil
}

// dashed writes a flag as a user gives it, and other names as they are.
func dashed(flag string) string {
	if strings.Contains(flag, " ") {
		return flag
	}
	return "--" + flag
}

func sameFile(a, b string) bool {
	if a == "" || b == "" || a == "-" || b == "-" {
		return false
	}
	if fileKey(a) == fileKey(b) {
		return replaceable(a) // a terminal or a device may be read and written
	}
	one, err := os.Stat(a)
	if err != nil || !one.Mode().IsRegular() {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}
