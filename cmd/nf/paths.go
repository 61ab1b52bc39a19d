package main

import (
	"os"
	"path/filepath"
	"slices"

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

// createProbe begins a file at path that is to be aborted, to learn whether it
// could be written. It is nil for a device or a pipe, where opening it twice
// could block.
func createProbe(path string) (*atomicfile.File, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return nil, nil
	}
	return atomicfile.Create(path)
}

// checkWritable is the error that creating a file at path would meet. It
// leaves nothing behind.
func checkWritable(path string) error {
	file, err := createProbe(path)
	if file != nil {
		file.Abort()
	}
	return err
}

// distinctPaths is a usage error if two flags name the same file.
func distinctPaths(paths map[string]string) error {
	seen := map[string]string{}
	flags := make([]string, 0, len(paths))
	for flag := range paths {
		flags = append(flags, flag)
	}
	slices.Sort(flags)
	for _, flag := range flags {
		path := paths[flag]
		if path == "" || path == "-" {
			continue
		}
		key := fileKey(path)
		if other, ok := seen[key]; ok {
			return usage("--%s and --%s are the same file, %s", other, flag, path)
		}
		seen[key] = flag
	}
	return nil
}
