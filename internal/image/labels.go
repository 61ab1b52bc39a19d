package image

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/seed-192fdf7a/nf/internal/printable"
)

// ReadLabels reads the classes of images, whole numbers: an IDX or NumPy file of
// one dimension, or a text with one a line, whose first line may be a name.
func ReadLabels(path string) ([]int, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("cannot open the labels: %w", err)
	}
	defer file.Close()
	labels, err := readLabels(strings.ToLower(path), file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", printable.Name(path), err)
	}
	return labels, nil
}

func readLabels(name string, in io.Reader) ([]int, error) {
	if strings.HasSuffix(name, ".npy") {
		return readNPYLabels(bufio.NewReader(in))
	}
	if strings.HasSuffix(name, ".gz") {
		all, err := gunzip(in)
		if err != nil {
			return nil, err
		}
		in, name = bytes.NewReader(all), strings.TrimSuffix(name, ".gz")
	}
	if isIDX(name) {
		return readIDXLabels(in)
	}
	var labels []int
	lines := bufio.NewScanner(in)
	for number := 1; lines.Scan(); number++ {
		text := strings.TrimSpace(lines.Text())
		label, err := strconv.Atoi(text)
		switch {
		case err == nil:
			labels = append(labels, label)
		case number > 1:
			return nil, fmt.Errorf("line %d is %s, want a whole number", number, printable.Short(text))
		}
	}
	return labels, lines.Err()
}

func readIDXLabels(in io.Reader) ([]int, error) {
	sizes, _, err := idxHeader(in)
	if err != nil {
		return nil, err
	}
	if len(sizes) != 1 {
		return nil, fmt.Errorf("%d dimensions; labels have one", len(sizes))
	}
	all, err := io.ReadAll(io.LimitReader(in, int64(sizes[0])+1))
	if err != nil {
		return nil, err
	}
	if len(all) != sizes[0] {
		return nil, fmt.Errorf("the header promises %d labels, and there are %d or more", sizes[0], len(all))
	}
	labels := make([]int, len(all))
	for i, v := range all {
		labels[i] = int(v)
	}
	return labels, nil
}
