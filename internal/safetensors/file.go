package safetensors

import (
	"fmt"
	"math"
	"strconv"

	"github.com/seed-192fdf7a/nf/internal/limits"
)

// Limits of what Read accepts and Write writes.
const (
	MaxHeaderBytes  = limits.HeaderBytes
	MaxDimensions   = limits.Dimensions
	MaxMetadataKeys = limits.MetadataKeys
	MaxFileBytes    = limits.FileBytes
)

// metadataKey is the member of the header that is not a tensor.
const metadataKey = "__metadata__"

// A Tensor is a named array.
type Tensor struct {
	// Name is unique in its file, UTF-8, and not "__metadata__".
	Name string
	// Shape is empty for a scalar. A dimension of 0 makes an empty tensor.
	Shape []int
	// Values are row-major, as many as the product of Shape.
	Values []float32
}

// A File is all that a safetensors file holds.
type File struct {
	// Metadata is free text by key; nil if the file has none.
	Metadata map[string]string
	// Tensors are in the order of their data. Empty tensors at one place keep
	// the order of the header.
	Tensors []Tensor
}

// elements returns the number of elements of a shape. Dimensions of 0 are left
// out of the check for overflow: a caller that multiplies some of the
// dimensions only is safe as well.
func elements(shape []int) (int, error) {
	if len(shape) > MaxDimensions {
		return 0, fmt.Errorf("the shape has %d dimensions, at most %d are supported", len(shape), MaxDimensions)
	}
	product, empty := 1, false
	for _, size := range shape {
		switch {
		case size < 0:
			return 0, fmt.Errorf("the shape %v has a negative dimension", shape)
		case size == 0:
			empty = true
		case product > min(math.MaxInt/4, MaxFileBytes)/size: // 4 bytes each must fit an int
			return 0, fmt.Errorf("the shape %v has more elements than any file can hold", shape)
		default:
			product *= size
		}
	}
	if empty {
		return 0, nil
	}
	return product, nil
}

// quoted returns text for an error message, which a hostile file must not make
// arbitrarily long.
func quoted(text string) string {
	const longest = 120
	if len(text) <= longest {
		return strconv.Quote(text)
	}
	return strconv.Quote(text[:longest]) + "…"
}
